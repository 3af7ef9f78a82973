"""Every kind of page in a real browser: accessible, within its own site, whole on a phone, reached by keyboard."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import servers
from conftest import ROOT, need
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, ViewportSize, sync_playwright

from cesergraph.store import EmbeddedStore

site = servers.site
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
QUERY = "SELECT%20%3Fs%20%3Fn%20%7B%20%3Fs%20a%20%3Chttps%3A%2F%2Fw3id.org%2Fcesergraph%2Fdef%23Region%3E%20%7D"
PAGES = {
    "home": "/",
    "search": "/recherche?q=culture",
    "search without a hit": "/recherche?q=xyzzyx",
    "questions": "/questions",
    "question": "/questions/addressees_by_number_of_recommendations",
    "question with a bad value": "/questions/departements_of_a_region?code=x",
    "map": "/carte",
    "SPARQL": "/sparql",
    "SPARQL with an answer": f"/sparql?query={QUERY}",
    "SPARQL with a fault": "/sparql?query=SELECT",
    "quality": "/qualite",
    "downloads": "/telechargements",
    "notices": "/mentions",
    "ontology": "/def",
    "module": "/def/core",
    "code lists": "/vocab",
    "code list": "/vocab/theme",
    "concept": "/vocab/theme/culture",
    "graph": "/graph/decision",
    "region": "/doc/territoire/region/24",
    "commune": "/doc/territoire/commune/45234",
    "document": "/doc/document/sress-cvl-2025",
    "organisation": "/doc/organisation/siren/234500023",
    "unknown": "/doc/organisation/aucune",
    "nowhere": "/nowhere",
}
# One thing of each class that has a section of its own on its page, taken from the graph.
KINDS = [
    "Recommendation",
    "Strategy",
    "Measure",
    "Objective",
    "Target",
    "MeasuredQuantity",
    "FigureClaim",
    "Person",
    "Scheme",
]
KINDS += [
    "Vote",
    "Session",
    "SupportTrajectory",
    "AddresseeGroup",
    "CESER",
    "Passage",
    "Intercommunality",
    "Departement",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    need(found is not None, "Chromium (Debian: apt-get install chromium)")
    need(AXE.is_file(), "axe-core (make web)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module", params=["desktop, light, French", "phone, dark, English"])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[BrowserContext, str]]:
    """A browser and the beginning of its addresses."""
    is_phone = request.param.startswith("phone")
    size = ViewportSize(width=320, height=640) if is_phone else ViewportSize(width=1280, height=900)
    opened = browser.new_context(viewport=size, color_scheme="dark" if is_phone else "light", reduced_motion="reduce")
    yield opened, "/en" if is_phone else ""
    opened.close()


@pytest.fixture(scope="module")
def things(graph: EmbeddedStore) -> dict[str, str]:
    """The path of the first thing of each kind."""
    found = {}
    for kind in KINDS:
        query = f"SELECT (MIN(?s) AS ?one) WHERE {{ ?s a <https://w3id.org/cesergraph/def#{kind}> }}"
        ((iri,),) = graph.query(query).rows
        found[kind] = str(iri)[1:-1].replace("https://w3id.org/cesergraph/id/", "/doc/")
    return found


def opened(context: BrowserContext, address: str) -> tuple[Page, list[str]]:
    """Return a page once it is still, and what went wrong on it: messages of the console, requests to elsewhere."""
    page, wrong = context.new_page(), []
    own = "/".join(address.split("/")[:3])

    def on_message(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of 40" not in message.text:
            wrong.append(message.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith((own, "data:", "blob:")):
            wrong.append(f"a request to {request.url}")

    page.on("console", on_message)
    page.on("request", on_request)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    return page, wrong


def check(context: BrowserContext, address: str) -> None:
    page, wrong = opened(context, address)
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "wider than the screen"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run({ runOnly: rules })", RULES)
    assert len(found["passes"]) > 15
    told = [
        f"{one['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for one in found["violations"]
        for node in one["nodes"]
    ]
    assert told == []
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_a_kind_of_page_is_accessible_and_keeps_to_itself(
    site: str, context: tuple[BrowserContext, str], name: str
) -> None:
    check(context[0], site + context[1] + PAGES[name])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_kind_of_thing_is_accessible(
    site: str, context: tuple[BrowserContext, str], things: dict[str, str], kind: str
) -> None:
    check(context[0], site + context[1] + things[kind])


WALK = """() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const drawn = one.querySelector('path'), stroke = (path) => getComputedStyle(path).stroke;
  const other = [...document.querySelectorAll('svg a path')].find((path) => !one.contains(path));
  const shown = style.outlineStyle !== 'none' || style.boxShadow !== 'none'
    || (one instanceof SVGElement && stroke(drawn) !== stroke(other));
  return { name: one.tagName, text: (one.textContent || '').trim().slice(0, 40), shown, size: box.width * box.height };
}"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["home", "search", "question", "map", "SPARQL", "document", "ontology"])
def test_all_of_a_page_is_reached_by_keyboard(site: str, browser: Browser, name: str) -> None:
    page = browser.new_page()
    page.goto(site + PAGES[name])
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")
    assert page.evaluate(WALK)["text"] == "Aller au contenu"
    last = page.evaluate("[...document.querySelectorAll('footer a')].at(-1).textContent.trim().slice(0, 40)")
    reached, unseen = False, []
    for _ in range(3_000):
        page.keyboard.press("Tab")
        # In an editor Tab may indent; Escape lets it go on (WCAG 2.1.2).
        if page.evaluate("document.activeElement.closest('.CodeMirror, .cm-editor') !== null"):
            page.keyboard.press("Escape")
            page.keyboard.press("Tab")
        found = page.evaluate(WALK)
        if not found["shown"] and found["name"] != "BODY":
            unseen.append(found)
        if found["text"] == last:
            reached = True
            break
    assert reached and unseen == []
    page.close()


@pytest.mark.slow
def test_the_skip_link_leads_to_the_content(site: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(site)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in PAGES if "SPARQL" not in name])
def test_pages_work_without_scripts(site: str, browser: Browser, name: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + PAGES[name])
    assert page.locator("h1").count() == 1 and page.locator("main").inner_text().strip()
    context.close()


@pytest.mark.slow
def test_the_home_page_is_light(site: str, browser: Browser) -> None:
    page = browser.new_page()
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    sizes: list[int] = []
    client.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.goto(site)
    page.wait_for_load_state("networkidle")
    assert len(sizes) > 2 and sum(sizes) < 100_000
    page.close()


@pytest.mark.slow
def test_a_page_prints(site: str, browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(site + PAGES["document"])
    page.emulate_media(media="print")
    assert not page.locator("nav").first.is_visible()
    assert page.locator("h1").is_visible()
    page.pdf(path=tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    page.close()


def test_what_a_page_embeds_is_said_by_its_data(site: str, things: dict[str, str]) -> None:
    import rdflib

    for path in [*things.values(), "/doc/territoire/region/24", "/doc/document/sress-cvl-2025"]:
        html = servers.ask(site, path, Accept="text/html").text
        embedded = html.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
        assert "http" not in str(json.loads(embedded).get("@context", "")).replace("https://schema.org/", "")
        told = rdflib.Graph().parse(data=embedded, format="json-ld")
        turtle = rdflib.Graph().parse(data=servers.ask(site, f"{path}.ttl").text, format="turtle")
        assert len(told) > 1 and set(told) <= set(turtle), path
