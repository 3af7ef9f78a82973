"""What the tests of the store and of its queries run against: the mini graph, stored, served and in one graph.

A test module takes a fixture by name: ``mini_store = servers.mini_store``.
"""

import http.client
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import need
from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

from cesergraph.answers import Answers, Source, evaluate
from cesergraph.namespaces import GRAPH
from cesergraph.store import EmbeddedStore, open_store, write_store

MINI = Path(__file__).parent / "fixtures" / "mini.trig"
_STARTING = 20.0


def mini_lines() -> dict[str, list[str]]:
    """Return the mini graph as sorted N-Quads lines by source."""
    lines: dict[str, list[str]] = {}
    for quad in parse(path=str(MINI), format=RdfFormat.TRIG):
        source = str(quad.graph_name).removeprefix(f"<{GRAPH}").rstrip(">").partition("/")[0]
        lines.setdefault(source, []).append(f"{quad} .\n")
    return {source: sorted(found) for source, found in lines.items()}


@pytest.fixture(scope="session")
def mini_store(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedStore:
    """The mini graph in an embedded store."""
    path = tmp_path_factory.mktemp("mini") / "store"
    write_store(path, mini_lines(), search_rows=[], problems=[])
    return open_store(path)


class _OneGraph:
    def __init__(self, data: Store) -> None:
        self._data = data

    def query(self, text: str) -> Answers:
        return evaluate(self._data, text)


def single_graph(store: EmbeddedStore) -> Source:
    """Return a source that holds every triple of a store once, all in one graph.

    A query without a ``GRAPH`` clause must answer there as it does on the store.
    """
    data, graph = Store(), NamedNode(GRAPH + "everything")
    for source in store.sources():
        for quad in parse("".join(store.quads(source)), format=RdfFormat.N_QUADS):
            data.add(Quad(quad.subject, quad.predicate, quad.object, graph))
    return _OneGraph(data)


@contextmanager
def serving(folder: Path | None, *options: str) -> Iterator[str]:
    """Serve an Oxigraph folder, or nothing, with Oxigraph's own server; yield the address, end the server after."""
    binary = shutil.which("oxigraph", path=str(Path(sys.executable).parent))
    need(binary is not None, "the oxigraph server (pip install oxigraph)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    place = ["serve-read-only", "--location", str(folder)] if folder else ["serve"]
    command = [str(binary), *place, "--bind", address, *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(address)
            yield f"http://{address}/query"
        finally:
            process.kill()


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fail where it does not in time."""
    until = time.monotonic() + _STARTING
    while not holds():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.1)


def _wait_for(address: str) -> None:
    host, _, port = address.partition(":")
    until = time.monotonic() + _STARTING
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


@contextmanager
def site_serving(store: Path, *options: str, lang: str = "en") -> Iterator[str]:
    """Serve a store as a user does; yield the address of the site, without its last slash."""
    program = str(Path(sys.executable).parent / "cesergraph")
    command = [program, "serve", "--store", str(store), "--port", "0", "--lang", lang, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        told = []
        try:
            while "Ctrl+C" not in (line := process.stderr.readline()):
                told.append(line)
                assert line, f"the server ended: {''.join(told)}"
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield line.split("http://")[1].split("/")[0].join(("http://", ""))
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def ask(site: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """Return what a site answers to one request, redirections not followed; ``_`` in a header's name is a hyphen."""
    host = site.removeprefix("http://")
    with closing(http.client.HTTPConnection(host, timeout=60)) as connection:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())


@pytest.fixture(scope="session")
def site(store_path: Path) -> Iterator[str]:
    """The address of the site of the whole graph, served by the command."""
    with site_serving(store_path) as address:
        yield address


@pytest.fixture(scope="session")
def server(mini_store: EmbeddedStore) -> Iterator[str]:
    """The address of a server of the mini graph."""
    with serving(mini_store.folder / "oxigraph", "--union-default-graph") as url:
        yield url
