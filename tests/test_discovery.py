"""What robots and programs look for: robots.txt, the map of the site, security.txt, the feed; and the page of data."""

import gzip
import hashlib
import html
import json
import re
import subprocess
import time
import urllib.robotparser
import xml.etree.ElementTree as ET
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import servers
from servers import ask
from test_dumps import new_store

from cesergraph import __version__
from cesergraph.catalogue import Options
from cesergraph.dumps import ensure_dumps
from cesergraph.errors import ParameterError
from cesergraph.namespaces import BASE, expand
from cesergraph.sources import card, source_names
from cesergraph.store import EmbeddedStore
from cesergraph.things import Things
from cesergraph.web.discovery import feed, robots, security, sitemaps
from cesergraph.web.pages import downloads, legal
from cesergraph.web.site import Request, Site

mini_store, site = servers.mini_store, servers.site
HERE = "https://donnees.example/cesergraph/"
ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"


def site_of(store: EmbeddedStore, *, static: bool = False, options: Options | None = None) -> Site:
    return Site(store, store, Things(store.data, store), HERE, static, options or Options())


def test_robots_read_pages_and_leave_queries_alone(mini_store: EmbeddedStore) -> None:
    text = robots(site_of(mini_store)).decode()
    rules = urllib.robotparser.RobotFileParser()
    rules.parse(text.splitlines())
    for path in ("", "doc/territoire/region/24", "en/doc/x", "sparql", "recherche", "dump/1/cesergraph.nq.gz"):
        assert rules.can_fetch("anyone", HERE + path), path
    for path in ("sparql?query=x", "en/sparql?query=x", "graph-store?graph=x"):
        assert not rules.can_fetch("anyone", HERE + path), path
    assert "\nDisallow: /cesergraph/recherche?*\n" in text  # RFC 9309, 2.2.3; this parser knows no star
    assert rules.site_maps() == [HERE + "sitemap.xml"]


@pytest.mark.parametrize("static", [False, True])
def test_the_map_of_the_site_has_every_page_once_in_parts(mini_store: EmbeddedStore, static: bool) -> None:
    paths = [f"/doc/commune/{number}" for number in range(41_000)] + ["/", "/doc/a&b"]
    files = dict(sitemaps(site_of(mini_store, static=static, options=Options(date="2026-11-25")), paths))
    index = [one.text or "" for one in ET.fromstring(files.pop("/sitemap.xml")).iter(f"{MAP}loc")]
    assert index == [f"{HERE}{name.removeprefix('/')}" for name in files] and len(index) == 3
    found = []
    for content in files.values():
        urls = ET.fromstring(content).findall(f"{MAP}url")
        assert len(urls) <= 50_000 and len(content) < 50 * 2**20  # the Sitemaps protocol's limits
        found += urls
    pages = [one.findtext(f"{MAP}loc") for one in found]
    assert len(pages) == len(set(pages)) == len(paths)
    end = ".html" if static else ""
    assert f"{HERE}doc/a&b{end}" in pages and HERE + ("index.html" if static else "") in pages
    for one, page in zip(found, pages, strict=True):
        others = {link.get("hreflang"): link.get("href") for link in one.iter(LINK)}
        assert others["fr"] == page and str(others["en"]).startswith(f"{HERE}en") and len(others) == 2
        assert one.findtext(f"{MAP}lastmod") == "2026-11-25"


def test_nothing_is_dated_without_a_date(mini_store: EmbeddedStore) -> None:
    assert b"lastmod" not in b"".join(dict(sitemaps(site_of(mini_store), ["/"])).values())


def test_security_txt_is_there_only_where_someone_answers(mini_store: EmbeddedStore) -> None:
    assert security(site_of(mini_store)) is None
    assert security(site_of(mini_store, options=Options(contact="mailto:a@donnees.example"))) is None
    full = Options(contact="mailto:a@donnees.example", security_expires="2027-06-30")
    lines = str(security(site_of(mini_store, options=full)), "ascii").splitlines()  # type: ignore[arg-type]
    assert dict(line.split(": ", 1) for line in lines) == {
        "Contact": "mailto:a@donnees.example",
        "Expires": "2027-06-30T00:00:00Z",
        "Preferred-Languages": "fr, en",
        "Canonical": f"{HERE}.well-known/security.txt",
    }


@pytest.mark.parametrize(
    "contact, expires",
    [
        (None, "2027-06-30"),
        ("a@donnees.example", "2027-06-30"),
        ("http://donnees.example", "2027-06-30"),
        ("mailto:a@donnees.example", "demain"),
        ("mailto:a@donnees.example", "2027-06-30\nContact: mailto:b@donnees.example"),
        ("mailto:a@donnees.example", "2027-13-01"),
    ],
)
def test_a_security_txt_that_would_not_hold_is_refused(
    mini_store: EmbeddedStore, contact: str | None, expires: str
) -> None:
    with pytest.raises(ParameterError):
        security(site_of(mini_store, options=Options(contact=contact, security_expires=expires)))


def test_the_feed_tells_what_the_graph_dates(graph: EmbeddedStore) -> None:
    told = ET.fromstring(feed(site_of(graph)))
    query = f"SELECT ?d ?date {{ GRAPH <{BASE}graph/decision> {{ ?d <{expand('dcterms:date')}> ?date }} }}"
    dated = {str(one)[1:-1]: date.value for one, date in graph.query(query).rows if isinstance(date, ox.Literal)}
    entries = {one.findtext(f"{ATOM}id"): one for one in told.iter(f"{ATOM}entry")}
    assert len(dated) > 5 and set(entries) == set(dated)
    for iri, entry in entries.items():
        assert entry.findtext(f"{ATOM}updated") == f"{dated[str(iri)]}T00:00:00Z"
        assert entry.findtext(f"{ATOM}title") and entry.findtext(f"{ATOM}author/{ATOM}name")
        assert str(entry.find(f"{ATOM}link").get("href")).startswith(f"{HERE}doc/decision/")  # type: ignore[union-attr]
    assert told.findtext(f"{ATOM}updated") == f"{max(dated.values())}T00:00:00Z"
    assert told.findtext(f"{ATOM}id") == f"{BASE}feed" and HERE not in str(told.findtext(f"{ATOM}id"))


def test_the_feed_tells_a_release_that_is_dated(graph: EmbeddedStore) -> None:
    options = Options(version="1.2.0", date="2099-01-31")
    told = ET.fromstring(feed(site_of(graph, options=options)))
    first = told.find(f"{ATOM}entry")
    assert first is not None and first.findtext(f"{ATOM}title") == "Version 1.2.0"
    assert first.findtext(f"{ATOM}updated") == told.findtext(f"{ATOM}updated") == "2099-01-31T00:00:00Z"
    assert "Version" not in {one.findtext(f"{ATOM}title") for one in ET.fromstring(feed(site_of(graph)))}


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("static", [False, True])
def test_the_page_of_data_before_and_after_the_dumps(lang: str, static: bool, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    here = site_of(store, static=static, options=Options(version="1.2.0", date="2026-11-25"))

    def written() -> str:
        return here.render(downloads.make(here, lang, Request()), lang, "/telechargements").decode()

    assert 'class="notice"' in written() and ".nq.gz" not in written()
    _, figures = ensure_dumps(store)
    text = written()
    assert 'class="notice"' not in text
    for dump in figures.dumps:
        assert f'href="/cesergraph/dump/1.2.0/{dump.name}"' in text and dump.sha256 in text
    assert ("sparql --data" in text) is not static and "/cesergraph/catalogue.ttl" in text
    assert f"cesergraph contributors, cesergraph {__version__}, {'données' if lang == 'fr' else 'data'} 1.2.0" in text


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_legal_page_names_every_source_and_no_one_who_was_not_named(mini_store: EmbeddedStore, lang: str) -> None:
    here = site_of(mini_store)
    text = here.render(legal.make(here, lang, Request()), lang, "/mentions").decode()
    for name in source_names():
        about = card(name)
        assert html.escape(about.title[lang], quote=False) in html.unescape(text) and about.licence in text
    assert "mailto:" not in text and "CC BY 4.0" in text
    named = site_of(mini_store, options=Options(contact="mailto:a@donnees.example"))
    told = named.render(legal.make(named, lang, Request()), lang, "/mentions").decode()
    assert '<a href="mailto:a@donnees.example">a@donnees.example</a>' in told


@pytest.fixture(scope="module")
def ready(site: str) -> str:
    """The running site, once its dumps are written."""
    for _ in range(240):
        if ask(site, "/.well-known/void.ttl").status == 200:
            return site
        time.sleep(0.5)
    raise AssertionError("the dumps were not written in two minutes")


@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json", "application/rdf+xml"])
def test_harvesters_negotiate_the_catalogue(ready: str, accept: str) -> None:
    answer = ask(ready, "/catalogue", Accept=accept)
    assert answer.status == 200 and answer.headers["content-type"].split(";")[0] == accept
    told = rdflib.Graph().parse(data=answer.body, format="json-ld" if "json" in accept else accept)
    assert (rdflib.URIRef(f"{BASE}catalogue"), rdflib.RDF.type, rdflib.URIRef(expand("dcat:Catalog"))) in told


def test_every_dump_of_the_catalogue_is_what_it_says(ready: str) -> None:
    told = rdflib.Graph().parse(data=ask(ready, "/catalogue.ttl").body, format="turtle")
    checksum = rdflib.URIRef("http://spdx.org/rdf/terms#checksum")
    value = rdflib.URIRef("http://spdx.org/rdf/terms#checksumValue")
    found = list(told.subject_objects(checksum))
    assert len(found) == 8
    for one, digest in found:
        address = str(told.value(one, rdflib.URIRef(expand("dcat:downloadURL"))))
        answer = ask(ready, address.removeprefix(ready))
        assert answer.status == 200 and "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"] == "application/gzip" and "content-encoding" not in answer.headers
        assert len(answer.body) == int(str(told.value(one, rdflib.URIRef(expand("dcat:byteSize")))))
        assert hashlib.sha256(answer.body).hexdigest() == str(told.value(digest, value))
        assert gzip.decompress(answer.body)
    graphs = [
        str(one) for one in told.objects(None, rdflib.URIRef(expand("dcat:downloadURL"))) if "/graph/" in str(one)
    ]
    (small,) = [one for one in graphs if "plaquette" in one]
    answer = ask(ready, small.removeprefix(ready))
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/turtle")
    assert len(rdflib.Graph().parse(data=answer.body, format="turtle")) > 500


def test_the_commands_on_the_page_of_data_work(ready: str) -> None:
    page = ask(ready, "/telechargements", Accept="text/html").text
    commands = [html.unescape(one) for one in re.findall(r"<pre[^>]*><code>(curl .*?)</code></pre>", page, re.S)]
    assert len(commands) == 5
    for command in commands:
        done = subprocess.run(["bash", "-c", f"{command} --silent --fail"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, command
        if "jsonld" in command:
            assert json.loads(done.stdout)
        elif "turtle" in command:
            assert len(rdflib.Graph().parse(data=done.stdout, format="turtle")) > 10, command
        else:
            assert int(done.stdout.splitlines()[1]) > 10


def test_the_fixed_addresses_answer(ready: str) -> None:
    for path, kind in {
        "/robots.txt": "text/plain",
        "/feed.atom": "application/atom+xml",
        "/sitemap.xml": "application/xml",
        "/sitemap-1.xml": "application/xml",
        "/.well-known/void": "text/turtle",
    }.items():
        answer = ask(ready, path, Accept="text/turtle, */*;q=0.1")
        assert answer.status == 200 and answer.headers["content-type"].startswith(kind), path
    assert ask(ready, "/.well-known/security.txt").status == 404
    first = [one.text or "" for one in ET.fromstring(ask(ready, "/sitemap-1.xml").body).iter(f"{MAP}loc")]
    for address in first[:: len(first) // 20]:
        assert ask(ready, address.removeprefix(ready), "HEAD").status == 200, address
