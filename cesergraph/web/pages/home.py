"""The home page: what people ask with what the graph answers now, what is in it, how fresh it is, what it lacks."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from cesergraph.errors import ParameterError
from cesergraph.evidence import select
from cesergraph.identifiers import territory
from cesergraph.namespaces import BASE, CG
from cesergraph.nquads import iri
from cesergraph.quality import read_problems
from cesergraph.queries import get_query
from cesergraph.search import search
from cesergraph.stats import DocumentCount, count_documents
from cesergraph.vocabulary import narrower_classes
from cesergraph.web.documents import LICENCE
from cesergraph.web.pages.home_answers import answered
from cesergraph.web.pages.wording import Words
from cesergraph.web.site import Page, Request, Site, texts
from cesergraph.words import fold

_STATED = ("Recommendation", "Measure", "Objective", "FigureClaim", "Scheme")
_COUNTED = (*_STATED, "Actor", "Territory")
_RECOMMENDATION = CG + "Recommendation"
_OPENING = "vote_by_voter"
_SEARCH = "/recherche"


def make(site: Site, lang: str, _: Request) -> Page:
    """Return the home page."""
    t = texts("home", lang)
    return Page(
        "home.html",
        "",
        _values(site, lang),
        description=t["description"],
        jsonld=_jsonld(site, lang, t),
        alternates=[("text/turtle", "/catalogue.ttl"), ("application/ld+json", "/catalogue.jsonld")],
        styles=("home.css",),
    )


# The page asks some twenty queries and is the most visited; nothing in it changes while a store is open.
@lru_cache(maxsize=2)
def _values(site: Site, lang: str) -> Mapping[str, object]:
    words = Words(site, lang)
    cards = answered(site, lang)
    documents = count_documents(site.source, (), lang)
    regions = _regions(site)
    return {
        "opening": [card for card in cards if card.query == _OPENING],
        "cards": [card for card in cards if card.query != _OPENING],
        "counts": _counts(site),
        "documents": [_document(words, one) for one in documents],
        "dates": sorted(date for one in documents for date in _dates(words, one.iri)),
        "stated": _STATED,
        "regions": [region for region in regions if region["counts"]],
        "other_regions": [region for region in regions if not region["counts"]],
        "sources": list(_sources(words)),
        "incomplete": len({problem.focus for problem in read_problems(site.store)}),
    }


def _counts(site: Site) -> list[tuple[str, int]]:
    """Return how many things there are of each kind told, by the name of its class."""
    pairs = [(name, narrow) for name in _COUNTED for narrow in sorted(narrower_classes(CG + name))]
    values = " ".join(f'("{name}" {iri(narrow)})' for name, narrow in pairs)
    rows = select(
        site.source,
        f"SELECT ?name (COUNT(DISTINCT ?thing) AS ?n) WHERE {{ VALUES (?name ?class) {{ {values} }} ?thing a ?class }}"
        " GROUP BY ?name",
    )
    found = {name.value: int(n.value) for name, n in rows}
    return [(name, found[name]) for name in _COUNTED if name in found]


def _document(words: Words, document: DocumentCount) -> Mapping[str, object]:
    dates = _dates(words, document.iri)
    return {
        "link": words.link(document.iri),
        "issuers": words.links(words.things(document.iri, "cg:issuedBy")),
        "date": dates[0] if dates else "",
        "recommendations": document.classes.get(_RECOMMENDATION, 0),
        "recorded": document.items,
    }


def _dates(words: Words, document: str) -> list[str]:
    """Return the dates that a document states of itself, else those of its publication."""
    found = words.values(document, "dcterms:date") or words.values(document, "dcterms:issued")
    return [date.value for date in found]


def _regions(site: Site) -> list[Mapping[str, object]]:
    """Return every region with how many things of each kind the documents state there, as the search counts them."""
    index = site.store.file("search.sqlite")
    counts: dict[str, dict[str, int]] = {}
    for kind in _STATED:
        try:
            found = search(index, facets={"kind": [kind]}, size=1)
        except ParameterError:
            continue
        for value in found.facets["region"]:
            counts.setdefault(value.iri, {})[kind] = value.count
    rows = get_query("regions_with_their_ceser").run(site.source)
    regions = {territory("region", str(row["code"])): row["region"] for row in rows}
    return [
        {"iri": one, "name": name, "code": one.rpartition("/")[2], "counts": counts.get(one)}
        for one, name in sorted(regions.items(), key=lambda region: fold(str(region[1])))
    ]


def _sources(words: Words) -> Iterator[Mapping[str, object]]:
    """Yield the sources with what their descriptions say of their editions."""
    for row in get_query("sources_of_the_graph").run(words.site.source):
        source = str(row["source"])
        told = [
            one for one in words.values(source, "dcterms:description") if getattr(one, "language", "") == words.lang
        ]
        yield {
            "link": words.link(source),
            "title": words.plain(source),
            "description": told[0].value if told else "",
            "publisher": row["publisher"],
        }


def _jsonld(site: Site, lang: str, t: Mapping[str, str]) -> Mapping[str, object]:
    home = site.absolute(site.page("/", lang))
    found = site.absolute(site.page(_SEARCH, lang)) + "?q={words}"
    return {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@id": home,
                "@type": "WebSite",
                "name": "cesergraph",
                "description": t["description"],
                "inLanguage": lang,
                "url": home,
                "potentialAction": {
                    "@type": "SearchAction",
                    "target": {"@type": "EntryPoint", "urlTemplate": found},
                    "query-input": "required name=words",
                },
            },
            {
                "@id": BASE + "dataset/cesergraph",
                "@type": "Dataset",
                "name": "cesergraph",
                "description": t["dataset"],
                "inLanguage": "fr",
                "isAccessibleForFree": True,
                "license": LICENCE,
                "spatialCoverage": "France",
                "url": site.absolute(site.page("/telechargements", lang)),
                "version": site.options.version or site.store.manifest.version,
            },
        ],
    }
