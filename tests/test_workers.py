"""The worker processes: what they can no longer do, how they end, and the pool as the pages use it."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import servers
from endpoints import JSON, children, command, network, store_of
from pyoxigraph import Literal
from servers import wait_until

from cesergraph.errors import StoreError, SyntaxFault
from cesergraph.store import EmbeddedStore
from cesergraph.web import workers
from cesergraph.web.limits import MEGABYTE, Limits
from cesergraph.web.problems import Problem
from cesergraph.web.worker import GRAPH_FORMATS, ROW_FORMATS, Job
from cesergraph.web.workers import PooledSource, Result, WorkerPool

mini_store = servers.mini_store

TYPES = (JSON, JSON, "text/turtle")
# Queries that the web process would refuse: what they do to a worker is what is looked at.
UNGUARDED = """
import sys
from cesergraph.answers import Question
from cesergraph.web import worker
worker.examine = lambda query: Question("select", False)
worker.main(*sys.argv[1:])
"""


class Running:
    """A pool in an event loop of a thread of its own, for tests that look at it from outside."""

    def __init__(self, pool: WorkerPool) -> None:
        self.pool = pool
        self.source = PooledSource(pool)

    def run(self, job: Job) -> Result:
        """Return the result of a job."""
        return asyncio.run_coroutine_threadsafe(self.pool.run(job), self.pool.loop).result(30)

    def ask(self, query: str) -> bytes:
        """Return the answer to a query as bytes."""
        return self.run(Job(query, TYPES)).read()

    def worker(self) -> int:
        """Return the process id of the only worker there is."""
        [worker] = children(str(self.pool.process))
        return worker


@contextmanager
def running(store: EmbeddedStore, limits: Limits | None = None) -> Iterator[Running]:
    """Run a pool; stop it after."""
    pool = WorkerPool(store.folder, limits)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(pool.start(), loop).result(30)
        yield Running(pool)
    finally:
        asyncio.run_coroutine_threadsafe(pool.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedStore:
    """Little data with endless answers."""
    return network(tmp_path_factory.mktemp("network") / "store")


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the web process nor the worker looks at queries before they run."""
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED, encoding="utf-8")
    monkeypatch.setattr(workers, "_PROGRAM", (str(script),))
    monkeypatch.setattr(workers, "refuse_excess", lambda query: None)


ONE = Limits(seconds=5, memory=256 * MEGABYTE, workers=1)


def test_worker_can_open_nothing_and_has_no_network(data: EmbeddedStore) -> None:
    with running(data, ONE) as pool:
        pool.ask("ASK {}")
        worker = pool.worker()
        root = Path(f"/proc/{worker}")
        limits = {line[:25].strip(): line[25:].split()[:2] for line in (root / "limits").read_text().splitlines()}
        assert limits["Max open files"] == ["0", "0"]
        assert limits["Max file size"] == ["0", "0"]
        assert limits["Max core file size"] == ["0", "0"]
        mapped = int((root / "statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        assert int(limits["Max address space"][0]) - mapped < 300 * MEGABYTE
        assert int(limits["Max cpu time"][0]) < 20
        files = [os.readlink(link) for link in (root / "fd").iterdir()]
        assert [file.partition(":")[0] for file in sorted(files)] == ["/dev/null"] * 3 + ["pipe"] * 2
        assert (root / "oom_score_adj").read_text().strip() == "1000"
        assert len(os.listdir(root / "task")) == 1
        leaving = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x50000000) != 0)"
        if subprocess.run([sys.executable, "-c", leaving], check=False).returncode:
            pytest.skip("this machine lets nobody leave the network: closed files alone must do")
        assert os.readlink(root / "ns" / "net") != os.readlink("/proc/self/ns/net")
        assert len((root / "net" / "dev").read_text().splitlines()) <= 3


@pytest.mark.usefixtures("unguarded")
def test_service_clause_reaches_nobody_even_where_it_is_not_refused(data: EmbeddedStore) -> None:
    with running(data, ONE) as pool:
        with servers.serving(data.folder / "oxigraph", "--union-default-graph") as url:
            with pytest.raises(Problem) as caught:
                pool.ask(f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}")
            assert caught.value.status == 400
            silent = pool.ask(f"SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}")
            assert b"urn:n:" not in silent


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("depth", [5_000, 10_000, 25_000])
def test_nesting_that_crashes_a_worker_is_told(data: EmbeddedStore, depth: int) -> None:
    with running(data, Limits(seconds=20, workers=1)) as pool:
        with pytest.raises(Problem) as caught:
            pool.ask(f"ASK {{ FILTER{'(' * depth}1{')' * depth} }}")
        assert (caught.value.status, caught.value.kind) == (503, "query-crash")
        assert pool.ask("ASK {}") == b'{"head":{},"boolean":true}'


@pytest.mark.usefixtures("unguarded")
def test_planning_without_end_is_ended(data: EmbeddedStore) -> None:
    with running(data, Limits(seconds=1, workers=1)) as pool:
        with pytest.raises(Problem) as caught:
            pool.ask("ASK { ?a " + "/".join(["<urn:p>"] * 1500) + " ?b }")
        assert caught.value.kind == "query-timeout"
        assert pool.ask("ASK {}") == b'{"head":{},"boolean":true}'


def test_system_ends_a_query_that_the_web_process_cannot(data: EmbeddedStore) -> None:
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with running(data, Limits(seconds=60, workers=1)) as pool:
        pool.ask("ASK {}")
        limit = Path(f"/proc/{pool.worker()}/limits").read_text().partition("Max cpu time")[2].split()[0]
        assert 100 < int(limit) < 140
        future = asyncio.run_coroutine_threadsafe(pool.pool.run(Job(endless, TYPES)), pool.pool.loop)
        wait_until(lambda: pool.pool.loop.is_running())
        time.sleep(0.2)
        os.kill(pool.worker(), signal.SIGXCPU)
        with pytest.raises(Problem) as caught:
            future.result(10)
        assert caught.value.kind == "query-timeout"


def test_all_processes_end_with_the_web_process(data: EmbeddedStore) -> None:
    program = (
        "import asyncio, sys, pathlib\n"
        "from cesergraph.web.limits import Limits\n"
        "from cesergraph.web.workers import WorkerPool, Job\n"
        "async def main():\n"
        "    pool = WorkerPool(pathlib.Path(sys.argv[1]), Limits(seconds=60, workers=2))\n"
        "    await pool.start()\n"
        "    print('started', flush=True)\n"
        "    await pool.run(Job('SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }', ('text/csv', '', '')))\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(data.folder)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"started\n"
        [nursery] = children(str(process.pid))
        family = [nursery, *children(str(nursery))]
        assert len(family) == 3
        process.kill()
        process.wait()
        wait_until(lambda: not any(command(one) for one in family))


def test_store_that_is_gone_is_no_empty_store(tmp_path: Path) -> None:
    store = store_of(tmp_path / "store", ["<urn:a> <urn:p> <urn:b> <urn:g> .\n"])
    next((store.folder / "quads").iterdir()).unlink()
    with pytest.raises(StoreError), running(store):
        raise AssertionError("the pool has started")


def test_pool_is_a_source_for_pages(mini_store: EmbeddedStore) -> None:
    queries = [
        "SELECT ?s ?label { ?s a ?class OPTIONAL { ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?label } }",
        "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
        "ASK { ?s ?p ?o }",
        "ASK { ?s ?p 'nowhere' }",
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "DESCRIBE ?s { ?s a ?class }",
    ]
    with running(mini_store) as pool:
        for query in queries:
            theirs, ours = mini_store.query(query), pool.source.query(query)
            assert (ours.kind, ours.columns, ours.boolean) == (theirs.kind, theirs.columns, theirs.boolean)
            assert sorted(map(str, ours.rows)) == sorted(map(str, theirs.rows))
            assert ours.triples == theirs.triples
        for bad in ("SELECT", "CLEAR ALL", "SELECT * { SERVICE <urn:x> { ?s ?p ?o } }"):
            with pytest.raises(SyntaxFault) as ours_fault:
                pool.source.query(bad)
            with pytest.raises(SyntaxFault) as theirs_fault:
                mini_store.query(bad)
            assert (ours_fault.value.fr, ours_fault.value.en) == (theirs_fault.value.fr, theirs_fault.value.en)
        with pytest.raises(Problem):
            pool.source.query("ASK {" + "{" * 100 + "}" * 100 + "}")


def test_workers_draw_different_numbers(data: EmbeddedStore) -> None:
    """Workers are copies of one process: what it had drawn before, they would all draw again."""
    with running(data, Limits(workers=4)) as pool:
        job = Job("SELECT (UUID() AS ?x) (RAND() AS ?y) { ?a ?b ?c . ?d ?e ?f } LIMIT 20000", ("text/csv", "", ""))

        async def at_once() -> list[Result]:
            return await asyncio.gather(*(pool.pool.run(job) for _ in range(4)))

        results = asyncio.run_coroutine_threadsafe(at_once(), pool.pool.loop).result(30)
        lines = [line for result in results for line in result.read().splitlines()[1:]]
        assert len(lines) == len(set(lines)) == 80_000


@pytest.mark.parametrize("media_type", ROW_FORMATS)
def test_rows_are_never_counted_too_few(data: EmbeddedStore, media_type: str) -> None:
    with running(data, ONE) as pool:
        for columns in ("?a", "?a ?b", "?nothing", "*"):
            for count in (0, 1, 2, 999, 5000):
                query = f"SELECT {columns} {{ ?a ?p ?b }} LIMIT {count}"
                for most in {max(count - 1, 0), count, count + 1}:
                    job = Job(query, (media_type, "", ""), max_rows=most)
                    if count > most:
                        with pytest.raises(Problem) as caught:
                            pool.run(job)
                        assert caught.value.kind == "too-many-rows"
                    elif most > 0:
                        pool.run(job).read()


def test_bytes_are_counted_in_every_format(data: EmbeddedStore) -> None:
    with running(data, ONE) as pool:
        everything = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"
        for query, types in (
            *(("SELECT * { ?s ?p ?o }", (one, "", "")) for one in ROW_FORMATS),
            *((everything, ("", "", one)) for one in GRAPH_FORMATS),
            *((None, ("", "", one)) for one in GRAPH_FORMATS),
        ):
            length = len(pool.run(Job(query, types)).read())
            result = pool.run(Job(query, types, max_bytes=length))
            assert result.length == length == len(result.read())
            with pytest.raises(Problem) as caught:
                pool.run(Job(query, types, max_bytes=length - 1))
            assert caught.value.kind == "too-many-bytes"


def test_answer_of_the_worker_is_that_of_oxigraph(mini_store: EmbeddedStore) -> None:
    query = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o"
    with running(mini_store) as pool:
        answers = pool.source.query(query)
    assert answers.rows == mini_store.query(query).rows
    assert any(isinstance(row[2], Literal) for row in answers.rows)


def test_pool_stops_with_queries_under_way(data: EmbeddedStore) -> None:
    with running(data, Limits(seconds=60, workers=1)) as pool:
        endless = Job("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", TYPES)
        futures = [asyncio.run_coroutine_threadsafe(pool.pool.run(endless), pool.pool.loop) for _ in range(3)]
        time.sleep(0.2)
    for future in futures:
        with pytest.raises(Problem) as caught:
            future.result(1)
        assert caught.value.kind == "query-interrupted"
