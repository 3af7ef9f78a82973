"""The map: what the graph holds of each region or département, drawn and in a table that says the same."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyoxigraph as ox

from cesergraph.errors import NotFound, ParameterError
from cesergraph.identifiers import territory
from cesergraph.namespaces import expand
from cesergraph.search import search
from cesergraph.store import EmbeddedStore
from cesergraph.web import maps
from cesergraph.web.site import Page, Request, Site, number_in, texts
from cesergraph.words import fold

_PATH = "/carte"
_STEPS = 5
_AROUND_PARIS = ("75", "92", "93", "94")
_INSET = 130.0
_STEP, _FINE = 0.5, 0.1


@dataclass(frozen=True)
class View:
    """One map: what is counted, whether by département, and the class where the search counts it."""

    what: str
    level: str = "region"
    kind: str = ""


VIEWS: Mapping[str, View] = {
    "preconisations": View("preconisations", kind="Recommendation"),
    "documents": View("documents", kind="Document"),
    "mesures": View("mesures", kind="Measure"),
    "objectifs": View("objectifs", kind="Objective"),
    "dispositifs": View("dispositifs", kind="Scheme"),
    "chiffres": View("chiffres", kind="FigureClaim"),
    "population": View("population"),
    "population-par-departement": View("population", "departement"),
    "communes": View("communes"),
    "communes-par-departement": View("communes", "departement"),
    "intercommunalites": View("intercommunalites"),
    "intercommunalites-par-departement": View("intercommunalites", "departement"),
}
_FIRST = next(iter(VIEWS))


@dataclass(frozen=True)
class Row:
    """One territory on the map: its départements, its value (None: nothing is known) and the step of its colour."""

    iri: str
    code: str
    name: str
    value: int | None
    step: int
    departements: Sequence[str]
    address: str = ""
    vintage: str = ""


def view_path(name: str) -> str:
    """Return the path of a view; the first has that of the map itself."""
    return _PATH if name == _FIRST else f"{_PATH}/{name}"


def other_views() -> list[str]:
    """Return the names of the views that have a path of their own."""
    return [name for name in VIEWS if name != _FIRST]


def make(site: Site, lang: str, request: Request) -> Page:
    """Return the map of a view; raise NotFound where there is no such view."""
    name = request.path.get("view", _FIRST)
    if name not in VIEWS or ("view" in request.path and name == _FIRST):
        raise NotFound(fr=f"Il n'y a pas de carte « {name} ».", en=f"There is no map “{name}”.")
    view, t = VIEWS[name], texts("map", lang)
    rows = _rows(site, view, lang)
    title = t[f"by_{view.level}"].format(what=t["what"][view.what])
    most = max((row.value for row in rows if row.value is not None), default=0)
    values = {
        "view": view,
        "heading": title,
        "groups": _groups(site, lang, name, t),
        "rows": sorted(rows, key=lambda row: (row.value is None, -(row.value or 0), fold(row.name))),
        "shapes": _shapes(rows) if maps.is_drawn() else [],
        "inset": _inset() if view.level == "departement" else None,
        "overseas": [row for row in rows if set(row.departements) <= set(maps.OVERSEAS)],
        "legend": _legend(rows),
        "short": _short(lang, t),
        "most": most,
    }
    return Page("map.html", title, values, t["lead"], styles=["map.css"], scripts=["map.js"])


def _groups(site: Site, lang: str, current: str, t: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Return the views to choose from, as links, those from documents and those from registers."""

    def links(from_documents: bool) -> list[tuple[str, str, bool]]:
        return [
            (t[f"by_{one.level}"].format(what=t["what"][one.what]), site.page(view_path(name), lang), name == current)
            for name, one in VIEWS.items()
            if bool(one.kind) == from_documents
        ]

    return [(t["documents"], links(True)), (t["territories"], links(False))]


def _rows(site: Site, view: View, lang: str) -> list[Row]:
    regions = maps.departements_by_region(site.store)
    if view.level == "region":
        places = {territory("region", code): found for code, found in regions.items()}
    else:
        places = {territory("departement", code): [code] for found in regions.values() for code in found}
    counted = _stated(site, view, lang) if view.kind else _registered(site.store, view.what, places)
    step = steps(value for value, _, _ in counted.values())
    rows = []
    for iri, departements in places.items():
        value, address, vintage = counted.get(iri, (None, "", ""))
        code, name = iri.rpartition("/")[2], site.things.label(iri, lang)
        rows.append(Row(iri, code, name, value, step.get(value, 0), departements, address, vintage))
    return rows


Counted = Mapping[str, tuple[int | None, str, str]]


def _stated(site: Site, view: View, lang: str) -> Counted:
    """Return what the search counts of a class by region, each with the address of that search."""
    try:
        found = search(site.store.file("search.sqlite"), facets={"kind": [view.kind]}, size=1)
    except ParameterError:
        return {}

    def address(iri: str) -> str:
        return site.page(f"/recherche?kind={view.kind}&region={iri.rpartition('/')[2]}", lang)

    return {one.iri: (one.count, address(one.iri), "") for one in found.facets["region"]}


def _registered(store: EmbeddedStore, what: str, places: Mapping[str, Sequence[str]]) -> Counted:
    """Return what the registers count of each place, where they know the communes of all its parts."""
    counted: dict[str, tuple[int | None, str, str]] = {}
    for iri, departements in places.items():
        parts = [territory("departement", code) for code in departements]
        if not parts or not _communes(store).keys() >= set(parts):
            continue
        if what == "communes":
            counted[iri] = (sum(len(_communes(store)[part]) for part in parts), "", "")
        elif what == "intercommunalites":
            counted[iri] = (len(frozenset().union(*(_groupings(store)[part] for part in parts))), "", "")
        else:
            found = [_population(store)[part] for part in parts]
            numbers = [number for number, _ in found if number is not None]
            vintages = sorted({year for _, years in found for year in years})
            counted[iri] = (sum(numbers) if len(numbers) == len(parts) else None, "", ", ".join(vintages))
    return counted


# Read property by property, once for each store: in SPARQL the same takes seconds.


@lru_cache(maxsize=2)
def _communes(store: EmbeddedStore) -> Mapping[str, Sequence[str]]:
    """Return the communes of each territory that others lie in."""
    inside = _ends(store, "cg:within", turned=True)
    return {place: [one for one in found if "/commune/" in one] for place, found in inside.items()}


@lru_cache(maxsize=2)
def _groupings(store: EmbeddedStore) -> Mapping[str, frozenset[str]]:
    """Return the intercommunalities that have a commune in each territory."""
    joined = _ends(store, "cg:memberCommune", turned=True)
    return {
        place: frozenset(one for commune in communes for one in joined.get(commune, ()) if "/epci/" in one)
        for place, communes in _communes(store).items()
    }


@lru_cache(maxsize=2)
def _population(store: EmbeddedStore) -> Mapping[str, tuple[int | None, frozenset[str]]]:
    """Return the sum of the latest municipal populations of the communes of each territory, and their vintages.

    Where that of one commune is missing there is no sum.
    """
    values, vintages = _ends(store, "cg:populationValue"), _ends(store, "cg:vintage")
    kinds, territories = _ends(store, "cg:populationKind"), _ends(store, "cg:populationOf")
    municipal = [one for one, (kind, *_) in kinds.items() if kind.endswith("/municipale")]
    latest = {territories[one][0]: one for one in sorted(municipal, key=lambda one: vintages.get(one, [""])[0])}
    found = {}
    for place, communes in _communes(store).items():
        counts = [latest[one] for one in communes if one in latest]
        years = frozenset(year for one in counts for year in vintages.get(one, ()))
        is_whole = bool(counts) and len(counts) == len(communes)
        found[place] = sum(int(values[one][0]) for one in counts) if is_whole else None, years
    return found


def _ends(store: EmbeddedStore, curie: str, turned: bool = False) -> Mapping[str, Sequence[str]]:
    """Return the objects of a property by subject, or its subjects by object, each once."""
    ends: dict[str, dict[str, None]] = {}
    for quad in store.data.quads_for_pattern(None, ox.NamedNode(expand(curie)), None, None):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode | ox.Literal):
            one, other = quad.subject.value, quad.object.value
            ends.setdefault(other if turned else one, {})[one if turned else other] = None
    return {one: list(found) for one, found in ends.items()}


def steps(values: Iterable[int | None]) -> dict[int | None, int]:
    """Return the step of each value, 1 to 5, about as many territories in each; few values lie as far apart as can be.

    >>> steps([3, 7, 7, 90])
    {3: 1, 7: 3, 90: 5}
    """
    ordered = sorted(value for value in values if value is not None)
    distinct = sorted(set(ordered))
    if len(distinct) <= _STEPS:
        gap = (_STEPS - 1) / max(1, len(distinct) - 1)
        return {value: 1 + round(at * gap) if len(distinct) > 1 else 3 for at, value in enumerate(distinct)}
    return {value: 1 + bisect_left(ordered, value) * _STEPS // len(ordered) for value in distinct}


def _legend(rows: Iterable[Row]) -> list[tuple[int, int, int]]:
    """Return the steps in use, each with its least and greatest value."""
    known = [(row.step, row.value) for row in rows if row.value is not None]
    grouped = {step: [value for one, value in known if one == step] for step in sorted({step for step, _ in known})}
    return [(step, min(values), max(values)) for step, values in grouped.items()]


def _shapes(rows: Iterable[Row]) -> list[tuple[Row, maps.Shape]]:
    """Return the outlines of what lies in Europe."""
    return [
        (row, maps.shape(row.departements, _FINE if set(row.departements) <= set(_AROUND_PARIS) else _STEP))
        for row in rows
        if not set(row.departements) <= set(maps.OVERSEAS)
    ]


def _inset() -> Mapping[str, object]:
    """Return which départements are too small to read, and how they are drawn larger in the free corner."""
    around = maps.shape(_AROUND_PARIS, _FINE)
    scale = round(_INSET / around.size, 2)
    shift = f"translate({-around.left * scale:.1f} {-around.top * scale:.1f})"
    return {"codes": _AROUND_PARIS, "transform": f"{shift} scale({scale})"}


def _short(lang: str, t: Mapping[str, Any]) -> Callable[[int], str]:
    """Return the writer of numbers on the map, where there is room for three digits."""
    number = number_in(lang)

    def write(value: int) -> str:
        if value < 10_000:
            return number(value)
        if value < 1_000_000:
            return f"{number(round(value / 1_000))}\N{NARROW NO-BREAK SPACE}{t['thousand']}"
        return f"{number(f'{value / 1_000_000:.1f}')}\N{NARROW NO-BREAK SPACE}{t['million']}"

    return write
