"""The site in this process, in a thread, with limits of the test's choice; and the processes it starts."""

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import servers
import uvicorn
from starlette.applications import Starlette

from cesergraph.store import EmbeddedStore, open_store, write_store
from cesergraph.things import Things
from cesergraph.web.app import create_app
from cesergraph.web.limits import Limits
from cesergraph.web.site import Site
from cesergraph.web.workers import PooledSource, WorkerPool

JSON, TURTLE = "application/sparql-results+json", "text/turtle"
NODES, EDGES = 3_000, 9_000
NETWORK = "urn:graph:network"


@dataclass(frozen=True)
class Service:
    """A running site: its address without the last slash, and the pool behind it."""

    address: str
    pool: WorkerPool

    def ask(self, query: str, accept: str = JSON, **headers: str) -> servers.Answer:
        """Return what the SPARQL service answers to a query, sent as a form."""
        body = urlencode({"query": query}).encode()
        form = "application/x-www-form-urlencoded"
        return servers.ask(
            self.address, "/sparql", "POST", body, Content_Type=form, Accept=accept, Accept_Language="en", **headers
        )

    def connect(self) -> socket.socket:
        """Return a bare connection to the server."""
        host, _, port = self.address.removeprefix("http://").partition(":")
        return socket.create_connection((host, int(port)), timeout=30)

    def start(self, query: str) -> socket.socket:
        """Return a connection on which a query has been sent, and nothing read."""
        connection = self.connect()
        head = f"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\nAccept: {JSON}\r\n"
        connection.sendall(f"{head}Content-Length: {len(query)}\r\n\r\n{query}".encode())
        return connection

    @contextmanager
    def clients(self, query: str, count: int) -> Iterator[list[socket.socket]]:
        """Yield connections on each of which a query has been sent; close those that the test has not."""
        with ExitStack() as stack:
            yield [stack.enter_context(self.start(query)) for _ in range(count)]

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        return children(str(self.pool.process))


def children(process: str) -> list[int]:
    """Return the process ids of the children of all threads of a process."""
    files = Path(f"/proc/{process}/task").glob("*/children")
    return sorted(int(child) for file in files for child in file.read_text().split())


def command(process: int) -> str:
    """Return the command line of a process; empty where it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@contextmanager
def service(store: EmbeddedStore, limits: Limits | None = None) -> Iterator[Service]:
    """Run the site of a store; end it, its pool and all processes after."""
    ready = threading.Event()
    started: list[WorkerPool] = []
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"

    @asynccontextmanager
    async def run(app: Starlette) -> AsyncIterator[None]:
        pool = WorkerPool(store.folder, limits)
        await pool.start()
        source = PooledSource(pool)
        app.state.site = Site(store, source, Things(store.data, source), address + "/")
        app.state.pool = pool
        started.append(pool)
        ready.set()
        yield
        await pool.stop()

    config = uvicorn.Config(create_app(run), log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        assert ready.wait(20), "the server did not start"
        yield Service(address, started[0])
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()


def store_of(path: Path, lines: Iterable[str]) -> EmbeddedStore:
    """Return a store of N-Quads lines."""
    write_store(path, {"test": sorted(lines)}, search_rows=[], problems=[])
    return open_store(path)


def network(path: Path) -> EmbeddedStore:
    """Return a store of 3,000 nodes and 9,000 edges among them: little data, and queries without end."""
    steps = (1, 7, 61)
    edges = ((node, (node * step + step) % NODES) for node in range(NODES) for step in steps)
    return store_of(path, (f"<urn:n:{a}> <urn:p> <urn:n:{b}> <{NETWORK}> .\n" for a, b in edges))


def soon(service: Service, query: str = f"ASK {{ <urn:n:1> ?p ?o }} # {NETWORK}", within: float = 1.0) -> None:
    """Check that an ordinary query is answered, and at once."""
    start = time.monotonic()
    answer = service.ask(f"{query} {start}")
    assert (answer.status, time.monotonic() - start < within) == (200, True), answer.text
