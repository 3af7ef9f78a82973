"""The search: its page, the same results as a file, and what is proposed while a reader types."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from cesergraph.errors import NotFound, ParameterError
from cesergraph.facets import FACETS
from cesergraph.namespaces import CG
from cesergraph.search import LARGEST_PAGE, SORTS, FacetValue, Found, Results, find, search, suggest
from cesergraph.vocabulary import term_label
from cesergraph.web.pages.wording import seen
from cesergraph.web.site import Page, Request, Site, texts
from cesergraph.words import Segment

PATH = "/recherche"
_SIZE, _LISTED, _PROPOSED, _WEIGHED, _LONGEST = 20, 8, 8, 200, 200
_USUAL = (("q", ""), ("sort", SORTS[0]), ("page", "1"))
STARTS = (
    "Recommendation",
    "Document",
    "Strategy",
    "Measure",
    "Scheme",
    "FigureClaim",
    "Position",
    "CESER",
    "Organisation",
)
_FRENCH = ("region", "addressee", "document")
_COLUMNS = ("iri", "label", "kind", "code", "matched", "text", *FACETS[1:])
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MATCHED = {"alternative name": "alternative", "name as written": "written"}

Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class _Asked:
    """What the query string asks for."""

    words: str
    facets: dict[str, list[str]]
    sort: str
    page: int

    def path(self, path: str = PATH, without: tuple[str, str] | None = None, **changed: Any) -> str:
        """Return the address of this search with something changed and the page at 1, without one chosen value."""
        asked = replace(self, **({"page": 1} | changed))
        chosen = [(name, value) for name in FACETS for value in asked.facets.get(name, ())]
        pairs = [("q", asked.words), *chosen, ("sort", asked.sort), ("page", str(asked.page))]
        told = urlencode([pair for pair in pairs if pair not in (*_USUAL, without)])
        return path + ("?" + told if told else "")


def _read(query: Query) -> _Asked:
    """Return what is asked for; raise ParameterError where the page is no number."""
    facets = {name: [value for value in query.get(name, ()) if value] for name in FACETS}
    page = next(iter(query.get("page", ())), "") or "1"
    if not (page.isascii() and page.isdecimal() and len(page) < 7):
        raise ParameterError(fr="« page » attend un nombre à partir de 1.", en="“page” takes a number from 1 on.")
    return _Asked(
        words=next(iter(query.get("q", ())), "").strip(),
        facets={name: values for name, values in facets.items() if values},
        sort=next(iter(query.get("sort", ())), "") or SORTS[0],
        page=int(page),
    )


def make(site: Site, lang: str, request: Request) -> Page:
    """Return the search page; what cannot be asked is told on it, with status 400."""
    t = texts("search", lang)
    if site.static:
        told = json.dumps(
            {"lang": lang, "root": site.root, "starts": STARTS, "t": t}, ensure_ascii=False, sort_keys=True
        )
        values = {"told": Markup(told.replace("<", "\\u003c"))}
        return Page("search.html", t["title"], values, styles=("search.css",), scripts=("search-static.js",))
    problem = ""
    try:
        asked = _read(request.query)
        results = _search(site, asked, lang)
    except ParameterError as error:
        problem, asked = error.say(lang), _Asked(request.first("q")[:_LONGEST], {}, SORTS[0], 1)
        results = search(_index(site), lang=lang)
    return Page(
        "search.html",
        f"{seen(asked.words)} – {t['title']}" if asked.words else t["title"],
        {"told": None, **_values(site, asked, results, problem, t, lang)},
        styles=("search.css",),
        scripts=("search.js",),
        status=400 if problem else 200,
        indexed=not (asked.words or asked.facets),
    )


def _search(site: Site, asked: _Asked, lang: str, size: int = _SIZE) -> Results:
    return search(
        _index(site), asked.words, facets=asked.facets, page=asked.page, size=size, sort=asked.sort, lang=lang
    )


def _values(
    site: Site, asked: _Asked, results: Results, problem: str, t: Mapping[str, Any], lang: str
) -> Mapping[str, object]:
    return {
        "problem": problem,
        "asked": asked,
        "is_asked": bool(asked.words or asked.facets),
        "total": results.total,
        "facets": [_facet(name, results.facets[name], t) for name in FACETS],
        "starts": [] if asked.words or asked.facets else _starts(results, asked),
        "hits": [_hit(found, t, lang) for found in results.hits],
        "sorts": [(sort, t["sorts"][sort]) for sort in SORTS],
        "last": max(1, -(-results.total // _SIZE)),
        "address": lambda number: site.page(asked.path(page=number), lang),
        "removals": [removal for name in FACETS for removal in _removals(name, results.facets[name], asked, t)],
        "files": [(format, _file_address(site, asked, format, lang)) for format in FORMATS],
        "most": LARGEST_PAGE,
        "suggestions": [] if results.total or problem or not asked.words else _suggestions(site, asked),
        "unfiltered": asked.path(facets={}) if not results.total and _finds_unfiltered(site, asked) else None,
    }


def _facet(name: str, values: Sequence[FacetValue], t: Mapping[str, Any]) -> Mapping[str, object]:
    shown = max(_LISTED, sum(one.selected for one in values))
    return {
        "name": name,
        "title": t["facet"][name],
        "language": _language(name),
        "first": values[:shown],
        "more": values[shown:],
    }


def _language(name: str) -> str:
    """Return the language of the labels of a facet where it is not that of the page."""
    return "fr" if name in _FRENCH else ""


def _removals(
    name: str, values: Sequence[FacetValue], asked: _Asked, t: Mapping[str, Any]
) -> list[tuple[str, str, str, str]]:
    chosen = [one for one in values if one.selected]
    return [(t["facet"][name], one.label, _language(name), asked.path(without=(name, one.value))) for one in chosen]


def _file_address(site: Site, asked: _Asked, format: str, lang: str) -> str:
    return site.data(("/en" if lang == "en" else "") + asked.path(f"{PATH}.{format}"))


def _index(site: Site) -> Path:
    return site.store.file("search.sqlite")


def _hit(found: Found, t: Mapping[str, Any], lang: str) -> Mapping[str, object]:
    return {
        "iri": found.iri,
        "label": found.label,
        "kind": term_label(CG + found.type, lang) or found.type,
        "code": found.code,
        "regions": [value.label for value in found.filed.get("region", ())],
        "years": [value.label for value in found.filed.get("year", ())],
        "documents": [value for value in found.filed.get("document", ()) if value.iri != found.iri],
        "matches": [
            (t["matched"][_MATCHED.get(one.field, one.field)], one.segments, lang if one.field == "kind" else "fr")
            for one in found.matches
        ],
    }


def _starts(results: Results, asked: _Asked) -> list[tuple[str, int, str]]:
    """Return the kinds to begin with, how many there are of each, and where they are listed."""
    kinds = {one.value: one for one in results.facets["kind"]}
    found = [kinds[kind] for kind in STARTS if kind in kinds]
    return [(one.label, one.count, asked.path(facets={"kind": [one.value]})) for one in found]


def _finds_unfiltered(site: Site, asked: _Asked) -> bool:
    return bool(asked.words and asked.facets and search(_index(site), asked.words, size=1).total)


def _suggestions(site: Site, asked: _Asked) -> list[tuple[str, int, str]]:
    return [(words, total, asked.path(words=words, facets={})) for words, total in suggest(_index(site), asked.words)]


def search_file(site: Site, query: Query, format: str, lang: str = "fr") -> bytes:
    """Return the results of a search as ``csv`` or ``json``, at most LARGEST_PAGE of them, from the first on.

    Raise NotFound for another format, ParameterError for what cannot be asked.
    """
    if format not in FORMATS:
        raise NotFound(
            fr=f"La recherche n'existe pas en {format!r} ; il y a : {', '.join(FORMATS)}.",
            en=f"The search has no {format!r}; there are: {', '.join(FORMATS)}.",
        )
    asked = replace(_read(query), page=1)
    results = _search(site, asked, lang, LARGEST_PAGE)
    return FORMATS[format](asked, results, lang)


def _as_json(asked: _Asked, results: Results, lang: str) -> bytes:
    told = {
        "q": asked.words,
        "facets": asked.facets,
        "sort": asked.sort,
        "total": results.total,
        "returned": len(results.hits),
        "results": [_record(found, lang) for found in results.hits],
    }
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _record(found: Found, lang: str) -> Mapping[str, object]:
    return {
        "iri": found.iri,
        "label": found.name,
        "type": CG + found.type,
        "kind": term_label(CG + found.type, lang) or found.type,
        "code": found.code,
        "matched": [{"field": one.field, "text": _joined(one.segments)} for one in found.matches],
        **{name: [vars(value) for value in found.filed.get(name, ())] for name in FACETS if name != "kind"},
    }


def _as_csv(asked: _Asked, results: Results, lang: str) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for found in results.hits:
        kind = term_label(CG + found.type, lang) or found.type
        matched = [(one.field, _joined(one.segments)) for one in found.matches] or [("", "")]
        filed = ["; ".join(value.label for value in found.filed.get(name, ())) for name in FACETS if name != "kind"]
        cells = [found.iri, found.name, kind, found.code or "", *matched[0], *filed]
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return stream.getvalue().encode()


def _joined(segments: Iterable[Segment]) -> str:
    return "".join(segment.text for segment in segments)


FORMATS: Mapping[str, Callable[[_Asked, Results, str], bytes]] = {"csv": _as_csv, "json": _as_json}


def propose(site: Site, query: Query, lang: str = "fr") -> bytes:
    """Return as JSON the few things whose names hold what a reader has typed, short names first: label, kind, path."""
    words = next(iter(query.get("q", ())), "")[:_LONGEST]
    try:
        hits = find(_index(site), words, limit=_WEIGHED)
    except ParameterError:
        hits = []
    told = [
        {
            "label": hit.label,
            "kind": term_label(CG + hit.type, lang) or hit.type,
            "code": hit.code,
            "path": site.page(site.path_of(hit.iri), lang),
        }
        for hit in sorted(hits, key=lambda hit: (-(hit.score // 10), len(hit.label)))[:_PROPOSED]
    ]
    return (json.dumps(told, ensure_ascii=False) + "\n").encode()
