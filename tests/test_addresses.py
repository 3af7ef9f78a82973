"""The linked-data addresses of the running site: what each answers, in every format, under every condition."""

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import servers
from rdflib.compare import to_canonical_graph
from servers import ask, mini_lines, site_serving

from cesergraph.link import digest_name
from cesergraph.namespaces import ID
from cesergraph.store import write_store
from cesergraph.web.documents import MEDIA_TYPES

site = servers.site
RDF = {suffix: media_type for suffix, media_type in MEDIA_TYPES.items() if suffix != "html"}
THINGS = ["territoire/region/24", "document/sress-cvl-2025", "organisation/siren/234500023", "territoire/commune/45234"]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def read_with_rdflib(body: bytes, media_type: str) -> set[str]:
    """Return the canonical N-Triples of a document, its graphs united."""
    data = rdflib.Dataset(default_union=True)
    data.parse(data=body, format="json-ld" if media_type == "application/ld+json" else media_type)
    union = rdflib.Graph()
    for triple in data.triples((None, None, None)):
        union.add(triple)
    return set(to_canonical_graph(union).serialize(format="nt").splitlines())


@pytest.mark.parametrize("accept", ["", "*/*", BROWSER, "text/turtle", "application/ld+json", "image/png"])
def test_a_name_redirects_to_one_document_whatever_is_accepted(site: str, accept: str) -> None:
    answer = ask(site, f"/id/{THINGS[0]}", Accept=accept)
    assert (answer.status, answer.headers["location"]) == (303, f"{site}/doc/{THINGS[0]}")
    assert answer.body == b""


@pytest.mark.parametrize("thing", THINGS)
def test_all_formats_hold_the_same_statements(site: str, thing: str) -> None:
    found = {}
    for suffix, media_type in RDF.items():
        negotiated = ask(site, f"/doc/{thing}", Accept=media_type)
        fixed = ask(site, f"/doc/{thing}.{suffix}")
        assert (negotiated.status, fixed.status) == (200, 200)
        assert negotiated.body == fixed.body
        assert negotiated.headers["content-type"].split(";")[0] == media_type
        assert negotiated.headers["content-location"] == f"/doc/{thing}.{suffix}"
        assert "Accept" in negotiated.headers["vary"].split(", ") and "Accept" not in fixed.headers["vary"].split(", ")
        found[suffix] = read_with_rdflib(fixed.body, media_type)
    assert len(found["nt"]) > 5
    assert all(triples == found["nt"] for triples in found.values())


def test_a_document_tells_the_thing_its_neighbours_names_and_its_sources(site: str) -> None:
    text = ask(site, f"/doc/{THINGS[0]}.nq").text
    quads = list(ox.parse(text, format=ox.RdfFormat.N_QUADS))
    graphs = {quad.graph_name for quad in quads if quad.subject == ox.NamedNode(ID + THINGS[0])}
    titled = {quad.subject for quad in quads if quad.predicate.value.endswith("/terms/source")}
    assert graphs and {graph for graph in graphs if "/territories/" in str(graph)} <= titled
    named = {quad.subject for quad in quads if quad.predicate.value.endswith("#prefLabel")}
    mentioned = {quad.object for quad in quads if quad.subject == ox.NamedNode(ID + THINGS[0])}
    assert ox.NamedNode(ID + "territoire/pays/FR") in mentioned | {ox.NamedNode(ID + "territoire/pays/FR")}
    assert {one for one in mentioned if isinstance(one, ox.NamedNode) and one.value.startswith(ID)} <= named
    assert "licence-ouverte" in text and "127.0.0.1" not in text


def test_browsers_get_a_page_and_others_what_they_ask(site: str) -> None:
    page = ask(site, f"/doc/{THINGS[0]}", Accept=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-language"] == "fr"
    assert ask(site, f"/en/doc/{THINGS[0]}", Accept=BROWSER).headers["content-language"] == "en"
    assert ask(site, f"/doc/{THINGS[0]}").headers["content-type"].startswith("text/html")
    weighed = ask(site, f"/doc/{THINGS[0]}", Accept="text/html;q=0.2, text/turtle;q=0.9")
    assert weighed.headers["content-type"] == "text/turtle; charset=utf-8"
    refused = ask(site, f"/doc/{THINGS[0]}", Accept="image/png")
    assert refused.status == 406
    assert set(json.loads(refused.body)["variants"]) == set(MEDIA_TYPES.values())


@pytest.mark.parametrize("accept", [";;;", "text/turtle;q=x", "\xe9", "," * 3000, "*", "text/html" + ";a=b" * 500])
def test_a_malformed_accept_is_no_fault_of_the_server(site: str, accept: str) -> None:
    assert ask(site, f"/doc/{THINGS[0]}", Accept=accept).status in (200, 406)


def test_links_lead_to_all_formats_the_licence_and_the_thing(site: str) -> None:
    link = ask(site, f"/doc/{THINGS[0]}.ttl").headers["link"]
    for suffix, media_type in MEDIA_TYPES.items():
        assert f'</doc/{THINGS[0]}.{suffix}>; rel="alternate"; type="{media_type}"' in link
    assert f'<{ID}{THINGS[0]}>; rel="describes"' in link
    assert all(f'rel="{one}"' in link for one in ("describedby", "canonical", "license"))


def test_validators_differ_for_each_representation_and_are_honoured(site: str) -> None:
    paths = [f"/doc/{THINGS[0]}.{suffix}" for suffix in MEDIA_TYPES] + [f"/en/doc/{THINGS[0]}.html"]
    tags = [
        ask(site, path, Accept_Encoding=coding).headers["etag"] for path in paths for coding in ("gzip", "identity")
    ]
    assert len(set(tags)) == len(tags) and all(re.fullmatch(r'"[\w-]+"', tag) for tag in tags)
    path, tag = paths[0], ask(site, paths[0]).headers["etag"]
    for held in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        unchanged = ask(site, path, If_None_Match=held)
        assert (unchanged.status, unchanged.body, unchanged.headers["etag"]) == (304, b"", tag)
        assert unchanged.headers["vary"]
    assert ask(site, path, If_None_Match='"other"').status == 200
    since = ask(site, path).headers["last-modified"]
    assert ask(site, path, If_Modified_Since=since).status == 304
    assert ask(site, path, If_Modified_Since="Thu, 01 Jan 1970 00:00:00 GMT").status == 200
    assert ask(site, path, If_Modified_Since="yesterday").status == 200


def test_compression_where_it_is_accepted(site: str) -> None:
    plain = ask(site, f"/doc/{THINGS[1]}.nt")
    packed = ask(site, f"/doc/{THINGS[1]}.nt", Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert gzip.decompress(packed.body) == plain.body
    assert "Accept-Encoding" in plain.headers["vary"]


@pytest.mark.parametrize(
    "path", [f"/id/{THINGS[0]}", f"/doc/{THINGS[0]}", f"/doc/{THINGS[0]}.ttl", "/doc/organisation/x"]
)
def test_head_is_get_without_a_body(site: str, path: str) -> None:
    got, head = ask(site, path), ask(site, path, "HEAD")
    drop = {"date", "server"}
    assert head.body == b"" and head.status == got.status
    assert {k: v for k, v in head.headers.items() if k not in drop} == {
        k: v for k, v in got.headers.items() if k not in drop
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_nothing_is_written(site: str, method: str) -> None:
    answer = ask(site, f"/doc/{THINGS[0]}", method, b"x")
    assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_options_and_cors(site: str) -> None:
    answer = ask(site, f"/doc/{THINGS[0]}", "OPTIONS", Origin="https://example.org")
    assert answer.status == 204 and answer.headers["allow"] == "GET, HEAD, OPTIONS"
    for path in (f"/doc/{THINGS[0]}", "/doc/organisation/aucune", f"/id/{THINGS[0]}"):
        headers = ask(site, path, Origin="https://example.org").headers
        assert headers["access-control-allow-origin"] == "*"
        assert {"Link", "ETag", "Content-Location"} <= set(headers["access-control-expose-headers"].split(", "))
        assert headers["x-content-type-options"] == "nosniff"


def test_unknown_things_are_told_in_the_format_accepted(site: str) -> None:
    machine = ask(site, "/doc/organisation/aucune", Accept="text/turtle")
    assert (machine.status, machine.headers["content-type"]) == (404, "application/problem+json")
    told = json.loads(machine.body)
    assert told["status"] == 404 and "organisation/aucune" in told["detail"] and told["title"] == "Introuvable"
    english = ask(site, "/doc/organisation/aucune", Accept="*/*", Accept_Language="en")
    assert json.loads(english.body)["title"] == "Not found" and english.headers["content-language"] == "en"
    person = ask(site, "/doc/organisation/aucune", Accept=BROWSER)
    assert person.status == 404 and "<html" in person.text and "organisation/aucune" in person.text
    assert ask(site, "/id/organisation/aucune").status == 404
    assert ask(site, "/nowhere").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/doc/organisation/%C3%A9t%C3%A9%20bleu",
        "/doc/organisation/%3Cscript%3Ealert(1)%3C/script%3E",
        "/doc/%00",
        "/doc/" + "a" * 5000,
        "/doc/../../etc/passwd",
        "/doc/%2e%2e/%2e%2e/etc/passwd",
        "/doc/%FF%FE",
        "/doc/",
        "/id/",
        "/id/a%0d%0aSet-Cookie:x",
        "/doc/x%22%3E.ttl",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
    ],
)
def test_hostile_addresses_get_a_small_error(site: str, path: str) -> None:
    for accept in ("*/*", BROWSER):
        answer = ask(site, path, Accept=accept)
        assert answer.status in (400, 404)
        assert len(answer.body) < 60_000
        assert "Traceback" not in answer.text and "<script>alert" not in answer.text
        assert "set-cookie" not in answer.headers


def test_too_long_an_address(site: str) -> None:
    assert ask(site, "/recherche?q=" + "a" * 20_000).status in (400, 414)


def test_curl_follows_a_name_to_its_data(site: str) -> None:
    command = [
        "curl",
        "-sSL",
        "-H",
        "Accept: text/turtle",
        "-w",
        "%{http_code} %{num_redirects}",
        f"{site}/id/{THINGS[0]}",
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.endswith("200 1") and "Centre-Val de Loire" in told


DECISIONS = f"""\
<{ID}territoire/region/24> <http://www.w3.org/2002/07/owl#sameAs> <{ID}territoire/region/ancienne> <{{graph}}> .
<{ID}organisation/retiree> <http://www.w3.org/ns/adms#status> <http://purl.org/adms/status/Withdrawn> <{{graph}}> .
<{ID}decision/x> <https://w3id.org/cesergraph/def#decisionAbout> <{digest_name(ID + "personne/effacee")}> <{{graph}}> .
""".replace("{graph}", "https://w3id.org/cesergraph/graph/decision")


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("decided") / "store"
    lines = mini_lines() | {"decision": sorted(DECISIONS.splitlines(keepends=True))}
    write_store(path, lines, search_rows=[], problems=[])
    with site_serving(path) as address:
        yield address


def test_a_merged_thing_leads_to_the_one_that_survives(decided: str) -> None:
    assert ask(decided, "/id/territoire/region/ancienne").status == 303
    moved = ask(decided, "/doc/territoire/region/ancienne")
    assert (moved.status, moved.headers["location"]) == (301, f"{decided}/doc/territoire/region/24")


def test_a_withdrawn_thing_says_so_in_every_format(decided: str) -> None:
    for suffix in MEDIA_TYPES:
        assert ask(decided, f"/doc/organisation/retiree.{suffix}").status == 410
    assert "Withdrawn" in ask(decided, "/doc/organisation/retiree.ttl").text


def test_an_erased_thing_says_nothing(decided: str) -> None:
    answer = ask(decided, "/doc/personne/effacee", Accept="text/turtle")
    assert answer.status == 410 and "effacee" not in answer.text
    assert ask(decided, "/id/personne/effacee").status == 410


def test_a_newer_build_is_served_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "store"
    write_store(path, mini_lines(), search_rows=[], problems=[])
    with site_serving(path) as address:
        assert ask(address, "/doc/organisation/retiree.ttl").status == 404
        lines = mini_lines() | {"decision": sorted(DECISIONS.splitlines(keepends=True))}
        write_store(path, lines, search_rows=[], problems=[])
        servers.wait_until(lambda: ask(address, "/doc/organisation/retiree.ttl").status == 410)


def test_what_is_kept_is_what_was_written(site: str) -> None:
    path = "/questions/vote_by_voter"
    first, again = (ask(site, path, Accept="text/html") for _ in range(2))
    assert (first.status, first.body, first.headers["etag"]) == (200, again.body, again.headers["etag"])
    packed = [ask(site, path, Accept="text/html", Accept_Encoding="gzip") for _ in range(2)]
    assert [gzip.decompress(one.body) for one in packed] == [first.body] * 2
    assert ask(site, f"/en{path}", Accept="text/html").body != first.body
    for _ in range(2):
        wrong = ask(site, "/questions/departements_of_a_region?region_code=x", Accept="text/html")
        assert (wrong.status, wrong.headers.get("etag")) == (400, None)
