"""The SPARQL Protocol, Service Description and Graph Store Protocol, judged by W3C's cases and by other clients."""

import gzip
import io
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
import rdflib
import servers
from conftest import ROOT, SHARED, need
from endpoints import JSON, TURTLE, Service, service, store_of
from pyoxigraph import NamedNode, Quad, RdfFormat, parse
from rdflib import RDF, RDFS, Graph, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from rdflib.query import Result
from rdflib.term import Node
from servers import Answer, ask
from SPARQLWrapper import CSV, GET, POST, RDFXML, XML, SPARQLWrapper
from SPARQLWrapper import JSON as WRAPPED_JSON

from cesergraph.store import EmbeddedStore
from cesergraph.web.worker import GRAPH_FORMATS, ROW_FORMATS

mini_store = servers.mini_store

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
VOID = Namespace("http://rdfs.org/ns/void#")
DCTERMS = Namespace("http://purl.org/dc/terms/")
FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"
WRITING = {"PUT", "POST", "DELETE", "PATCH"}


@dataclass(frozen=True)
class Exchange:
    """One request of a W3C case and what must come back; the statuses as written there, such as ``StatusCode4xx``."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    statuses: tuple[str, ...]
    boolean: bool | None
    format: str
    turtle: str

    def send(self, address: str) -> Answer:
        """Return what a site answers."""
        return ask(address, self.path, self.method, self.body, **self.headers)

    def is_query(self) -> bool:
        """Tell whether this asks a query, in a case about updates."""
        return DIRECT in self.headers.values() or "query=" in self.path

    def fits(self, status: int) -> bool:
        """Tell whether a status is one of those expected."""
        named = {"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404}
        return any(named.get(one) == status or one == f"StatusCode{status // 100}xx" for one in self.statuses)


def read_cases(file: Path) -> dict[str, list[Exchange]]:
    """Return the exchanges of each case of a manifest; none where the suite is not here."""
    if not file.is_file():
        return {}
    manifest = Graph().parse(file)
    found = {}
    for case in manifest.subjects(MF.action):
        action = manifest.value(case, MF.action)
        requests = manifest.value(action, HT.requests)
        assert requests is not None
        found[str(case).rpartition("#")[2]] = [_exchange(manifest, one) for one in Collection(manifest, requests)]
    return found


def _exchange(manifest: Graph, request: Node) -> Exchange:
    response = manifest.value(request, HT.resp)
    statuses = sorted(str(status).rpartition("#")[2] for status in manifest.objects(response, MF.expectedStatus))
    boolean = manifest.value(response, MF.expectedBoolean)
    body = manifest.value(request, HT.body)
    expected = manifest.value(response, HT.body)
    encoding = str(manifest.value(body, CNT.characterEncoding) or "UTF-8")
    return Exchange(
        str(manifest.value(request, HT.methodName)),
        str(manifest.value(request, HT.absolutePath)).replace("/sparql/", "/sparql").replace("/gsp", "/graph-store", 1),
        _headers_of(manifest, request),
        str(manifest.value(body, CNT.chars)).encode(encoding) if body else None,
        tuple(statuses),
        None if boolean is None else str(boolean) == "true",
        str(manifest.value(response, MF.expectedFormat) or ""),
        str(manifest.value(expected, CNT.chars)) if expected else "",
    )


def _headers_of(manifest: Graph, request: Node) -> dict[str, str]:
    listed = manifest.value(request, HT.headers)
    headers: Iterable[Node] = Collection(manifest, listed) if listed else []
    return {str(manifest.value(one, HT.fieldName)): str(manifest.value(one, HT.fieldValue)) for one in headers}


PROTOCOL = read_cases(SHARED / "judges" / "sparql-protocol" / "manifest.ttl")
INDIRECT = read_cases(SHARED / "judges" / "sparql-graph-store" / "manifest-indirect.ttl")
QUERIES = [name for name in PROTOCOL if "update" not in name]
UPDATES = [name for name in PROTOCOL if "update" in name]
RESULTS = {
    "boolean": {JSON, "application/sparql-results+xml"},
    "tabular": {JSON, "application/sparql-results+xml", "text/csv", "text/tab-separated-values"},
    "RDF": {TURTLE, "application/n-triples", "application/rdf+xml"},
}


def test_the_suites_are_all_there(judges: Path) -> None:
    assert (len(QUERIES), len(UPDATES), len(INDIRECT)) == (20, 14, 9)


@pytest.fixture(scope="module")
def kasei(judges: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The data that the protocol cases ask for, served: one graph for each file."""
    lines = []
    for number in (1, 2, 3):
        graph = NamedNode(f"http://kasei.us/2009/09/sparql/data/data{number}.rdf")
        for quad in parse(path=str(judges / "sparql-protocol" / f"data{number}.nt")):
            lines.append(f"{Quad(quad.subject, quad.predicate, quad.object, graph)} .\n")
    with service(store_of(tmp_path_factory.mktemp("kasei") / "store", lines)) as running:
        yield running


@pytest.mark.parametrize("name", QUERIES)
def test_w3c_query_case(kasei: Service, name: str) -> None:
    for exchange in PROTOCOL[name]:
        answer = exchange.send(kasei.address)
        assert exchange.fits(answer.status), answer.text
        media_type = answer.headers["content-type"].split(";")[0]
        if exchange.format:
            assert media_type in RESULTS[exchange.format]
        if exchange.boolean is not None:
            assert json.loads(answer.body)["boolean"] is exchange.boolean


@pytest.mark.parametrize("name", UPDATES)
def test_w3c_update_case_is_refused(kasei: Service, name: str) -> None:
    updates = [exchange for exchange in PROTOCOL[name] if not exchange.is_query()]
    assert updates
    for exchange in updates:
        answer = exchange.send(kasei.address)
        assert 400 <= answer.status < 500
        assert answer.headers["content-type"] == "application/problem+json"
    count = json.loads(kasei.ask(f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o }} # {name}").body)
    assert count["results"]["bindings"][0]["n"]["value"] == "3"


class _Graphs:
    """What a writable store would hold after the writes of a Graph Store case."""

    def __init__(self) -> None:
        self.content: dict[str, set[str]] = {}

    def write(self, exchange: Exchange) -> None:
        """Do what a request that writes asks for."""
        graph = self._graph(exchange)
        if exchange.method == "DELETE":
            self.content.pop(graph, None)
            return
        kept = self.content.get(graph, set()) if exchange.method == "POST" else set()
        self.content[graph] = kept | {f"{one.subject} {one.predicate} {one.object}" for one in self._read(exchange)}

    def _graph(self, exchange: Exchange) -> str:
        return dict(parse_qsl(urlsplit(exchange.path).query)).get("graph", "urn:graph:default")

    def _read(self, exchange: Exchange) -> list[Quad]:
        body = (exchange.body or b"").decode()
        parts = [body]
        if "multipart" in exchange.headers["content-type"]:
            boundary = exchange.headers["content-type"].partition("boundary=")[2]
            parts = [part.replace("\r", "").partition("\n\n")[2] for part in body.split(f"--{boundary}")]
        return [quad for part in parts for quad in parse(part, format=RdfFormat.TURTLE)]

    def lines(self) -> list[str]:
        """Return all as N-Quads."""
        return [f"{triple} <{graph}> .\n" for graph, triples in self.content.items() for triple in triples]


@pytest.mark.parametrize("name", INDIRECT)
def test_w3c_graph_store_case_reads_what_others_wrote(judges: Path, name: str, tmp_path: Path) -> None:
    if name == "post_get_new_graph":
        pytest.skip("the graph is named by the answer to a write")
    graphs, reads = _Graphs(), 0
    for number, exchange in enumerate(INDIRECT[name]):
        if exchange.method in WRITING:
            graphs.write(exchange)
            continue
        with service(store_of(tmp_path / str(number), graphs.lines())) as running:
            answer = exchange.send(running.address)
            assert exchange.fits(answer.status)
            if exchange.turtle:
                expected = Graph().parse(data=exchange.turtle, format="turtle")
                assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
                assert isomorphic(Graph().parse(data=answer.text, format="turtle"), expected)
        reads += 1
    assert reads


@pytest.mark.parametrize("name", INDIRECT)
def test_w3c_graph_store_case_cannot_write(kasei: Service, name: str) -> None:
    for exchange in INDIRECT[name]:
        if exchange.method in WRITING:
            answer = exchange.send(kasei.address)
            assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.fixture(scope="module")
def running(mini_store: EmbeddedStore) -> Iterator[Service]:
    """The mini graph, served."""
    with service(mini_store) as found:
        yield found


@pytest.fixture(scope="module")
def described(running: Service) -> Graph:
    """The description of the service."""
    answer = ask(running.address, "/sparql")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/turtle; charset=utf-8")
    return Graph().parse(data=answer.text, format="turtle")


def test_description_is_rdf_in_every_format(running: Service, described: Graph) -> None:
    for media_type in GRAPH_FORMATS:
        answer = ask(running.address, "/sparql", Accept=media_type)
        assert answer.headers["content-type"].startswith(media_type)
        format = "json-ld" if media_type == "application/ld+json" else media_type
        read = rdflib.Dataset().parse(data=answer.body, format=format)
        assert {triple[:3] for triple in read} == set(described)


def test_description_has_the_endpoint_that_was_asked(running: Service, described: Graph) -> None:
    assert list(described.objects(None, SD.endpoint)) == [URIRef(f"{running.address}/sparql")]


def test_description_conforms_to_the_schema(described: Graph) -> None:
    classes = {
        SD.endpoint: (SD.Service, None),
        SD.feature: (SD.Service, None),
        SD.supportedLanguage: (SD.Service, None),
        SD.resultFormat: (SD.Service, None),
        SD.defaultDataset: (SD.Service, SD.Dataset),
        SD.defaultGraph: (SD.Dataset, SD.Graph),
        SD.namedGraph: (SD.Dataset, SD.NamedGraph),
        SD.name: (SD.NamedGraph, None),
        SD.graph: (SD.NamedGraph, SD.Graph),
    }
    used = {predicate for predicate in described.predicates() if str(predicate).startswith(SD)}
    assert used == set(classes)
    for predicate, (of, to) in classes.items():
        for subject, value in described.subject_objects(predicate):
            assert (subject, RDF.type, of) in described
            assert to is None or (value, RDF.type, to) in described
    [one] = described.subjects(RDF.type, SD.Service)
    assert (one, SD.feature, SD.UnionDefaultGraph) in described
    assert (one, SD.feature, SD.BasicFederatedQuery) not in described


def test_description_counts_every_graph(described: Graph, mini_store: EmbeddedStore) -> None:
    quads = {quad for source in mini_store.sources() for quad in mini_store.quads(source)}
    graphs = {str(graph).strip("<>") for graph in mini_store.data.named_graphs()}
    named = {str(described.value(one, SD.name)): one for one in described.objects(None, SD.namedGraph)}
    assert set(named) == graphs
    counts = {name: described.value(described.value(one, SD.graph), VOID.triples) for name, one in named.items()}
    assert sum(int(str(count)) for count in counts.values()) == len(quads)
    assert list(described.objects(None, DCTERMS.license))


ALL = "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 3"


def get(running: Service, parameters: dict[str, str] | list[tuple[str, str]], **headers: str) -> Answer:
    """Return the answer to a GET with these parameters."""
    return ask(running.address, "/sparql?" + urlencode(parameters), "GET", None, **headers)


def test_get_and_both_posts_answer_the_same(running: Service) -> None:
    answers = [
        get(running, {"query": ALL}),
        ask(running.address, "/sparql", "POST", urlencode({"query": ALL}).encode(), Content_Type=FORM),
        ask(running.address, "/sparql", "POST", ALL.encode(), Content_Type=DIRECT + "; charset=UTF-8"),
    ]
    assert len({answer.body for answer in answers}) == 1
    assert answers[0].headers["content-type"] == JSON
    assert len(json.loads(answers[0].body)["results"]["bindings"]) == 3


@pytest.mark.parametrize("query", [ALL, "ASK { ?s ?p ?o }"])
@pytest.mark.parametrize("media_type", ROW_FORMATS)
def test_rows_in_every_format(running: Service, media_type: str, query: str) -> None:
    answer = running.ask(query, media_type)
    assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, media_type)
    assert int(answer.headers["content-length"]) == len(answer.body)
    name = media_type.rpartition("/")[2].rpartition("+")[2].replace("tab-separated-values", "tsv")
    if query != ALL and name in ("csv", "tsv"):
        assert answer.text == "true"  # W3C has no such format: the bare word is what Oxigraph's own server sends
        return
    read = Result.parse(io.BytesIO(answer.body), format=name)
    assert len(read) == 3 if query == ALL else read.askAnswer


@pytest.mark.parametrize("media_type", GRAPH_FORMATS)
@pytest.mark.parametrize("query", ["CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "DESCRIBE ?s { ?s a ?class }"])
def test_graphs_in_every_format_hold_the_same(running: Service, media_type: str, query: str) -> None:
    answer = running.ask(query, media_type)
    assert answer.headers["content-type"].split(";")[0] == media_type
    format = "json-ld" if media_type == "application/ld+json" else media_type
    found = {triple[:3] for triple in rdflib.Dataset().parse(data=answer.body, format=format)}
    plain = Graph().parse(data=running.ask(query, "application/n-triples").body, format="nt")
    assert found == set(plain) and len(found) > 10


def bindings(answer: Answer) -> list[str]:
    """Return the values in the rows of a JSON answer with one column, sorted."""
    assert answer.status == 200, answer.text
    return sorted(next(iter(row.values()))["value"] for row in json.loads(answer.body)["results"]["bindings"])


NAMES = "SELECT ?s { ?s a ?class }"
DATA = "http://kasei.us/2009/09/sparql/data/data{}.rdf"


def test_data_set_of_the_protocol_comes_before_that_of_the_query(kasei: Service) -> None:
    one, two, three = (DATA.format(number) for number in (1, 2, 3))
    assert bindings(get(kasei, {"query": NAMES})) == [one, two, three]
    from_two = f"SELECT ?s FROM <{two}> {{ ?s a ?class }}"
    assert bindings(get(kasei, {"query": from_two})) == [two]
    assert bindings(get(kasei, {"query": from_two, "default-graph-uri": three})) == [three]
    assert bindings(get(kasei, [("query", NAMES), ("default-graph-uri", one), ("default-graph-uri", three)])) == [
        one,
        three,
    ]
    assert bindings(get(kasei, {"query": NAMES, "named-graph-uri": one})) == []
    assert bindings(get(kasei, {"query": NAMES, "default-graph-uri": "urn:graph:nobody-knows"})) == []
    assert bindings(get(kasei, {"query": "SELECT ?s FROM <urn:graph:nobody-knows> { ?s a ?class }"})) == []
    assert get(kasei, {"query": NAMES, "default-graph-uri": "not an IRI"}).status == 400


BROWSERS_FORM = "text/html,application/xhtml+xml"


@pytest.mark.parametrize(
    ("query", "accept"),
    [(ALL, TURTLE), (ALL, "image/png"), ("DESCRIBE <urn:x>", JSON), ("ASK {}", "text/plain"), (ALL, "*/*;q=0")],
)
def test_impossible_format_is_refused_with_those_there_are(running: Service, query: str, accept: str) -> None:
    answer = running.ask(query, accept)
    assert (answer.status, answer.headers["content-type"]) == (406, "application/problem+json")
    assert set(json.loads(answer.body)["variants"]) == {*ROW_FORMATS, *GRAPH_FORMATS}
    assert "Accept" in answer.headers["vary"]


def test_any_accept_will_do_where_none_is_meant(running: Service) -> None:
    for accept in ("", "*/*", ";;;,,,/", "*/*;q=banana", "\xe9/\xe9"):
        assert running.ask(ALL, accept).headers["content-type"] == JSON
    assert running.ask(ALL, "a" * 5000).status == 406
    assert running.ask("DESCRIBE <urn:x>", "*/*").headers["content-type"] == "text/turtle; charset=utf-8"
    quality = "application/sparql-results+xml;q=0.2, text/csv;q=0.9, application/sparql-results+json;q=0"
    assert running.ask(ALL, quality).headers["content-type"] == "text/csv; charset=utf-8"


def test_error_in_a_query_is_told_with_its_place_in_both_languages(running: Service) -> None:
    french = get(running, {"query": "SELECT *\nWHERE { ?s ?p }"}, Accept_Language="fr")
    english = get(running, {"query": "SELECT *\nWHERE { ?s ?p }"}, Accept_Language="en")
    assert (french.status, french.headers["content-language"], english.headers["content-language"]) == (400, "fr", "en")
    told = json.loads(french.body)
    assert (told["type"], told["line"], told["column"]) == ("query-malformed", 2, 16)
    assert "ligne 2, colonne 16" in told["detail"] and "line 2, column 16" in english.text
    assert "Accept-Language" in french.headers["vary"]
    assert "Traceback" not in french.text and str(ROOT) not in french.text


UNPRINTABLE = b"query=ASK+%7B+%3Fs+%3Fp+%22%FF%22+%7D"


@pytest.mark.parametrize(
    ("status", "method", "path", "body", "headers"),
    [
        (400, "GET", "/sparql?query=ASK%7B%7D&query=ASK%7B%7D", None, {}),
        (400, "GET", "/sparql?default-graph-uri=urn:x", None, {}),
        (400, "GET", "/sparql?query=", None, {}),
        (400, "GET", "/sparql?" + UNPRINTABLE.decode(), None, {}),
        (400, "GET", "/sparql?" + "&".join(f"p{n}=1" for n in range(1000)), None, {}),
        (414, "GET", "/sparql?query=" + "%20" * 20_500, None, {}),
        (413, "GET", "/sparql?query=ASK%7B%7D" + "+" * 17_000, None, {}),
        (400, "POST", "/sparql", UNPRINTABLE, {"Content-Type": FORM}),
        (400, "POST", "/sparql", b"ASK { ?s ?p '\xff' }", {"Content-Type": DIRECT}),
        (400, "POST", "/sparql", "ASK {}".encode("utf-16"), {"Content-Type": DIRECT + "; charset=utf-16"}),
        (400, "POST", "/sparql", b"", {"Content-Type": FORM}),
        (400, "POST", "/sparql", b"", {"Content-Type": DIRECT}),
        (400, "POST", "/sparql?query=ASK%7B%7D", b"ASK {}", {"Content-Type": DIRECT}),
        (415, "POST", "/sparql", b"query=ASK%7B%7D", {}),
        (415, "POST", "/sparql", b"ASK {}", {"Content-Type": "text/plain"}),
        (415, "POST", "/sparql", b"--x", {"Content-Type": "multipart/form-data; boundary=x"}),
        (415, "POST", "/sparql", gzip.compress(b"ASK {}"), {"Content-Type": DIRECT, "Content-Encoding": "gzip"}),
        (413, "POST", "/sparql", b"#" * 70_000, {"Content-Type": DIRECT}),
        (413, "POST", "/sparql", b"#" * 17_000, {"Content-Type": DIRECT}),
        (403, "POST", "/sparql", b"CLEAR ALL", {"Content-Type": "application/sparql-update"}),
        (403, "POST", "/sparql", b"update=CLEAR+ALL", {"Content-Type": FORM}),
        (403, "GET", "/sparql?update=CLEAR%20ALL", None, {}),
        (400, "GET", "/sparql?query=CLEAR%20ALL", None, {}),
        (400, "GET", "/sparql?query=INSERT%20DATA%20%7B%7D", None, {}),
        (405, "PUT", "/sparql?query=ASK%7B%7D", b"", {}),
        (405, "DELETE", "/sparql", None, {}),
        (405, "PATCH", "/sparql", b"", {}),
        (400, "GET", "/graph-store", None, {}),
        (400, "GET", "/graph-store?default&graph=urn:x", None, {}),
        (400, "GET", "/graph-store?graph=urn:x&graph=urn:y", None, {}),
        (400, "GET", "/graph-store?graph=http%3A//a%20b", None, {}),
        (404, "GET", "/graph-store?graph=urn:x", None, {}),
        (404, "HEAD", "/graph-store?graph=urn:x", None, {}),
        (405, "PUT", "/graph-store?default", b"", {}),
        (405, "POST", "/graph-store?default", b"", {}),
        (405, "DELETE", "/graph-store?default", None, {}),
    ],
)
def test_bad_request(
    running: Service, status: int, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> None:
    answer = ask(running.address, path, method, body, **headers)
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.body) < 1500
    if status == 405:
        assert "GET" in answer.headers["allow"] and "PUT" not in answer.headers["allow"]
    if method != "HEAD":
        told = json.loads(answer.body)
        assert told["status"] == status and told["detail"].endswith(".")


def test_etag_follows_content_and_saves_the_body(running: Service) -> None:
    first = get(running, {"query": ALL})
    tag = first.headers["etag"]
    assert tag.startswith('"') and first.headers["vary"] == "Accept"
    for held in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = get(running, {"query": ALL}, If_None_Match=held)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["vary"] == "Accept"
    assert get(running, {"query": ALL}, If_None_Match='"other"').status == 200
    assert get(running, {"query": ALL}, Accept="text/csv").headers["etag"] != tag
    head = ask(running.address, "/sparql?" + urlencode({"query": ALL}), "HEAD")
    same = ("etag", "content-type", "content-length", "vary")
    assert head.body == b"" and all(head.headers[name] == first.headers[name] for name in same)


def test_what_differs_each_time_is_asked_each_time(running: Service) -> None:
    for query in ("SELECT (UUID() AS ?x) {}", "SELECT (RAND() AS ?x) {}", "SELECT (StrUuid() AS ?x) {}"):
        assert len({tuple(bindings(running.ask(query))) for _ in range(6)}) == 6


def test_scripts_of_other_sites_may_ask(running: Service) -> None:
    for path, methods in (("/sparql", "GET, HEAD, POST, OPTIONS"), ("/graph-store", "GET, HEAD, OPTIONS")):
        preflight = ask(
            running.address,
            path,
            "OPTIONS",
            Origin="https://example.org",
            Access_Control_Request_Method="POST",
            Access_Control_Request_Headers="content-type",
        )
        assert (preflight.status, preflight.headers["allow"], preflight.body) == (204, methods, b"")
        assert preflight.headers["access-control-allow-methods"] == methods
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert "Content-Type" in preflight.headers["access-control-allow-headers"]
    answer = running.ask(ALL, Origin="https://example.org")
    assert "ETag" in answer.headers["access-control-expose-headers"]


def test_empty_data_set(tmp_path: Path) -> None:
    with service(store_of(tmp_path / "store", [])) as empty:
        assert json.loads(empty.ask(ALL).body)["results"]["bindings"] == []
        assert json.loads(empty.ask("ASK { ?s ?p ?o }").body)["boolean"] is False
        assert empty.ask("CONSTRUCT WHERE { ?s ?p ?o }", "application/n-triples").body == b""
        assert ask(empty.address, "/graph-store?default", Accept="application/n-triples").body == b""
        assert ask(empty.address, "/sparql").status == 200


def test_every_graph_is_read_whole_by_its_name(running: Service, mini_store: EmbeddedStore) -> None:
    lines = {line for source in mini_store.sources() for line in mini_store.quads(source)}
    graphs = [str(graph).strip("<>") for graph in mini_store.data.named_graphs()]
    assert graphs
    for graph in graphs:
        answer = ask(running.address, f"/graph-store?graph={quote(graph, safe='')}", Accept="application/n-triples")
        assert set(answer.text.splitlines()) == {
            line.removesuffix(f" <{graph}> .\n") + " ." for line in lines if line.endswith(f" <{graph}> .\n")
        }
    default = ask(running.address, "/graph-store?default", Accept="application/n-triples").text.splitlines()
    assert sorted(default) == sorted({line.rsplit(" <", 1)[0] + " ." for line in lines})
    assert ask(running.address, "/graph-store?default", Accept="application/trig").status == 406


def test_relative_name_of_a_graph_is_read_against_the_address(tmp_path: Path) -> None:
    with service(store_of(tmp_path / "store", [])) as empty:
        assert ask(empty.address, "/graph-store?graph=other").status == 404
    here = f"{empty.address}/other"
    with service(store_of(tmp_path / "second", [f"<urn:a> <urn:p> <urn:b> <{here}> .\n"])) as running:
        assert running.address != empty.address  # the port has changed: only an absolute name finds the graph
        assert ask(running.address, "/graph-store?graph=other").status == 404
        assert ask(running.address, f"/graph-store?graph={quote(here, safe='')}").status == 200


def test_curl_is_answered(running: Service) -> None:
    curl = shutil.which("curl")
    need(curl is not None, "curl")
    url = f"{running.address}/sparql"
    for how in (["--get", "--data-urlencode", f"query={ALL}"], ["--data-urlencode", f"query={ALL}"]):
        command = [str(curl), "--silent", "--fail", "--compressed", *how, "-H", "Accept: text/csv", url]
        assert len(subprocess.run(command, capture_output=True, check=True).stdout.splitlines()) == 4
    direct = ["--data-binary", ALL, "-H", f"Content-Type: {DIRECT}", "-H", "Expect: 100-continue", url]
    assert subprocess.run([str(curl), "--silent", *direct], capture_output=True, check=True).stdout.startswith(b"{")


@pytest.mark.parametrize("method", [GET, POST])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_sparqlwrapper_is_answered(running: Service, method: str) -> None:
    client = SPARQLWrapper(f"{running.address}/sparql")
    client.setMethod(method)
    client.setQuery(ALL)
    read: dict[str, Callable[[Any], int]] = {
        WRAPPED_JSON: lambda found: len(found["results"]["bindings"]),
        XML: lambda found: len(found.getElementsByTagName("result")),
        CSV: lambda found: len(found.splitlines()) - 1,
    }
    for format, count in read.items():
        client.setReturnFormat(format)
        assert count(client.queryAndConvert()) == 3
    client.setQuery("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    client.setReturnFormat(RDFXML)
    converted = client.queryAndConvert()
    assert isinstance(converted, Graph) and len(converted) > 10


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_sparqlstore_of_rdflib_is_answered(running: Service) -> None:
    graph = Graph(SPARQLStore(f"{running.address}/sparql", returnFormat="json"))
    assert len(list(graph.query(ALL))) == 3
    assert len(list(graph.triples((None, RDF.type, None)))) > 3
    assert (None, RDFS.label, None) in graph or len(graph) > 3
