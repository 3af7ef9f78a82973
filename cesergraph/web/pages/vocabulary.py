"""The code lists: all of them, and each with its codes, what they mean and how often the graph uses them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyoxigraph as ox

from cesergraph.namespaces import BASE, expand
from cesergraph.store import EmbeddedStore
from cesergraph.web.documents import FORMATS
from cesergraph.web.pages.ontology import offered_formats
from cesergraph.web.site import LANGUAGES, Page, Request, Site, texts
from cesergraph.web.vocabularies import ONTOLOGY, Described, described, schemes

_MATCHES = ("skos:exactMatch", "skos:closeMatch", "skos:broadMatch")


@dataclass(frozen=True)
class Code:
    """One code of a list; ``key`` is the last part of its IRI, ``uses`` counts the statements that have it."""

    iri: str
    key: str
    notation: str
    labels: Mapping[str, str]
    definitions: Mapping[str, str]
    notes: Sequence[str]
    matches: Sequence[str]
    uses: int


@dataclass(frozen=True)
class CodeList:
    """One list: its path, its names, what it lists, the properties whose values it holds."""

    path: str
    labels: Mapping[str, str]
    definition: str
    size: int
    properties: Sequence[str]


def make(site: Site, lang: str, request: Request) -> Page:
    """Return the page of all lists, or of the list that the path names; raise NotFound."""
    return _list_page(site, lang, request.path["scheme"]) if "scheme" in request.path else _index_page(site, lang)


def _index_page(site: Site, lang: str) -> Page:
    words = texts("vocabulary", lang)
    values = {"scheme": None, "lists": [_code_list(path, lang) for path in schemes()], "label": _label(site, lang)}
    return Page("vocabulary.html", words["title"], values, description=words["summary"])


def _list_page(site: Site, lang: str, scheme: str) -> Page:
    path = f"vocab/{scheme}"
    told, words = described(path), texts("vocabulary", lang)
    found = _code_list(path, lang)
    uses = _uses(site.store, path)
    values = {
        "scheme": found,
        "iri": BASE + path,
        "codes": [_code(told, iri, lang, uses) for iri in _concepts(told)],
        "label": _label(site, lang),
        "offered": offered_formats(site, path),
    }
    return Page(
        "vocabulary.html",
        found.labels[lang],
        values,
        description=found.definition or words["summary"],
        alternates=[(one.media_type, f"/{path}.{suffix}") for suffix, one in FORMATS.items()],
        styles=("terms.css",),
        scripts=("filter.js",),
    )


def _label(site: Site, lang: str) -> object:
    return lambda iri: site.things.label(iri, lang)


def _code_list(path: str, lang: str) -> CodeList:
    told, iri = described(path), BASE + path
    return CodeList(
        path=f"/{path}",
        labels={one: told.text(iri, "skos:prefLabel", one) for one in LANGUAGES},
        definition=told.text(iri, "skos:definition", lang),
        size=len(_concepts(told)),
        properties=described(ONTOLOGY).subjects("cg:valuesFrom", iri),
    )


def _concepts(told: Described) -> list[str]:
    return told.subjects("rdf:type", expand("skos:Concept"))


def _code(told: Described, iri: str, lang: str, uses: Mapping[str, int]) -> Code:
    return Code(
        iri=iri,
        key=iri.rpartition("/")[2],
        notation=", ".join(told.values(iri, "skos:notation")),
        labels={one: told.text(iri, "skos:prefLabel", one) for one in LANGUAGES},
        definitions={one: told.text(iri, "skos:definition", one) for one in LANGUAGES},
        notes=told.texts(iri, "skos:scopeNote", lang),
        matches=[
            one for curie in ("exactMatch", "closeMatch", "broadMatch") for one in told.values(iri, f"skos:{curie}")
        ],
        uses=uses.get(iri, 0),
    )


@lru_cache(maxsize=200)
def _uses(store: EmbeddedStore, path: str) -> Mapping[str, int]:
    """Return how many statements of the graph have each code of a list."""
    codes = " ".join(f"<{iri}>" for iri in _concepts(described(path)))
    query = f"SELECT ?code (COUNT(*) AS ?n) {{ VALUES ?code {{ {codes} }} ?thing ?property ?code }} GROUP BY ?code"
    return {
        code.value: int(number.value)
        for code, number in store.query(query).rows
        if isinstance(code, ox.NamedNode) and isinstance(number, ox.Literal)
    }
