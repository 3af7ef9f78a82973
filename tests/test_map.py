"""The map: its shapes join without gaps, its numbers are those of the search and of the registers, all in words too."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import servers
from conftest import ROOT, need
from pyoxigraph import NamedNode
from small_graphs import lines

from cesergraph.answers import plain
from cesergraph.errors import NotFound
from cesergraph.identifiers import territory
from cesergraph.namespaces import ID, expand
from cesergraph.queries import get_query
from cesergraph.search import search
from cesergraph.store import EmbeddedStore, open_store, write_store
from cesergraph.things import Things
from cesergraph.web import maps
from cesergraph.web.pages import map as page
from cesergraph.web.pages.map import VIEWS, make, steps, view_path
from cesergraph.web.site import LANGUAGES, Page, Request, Site

served = servers.site
CHROMIUM = Path("/usr/bin/chromium")
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SVG = "{http://www.w3.org/2000/svg}"
STYLES = (ROOT / "cesergraph" / "web" / "static" / "map.css").read_text(encoding="utf-8")
BY_DEPARTEMENT = """
PREFIX cg: <https://w3id.org/cesergraph/def#>
SELECT ?departement (COUNT(DISTINCT ?commune) AS ?communes) (COUNT(DISTINCT ?epci) AS ?touching) WHERE {
  ?departement a cg:Departement . ?commune cg:within ?departement ; a cg:Commune .
  OPTIONAL { ?epci cg:memberCommune ?commune ; a cg:Intercommunality }
} GROUP BY ?departement
"""
POPULATION = """
PREFIX cg: <https://w3id.org/cesergraph/def#>
SELECT (SUM(?value) AS ?total) WHERE {
  ?commune cg:within <%s> . ?count cg:populationOf ?commune ; cg:populationValue ?value ;
    cg:populationKind <https://w3id.org/cesergraph/vocab/population-kind/municipale> .
}
"""


@pytest.fixture(scope="module")
def site(graph: EmbeddedStore) -> Site:
    return Site(graph, graph, Things(graph.data, graph), "http://localhost/")


@pytest.fixture
def outlines() -> None:
    need(maps.is_drawn(), "the outlines of départements (make web)")


@pytest.fixture
def no_outlines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The package as it is before ``make web``."""
    maps._departements.cache_clear()
    monkeypatch.setattr(maps, "files", lambda _: tmp_path)
    yield
    maps._departements.cache_clear()


def made(site: Site, view: str, lang: str = "fr") -> Page:
    return make(site, lang, Request({} if view == "preconisations" else {"view": view}))


def written(site: Site, view: str, lang: str = "fr") -> str:
    return site.render(made(site, view, lang), lang, view_path(view)).decode()


def rows(site: Site, view: str) -> dict[str, page.Row]:
    found = made(site, view).values["rows"]
    assert isinstance(found, list)
    return {row.iri: row for row in found}


def points(path: str) -> Iterator[Sequence[tuple[float, float]]]:
    """Yield the rings of a path as we write it: where it starts, then steps."""
    for ring in path.split("M")[1:]:
        numbers = list(map(float, re.findall(r"-?[0-9.]+", ring)))
        x = y = 0.0
        drawn = []
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            drawn.append((x, y))
        yield drawn


def area(path: str) -> float:
    return sum(abs(maps._area(ring)) for ring in points(path))


# The shapes


def test_every_departement_is_drawn(site: Site, outlines: None) -> None:
    regions = maps.departements_by_region(site.store)
    codes = [code for found in regions.values() for code in found]
    assert len(regions) == 18 and len(codes) == len(set(codes)) == 101
    shapes = {code: maps.shape([code], 0.5) for code in codes}
    assert all(area(shape.path) > 10 for shape in shapes.values())
    for code, shape in shapes.items():
        if code not in maps.OVERSEAS:
            assert 0 <= shape.x <= 613 and 0 <= shape.y <= 585, code


def test_a_region_has_the_area_of_its_departements(site: Site, outlines: None) -> None:
    """A line between two of them that stayed would be a ring of its own, and a lost one would open the outline."""
    for code, departements in maps.departements_by_region(site.store).items():
        whole = sum(maps._area(ring) for one in departements for ring in maps._departements()[one])
        assert area(maps.shape(departements, 0.1).path) == pytest.approx(whole, rel=0.02), code


def test_neighbours_share_their_border(outlines: None) -> None:
    lines = [set(map(frozenset, pairwise(ring))) for ring in maps._union(["37"])]
    others = [set(map(frozenset, pairwise(ring))) for ring in maps._union(["41"])]
    assert len(lines[0] & others[0]) > 5


def test_outlines_are_small_enough_for_a_page(site: Site, outlines: None) -> None:
    assert len(written(site, "preconisations")) < 60_000
    assert len(written(site, "communes-par-departement")) < 160_000


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("departement/37", {"37"}),
        ("region/94", {"2A", "2B"}),
        ("commune/45234", {"45"}),
        ("outre-mer/975", set()),
        ("region/99", set()),
    ],
)
def test_where_a_territory_lies(graph: EmbeddedStore, path: str, codes: set[str]) -> None:
    assert maps.departements_of(graph, f"{ID}territoire/{path}") == codes


def test_a_grouping_lies_where_its_communes_lie(graph: EmbeddedStore) -> None:
    quads = graph.data.quads_for_pattern(None, NamedNode(expand("cg:memberCommune")), None, None)
    groupings = sorted({str(quad.subject)[1:-1] for quad in islice(quads, 3000)})
    found = [maps.departements_of(graph, one) for one in groupings]
    assert found and all(found) and any(len(codes) > 1 for codes in found)
    assert maps.departements_of(graph, ID + "organisation/siren/234500023") == set()


def test_the_small_map(site: Site, outlines: None) -> None:
    told = maps.locator_map(site, territory("commune", "75056"), "en")
    assert told is not None
    drawing = ElementTree.fromstring(told)
    assert drawing.get("role") == "img" and drawing.get("aria-label") == "Map of France: Paris"
    assert "style=" not in told and len(told) < 3_000
    assert drawing.find("circle") is not None, "too small to be seen without a ring around it"
    use = drawing.find("use")
    assert use is not None and use.get("href") == f"{maps.LAND}#land"
    [land] = ElementTree.fromstring(maps.land(site.store)).iter(f"{SVG}path")
    assert land.get("id") == "land" and len(str(land.get("d"))) > 5_000
    assert maps.locator_map(site, ID + "organisation/siren/234500023", "fr") is None


def test_the_small_map_says_any_name(site: Site, outlines: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Things, "label", lambda *_: '"><script>')
    told = maps.locator_map(site, territory("departement", "37"), "fr")
    assert told is not None and "<script>" not in told
    assert ElementTree.fromstring(told).get("aria-label") == 'Carte de France : "><script>'


# The numbers


@pytest.mark.parametrize("view", [name for name, one in VIEWS.items() if one.kind])
def test_what_documents_say_is_what_the_search_finds(site: Site, view: str) -> None:
    kind = VIEWS[view].kind
    known = [row for row in rows(site, view).values() if row.value is not None]
    assert known
    for row in known:
        found = search(site.store.file("search.sqlite"), facets={"kind": [kind], "region": [row.code]}, size=1)
        assert found.total == row.value
        assert row.address == f"/recherche?kind={kind}&region={row.code}"


def test_a_region_without_documents_is_not_a_zero(site: Site) -> None:
    corsica = rows(site, "preconisations")[territory("region", "94")]
    assert corsica.value is None and corsica.step == 0
    assert "Corse : sans donnée" in written(site, "preconisations") or not maps.is_drawn()
    assert "Corse : 0" not in written(site, "preconisations")


def test_what_registers_hold_is_what_sparql_counts(site: Site) -> None:
    communes, touching = rows(site, "communes-par-departement"), rows(site, "intercommunalites-par-departement")
    answers = [[plain(term) for term in row] for row in site.source.query(BY_DEPARTEMENT).rows]
    assert len(answers) == len(communes) == len(touching) == 101
    for iri, number, groupings in answers:
        assert (communes[str(iri)].value, touching[str(iri)].value) == (int(str(number)), int(str(groupings))), iri


def test_the_population_is_that_of_the_communes_with_its_vintage(site: Site) -> None:
    row = rows(site, "population-par-departement")[territory("departement", "45")]
    [[total]] = site.source.query(POPULATION % row.iri).rows
    assert row.value == int(str(plain(total))) > 600_000
    assert row.vintage == "2023"
    assert rows(site, "population-par-departement")[territory("departement", "976")].vintage == "2017"


SMALL = """
id/territoire/region/01 a cg:Region
id/territoire/region/11 a cg:Region
id/territoire/departement/75 cg:within id/territoire/region/11
id/territoire/region/24 a cg:Region
id/territoire/departement/37 cg:within id/territoire/region/24
id/territoire/departement/18 cg:within id/territoire/region/24
id/territoire/commune/37261 cg:within id/territoire/departement/37
id/territoire/commune/18033 cg:within id/territoire/departement/18
id/territoire/commune/18279 cg:within id/territoire/departement/18
"""


def counted(commune: str, kind: str, year: str, value: int) -> str:
    count = f"id/population/{commune}-{kind}-{year}"
    return f"""{count} cg:populationOf id/territoire/commune/{commune}
{count} cg:populationKind vocab/population-kind/{kind}
{count} cg:vintage "{year}"
{count} cg:populationValue "{value}"^^<{expand("xsd:nonNegativeInteger")}>
"""


def test_the_latest_municipal_population_counts_and_a_gap_makes_no_sum(tmp_path: Path) -> None:
    told = [counted("37261", "municipale", "2023", 136), counted("37261", "municipale", "2021", 9)]
    told += [counted("37261", "totale", "2024", 140), counted("18033", "municipale", "2023", 60)]
    write_store(tmp_path / "store", {"essai": sorted(lines(SMALL + "".join(told)))}, search_rows=[], problems=[])
    small = open_store(tmp_path / "store")
    site = Site(small, small, Things(small.data, small), "http://localhost/")
    found = rows(site, "population-par-departement")
    assert {row.code: (row.value, row.vintage) for row in found.values()} == {
        "37": (136, "2023"),
        "18": (None, "2023"),
        "75": (None, ""),
    }
    assert rows(site, "population")[territory("region", "24")].value is None
    assert {row.code: row.value for row in rows(site, "communes").values()} == {"24": 3, "11": None, "01": None}
    assert all(row.value is None for row in rows(site, "mesures").values()), "the search knows no measure here"
    assert "sans donnée" in written(site, "communes") and maps.land(small).startswith(b"<svg")


def test_a_region_counts_each_grouping_once(site: Site) -> None:
    regions, parts = rows(site, "intercommunalites"), rows(site, "intercommunalites-par-departement")
    loire = regions[territory("region", "24")]
    asked = get_query("intercommunalities_touching_a_region").run(site.source, code="24")
    assert loire.value == len(asked)
    assert loire.value < sum(parts[territory("departement", code)].value or 0 for code in loire.departements)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], {}),
        ([4], {4: 3}),
        ([0, 0], {0: 3}),
        ([2, 15, 34], {2: 1, 15: 3, 34: 5}),
        ([1, 1, 1, 1, 9], {1: 1, 9: 5}),
        (list(range(10)), {0: 1, 1: 1, 2: 2, 3: 2, 4: 3, 5: 3, 6: 4, 7: 4, 8: 5, 9: 5}),
        ([None, 7, None, 8], {7: 1, 8: 5}),
    ],
)
def test_steps(values: list[int | None], expected: dict[int, int]) -> None:
    assert steps(values) == expected


# The page


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_says_on_the_map_what_the_table_says(site: Site, outlines: None, view: str, lang: str) -> None:
    text = written(site, view, lang)
    number = {"fr": "sans donnée", "en": "no data"}[lang]
    told = dict(re.findall(r'<a href="([^"]+)" aria-label="[^"]*?: ?([^"]+)"><title>', text))
    boxes = dict(re.findall(r'<a class="map-box-\w+" href="([^"]+)">[^<]*<span>([^<]+)</span>', text))
    table = text[text.index("<tbody>") : text.index("</tbody>")]
    listed = dict(
        re.findall(r'<a href="(/[^"]*/doc/territoire/[^"]+|/doc/[^"]+)">.*?data-value="(-?\d+)"', table, re.S)
    )
    assert len(listed) == (18 if VIEWS[view].level == "region" else 101)
    assert told.keys() | boxes.keys() == listed.keys() and not told.keys() & boxes.keys()
    for address, value in (told | boxes).items():
        digits = re.sub(r"\D", "", value)
        assert (value == number and listed[address] == "-1") or digits == listed[address], address


def test_nothing_on_the_page_needs_a_style_of_its_own(site: Site) -> None:
    text = written(site, "population-par-departement")
    assert not re.search(r"\sstyle=|<style|<script(?! type=\"(module|application/ld\+json)\")|\son\w+=", text)
    classes = {f"map-{step}" for step in range(1, 6)}
    assert all(f".{name} {{" in STYLES for name in classes)


def test_without_outlines_the_table_says_it_all(site: Site, no_outlines: None) -> None:
    text = written(site, "communes")
    assert "make web" in text and "<figure" not in text and text.count("<tr>") == 19
    assert maps.locator_map(site, territory("region", "24"), "fr") is None


def test_there_is_no_other_view(site: Site) -> None:
    for name in ("rien", "preconisations"):
        with pytest.raises(NotFound):
            make(site, "fr", Request({"view": name}))
    assert "preconisations" not in page.other_views() and len(page.other_views()) == len(VIEWS) - 1


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * one for one in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_numbers_are_legible_and_steps_differ_in_lightness() -> None:
    """WCAG 1.4.3 for the numbers; the steps are in order of lightness, which needs no colour to be seen."""
    light = dict(re.findall(r"--(map-[\w-]+): ([^;]+);", STYLES[: STYLES.index("@media")]))
    dark = light | dict(re.findall(r"--(map-[\w-]+): ([^;]+);", STYLES.split("@media")[1]))
    for colours in (light, dark):
        steps = [luminance(colours[f"map-{step}"]) for step in range(1, 6)]
        assert steps in (sorted(steps), sorted(steps, reverse=True))
        for step, ground in enumerate(steps, start=1):
            text = luminance(colours[colours[f"map-text-{step}"].removeprefix("var(--").removesuffix(")")])
            assert (max(text, ground) + 0.05) / (min(text, ground) + 0.05) >= 4.5, step
        assert min((max(a, b) + 0.05) / (min(a, b) + 0.05) for a, b in pairwise(steps)) > 1.3


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    need(CHROMIUM.exists(), "a browser (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def window(browser: Any, served: str, outlines: None) -> Iterator[Any]:
    """A new window, which fails where the page reports an error or breaks the policy of its contents."""
    context = browser.new_context(base_url=served)
    context.set_default_navigation_timeout(90_000)
    opened, faults = context.new_page(), []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
    yield opened
    context.close()
    assert not faults


def test_the_table_is_sorted_by_the_head_of_a_column(window: Any) -> None:
    def codes() -> list[str]:
        return [str(one) for one in window.locator(".map-table tbody td:first-child").all_inner_texts()]

    window.goto("/carte/communes")
    first = codes()
    window.get_by_role("button", name="Code Insee").press("Enter")
    assert codes() == sorted(first) != first
    assert window.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    window.get_by_role("button", name="Communes").click()
    assert codes() == first, "the most first, as without the script"
    window.get_by_role("button", name="Communes").click()
    assert codes() == first[::-1]


def test_the_map_is_walked_by_keyboard(window: Any) -> None:
    window.goto("/en/carte")
    window.get_by_role("link", name="Skip the map").focus()
    window.keyboard.press("Tab")
    focused = window.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused in window.locator("svg a").first.get_attribute("aria-label")
    window.keyboard.press("Enter")
    window.wait_for_url("**/en/doc/territoire/region/*")


@pytest.mark.parametrize("address", ["/carte", "/en/carte/population-par-departement"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_map_is_accessible(window: Any, address: str, width: int) -> None:
    need(AXE.is_file(), "axe-core (make web)")
    window.set_viewport_size({"width": width, "height": 900})
    window.goto(address)
    window.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    found = window.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
    assert found["passes"] and [one["id"] for one in found["violations"]] == []
    assert window.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the window"
