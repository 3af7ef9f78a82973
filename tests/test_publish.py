"""The site as files: every link leads somewhere, the same graph gives the same bytes, and it works in a browser."""

import gzip
import hashlib
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import rdflib
import servers
from conftest import ROOT, need

from cesergraph.cli import main
from cesergraph.search import search_rows
from cesergraph.store import EmbeddedStore, write_store
from cesergraph.web.documents import MEDIA_TYPES

mini_store = servers.mini_store
BASE = "https://data.example.org/regions/"


def published(store: Path, out: Path, *options: str) -> Path:
    words = ["publish", "--store", str(store), "--out", str(out), "--base", BASE, *options, "--lang", "en"]
    assert main(words) == 0
    return out


@pytest.fixture(scope="module")
def mini_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the mini graph, with a version and a date."""
    room = tmp_path_factory.mktemp("static")
    lines = servers.mini_lines()
    rows = search_rows(line for found in lines.values() for line in found)
    write_store(room / "store", lines, search_rows=rows, problems=[])
    options = ("--version", "1.0", "--date", "2026-11-25", "--contact", "mailto:contact@example.org")
    return published(room / "store", room / "regions", *options, "--security-expires", "2027-11-25")


@pytest.fixture(scope="module")
def documents_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of all documents, without the registers of territories."""
    room = tmp_path_factory.mktemp("documents")
    assert main(["build", "--only", "documents", "--out", str(room / "store")]) in (0, 1)
    return published(room / "store", room / "regions")


class Links(HTMLParser):
    """What a page links to, and the names that can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src", "action") and value is not None:
                self.links.append(value)
            elif name == "id" and value:
                self.names.add(value)


def dead_links(site: Path) -> list[str]:
    """Return every link of a site to a file, or to a part of a page, that is not there."""
    root = urlsplit(BASE).path.rstrip("/")
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    assert len(pages) > 100
    dead = []
    for path, page in pages.items():
        for link in page.links:
            address, fragment = urldefrag(link)
            if address.startswith(BASE):
                address = root + "/" + address.removeprefix(BASE)
            if urlsplit(address).scheme or address.startswith("//"):
                continue
            target = path if not address else site / unquote(urlsplit(address).path).removeprefix(f"{root}/")
            if address and not address.startswith(f"{root}/"):
                dead.append(f"{path.relative_to(site)}: {link} leaves the site")
            elif not (target / "index.html" if target.is_dir() else target).is_file():
                dead.append(f"{path.relative_to(site)}: {link}")
            elif fragment and target in pages and unquote(fragment) not in pages[target].names:
                dead.append(f"{path.relative_to(site)}: {link} (no such part)")
    return dead


def test_no_link_of_a_small_site_is_dead(mini_site: Path) -> None:
    assert dead_links(mini_site)[:20] == []


@pytest.mark.slow
def test_no_link_of_all_documents_is_dead(documents_site: Path) -> None:
    assert len(list(documents_site.rglob("*.ttl"))) > 5_000
    assert dead_links(documents_site)[:20] == []


def digest(site: Path) -> dict[str, str]:
    return {
        str(file.relative_to(site)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(site.rglob("*"))
        if file.is_file()
    }


def test_the_same_graph_gives_the_same_bytes(mini_store: EmbeddedStore, tmp_path: Path) -> None:
    shutil.copytree(mini_store.folder.parent, tmp_path / "again")
    once = digest(published(mini_store.folder.parent, tmp_path / "one", "--version", "1"))
    again = digest(published(tmp_path / "again", tmp_path / "two", "--version", "1"))
    assert len(once) > 1000 and once == again


def test_every_thing_has_all_its_formats(mini_site: Path) -> None:
    things = [path for path in (mini_site / "doc").rglob("*.ttl")]
    assert len(things) > 5
    for path in things:
        for suffix in MEDIA_TYPES:
            assert path.with_suffix(f".{suffix}").is_file()
        assert (mini_site / "en" / path.relative_to(mini_site)).with_suffix(".html").is_file()


def test_the_data_do_not_name_the_host(mini_site: Path) -> None:
    for path in (mini_site / "doc").rglob("*.nt"):
        assert "data.example.org" not in path.read_text(encoding="utf-8")


def test_what_the_catalogue_announces_is_there(mini_site: Path) -> None:
    told = rdflib.Graph().parse(mini_site / "catalogue.ttl")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    announced = [str(one) for one in told.objects(None, dcat.downloadURL)]
    assert len(announced) == 8
    for address in announced:
        file = mini_site / address.removeprefix(BASE)
        assert file.is_file() and gzip.decompress(file.read_bytes())


def test_the_map_of_the_site_names_pages_that_are_there(mini_site: Path) -> None:
    index = (mini_site / "sitemap.xml").read_text(encoding="utf-8")
    parts = [mini_site / one.removeprefix(BASE) for one in re.findall("<loc>(.*?)</loc>", index)]
    addresses = [one for part in parts for one in re.findall("<loc>(.*?)</loc>", part.read_text(encoding="utf-8"))]
    assert len(addresses) > 100
    for address in addresses:
        path = mini_site / address.removeprefix(BASE)
        assert (path / "index.html" if path.is_dir() else path).is_file(), address
    assert (mini_site / ".well-known" / "security.txt").read_text(encoding="utf-8").startswith("Contact: mailto:")


def test_another_folder_is_not_overwritten(mini_store: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine", encoding="utf-8")
    assert main(["publish", "--store", str(mini_store.folder.parent), "--out", str(tmp_path)]) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize("option", [("--base", "example.org"), ("--date", "hier"), ("--version", "../x")])
def test_bad_options_are_told(mini_store: EmbeddedStore, tmp_path: Path, option: tuple[str, str]) -> None:
    out = tmp_path / "site"
    assert main(["publish", "--store", str(mini_store.folder.parent), "--out", str(out), *option]) == 2
    assert not out.exists()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def host(mini_site: Path) -> Iterator[str]:
    """A static host as plain as can be, with the site in a folder of it."""
    handler = partial(_Quiet, directory=str(mini_site.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/regions/"
        server.shutdown()


@pytest.mark.slow
def test_search_and_queries_run_in_the_browser(host: str) -> None:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    need(chromium is not None, "Chromium (Debian: apt-get install chromium)")
    need((ROOT / "cesergraph" / "web" / "vendor").is_dir(), "the scripts that come from npm (make web)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url))
        page.goto(host + "recherche.html?q=centre")
        page.get_by_role("link", name="Centre-Val de Loire").first.wait_for()
        page.goto(host + "sparql.html")
        page.wait_for_load_state("networkidle")
        assert wrong == [] and [one for one in asked if not one.startswith((host, "blob:", "data:"))] == []
        browser.close()
