"""An endpoint gives the answers that the embedded store gives, or says in two languages why it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import servers

from cesergraph.endpoint import Endpoint
from cesergraph.errors import EndpointError, SyntaxFault
from cesergraph.store import EmbeddedStore

mini_store, server = servers.mini_store, servers.server

QUERIES = {
    "all": "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o",
    "unbound": "PREFIX cg: <https://w3id.org/cesergraph/def#> "
    "SELECT ?s ?c { ?s a ?t OPTIONAL { ?s cg:inseeCode ?c } } ORDER BY ?s ?t",
    "numbers": 'SELECT (COUNT(DISTINCT ?s) AS ?n) (1.50 AS ?d) (1e0 AS ?f) (true AS ?b) ("é𝄞 \\n"@fr-FR AS ?l) '
    "{ ?s ?p ?o }",
    "none": "SELECT ?s { ?s <urn:none> ?o } ORDER BY ?s",
    "no-column": "SELECT * { }",
    "graphs": "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
    "yes": "ASK { ?s ?p ?o }",
    "no": "ASK { ?s <urn:none> ?o }",
    "comment": "PREFIX x: <urn:x/> # no INSERT\nDESCRIBE <https://w3id.org/cesergraph/id/territoire/region/01>",
    "construct": "# INSERT nothing\nCONSTRUCT WHERE { ?s ?p ?o }",
    "describe": "DESCRIBE <https://w3id.org/cesergraph/id/territoire/region/24>",
    "empty-graph": "CONSTRUCT WHERE { ?s <urn:none> ?o }",
}


@pytest.mark.parametrize("name", QUERIES)
def test_same_answers_as_the_embedded_store(name: str, mini_store: EmbeddedStore, server: str) -> None:
    assert Endpoint(server).query(QUERIES[name]) == mini_store.query(QUERIES[name])


@pytest.mark.parametrize("text", ["DELETE WHERE { ?s ?p ?o }", "SELECT * {", "ASK { SERVICE <urn:x> { } }"])
def test_what_is_no_read_query_is_not_sent(text: str) -> None:
    with pytest.raises(SyntaxFault), scripted() as (url, requests):
        Endpoint(url).query(text)
    assert requests == []


def test_the_default_graph_must_be_the_union(mini_store: EmbeddedStore) -> None:
    with servers.serving(mini_store.folder / "oxigraph") as url:
        with pytest.raises(EndpointError, match="not the union of the named graphs") as error:
            Endpoint(url).query(QUERIES["yes"])
    assert "n'est pas l'union" in error.value.fr and "--union-default-graph" in error.value.fr


def test_an_empty_endpoint_says_so() -> None:
    with servers.serving(None, "--union-default-graph") as url:
        with pytest.raises(EndpointError, match="holds no data") as error:
            Endpoint(url).query(QUERIES["all"])
    assert "aucune donnée" in error.value.fr


Reply = tuple[int, str, bytes]
NO = (200, "application/sparql-results+json", b'{"head":{},"boolean":false}')
YES = (200, "application/sparql-results+json", b'{"head":{},"boolean":true}')
ROWS = (200, "application/sparql-results+json", b'{"head":{"vars":["s"]},"results":{"bindings":[]}}')


@contextmanager
def scripted(*replies: Reply, short: int = 0, wait: bool = False) -> Iterator[tuple[str, list[str]]]:
    """A real HTTP server that gives the replies in turn; ``short``: that many bytes less than it announced."""
    left, requests = list(replies), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            requests.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, media_type, body = left.pop(0)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body) + short))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        if not wait:
            thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}/sparql", requests
        finally:
            if not wait:
                listening.shutdown()
                thread.join()


def test_the_check_is_made_once() -> None:
    with scripted(NO, YES, ROWS, ROWS) as (url, requests):
        endpoint = Endpoint(url)
        assert endpoint.query(QUERIES["all"]).columns == ("s",)
        assert endpoint.query(QUERIES["all"]).rows == ()
    assert len(requests) == 4
    assert all(request.startswith("query=") and "&" not in request for request in requests)


HTML = b"<!doctype html>\n<title>Welcome</title>"
FAULTS: dict[str, tuple[Reply, str, str, str]] = {
    "not-json": ((200, "text/html", HTML), "all", "not SPARQL Query Results JSON (text/html)", "<!doctype html>"),
    "cut-json": ((200, "application/json", b'{"head":{"vars":["s"]},"results":'), "all", "not SPARQL Query", "head"),
    "no-rows": (YES, "all", "not SPARQL Query Results JSON", "boolean"),
    "no-verdict": (ROWS, "yes", "not SPARQL Query Results JSON", "bindings"),
    "not-rdf": ((200, "text/html", HTML), "construct", "not RDF (text/html)", "<!doctype html>"),
    "refused-query": ((400, "text/plain", b"no such function\nline 2"), "all", "HTTP 400", "no such function"),
    "no-such-place": ((404, "text/plain", b"Not found"), "all", "HTTP 404", "Not found"),
    "broken": ((500, "text/plain", "mémoire épuisée\n".encode()), "all", "HTTP 500", "mémoire épuisée"),
    "busy": ((503, "text/plain", b"try later"), "all", "HTTP 503", "try later"),
    "silent": ((500, "text/plain", b""), "all", "HTTP 500).", "(HTTP 500)."),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_said_in_two_languages(fault: str) -> None:
    reply, query, en, both = FAULTS[fault]
    with scripted(NO, YES, reply) as (url, _), pytest.raises(EndpointError) as error:
        Endpoint(url).query(QUERIES[query])
    assert url in error.value.en and en in error.value.en and both in error.value.en
    assert url in error.value.fr and both in error.value.fr and error.value.fr.endswith(".")
    assert error.value.fr != error.value.en


def test_an_answer_cut_short() -> None:
    with scripted(NO, short=5) as (url, _), pytest.raises(EndpointError, match="does not answer"):
        Endpoint(url).query(QUERIES["all"])


def test_no_answer_in_time() -> None:
    with scripted(wait=True) as (url, _), pytest.raises(EndpointError, match="timed out") as error:
        Endpoint(url, timeout=1).query(QUERIES["all"])
    assert "ne répond pas" in error.value.fr


def test_nobody_there() -> None:
    with scripted() as (url, _):
        pass
    with pytest.raises(EndpointError, match=r"does not answer.*refused") as error:
        Endpoint(url).query(QUERIES["all"])
    assert "ne répond pas" in error.value.fr


@pytest.mark.parametrize("url", ["", "localhost:7878", "file:///etc/hostname", "ftp://127.0.0.1/"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(EndpointError, match="not the address of a SPARQL endpoint") as error:
        Endpoint(url)
    assert "n'est pas l'adresse" in error.value.fr
