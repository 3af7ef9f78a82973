"""The search index of a site without a server: JSON files that ``static/search-core.js`` searches in the browser.

``things.json`` holds what documents tell of; ``towns.json`` the communes, the intercommunalities and the authorities
that administer these, which are ten times as many and are loaded when a reader asks for them.
"""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from cesergraph.facets import FACETS
from cesergraph.namespaces import CG, ID
from cesergraph.search import Record, is_statement, is_top_class, kind_words, records
from cesergraph.store import EmbeddedStore
from cesergraph.vocabulary import broader_classes, term_label

THINGS, TOWNS = "things.json", "towns.json"
_TOWNS = frozenset({"Commune", "Intercommunality", "IntercommunalAuthority"})
_IN_TWO_LANGUAGES = frozenset({"theme"})
_FILED = FACETS[1:]


def write_browser_index(store: EmbeddedStore, folder: Path) -> None:
    """Write the files of the index into a folder, made where it is not there; the same store gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    every = list(records(store.file("search.sqlite")))
    for name, is_of_towns in ((THINGS, False), (TOWNS, True)):
        chosen = [
            (n, one)
            for n, one in enumerate(every)
            if (one.type in _TOWNS and not one.filed.keys() - {"region"}) == is_of_towns
        ]
        told = json.dumps(_tell(chosen), ensure_ascii=False, separators=(",", ":"))
        (folder / name).write_text(told + "\n", encoding="utf-8")


def _tell(chosen: Sequence[tuple[int, Record]]) -> dict[str, object]:
    """Return the classes and the values of facets once, and things by their number in the order of the
    index, which refer to them by their place."""
    things = [one for _, one in chosen]
    kinds = sorted({one.type for one in things})
    values = {
        name: sorted({(value.value, value.iri) for one in things for value in one.filed.get(name, ())})
        for name in _FILED
    }
    places = {name: {value: place for place, (value, _) in enumerate(found)} for name, found in values.items()}
    labels = {
        (name, value.value): value.label for one in things for name in _FILED for value in one.filed.get(name, ())
    }
    return {
        "kinds": [_kind(kind) for kind in kinds],
        "facets": {
            name: [[value, *_labels(name, iri, labels[name, value])] for value, iri in found]
            for name, found in values.items()
        },
        "things": [
            [
                number,
                one.iri.removeprefix(ID),
                one.label,
                kinds.index(one.type),
                one.code or 0,
                [[field, *(text for _, text in texts)] for field, texts in groupby(one.said, key=lambda said: said[0])],
                *([places[name][value.value] for value in one.filed.get(name, ())] for name in _FILED),
            ]
            for number, one in chosen
        ],
    }


def _labels(name: str, iri: str, label: str) -> list[str]:
    return [label, term_label(iri, "en") or label] if name in _IN_TWO_LANGUAGES else [label]


def _kind(kind: str) -> list[object]:
    """Return a class: its name, its labels, the classes that contain it with theirs, its words, whether it states."""
    broader = [(one.removeprefix(CG), is_top_class(one.removeprefix(CG))) for one in sorted(broader_classes(CG + kind))]
    return [
        kind,
        *_two_labels(kind),
        [[one, *_two_labels(one), is_top] for one, is_top in broader],
        kind_words(kind),
        is_statement(kind),
    ]


def _two_labels(kind: str) -> list[str]:
    return [term_label(CG + kind, lang) or kind for lang in ("fr", "en")]
