"""The processes that run queries: the nursery, which loads the store once, and the workers it forks.

``python -m cesergraph.web.worker FOLDER BYTES SECONDS`` is the nursery; its standard input is a socket to the web
process. It is started anew, not forked, so that it has no thread and no open RocksDB, and forking it is safe: the
threads of Oxigraph's loader are gone when ``load`` returns, which is checked. It obeys two orders, one at a time:
``F`` with the ends of two pipes forks a worker that reads jobs from the one and writes answers to the other, and
returns its process id; ``K`` with a process id kills and buries that worker and returns how it ended. Where the web
process is gone it ends, and all workers with it.

A worker reads a job and writes the answer in frames, each with a letter and a length. It cannot open a file or a
connection, grow beyond its memory, or outlive the nursery; nothing else is left to trust in it. What needs a clock
is the web process's part, which kills.
"""

import ctypes
import gc
import io
import json
import marshal
import os
import re
import resource
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeAlias

from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    serialize,
)

from cesergraph.answers import examine
from cesergraph.errors import SyntaxFault
from cesergraph.namespaces import PREFIXES
from cesergraph.store import Manifest

FRAME = struct.Struct("!cI")
if TYPE_CHECKING:
    from typing_extensions import Buffer

MORE, ROWS, VERDICT, GRAPH = b"m", b"s", b"a", b"g"
"""The frames of an answer: a part of it, or its last part, which says of what kind it is."""
FAULTY, UNWANTED, TOO_MANY_ROWS, TOO_LONG, UNKNOWN_GRAPH = b"f", b"n", b"r", b"l", b"u"
"""The frames in place of an answer; the first tells what is wrong with the query, as JSON."""
OUT_OF_MEMORY = 77
"""How a worker ends that met Python's MemoryError; Oxigraph aborts instead."""

# With each format the bytes between or after rows, and how many rows there are beside those: a header line is none.
# They are never missed; where a value holds the same bytes, a row is counted twice.
_JSON = (QueryResultsFormat.JSON, b"},{", 1)
_XML = (QueryResultsFormat.XML, b"</result>", 0)
ROW_FORMATS: dict[str, tuple[QueryResultsFormat, bytes, int]] = {
    "application/sparql-results+json": _JSON,
    "application/sparql-results+xml": _XML,
    "text/csv": (QueryResultsFormat.CSV, b"\n", -1),
    "text/tab-separated-values": (QueryResultsFormat.TSV, b"\n", -1),
    "application/json": _JSON,
    "application/xml": _XML,
}
GRAPH_FORMATS: dict[str, RdfFormat] = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/trig": RdfFormat.TRIG,
    "application/n-quads": RdfFormat.N_QUADS,
}
_WITH_PREFIXES = (RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML)
_EVERYTHING = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_BLOCK = 1 << 16
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_IS_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_POSITION = re.compile(r"error at (\d+):(\d+):")
Data: TypeAlias = QuerySolutions | QueryBoolean | QueryTriples


class Job(NamedTuple):
    """What a worker is asked: a query, or without one the content of a graph.

    ``types`` are the media types for rows, for a yes or no and for a graph; empty where none will do. ``default``
    and ``named`` are the graphs of the data set; None for all, and for what the query itself says. Relative names in
    the query are read against ``base``.
    """

    query: str | None
    types: tuple[str, str, str]
    default: tuple[str, ...] | None = None
    named: tuple[str, ...] | None = None
    max_rows: int = sys.maxsize
    max_bytes: int = sys.maxsize
    base: str | None = None

    def packed(self) -> bytes:
        """Return the job as the bytes a worker reads."""
        body = marshal.dumps(tuple(self))
        return FRAME.pack(b"j", len(body)) + body


class Pipes(NamedTuple):
    """What a worker reads jobs from and writes answers to.

    Two pipes, not one socket: whoever waits at a socket is woken for nothing each time the other end has read.
    """

    jobs: int
    answers: int

    def receive(self) -> Job | None:
        """Return the next job, None where there is no other end any more."""
        read = b""
        while len(read) < FRAME.size or len(read) < FRAME.size + FRAME.unpack_from(read)[1]:
            more = os.read(self.jobs, _BLOCK)
            if not more:
                return None
            read += more
        return Job(*marshal.loads(read[FRAME.size :]))

    def send(self, letter: bytes, body: bytes) -> None:
        """Send a frame; raise OSError where there is no other end any more."""
        left = memoryview(FRAME.pack(letter, len(body)) + body)
        while left:
            left = left[os.write(self.answers, left) :]


class _Excess(Exception):
    """An answer with more rows or bytes than allowed; ``frame`` is the letter that says which."""

    def __init__(self, frame: bytes) -> None:
        self.frame = frame


class _Outlet(io.BytesIO):
    """The file that an answer is written to: it counts, and passes blocks on to the web process."""

    def __init__(self, pipes: Pipes, job: Job, mark: bytes = b"", rows: int = 0) -> None:
        super().__init__()
        self._pipes, self._mark, self._seam = pipes, mark, b""
        self._rows, self._bytes = job.max_rows - rows, job.max_bytes

    def write(self, piece: "Buffer") -> int:
        """Take a piece; raise _Excess."""
        written = super().write(piece)
        if self.tell() >= _BLOCK:
            self.send(MORE)
        return written

    def send(self, letter: bytes) -> None:
        """Send what has been written since the last time, as a frame with this letter; raise _Excess."""
        block = self.getvalue()
        self._bytes -= len(block)
        if self._bytes < 0:
            raise _Excess(TOO_LONG)
        if self._mark:
            self._rows -= (self._seam + block).count(self._mark)
            self._seam = block[len(block) + 1 - len(self._mark) :]
            if self._rows < 0:
                raise _Excess(TOO_MANY_ROWS)
        self._pipes.send(letter, block)
        self.seek(0)
        self.truncate()


def run(data: Store, job: Job, pipes: Pipes) -> None:
    """Send the answer to a job, or what is sent in its place."""
    try:
        letter, told = _answer(data, job, pipes)
    except _Excess as excess:
        letter, told = excess.frame, b""
    if letter:
        pipes.send(letter, told)


def _answer(data: Store, job: Job, pipes: Pipes) -> tuple[bytes, bytes]:
    """Send the answer; return a frame to send in its place, or nothing where it is sent. Raise _Excess."""
    if job.query is None:
        return _write_named(data, job, pipes), b""
    try:
        return _write(_ask(data, job, job.query), job, pipes), b""
    except SyntaxFault as fault:
        return FAULTY, _fault(fault)
    except (SyntaxError, RuntimeError, OSError, ValueError) as error:
        return FAULTY, _explain(job.query, error)


def _ask(data: Store, job: Job, query: str) -> Data:
    """Return the result of a query; raise SyntaxFault where it must not run, SyntaxError where it cannot.

    Examining a query costs as much as a small query does, so only those are examined that have one of the words it
    looks for. The others are read by Oxigraph as a query or not at all, which is the rest of the examination.
    """
    words = query.lower()
    names_graphs = False
    if "service" in words or "from" in words:
        names_graphs = _examine(query, job.base)
    if job.default is not None or job.named is not None:
        return data.query(
            query,
            base_iri=job.base,
            default_graph=[NamedNode(iri) for iri in job.default or ()],
            named_graphs=[NamedNode(iri) for iri in job.named or ()],
        )
    return data.query(query, base_iri=job.base, use_default_graph_as_union=not names_graphs)


def _examine(query: str, base: str | None) -> bool:
    """Tell whether a query names its graphs; raise SyntaxFault where it must not run."""
    with suppress(SyntaxFault):
        return examine(f"BASE <{base}> {query}" if base else query).names_graphs
    return examine(query).names_graphs  # once more as it stands, so that the places in the message are right


def _write(result: Data, job: Job, pipes: Pipes) -> bytes:
    """Send a result in the format that its kind is wanted in; return the letter that says it is not, or nothing."""
    rows, verdict, graph = job.types
    if isinstance(result, QueryTriples):
        return _write_graph(result, graph, _Outlet(pipes, job))
    media_type, letter = (verdict, VERDICT) if isinstance(result, QueryBoolean) else (rows, ROWS)
    if not media_type:
        return UNWANTED
    format, mark, besides = ROW_FORMATS[media_type]
    outlet = _Outlet(pipes, job, mark, besides) if letter == ROWS else _Outlet(pipes, job)
    result.serialize(outlet, format=format)
    outlet.send(letter)
    return b""


def _write_graph(result: QueryTriples, media_type: str, outlet: _Outlet) -> bytes:
    if not media_type:
        return UNWANTED
    format = GRAPH_FORMATS[media_type]
    if format in _WITH_PREFIXES:
        serialize(result, outlet, format=format, prefixes=PREFIXES)
    else:
        result.serialize(outlet, format=format)
    outlet.send(GRAPH)
    return b""


def _write_named(data: Store, job: Job, pipes: Pipes) -> bytes:
    """Send the content of one graph, or of the union of all; return the letter of an unknown graph, or nothing."""
    if job.default is None:
        return _write(data.query(_EVERYTHING, use_default_graph_as_union=True), job, pipes)
    graph = NamedNode(job.default[0])
    if not data.contains_named_graph(graph):
        return UNKNOWN_GRAPH
    outlet = _Outlet(pipes, job)
    data.dump(outlet, GRAPH_FORMATS[job.types[2]], from_graph=graph, prefixes=PREFIXES)
    outlet.send(GRAPH)
    return b""


def _explain(query: str, error: Exception) -> bytes:
    """Return what is wrong with a query that Oxigraph has not run, as the body of a frame."""
    place = _POSITION.match(str(error))
    found = {"line": int(place[1]), "column": int(place[2])} if place else {}
    fault = SyntaxFault(fr=f"La requête ne peut pas être exécutée : {error}.", en=f"The query cannot be run: {error}.")
    try:
        examine(query)
    except SyntaxFault as examined:
        # Examined without a base, a query may fail earlier, at a relative name.
        if (
            place is None
            or "line {line}, column {column}".format(**found) in examined.en
            or "column" not in examined.en
        ):
            fault = examined
    return _fault(fault, **found)


def _fault(fault: SyntaxFault, **place: int) -> bytes:
    return json.dumps({"fr": fault.fr, "en": fault.en, **place}).encode()


def serve(data: Store, pipes: Pipes, seconds: int) -> NoReturn:
    """Answer jobs until there is no other end any more; never return, for what is above belongs to the nursery."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    try:
        while job := pipes.receive():
            # The web process should have ended the job before: this is for the case that it cannot.
            resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 2 * seconds + 2, hard))
            run(data, job, pipes)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except OSError:
        os._exit(1)
    os._exit(0)


def _confine(pipes: Pipes, nursery: int, memory: int) -> None:
    """Take from this process all that a query does not need."""
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != nursery:
        os._exit(1)
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    first, last = sorted(pipes)
    os.closerange(3, first)
    os.closerange(first + 1, last)
    os.closerange(last + 1, os.sysconf("SC_OPEN_MAX"))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if _IS_LINUX:
        most = memory + int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _leave_the_network() -> None:
    """Move to a network of our own, without any interface; where that is forbidden, closed files must do."""
    if _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        _call("unshare", _CLONE_NEWNET)


def _call(name: str, *arguments: int) -> int:
    function: Callable[..., int] | None = getattr(_LIBC, name, None)
    return -1 if function is None else function(*arguments)


_LIBC = ctypes.CDLL(None)


class Nursery:
    """The process that workers are forked from: the store in memory and the socket to the web process."""

    def __init__(self, data: Store, control: socket.socket, memory: int, seconds: int) -> None:
        self._data, self._control, self._memory, self._seconds = data, control, memory, seconds

    def obey(self) -> None:
        """Carry out orders until the web process is gone."""
        while True:
            order, files, _, _ = socket.recv_fds(self._control, 32, 2)
            if not order:
                return
            done = self._fork(Pipes(*files)) if files else self._bury(int(order[1:]))
            self._control.sendall(b"%d" % done)

    def _fork(self, pipes: Pipes) -> int:
        nursery = os.getpid()
        worker = os.fork()
        if worker == 0:
            _confine(pipes, nursery, self._memory)
            serve(self._data, pipes, self._seconds)
        for file in pipes:
            os.close(file)
        return worker

    @staticmethod
    def _bury(worker: int) -> int:
        os.kill(worker, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])


def load(folder: Path) -> Store:
    """Return a copy in memory of a version of a store, from its sorted quads; raise StoreError where it is not whole.

    A version that a newer one has replaced is removed while a nursery may be started for it once more.
    """
    manifest, data = Manifest.read(folder), Store()
    for source in sorted(manifest.sources):
        data.load(path=str(folder / "quads" / f"{source}.nq"), format=RdfFormat.N_QUADS, lenient=True)
    return data


def main(folder: str, memory: str, seconds: str) -> None:
    """Load a store and obey the web process at the other end of standard input."""
    control = socket.socket(fileno=os.dup(0))
    data = load(Path(folder))
    if _IS_LINUX and len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError("threads are left over from loading: forking would not be safe")
    with suppress(SyntaxFault):
        examine("SELECT * FROM <urn:x> { SERVICE")  # what Python loads late, a worker can no longer load
    _leave_the_network()
    gc.freeze()
    control.sendall(b"ready")
    with suppress(OSError):
        Nursery(data, control, int(memory), int(seconds)).obey()


if __name__ == "__main__":
    main(*sys.argv[1:])
