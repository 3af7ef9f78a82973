"""Queries and clients that would take a server down, each against the running one; after each, an ordinary query.

The attacks are those of design page publication.md, 6.1, and what a scan of the text cannot see is sent as well.
"""

import json
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from endpoints import JSON, NODES, Service, command, network, service, soon
from servers import ask, wait_until

from cesergraph.store import EmbeddedStore
from cesergraph.web.limits import MEGABYTE, Limits, refuse_excess
from cesergraph.web.problems import Problem

PATIENT = 30.0
HARSH = Limits(
    seconds=1.5, memory=192 * MEGABYTE, rows=20_000, bytes=12 * MEGABYTE, workers=2, queue=4, queue_seconds=3.0
)
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
LARGE = f"SELECT * {{ ?a ?p ?b . ?c ?q ?d BIND('{'x' * 400}' AS ?e) }} LIMIT 15000"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedStore:
    """Little data with endless answers."""
    return network(tmp_path_factory.mktemp("network") / "store")


@pytest.fixture(scope="module")
def harsh(data: EmbeddedStore) -> Iterator[Service]:
    """A service with narrow limits."""
    with service(data, HARSH) as running:
        yield running


@pytest.fixture(scope="module")
def ample(data: EmbeddedStore) -> Iterator[Service]:
    """A service with the limits that all have."""
    with service(data) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Put the files of large answers where no others are."""
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path_factory.mktemp("room"))
    yield
    tempfile.tempdir = before


@pytest.fixture
def patient(data: EmbeddedStore) -> Iterator[Service]:
    """A service of one worker with a limit of time that no test waits for."""
    with service(data, Limits(seconds=PATIENT, workers=1, queue=2)) as running:
        yield running


def nested(open: str, close: str, depth: int, inside: str = "") -> str:
    """Return something inside itself."""
    return open * depth + inside + close * depth


REFUSED = {
    "sequence path x 1,000": "ASK { ?a " + "/".join(["<urn:p>"] * 1000) + " ?b }",
    "short sequence path x 1,000": "PREFIX : <urn:> ASK { ?a " + "/".join([":"] * 1000) + " ?b }",
    "parentheses x 5,000": f"ASK {{ FILTER{nested('(', ')', 5000, '1')} }}",
    "groups x 5,000": f"ASK {{ {nested('{', '}', 5000)} }}",
    "lists x 5,000": f"ASK {{ ?s ?p {nested('(', ')', 5000, '1')} }}",
    "blank nodes x 3,000": f"ASK {{ ?s ?p {nested('[<urn:p>', ']', 1600)} }}",
    "triple terms x 3,000": "ASK { ?s ?p " + nested("<<(", "<urn:p> 1 )>>", 800, "<urn:s>") + " }",
    "groups in a long query": "ASK {" + nested("{", "}", 20_000) + "}",
    "alternatives x 7,000": "ASK { ?a " + "|".join(["a"] * 7000) + " ?b }",
    "sum of 4,000": "ASK { FILTER(" + "+".join(["1"] * 4000) + ") }",
    "patterns x 1,000": "ASK { " + "?s ?p ?o . " * 1000 + "}",
    "long": "ASK { }" + " " * 17_000,
    "long in bytes": "ASK { ?s ?p '" + "é" * 9_000 + "' }",
}


@pytest.mark.parametrize("name", REFUSED)
def test_excess_is_refused_before_a_worker_sees_it(harsh: Service, name: str) -> None:
    answer = harsh.ask(REFUSED[name])
    assert answer.status in (400, 413), answer.text
    assert json.loads(answer.body)["type"] in ("query-too-complex", "query-too-long")
    soon(harsh)


TOO_MUCH = {
    "cross join": ENDLESS,
    "path without ends": "SELECT (COUNT(*) AS ?n) { ?a <urn:p>* ?b }",
    "path between all": "SELECT (COUNT(*) AS ?n) { ?a (<urn:p>|^<urn:p>)+ ?b . ?b <urn:p>+ ?c }",
    "sort": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f ?c",
    "distinct": "SELECT (COUNT(DISTINCT ?x) AS ?n) { ?a ?b ?c . ?d ?e ?f BIND(CONCAT(STR(?a), STR(?d)) AS ?x) }",
    "grouped text": "SELECT (STRLEN(GROUP_CONCAT(?x)) AS ?n) { ?a ?b ?c . ?d ?e ?f BIND(STR(?a) AS ?x) }",
    "doubled text": "SELECT (STRLEN(?z) AS ?n) { BIND('" + "a" * 2000 + "' AS ?x) BIND(REPLACE(?x, 'a', ?x) AS ?y)"
    " BIND(REPLACE(?y, 'a', ?x) AS ?z) }",
    "optional": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c OPTIONAL { ?d ?e ?f OPTIONAL { ?g ?h ?i } } }",
    "minus": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f MINUS { ?a ?x ?d } }",
    "exists": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER NOT EXISTS { ?f <urn:p>+ ?c } }",
    "construct": "CONSTRUCT { ?a ?e ?f } { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f",
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_query_that_takes_too_much_is_ended(harsh: Service, name: str) -> None:
    start = time.monotonic()
    answer = harsh.ask(TOO_MUCH[name], "*/*")
    assert answer.status == 503, answer.text
    told = json.loads(answer.body)
    assert told["type"] in ("query-timeout", "query-memory")
    assert int(answer.headers["retry-after"]) > 0
    assert time.monotonic() - start < HARSH.seconds + 1.5
    soon(harsh)


def test_memory_is_told_from_time(harsh: Service) -> None:
    assert json.loads(harsh.ask(TOO_MUCH["doubled text"]).body)["type"] == "query-memory"
    assert json.loads(harsh.ask(TOO_MUCH["cross join"]).body)["type"] == "query-timeout"


HARMLESS = {
    "regular expression": "ASK { FILTER REGEX('" + "a" * 60 + "!', '(a+)+$') }",
    "counted repeats": "ASK { FILTER REGEX('a', '((a{1000}){1000}){1000}') }",
    "or x 2,600": "ASK { FILTER(" + "||".join(["?x"] * 2600) + ") }",
    "union x 1,200": "ASK { " + "UNION".join(["{?s a 1}"] * 1200) + " }",
    "optional x 900": "ASK { " + "OPTIONAL{?s a 1}" * 900 + " }",
    "binds x 700": "ASK { " + " ".join(f"BIND(1 AS ?v{n})" for n in range(700)) + " }",
    "negations x 9,000": "ASK { FILTER(" + "!" * 9000 + "true) }",
    "NUL": "ASK { ?s ?p '\0' }",
    "NUL between": "ASK\0{ }",
    "path of 45 steps": "ASK { ?a " + "/".join(["<urn:p>"] * 45) + " ?b }",
    "FROM an address": "SELECT * FROM <http://127.0.0.1:9/x> FROM <file:///etc/passwd> { ?s ?p ?o }",
    "DESCRIBE a file": "DESCRIBE <file:///etc/passwd>",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_other_attack_leaves_the_service_well(harsh: Service, name: str) -> None:
    answer = harsh.ask(HARMLESS[name], "*/*")
    assert answer.status in (200, 400, 503), answer.text
    assert b"root:" not in answer.body
    soon(harsh)


@pytest.mark.parametrize("silent", ["", "SILENT "])
@pytest.mark.parametrize("accept", [JSON, "text/turtle"])
def test_other_server_is_never_called(harsh: Service, silent: str, accept: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.3)
        service = f"SERVICE {silent}<http://127.0.0.1:{listening.getsockname()[1]}/>"
        verb = "SELECT *" if accept == JSON else "CONSTRUCT { ?s ?p ?o }"
        for query in (
            f"{verb} {{ {service} {{ ?s ?p ?o }} }}",
            f"{verb} {{ # FROM\n {service.lower()} {{ ?s ?p ?o }} }}",
        ):
            answer = harsh.ask(query, accept)
            assert answer.status == 400 and "SERVICE" in answer.text
        with pytest.raises(TimeoutError):
            listening.accept()
    word = harsh.ask("ASK { ?service ?from 'SERVICE <http://x> FROM' } # SERVICE <http://x> { }")
    assert word.status == 200
    soon(harsh)


@pytest.mark.parametrize(
    "update", ["LOAD <http://127.0.0.1:9/>", "INSERT DATA { <urn:a> <urn:b> 1 }", "CLEAR ALL", "DROP ALL; ASK {}"]
)
def test_update_as_a_query_is_refused(harsh: Service, update: str) -> None:
    answer = harsh.ask(update)
    assert answer.status == 400 and update.split()[0] in answer.text
    soon(harsh, f"ASK {{ ?s ?p ?o FILTER(NOT EXISTS {{ <urn:a> <urn:b> 1 }}) }} # {update}")


@pytest.mark.parametrize("accept", [JSON, "application/sparql-results+xml", "text/csv", "text/tab-separated-values"])
def test_too_many_rows_are_told_never_cut(harsh: Service, accept: str) -> None:
    exact = f"SELECT ?a {{ ?a ?p ?b . ?c ?q ?d }} LIMIT {HARSH.rows}"
    assert harsh.ask(exact, accept).status == 200
    answer = harsh.ask(exact.replace(str(HARSH.rows), str(HARSH.rows + 1)), accept)
    assert (answer.status, json.loads(answer.body)["type"]) == (422, "too-many-rows")
    assert "LIMIT" in answer.text
    soon(harsh)


def test_too_many_rows_are_counted_where_they_hold_nothing(harsh: Service) -> None:
    empty = f"SELECT ?nothing {{ ?a ?p ?b . ?c ?q ?d }} LIMIT {HARSH.rows + 1}"
    for accept in (JSON, "application/sparql-results+xml", "text/csv", "text/tab-separated-values"):
        assert harsh.ask(empty, accept).status == 422
    soon(harsh)


@pytest.mark.parametrize("accept", [JSON, "text/csv"])
def test_too_many_bytes_are_told_never_cut(harsh: Service, accept: str) -> None:
    answer = harsh.ask(f"SELECT * {{ ?a ?p ?b . ?c ?q ?d BIND('{'x' * 4000}' AS ?e) }} LIMIT 9000", accept)
    assert (answer.status, json.loads(answer.body)["type"]) == (422, "too-many-bytes")
    soon(harsh)


def test_graph_of_too_many_bytes_is_told_never_cut(harsh: Service) -> None:
    answer = harsh.ask(
        f"CONSTRUCT {{ ?a ?p ?e }} {{ ?a ?p ?b BIND(CONCAT(STR(?b), '{'x' * 2000}') AS ?e) }}", "application/n-triples"
    )
    assert (answer.status, json.loads(answer.body)["type"]) == (422, "too-many-bytes")
    soon(harsh)


def test_formula_is_left_as_it_is_in_the_format_for_programs(harsh: Service) -> None:
    assert harsh.ask("SELECT ?x { VALUES ?x { '=HYPERLINK(1)' } }", "text/csv").text == "x\r\n=HYPERLINK(1)\r\n"


def test_a_thousand_errors_leave_nothing_behind(harsh: Service) -> None:
    before = harsh.workers()
    start = time.monotonic()
    for number in range(1000):
        assert harsh.ask(f"SELECT {{ {number}").status == 400
    assert time.monotonic() - start < 20
    assert harsh.workers() == before
    soon(harsh)


def test_huge_address_is_refused(harsh: Service) -> None:
    for length in (70_000, 10_000_000):
        with harsh.connect() as connection:
            try:
                connection.sendall(b"GET /sparql?query=" + b"x" * length + b" HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b" 4" in connection.recv(100)[:12]
            except (BrokenPipeError, ConnectionResetError):
                pass
        soon(harsh)


def test_body_without_end_is_refused(harsh: Service) -> None:
    with harsh.connect() as connection:
        connection.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        try:
            for _ in range(1000):
                connection.sendall(b"4000\r\n" + b"#" * 0x4000 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        with_answer = connection.recv(1000)
        assert b" 413 " in with_answer[:20]
    soon(harsh)


def test_client_that_vanishes_frees_its_worker(patient: Service) -> None:
    soon(patient)
    with patient.start(ENDLESS):
        time.sleep(0.3)
        assert not is_free(patient)
    soon(patient)


def test_client_that_vanishes_from_the_queue_leaves_it(patient: Service) -> None:
    with patient.clients(ENDLESS, 1), ThreadPoolExecutor(1) as other:
        time.sleep(0.2)
        with patient.clients(ENDLESS, 2):
            time.sleep(0.2)
            assert patient.ask("ASK {}").status == 503
        time.sleep(0.2)
        answer = other.submit(patient.ask, "ASK {}")
        time.sleep(0.2)
        assert not answer.done()
        replaced(patient)
        assert answer.result(5).status == 200


def replaced(patient: Service) -> None:
    """Kill the only worker, and wait for the next."""
    before = patient.workers()
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: patient.workers() not in ([], before))


def is_free(running: Service) -> bool:
    """Tell whether a worker answers within a moment."""
    with ThreadPoolExecutor(1) as other, running.connect() as connection:
        connection.settimeout(0.3)
        query = quote(f"ASK {{}} # {time.monotonic()}")
        connection.sendall(f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        try:
            return other.submit(connection.recv, 100).result() != b""
        except TimeoutError:
            return False


def test_client_that_vanishes_while_it_reads_gives_back_the_room(ample: Service) -> None:
    with ample.clients(LARGE, 4) as connections:
        assert [status(connection) for connection in connections] == [200] * 4
        assert open_files() == 4
        soon(ample)
    wait_until(lambda: open_files() == 0)
    soon(ample)


def status(connection: socket.socket) -> int:
    """Return the status of the answer that comes on a connection."""
    return int(connection.recv(12).split()[1])


def open_files() -> int:
    """Return how many answers lie in files, which have no name any more."""
    links = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(link.startswith(tempfile.gettempdir()) and link.endswith("(deleted)") for link in links)


def test_slow_clients_hold_no_worker(ample: Service) -> None:
    with ample.clients(LARGE, 6) as connections:
        assert [status(connection) for connection in connections] == [200] * 6
        for _ in range(3):
            soon(ample)


def test_client_too_slow_is_left(data: EmbeddedStore) -> None:
    with service(data, Limits(download_seconds=0.5)) as hasty, hasty.start(LARGE.replace("15000", "60000")) as slow:
        slow.recv(1000)
        wait_until(lambda: open_files() == 0)
        soon(hasty)
        while received := slow.recv(1 << 20):
            assert b"HTTP/1.1 200" not in received


def test_room_for_slow_clients_is_bounded(data: EmbeddedStore) -> None:
    with service(data, Limits(spool=24 * MEGABYTE)) as small:
        with small.clients(LARGE, 4) as connections:
            assert {status(connection) for connection in connections} == {200, 503}
        wait_until(lambda: open_files() == 0)
        assert small.ask(LARGE).status == 200


def test_queue_overflows_at_once(patient: Service) -> None:
    with patient.clients(ENDLESS, 3):
        time.sleep(0.3)
        start = time.monotonic()
        answer = patient.ask("ASK {}")
        assert (answer.status, json.loads(answer.body)["type"]) == (503, "too-many-queries")
        assert int(answer.headers["retry-after"]) > 0 and time.monotonic() - start < 0.5
        assert ask(patient.address, "/id/nothing").status == 404
    time.sleep(0.2)
    soon(patient)


def test_waiting_is_limited(data: EmbeddedStore) -> None:
    with service(data, Limits(seconds=PATIENT, workers=1, queue_seconds=0.4)) as busy, busy.start(ENDLESS):
        time.sleep(0.2)
        start = time.monotonic()
        answer = busy.ask("ASK {}")
        assert (answer.status, json.loads(answer.body)["type"]) == (503, "too-many-queries")
        assert time.monotonic() - start < 1


def test_killed_workers_are_replaced_again_and_again(harsh: Service) -> None:
    for _ in range(10):
        for worker in harsh.workers():
            os.kill(worker, signal.SIGKILL)
        soon(harsh)
    wait_until(lambda: len(harsh.workers()) == HARSH.workers)


def test_query_whose_worker_is_killed_runs_once_more_and_no_more(patient: Service) -> None:
    with ThreadPoolExecutor(1) as other:
        answer = other.submit(patient.ask, ENDLESS)
        time.sleep(0.3)
        replaced(patient)
        time.sleep(0.3)
        assert not answer.done()
        replaced(patient)
        told = answer.result(5)
    assert (told.status, json.loads(told.body)["type"]) == (503, "query-interrupted")
    soon(patient)


def test_killed_nursery_is_replaced(patient: Service) -> None:
    nursery, workers = patient.pool.process, patient.workers()
    with ThreadPoolExecutor(1) as other:
        answer = other.submit(patient.ask, "SELECT (COUNT(*) AS ?n) { { SELECT * { ?a ?b ?c } LIMIT 700 } ?d ?e ?f }")
        time.sleep(0.1)
        assert not answer.done()
        os.kill(nursery, signal.SIGKILL)
        assert answer.result(60).status == 200
    assert not any(command(worker) for worker in workers)
    soon(patient)
    assert patient.pool.process != nursery


def test_all_at_once(harsh: Service) -> None:
    queries = [*TOO_MUCH.values(), *REFUSED.values(), *HARMLESS.values(), LARGE]
    with ThreadPoolExecutor(12) as clients:
        answers = list(clients.map(lambda query: harsh.ask(query, "*/*").status, queries))
    assert set(answers) <= {200, 400, 413, 422, 503}
    soon(harsh, within=HARSH.seconds + 1)
    wait_until(lambda: len(harsh.workers()) == HARSH.workers)


EVIL = [
    '"',
    '\\"',
    '"\\"',
    '"""',
    "'''",
    "<",
    "<a",
    '"""\\',
    "\\",
    "(",
    "#",
    "?a?",
    ".",
    "<<",
    "{",
    '"a\n',
    "<<>>",
    ".;",
]


@pytest.mark.parametrize("piece", EVIL)
def test_scan_of_a_query_is_quick_whatever_it_holds(piece: str) -> None:
    for start in ("", '"', '"""', "<", "#"):
        text = (start + piece * 20_000)[:16_000]
        begun = time.thread_time()
        try:
            refuse_excess(text)
        except Problem:
            pass
        assert time.thread_time() - begun < 0.2


def test_scan_sees_nothing_in_strings_names_and_comments(harsh: Service) -> None:
    hidden = "(" * 300 + "/" * 300 + ". " * 300
    for query in (
        f"ASK {{ ?s ?p '{hidden}' }}",
        f"ASK {{ ?s ?p '''{hidden}\n\\''' {hidden}''' }}",
        f'ASK {{ ?s ?p "\\"{hidden}" }}',
        f"ASK {{ ?s ?p <urn:{'(/' * 300}> }}",
        f"ASK {{ }} # {hidden}",
    ):
        assert harsh.ask(query).status == 200


def test_every_named_query_passes_the_scan() -> None:
    queries = [file.read_text(encoding="utf-8") for file in Path("queries").glob("*.rq")]
    assert len(queries) > 50
    for query in queries:
        refuse_excess(query)


@pytest.mark.slow
def test_million_rows_are_sent_in_little_memory(data: EmbeddedStore) -> None:
    query = f"SELECT ?a ?b {{ ?a <urn:p> ?x . ?b <urn:p> ?y }} LIMIT {1_000_000 - NODES}"
    with service(data, Limits(seconds=60)) as running:
        assert running.ask("ASK {}").status == 200
        Path("/proc/self/clear_refs").write_text("5")
        before, length = peak(), 0
        with running.start(query) as connection:
            while "\r\n\r\n" not in (head := connection.recv(1 << 16, socket.MSG_PEEK).decode("latin-1")):
                assert head
            announced = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
            body = announced + head.index("\r\n\r\n") + 4
            while length < body:
                length += len(connection.recv(1 << 16))
        assert announced > 50 * MEGABYTE
        assert peak() - before < 24 * 1024


def peak() -> int:
    """Return the most memory this process has had, in kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
