"""The search page, its files and suggestions: what they say, that nothing typed breaks them, how a browser fares."""

import csv
import html
import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from conftest import ROOT, need
from small_graphs import lines
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cesergraph.errors import NotFound, ParameterError
from cesergraph.facets import FACETS
from cesergraph.search import search, search_rows
from cesergraph.store import EmbeddedStore, open_store, write_store
from cesergraph.things import Things
from cesergraph.web.app import Frame
from cesergraph.web.browser_index import write_browser_index
from cesergraph.web.pages.search import PATH, make, propose, search_file
from cesergraph.web.searches import ROUTES
from cesergraph.web.site import Request, Site

STATIC = ROOT / "cesergraph" / "web" / "static"
CHROMIUM = Path("/usr/bin/chromium")


def site_of(store: EmbeddedStore) -> Site:
    return Site(store, store, Things(store.data, store), "http://localhost/")


@pytest.fixture(scope="module")
def whole(graph: EmbeddedStore) -> Site:
    return site_of(graph)


def page(site: Site, query: str, lang: str = "fr", status: int = 200) -> str:
    made = make(site, lang, Request(query=parse_qs(query, keep_blank_values=True)))
    assert made.status == status
    return site.render(made, lang, PATH).decode()


def hits(text: str) -> list[str]:
    return re.findall(r'<h2><a href="([^"]+)">', text)


def test_a_page_lists_what_was_found_with_what_matched(whole: Site) -> None:
    text = page(whole, "q=crous&region=52&kind=Recommendation")
    total = search(
        whole.store.file("search.sqlite"), "crous", facets={"region": ["52"], "kind": ["Recommendation"]}
    ).total
    assert f"<strong>{total} résultat" in text and len(hits(text)) == total > 0
    assert all(address.startswith("/doc/preconisation/") for address in hits(text))
    assert "<mark>CROUS</mark>" in text and "Préconisation" in text
    assert 'href="/doc/document/lettre-ceser-pays-de-la-loire"' in text
    assert 'value="52" checked' in text and 'name="robots" content="noindex"' in text
    assert "object at 0x" not in text and "built-in" not in text


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_each_chosen_value_has_a_link_that_removes_it_alone(whole: Site, lang: str) -> None:
    text = page(whole, "q=logement&region=52&region=76&theme=housing", lang)
    chosen = re.search(r'<ul class="inline chosen".*?</ul>', text, re.S)
    assert chosen
    links = [parse_qs(urlsplit(html.unescape(link)).query) for link in re.findall(r'href="([^"]+)"', chosen[0])]
    words = {"q": ["logement"]}
    assert links == [
        words | {"region": ["76"], "theme": ["housing"]},
        words | {"region": ["52"], "theme": ["housing"]},
        words | {"region": ["52", "76"]},
        words,
    ] or links[0]["region"] == ["52"]
    assert ('lang="fr">Pays de la Loire' in chosen[0]) == (lang == "en")


def test_pages_follow_one_another(whole: Site) -> None:
    first, second = page(whole, "q=emploi"), page(whole, "q=emploi&page=2")
    assert 'rel="next" href="/recherche?q=emploi&amp;page=2"' in first and 'rel="prev"' not in first
    assert 'rel="prev" href="/recherche?q=emploi"' in second
    assert len(hits(first)) == len(hits(second)) == 20 and not set(hits(first)) & set(hits(second))


def test_without_a_hit_other_words_and_no_filters_are_proposed(whole: Site) -> None:
    text = page(whole, "q=formation+profesionnelle")
    assert "Aucun résultat" in text and 'href="/recherche?q=formation+professionnelle"' in text
    assert "sans filtre" in page(whole, "q=crous&region=76") and "sans filtre" not in page(whole, "q=zzzz&region=76")


def test_the_first_page_has_every_facet_and_where_to_begin(whole: Site) -> None:
    text = page(whole, "")
    assert re.findall(r'name="(\w+)" value', text)
    assert {name for name in FACETS if f'name="{name}"' in text} == set(FACETS)
    assert 'href="/recherche?kind=Recommendation"' in text and "<summary>" in text
    assert 'name="robots"' not in text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("q=%C2%AB%C2%BB", "ne contient aucun mot"),
        ("page=deux", "attend un nombre"),
        ("page=%C2%B2", "attend un nombre"),
        ("page=99999999999999999999", "attend un nombre"),
        ("q=a&region=99", "pas de valeur"),
        ("q=a&sort=prix", "ordre est"),
        ("q=" + "a" * 5000, "trop longue"),
        ("q=" + "a+" * 2000, "trop longue"),
    ],
)
def test_what_cannot_be_asked_is_told_on_the_page(whole: Site, query: str, told: str) -> None:
    assert told in page(whole, query, status=400)


@pytest.mark.parametrize(
    "nasty", ['"><script>alert(1)</script>', "{{ 7*7 }}", "\x00\ud800 x", "javascript:alert(1)", "' OR 1=1 --"]
)
def test_nothing_typed_gets_out_of_its_place(whole: Site, nasty: str) -> None:
    made = make(whole, "fr", Request(query={"q": [nasty.encode("utf-8", "replace").decode()]}))
    text = whole.render(made, "fr", PATH).decode()
    assert "<script>alert" not in text and "49" not in re.findall(r'<input type="search"[^>]*', text)[0]


STATEMENTS = """
id/dispositif/formule a cg:Scheme
id/dispositif/formule skos:prefLabel "=HYPERLINK(1)"@fr
id/dispositif/formule skos:altLabel "+33 formule"@fr
id/dispositif/balise a cg:Scheme
id/dispositif/balise skos:prefLabel "<b>gras</b> & formule"@fr
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Site:
    path, quads = tmp_path_factory.mktemp("small") / "store", sorted(lines(STATEMENTS))
    write_store(path, {"essai": quads}, search_rows=search_rows(quads), problems=[])
    return site_of(open_store(path))


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_a_cell_is_never_a_formula(small: Site) -> None:
    found = {row["iri"].rpartition("/")[2]: row for row in rows(search_file(small, {"q": ["formule"]}, "csv"))}
    assert found["formule"]["label"] == "'=HYPERLINK(1)" and found["formule"]["text"] == "'+33 formule"
    assert found["balise"]["label"] == "<b>gras</b> & formule"


def test_a_label_is_text_on_the_page(small: Site) -> None:
    text = page(small, "q=formule")
    assert "&lt;b&gt;gras&lt;/b&gt; &amp; <mark>formule</mark>" in text and "<b>gras" not in text


def test_files_hold_all_results_not_one_page(whole: Site) -> None:
    query = {"q": ["emploi"], "page": ["2"], "sort": ["label"]}
    told, table = json.loads(search_file(whole, query, "json", "en")), rows(search_file(whole, query, "csv", "en"))
    total = search(whole.store.file("search.sqlite"), "emploi").total
    assert told["total"] == told["returned"] == len(table) == total > 40
    assert [one["iri"] for one in told["results"]] == [row["iri"] for row in table]
    (one,) = [one for one in told["results"] if one["iri"].endswith("avis-zones-emploi-occitanie-2022/9")]
    assert (one["kind"], one["type"]) == ("Recommendation", "https://w3id.org/cesergraph/def#Recommendation")
    assert [value["value"] for value in one["region"]] == ["76"] and one["year"][0]["label"] == "2022"


def test_other_formats_and_bad_questions_are_refused(whole: Site) -> None:
    with pytest.raises(NotFound, match="csv, json"):
        search_file(whole, {"q": ["emploi"]}, "xlsx")
    with pytest.raises(ParameterError):
        search_file(whole, {"page": ["x"]}, "csv")


@pytest.mark.parametrize("words", ["", "«", "x" * 5000, "zzzz", '" OR *', "é " * 3000])
def test_suggestions_of_anything_are_a_short_list(whole: Site, words: str) -> None:
    assert len(json.loads(propose(whole, {"q": [words]}))) <= 8


def test_suggestions_name_things_and_where_they_are(whole: Site) -> None:
    first, *others = json.loads(propose(whole, {"q": ["bretag"]}, "en"))
    assert first == {
        "label": "Bretagne",
        "kind": "Region (territory)",
        "code": "53",
        "path": "/en/doc/territoire/region/53",
    }
    assert len(others) == 7
    assert "Rennes" in [one["label"] for one in json.loads(propose(whole, {"q": ["renn"]}))]


@pytest.fixture(scope="module")
def served(whole: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The search alone, live and without a server, under the site's own headers."""
    need(CHROMIUM.exists(), "Chromium (Debian: apt-get install chromium)")
    index = tmp_path_factory.mktemp("index")
    write_browser_index(whole.store, index)
    copy = replace(whole, base="http://localhost/copie/", static=True)

    def show(site: Site) -> Callable[[HttpRequest], HTMLResponse]:
        def endpoint(request: HttpRequest) -> HTMLResponse:
            lang = request.scope["lang"]
            made = make(site, lang, Request(query=parse_qs(request.url.query, keep_blank_values=True)))
            return HTMLResponse(site.render(made, lang, PATH), made.status)

        return endpoint

    starlette = Starlette(
        routes=[
            *ROUTES,
            Route(PATH, show(whole)),
            Route("/copie/recherche.html", show(copy)),
            Mount("/copie/static-data", StaticFiles(directory=index)),
            Mount("/copie/static", StaticFiles(directory=STATIC)),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
    )
    starlette.state.site = whole
    server = uvicorn.Server(uvicorn.Config(Frame(starlette), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser(served: str) -> Iterator[Any]:
    """A browser; a test gets a new window, and fails where the page reports an error."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def window(browser: Any, served: str) -> Iterator[Any]:
    context = browser.new_context(base_url=served)
    opened, faults = context.new_page(), []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
    yield opened
    context.close()
    assert not faults


def count(window: Any) -> int:
    return int(re.sub(r"\D", "", window.inner_text("[role=status]")))


@pytest.mark.parametrize("address", ["/recherche?q=logement", "/copie/recherche.html?q=logement"])
def test_ticking_a_filter_asks_again_and_keeps_the_focus(window: Any, whole: Site, address: str) -> None:
    window.goto(address)
    window.wait_for_selector(".hits li")
    before = count(window)
    window.check('input[name="region"][value="52"]')
    expected = search(whole.store.file("search.sqlite"), "logement", facets={"region": ["52"]}).total
    window.wait_for_function("n => document.querySelector('[role=status]').innerText.startsWith(n)", arg=str(expected))
    assert count(window) == expected < before
    assert window.evaluate("document.activeElement.value") == "52"
    assert "region=52" in window.url
    window.click(".chosen a >> nth=0")
    window.wait_for_function("n => document.querySelector('[role=status]').innerText.startsWith(n)", arg=str(before))
    assert "region" not in window.url


def test_the_page_works_without_scripts(browser: Any, served: str) -> None:
    context = browser.new_context(base_url=served, java_script_enabled=False)
    window = context.new_page()
    window.goto("/recherche?q=logement")
    before = count(window)
    window.check('input[name="region"][value="52"]')
    window.click(".search-facets button")
    assert count(window) < before and "region=52" in window.url
    window.goto("/copie/recherche.html")
    assert "JavaScript" in window.inner_text("noscript") and window.query_selector("noscript a")
    context.close()


def test_the_field_is_a_combobox(window: Any) -> None:
    page_of_thing = '<link rel="icon" href="data:,">'
    window.route("**/doc/**", lambda route: route.fulfill(body=page_of_thing, content_type="text/html"))
    window.goto("/recherche")
    field = window.locator("#search-q")
    assert field.get_attribute("role") == "combobox" and field.get_attribute("aria-expanded") == "false"
    field.press_sequentially("bretag")
    window.wait_for_selector("[role=option]")
    assert field.get_attribute("aria-expanded") == "true" and window.locator("[role=option]").count() <= 8
    field.press("ArrowDown")
    first = window.locator("[role=option]").first
    assert field.get_attribute("aria-activedescendant") == first.get_attribute("id")
    assert first.get_attribute("aria-selected") == "true"
    field.press("ArrowUp")
    assert window.locator("[role=option]").last.get_attribute("aria-selected") == "true"
    field.press("Escape")
    assert field.get_attribute("aria-expanded") == "false" and field.input_value() == "bretag"
    field.press("ArrowDown")
    field.press("Enter")
    window.wait_for_url("**/doc/territoire/region/53")


def test_communes_are_loaded_only_when_asked_for(window: Any) -> None:
    fetched: list[str] = []
    window.on("request", lambda request: fetched.append(urlsplit(request.url).path))
    window.goto("/copie/recherche.html?q=35238")
    window.wait_for_function("() => document.querySelector('[role=status]').innerText.length > 0")
    assert "/copie/static-data/things.json" in fetched and "/copie/static-data/towns.json" not in fetched
    window.check("#search-towns")
    window.wait_for_selector(".hits li")
    assert window.inner_text(".hits h2") == "Rennes"
    assert window.get_attribute(".hits h2 a", "href") == "/copie/doc/territoire/commune/35238.html"
