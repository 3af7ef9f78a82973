"""The search in the browser: small files, the same bytes every time, and the answers that the store's index gives."""

import gzip
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, need

from cesergraph.namespaces import ID
from cesergraph.search import Results, fold, records, search
from cesergraph.store import EmbeddedStore
from cesergraph.web.browser_index import THINGS, TOWNS, write_browser_index

MODULE = ROOT / "cesergraph" / "web" / "static" / "search-core.js"
SEARCHES: list[dict[str, Any]] = [
    {"words": "bretagne"},
    {"words": "formation professionnelle"},
    {"words": "commune de rennes"},
    {"words": "200 071 678"},
    {"words": "53"},
    {"words": "Économie SOCIALE et solidaire"},
    {"words": "emploi", "facets": {"region": ["76", "52"], "kind": ["Recommendation"]}},
    {"words": "", "facets": {"theme": ["employment"]}},
    {"words": "", "facets": {"kind": ["Document"], "year": ["2025", "2022"]}, "sort": "recent"},
    {"words": "associations occitanie"},
    {"words": "de la"},
    {"words": "recommandations logement", "sort": "label"},
    {"words": "saint", "facets": {"region": ["53"]}},
    {"words": "jeune", "facets": {"document": ["lettre-ceser-pays-de-la-loire"]}},
    {"words": ""},
]


@pytest.fixture(scope="module")
def folder(graph: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("browser") / "search"
    write_browser_index(graph, made)
    return made


def test_the_first_file_is_small_and_the_bytes_are_the_same(graph: EmbeddedStore, folder: Path, tmp_path: Path) -> None:
    assert len(gzip.compress((folder / THINGS).read_bytes())) < 400_000
    write_browser_index(graph, tmp_path)
    assert all((tmp_path / name).read_bytes() == (folder / name).read_bytes() for name in (THINGS, TOWNS))


def test_every_thing_is_in_one_of_the_files(graph: EmbeddedStore, folder: Path) -> None:
    paths = [[thing[1] for thing in json.loads((folder / name).read_text())["things"]] for name in (THINGS, TOWNS)]
    every = [one.iri.removeprefix(ID) for one in records(graph.file("search.sqlite"))]
    assert sorted(paths[0] + paths[1]) == sorted(every)
    assert 2_000 < len(paths[0]) < 10_000 < len(paths[1])


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_browser_finds_what_the_store_finds(graph: EmbeddedStore, folder: Path, lang: str) -> None:
    found = in_node(folder, lang, SEARCHES, [])
    for asked, there in zip(SEARCHES, found["answers"], strict=True):
        here = search(graph.file("search.sqlite"), size=10_000, lang=lang, **asked)
        assert there["total"] == here.total, asked
        assert there["facets"] == facets(here), asked
        hits = [hit.iri.removeprefix(ID) for hit in here.hits]
        assert sorted(there["hits"]) == sorted(hits), asked
        shown = dict(zip(there["hits"], zip(there["labels"], there["matches"], strict=True), strict=True))
        for hit, path in zip(here.hits, hits, strict=True):
            label, matches = shown[path]
            assert label == plain(hit.label), asked
            assert matches == [[match.field, plain(match.segments)] for match in hit.matches], asked
        named = [path for path, hit in zip(hits, here.hits, strict=True) if not hit.matches]
        assert there["hits"][: min(3, len(named))] == hits[: min(3, len(named))] or hits[0] not in named, asked


def test_the_browser_folds_words_as_the_store_does(graph: EmbeddedStore, folder: Path) -> None:
    texts = [
        text for one in records(graph.file("search.sqlite")) for text in (one.label, *(said for _, said in one.said))
    ]
    texts += [
        "ŒUVRE",
        "Straße",
        "ʼ’'",
        "½ n° 3",
        "İstanbul",
        "ﬁn",
        "Ⅳ",
        "Σίσυφος",
        "a\u0301e\u0327",
        "Ångström",
        "日本 語",
    ]
    assert in_node(folder, "fr", [], texts)["folded"] == [fold(text) for text in texts]


def facets(results: Results) -> Mapping[str, list[list[object]]]:
    return {
        name: [[one.value, one.label, one.count, one.selected] for one in values]
        for name, values in results.facets.items()
    }


def plain(segments: Sequence[Sequence[object]]) -> list[list[object]]:
    return [list(segment) for segment in segments]


def in_node(folder: Path, lang: str, searches: Sequence[Mapping[str, Any]], texts: Sequence[str]) -> Any:
    node = shutil.which("node")
    need(node is not None, "Node.js (Debian: apt-get install nodejs)")
    asked = {
        "module": str(MODULE),
        "files": [str(folder / name) for name in (THINGS, TOWNS)],
        "lang": lang,
        "searches": [{**one, "size": 10_000} for one in searches],
        "texts": texts,
    }
    script = Path(__file__).with_name("search_core.mjs")
    done = subprocess.run(
        [str(node), str(script)], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
