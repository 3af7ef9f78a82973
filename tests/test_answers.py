"""What may be asked, and that nothing else gets as far as the store."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Thread
from typing import cast

import pytest
import servers
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store, Triple

from cesergraph.answers import examine, graph
from cesergraph.errors import SyntaxFault
from cesergraph.store import EmbeddedStore

mini_store = servers.mini_store

SERVICE_CLAUSES = [
    "SELECT * { SERVICE <%s> { ?s ?p ?o } }",
    "SELECT * { service silent <%s> { ?s ?p ?o } }",
    "ASK { SERVICE <%s> { ?s ?p ?o } }",
    "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <%s> { ?s ?p ?o } }",
    "PREFIX : <%s> SELECT * { SERVICE:{ ?s ?p ?o } }",
    "SELECT * { FILTER(1<2)SERVICE#>\n<%s>{ ?s ?p ?o } }",
    "SELECT * { VALUES ?o { true } ?s ?p trueSERVICE<%s>{ ?s ?p ?o } }",
    "SELECT * { { SELECT * { VALUES ?s { <%s> } SERVICE ?s { ?s ?p ?o } } } }",
    'SELECT * { BIND("service" AS ?service) # SERVICE\n SERVICE <%s> { ?s ?p ?o } }',
]
NOT_SERVICE_CLAUSES = [
    'SELECT ?service { ?service a <https://x.test/service> FILTER(STR(?service) != "service") } # service',
    "PREFIX service: <https://x.test/> SELECT * { ?s a service:Service }",
    "PREFIX cpsv: <http://purl.org/vocab/cpsv#> SELECT * { ?s a cpsv:PublicService }",
]


@dataclass
class Listener:
    """A server that hangs up on everybody and counts them."""

    address: str
    calls: int = 0


@pytest.fixture
def listener() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = Listener(f"http://127.0.0.1:{listening.getsockname()[1]}/")

        def hang_up() -> None:
            while True:
                called, _ = listening.accept()
                if found.address != "":
                    found.calls += 1  # before hanging up: the caller looks as soon as it is let go
                called.close()
                if found.address == "":
                    return

        waiting = Thread(target=hang_up)
        waiting.start()
        yield found
        found.address = ""
        socket.create_connection(listening.getsockname()).close()
        waiting.join()


@pytest.mark.parametrize("clause", SERVICE_CLAUSES)
def test_no_query_calls_another_server(clause: str, mini_store: EmbeddedStore, listener: Listener) -> None:
    with pytest.raises(SyntaxFault) as fault:
        mini_store.query(clause % listener.address)
    assert "SERVICE" in fault.value.fr and "SERVICE" in fault.value.en
    assert listener.calls == 0


def test_the_listener_would_notice(listener: Listener) -> None:
    with pytest.raises(OSError):
        list(cast(QuerySolutions, Store().query(SERVICE_CLAUSES[0] % listener.address)))
    assert listener.calls > 0


@pytest.mark.parametrize("text", NOT_SERVICE_CLAUSES)
def test_the_word_service_elsewhere_is_no_clause(text: str) -> None:
    assert examine(text).kind == "select"


@pytest.mark.parametrize(
    ("text", "kind", "names_graphs"),
    [
        ("SELECT * { ?from ?p 'from' } # FROM <x>", "select", False),
        ("SELECT * FROM <https://x.test/> { ?s ?p ?o }", "select", True),
        ("ask from named <https://x.test/> { graph ?g { ?s ?p ?o } }", "ask", True),
        ("DESCRIBE <https://x.test/>", "graph", False),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "graph", False),
    ],
)
def test_a_question_is_known(text: str, kind: str, names_graphs: bool) -> None:
    question = examine(text)
    assert (question.kind, question.names_graphs) == (kind, names_graphs)


@pytest.mark.parametrize(
    ("text", "fr", "en"),
    [
        ("SELECT * {\n  ?s ?p }", "ligne 2, colonne 10", "line 2, column 10"),
        (
            "SELECT * { ?s ex:p ?o }",
            "devant « ?o } » : le préfixe ex: n'est pas",
            "before “?o }”: the prefix ex: is not",
        ),
        ("SELECT (COUNT(*) AS ?n) ?s { ?s ?p ?o }", "ni liée ni groupée", "not bound or grouped"),
        ("SELECT (<https://x.test/f>(1) AS ?x) { }", "exécutée", "custom function"),
        ("", "ligne 1, colonne 1", "line 1, column 1"),
        ("PREFIX service: <https://x.test/> SELECT * { ?s", "ligne 1, colonne", "line 1, column"),
        ("# note\nPREFIX a: <b> BASE <c>\ninsert data { <a> <b> <c> }", "écrit (INSERT)", "writes (INSERT)"),
        ("LOAD <https://x.test/>", "écrit (LOAD)", "writes (LOAD)"),
        ("DROP ALL", "écrit (DROP)", "writes (DROP)"),
    ],
)
def test_what_is_no_read_query_is_refused_in_two_languages(text: str, fr: str, en: str) -> None:
    with pytest.raises(SyntaxFault) as fault:
        examine(text)
    assert fr in fault.value.fr and en in fault.value.en


def test_from_chooses_the_graph(mini_store: EmbeddedStore) -> None:
    inference = "<https://w3id.org/cesergraph/graph/inference>"
    count = "SELECT (COUNT(*) AS ?n) {} WHERE {{ SELECT DISTINCT ?s ?p ?o WHERE {{ ?s ?p ?o }} }}"
    (chosen,), (union,) = (mini_store.query(count.format(clause)).rows for clause in (f"FROM {inference}", ""))
    assert str(chosen[0]).startswith('"2"') and not str(union[0]).startswith('"2"')


def test_a_graph_is_a_set_in_order() -> None:
    first, second = (Triple(NamedNode(f"x:{name}"), NamedNode("x:p"), Literal(name)) for name in "ab")
    assert graph([second, first, second]).triples == (first, second)
