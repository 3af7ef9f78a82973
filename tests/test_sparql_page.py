"""The page of SPARQL: it answers without scripts, tells what is wrong, and runs in the browser where no server is."""

import asyncio
import html
import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyoxigraph as ox
import pytest
import servers
from conftest import ROOT, need
from endpoints import network, service
from servers import ask, site_serving
from starlette.exceptions import HTTPException

from cesergraph.dumps import pack
from cesergraph.namespaces import CG, PREFIXES, expand
from cesergraph.queries import all_queries, get_query
from cesergraph.store import EmbeddedStore
from cesergraph.things import Things
from cesergraph.vocabulary import vocabulary
from cesergraph.web.files import assets
from cesergraph.web.limits import Limits
from cesergraph.web.pages.sparql import PATH, TERMS, make, terms_json, text_of
from cesergraph.web.site import LANGUAGES, Request, Site
from cesergraph.web.sparql_files import MEDIA_TYPES, SparqlFile
from cesergraph.web.workers import WorkerPool

mini_store = servers.mini_store
CHROMIUM = Path("/usr/bin/chromium")
ENGINE = "/static/vendor/oxigraph/web.js"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
REGIONS = "PREFIX cg: <https://w3id.org/cesergraph/def#> SELECT ?r ?n { ?r a cg:Region ; cg:inseeCode ?n }"


@pytest.fixture(scope="module")
def site(mini_store: EmbeddedStore) -> Site:
    return Site(mini_store, mini_store, Things(mini_store.data, mini_store), "http://localhost/")


def shown(site: Site, lang: str = "fr", **query: str) -> tuple[int, str]:
    """Return the status and the text of the page for a query string."""
    page = make(site, lang, Request({}, {name: [value] for name, value in query.items()}))
    return page.status, site.render(page, lang, PATH).decode()


def answer(text: str) -> str:
    """Return the words of the part of a page with the answer."""
    part = text.split('<div id="answer">')[1].split('aria-labelledby="examples"')[0]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", part)))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_begins_with_a_query_that_runs_and_answers_nothing_unasked(site: Site, lang: str) -> None:
    status, text = shown(site, lang)
    assert status == 200 and answer(text).strip(" <section") == ""
    first = re.search(r"<textarea[^>]*>(.*?)</textarea>", text, re.S)
    assert first
    status, text = shown(site, lang, query=html.unescape(first[1]))
    assert status == 200 and "Guadeloupe" in answer(text)


def test_rows_are_a_table_of_links_with_files_beside(site: Site) -> None:
    status, text = shown(site, query=REGIONS)
    assert status == 200
    assert 'href="/doc/territoire/region/24"' in text and "Centre-Val de Loire" in answer(text)
    links = [html.unescape(link) for link in re.findall(r'href="(/sparql\.\w+\?[^"]*)"', text)]
    assert [urlsplit(link).path for link in links] == [f"/sparql.{one}" for one in ("csv", "json", "tsv", "xml")]
    assert {tuple(parse_qs(urlsplit(link).query)["query"]) for link in links} == {(REGIONS,)}


def test_a_name_and_a_number_are_a_chart_too(site: Site) -> None:
    _, text = shown(site, query="SELECT ?kind (COUNT(*) AS ?n) { ?s a ?kind } GROUP BY ?kind")
    assert 'class="chart answer-chart"' in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("ASK { ?s ?p ?o }", "oui"),
        ("ASK { ?s <urn:none> ?o }", "non"),
        ("CONSTRUCT WHERE { ?s ?p ?o } LIMIT 2", "sujet"),
        ("SELECT * { ?s <urn:none> ?o }", "Aucune réponse"),
    ],
)
def test_every_kind_of_query_is_answered(site: Site, query: str, said: str) -> None:
    status, text = shown(site, query=query)
    assert status == 200 and said in answer(text)
    assert ("/sparql.ttl?" in text) == query.startswith("CONSTRUCT")


def test_long_answers_have_pages(site: Site) -> None:
    query = "SELECT ?a ?b { ?a a ?k . ?b a ?l . ?c a ?m }"
    _, text = shown(site, query=query, page="2")
    [former] = re.findall(r'rel="prev" href="([^"]*)"', text)
    assert parse_qs(urlsplit(html.unescape(former)).query) == {"query": [query], "page": ["1"]}


@pytest.mark.parametrize(
    ("query", "fr", "en"),
    [
        ("SELECT *\n{ ?s ?p", "ligne 2, colonne 8", "line 2, column 8"),
        ("SELECT * { ?s zz:p ?o }", "le préfixe zz: n'est pas déclaré", "the prefix zz: is not declared"),
        ("SELECT * { SERVICE <http://x/> { ?s ?p ?o } }", "clause SERVICE", "SERVICE clause"),
        ("DELETE WHERE { ?s ?p ?o }", "on ne fait que lire", "only reading is possible"),
    ],
)
def test_what_is_wrong_is_told_beside_the_query_with_its_status(site: Site, query: str, fr: str, en: str) -> None:
    for lang, said in (("fr", fr), ("en", en)):
        status, text = shown(site, lang, query=query)
        assert status == 400 and said in answer(text) and 'role="alert"' in text
        assert html.escape(query, quote=False).splitlines()[-1] in text.replace("&#39;", "'")


def test_what_the_page_does_not_understand_is_told(site: Site) -> None:
    for asked in ({"query": REGIONS, "default-graph-uri": "urn:g"}, {"example": "no_such_query"}):
        status, text = shown(site, **asked)
        assert status == 400 and list(asked.values())[-1] not in ("", None) and 'class="notice fault"' in text


def test_a_query_cannot_break_out_of_the_page(site: Site) -> None:
    evil = "</textarea><script>alert(1)</script>"
    for asked in ({"query": evil}, {"query": f"{REGIONS} # {evil}"}, {"example": evil}, {evil: "x"}):
        _, text = shown(site, **asked)
        assert "<script>alert" not in text
    assert html.escape(evil) in shown(site, query=evil)[1]


def test_every_named_query_opens_in_the_form(site: Site) -> None:
    _, text = shown(site)
    names = re.findall(r'href="/sparql\?example=(\w+)"', text)
    assert sorted(names) == sorted(all_queries())
    for name in names[:5]:
        status, text = shown(site, example=name)
        assert status == 200 and html.escape(text_of(get_query(name)).splitlines()[-1]) in text.replace(
            "&#34;", "&quot;"
        )


def test_a_query_that_takes_too_long_is_told_so_on_the_page(tmp_path: Path) -> None:
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f . ?g ?s ?h }"
    with service(network(tmp_path / "network"), Limits(seconds=0.5)) as running:
        told = ask(running.address, f"/en/sparql?{urlencode({'query': endless})}", Accept="text/html")
        assert told.status == 503 and "did not finish in 0.5 seconds" in answer(told.text)
        assert "?a ?p ?b" in told.text
        assert ask(running.address, "/sparql", Accept="text/html").headers["vary"].startswith("Accept")


def test_an_answer_is_had_as_a_file_in_the_format_of_the_suffix(mini_store: EmbeddedStore) -> None:
    """The application alone, over a real pool."""
    asked = {rows: REGIONS for rows in ("csv", "json", "tsv", "xml")}
    asked |= {graph: "CONSTRUCT WHERE { ?s ?p ?o }" for graph in ("ttl", "jsonld", "nt", "rdf")}
    assert asked.keys() == MEDIA_TYPES.keys()

    async def collect() -> dict[str, list[Any]]:
        pool = WorkerPool(mini_store.folder)
        await pool.start()
        told: dict[str, list[Any]] = {suffix: [] for suffix in asked}

        async def send(messages: list[Any], message: Any) -> None:
            messages.append(message)

        state = SimpleNamespace(pool=pool, site=SimpleNamespace(base="http://localhost/"))
        for suffix, query in asked.items():
            scope = {
                "type": "http", "method": "GET", "path": f"/sparql.{suffix}", "path_params": {"suffix": suffix},
                "query_string": urlencode({"query": query}).encode(), "headers": [(b"accept", b"text/html")],
                "app": SimpleNamespace(state=state),
            }  # fmt: skip
            await SparqlFile()(scope, partial(asyncio.sleep, 60), partial(send, told[suffix]))  # type: ignore[arg-type]
        await pool.stop()
        return told

    for suffix, (start, *rest) in asyncio.run(collect()).items():
        headers = dict(start["headers"])
        assert start["status"] == 200 and headers[b"content-type"].decode().startswith(MEDIA_TYPES[suffix])
        assert headers[b"content-disposition"] == f'attachment; filename="cesergraph.{suffix}"'.encode()
        assert len(rest[0]["body"]) > 50
    with pytest.raises(HTTPException):
        asyncio.run(SparqlFile()({"path_params": {"suffix": "exe"}}, None, None))  # type: ignore[arg-type]


def test_the_editor_is_told_every_term_and_prefix() -> None:
    told = json.loads(terms_json())
    assert told["prefixes"] == PREFIXES
    names = {term["name"]: term for term in told["terms"]}
    assert list(names) == sorted(names) and len(names) > 100
    for kind, owl in (("class", "owl:Class"), ("property", "owl:ObjectProperty"), ("property", "owl:DatatypeProperty")):
        found = vocabulary().quads_for_pattern(None, ox.NamedNode(expand("rdf:type")), ox.NamedNode(expand(owl)))
        ours = {quad.subject.value.replace(CG, "cg:") for quad in found if CG in str(quad.subject)}  # type: ignore[union-attr]
        assert ours and {names[name]["kind"] for name in ours} == {kind}
        assert all(set(names[name]["label"]) == set(LANGUAGES) for name in ours)
    assert {"skos:prefLabel", "dcterms:title"} <= names.keys()


# Without a server


@pytest.fixture(scope="module")
def static(mini_store: EmbeddedStore) -> Site:
    return Site(mini_store, mini_store, Things(mini_store.data, mini_store), "http://localhost/copy/", static=True)


def test_the_static_page_asks_nothing_of_a_server(static: Site) -> None:
    _, text = shown(static, query=REGIONS)
    assert "Guadeloupe" not in text and "/sparql.csv" not in text
    need(ENGINE in assets(), "Oxigraph for browsers (make web)")
    [told] = re.findall(r'<script type="application/json" id="sparql-told">(.*?)</script>', text, re.S)
    found = json.loads(told)
    assert found["documents"] == "/copy/static-data/documents.nq.gz" and found["root"] == "/copy"
    assert found["oxigraph"].removeprefix("/copy") in assets()
    links = [html.unescape(link) for link in re.findall(r'href="(/copy/sparql\.html\?[^"]*)"', text)]
    assert sorted(parse_qs(urlsplit(link).query)["query"][0] for link in links) == sorted(
        map(text_of, all_queries().values())
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    need(CHROMIUM.exists(), "Chromium (Debian: apt-get install chromium)")
    need(ENGINE in assets() and AXE.is_file(), "what the site takes from npm (make web)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield chromium
        chromium.close()


class _Files(SimpleHTTPRequestHandler):
    """A static host with the policy of the site."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".wasm": "application/wasm"}  # noqa: RUF012

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def written(static: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the static page, its scripts and its data on a static host."""
    root = tmp_path_factory.mktemp("static")
    contents = {path: file.write() for path, file in assets().items()} | {TERMS: terms_json()}
    for lang in LANGUAGES:
        path = static.page(PATH, lang).removeprefix("/copy")
        contents[path] = static.render(make(static, lang, Request()), lang, PATH)
    for path, content in contents.items():
        file = root / "copy" / path.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    for name in ("documents", "territories"):
        pack(static.store, name, root / "copy" / "static-data" / f"{name}.nq.gz")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(root))) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/copy"
        server.shutdown()


@pytest.fixture(scope="module")
def served(mini_store: EmbeddedStore) -> Iterator[str]:
    with site_serving(mini_store.folder.parent) as address:
        yield address


@pytest.fixture
def window(browser: Any) -> Iterator[Any]:
    """A new window; the test fails where the page reports an error, or breaks the policy."""
    context = browser.new_context()
    opened, faults = context.new_page(), []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda told: faults.append(told.text) if "Policy" in told.text else None)
    yield opened
    context.close()
    assert not faults


def run(window: Any, query: str) -> str:
    """Write a query in the editor, run it by the keyboard, and return the words of the answer."""
    window.locator(".editor .cm-content").click()
    window.keyboard.press("Control+a")
    window.keyboard.insert_text(query)
    window.keyboard.press("Escape")
    window.evaluate("document.querySelector('#answer').replaceChildren()")
    window.keyboard.press("Control+Enter")
    window.locator("#answer > *").first.wait_for()
    return str(window.inner_text("#answer"))


def violations(window: Any) -> list[str]:
    """Return what axe has to say against the page; it goes in as a script of the debugger's, beyond the policy."""
    window.evaluate(AXE.read_text(encoding="utf-8"))
    return [one["id"] for one in window.evaluate("axe.run()")["violations"]]


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_without_a_server_the_browser_answers(window: Any, written: str, lang: str) -> None:
    window.goto(f"{written}{'/en' if lang == 'en' else ''}/sparql.html")
    told = run(window, "PREFIX cg: <https://w3id.org/cesergraph/def#> SELECT ?r { ?r a cg:Recommendation } ORDER BY ?r")
    assert "Première préconisation d'essai" in told
    assert window.locator("#answer td a").first.get_attribute("href").endswith("/doc/preconisation/essai/1.html")
    assert run(window, "ASK { }").split()[-1] == {"fr": "oui", "en": "yes"}[lang]
    assert {"fr": "ligne 1, colonne 6", "en": "line 1, column 6"}[lang] in run(window, "SELEC")
    assert "SERVICE" in run(window, "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }")
    assert "0" in run(window, "SELECT (COUNT(*) AS ?n) FROM <urn:none> { ?s ?p ?o }").split()
    assert "undefined" not in run(window, "CONSTRUCT WHERE { ?s ?p ?o }")


@pytest.mark.slow
def test_files_and_territories_are_had_in_the_browser(window: Any, written: str) -> None:
    window.goto(f"{written}/en/sparql.html")
    before = run(window, "SELECT ?s { ?s ?p ?o }")
    with window.expect_download() as saved:
        window.get_by_role("button", name="CSV").click()
    rows = Path(saved.value.path()).read_text(encoding="utf-8").split()
    assert rows[0] == "s" and f"{len(rows) - 1} answers" in before
    window.locator(".territories").click()
    window.locator(".territories").wait_for(state="hidden")
    assert "Guadeloupe" in run(window, "SELECT ?o { ?s ?p ?o }")


@pytest.mark.slow
def test_a_link_with_a_query_is_answered_at_once(window: Any, written: str) -> None:
    window.goto(f"{written}/en/sparql.html?{urlencode({'query': 'ASK { ?s ?p ?o }'})}")
    window.locator("#answer > *").first.wait_for()
    assert "yes" in window.inner_text("#answer")
    assert window.inner_text(".editor .cm-content") == "ASK { ?s ?p ?o }"


@pytest.mark.slow
def test_the_editor_proposes_terms_and_declares_their_prefix(window: Any, written: str) -> None:
    window.goto(f"{written}/sparql.html")
    window.locator(".editor .cm-content").click()
    window.keyboard.press("Control+a")
    window.keyboard.type("SELECT * { ?s a cg:RecommendationSt", delay=10)
    window.locator(".cm-completionLabel").first.wait_for()
    window.wait_for_timeout(200)
    window.keyboard.press("Enter")
    window.wait_for_timeout(100)
    assert window.input_value("#query").startswith(
        "PREFIX cg: <https://w3id.org/cesergraph/def#>\nSELECT * { ?s a cg:RecommendationStatement"
    )


@pytest.mark.slow
def test_the_server_answers_into_the_page_and_the_keyboard_gets_out_of_the_editor(window: Any, served: str) -> None:
    window.goto(f"{served}/sparql")
    assert "Guadeloupe" in run(window, REGIONS)
    assert parse_qs(urlsplit(window.url).query) == {"query": [REGIONS]}
    window.keyboard.press("Tab")
    assert window.evaluate("document.activeElement.textContent") == "Exécuter"
    assert "ligne 1, colonne 6" in run(window, "SELEC")
    assert not window.locator(".cancel").is_visible()


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 400)])
def test_axe_finds_nothing(browser: Any, served: str, written: str, scheme: str, width: int) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    for address in (f"{served}/sparql", f"{written}/en/sparql.html"):
        window = context.new_page()
        window.goto(address)
        run(window, "SELEC")
        assert violations(window) == []
        run(window, "SELECT ?k (COUNT(*) AS ?n) { ?s a ?k } GROUP BY ?k")
        for details in window.locator("details").all():
            details.evaluate("one => one.open = true")
        assert violations(window) == []
        assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
