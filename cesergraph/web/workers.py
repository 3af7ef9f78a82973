"""The pool of worker processes, seen from the web process: who waits, who runs, who is ended and why.

Everything here runs in the event loop and nothing waits for a query or for a client: a worker's answer is taken as
fast as it comes, small ones in memory, large ones in a file without a name, so that a slow client holds no worker, and
so that a limit that is met late is still told with a status of its own, never by an answer that just ends.
"""

import asyncio
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, cast

from pyoxigraph import QueryResultsFormat, RdfFormat, Triple, parse, parse_query_results

from cesergraph.answers import Answers, Kind, gather, graph
from cesergraph.errors import StoreError, SyntaxFault
from cesergraph.web import worker as far
from cesergraph.web.limits import MEGABYTE, Limits, refuse_excess
from cesergraph.web.problems import Problem
from cesergraph.web.refusals import INTERRUPTED, MALFORMED, crowded, died, interrupted, no_room, refused, too_slow
from cesergraph.web.worker import FRAME, Job, Pipes

_READ = 1 << 16
_STARTING = 120.0
_KEPT, _KEPT_BYTES = 512, 1 << 15
_PAUSE = 1.0
_PROGRAM = ("-P", "-m", far.__name__)
_KINDS: Mapping[bytes, Kind] = {far.ROWS: "select", far.VERDICT: "ask", far.GRAPH: "graph"}
# A query that calls one of these answers differently each time.
_VOLATILE = ("rand", "now", "uuid", "bnode")
_SITE_TYPES = ("application/sparql-results+json", "application/sparql-results+json", "application/n-triples")


class Result:
    """A whole answer: its bytes, or a file of them, which must be closed; ``tag`` tells its bytes from all others."""

    def __init__(self, kind: Kind, body: bytes | IO[bytes], length: int, tag: str) -> None:
        self.kind, self.body, self.length, self.tag = kind, body, length, tag
        self.when_closed: Callable[[], None] = lambda: None

    def read(self) -> bytes:
        """Return all bytes, and close."""
        if isinstance(self.body, bytes):
            return self.body
        try:
            return self.body.read()
        finally:
            self.close()

    def close(self) -> None:
        """Give back the file, where there is one."""
        if not isinstance(self.body, bytes) and not self.body.closed:
            self.body.close()
            self.when_closed()


class _Ticket(asyncio.Future[Result]):
    """A job that waits or runs, the worker it runs on, and what has come of its answer so far."""

    def __init__(self, job: Job, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self.job = job
        self.worker: _Worker | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.file: IO[bytes] | None = None
        self.length = 0
        self.was_interrupted = False
        self._digest = hashlib.blake2b(digest_size=12)

    def fail(self, problem: Problem) -> None:
        """Raise a problem where the ticket is awaited, unless it has come to an end already."""
        if not self.done():
            self.set_exception(problem)

    def add(self, part: bytes) -> None:
        """Take a part of a long answer."""
        if self.file is None:
            self.file = cast(IO[bytes], tempfile.SpooledTemporaryFile(MEGABYTE))
        self._digest.update(part)
        self.length += len(part)
        self.file.write(part)

    def restart(self) -> None:
        """Forget what has come of the answer."""
        self.file, self.length, self._digest = None, 0, hashlib.blake2b(digest_size=12)

    def whole(self, kind: Kind, last: bytes) -> Result:
        """Return the answer, now that its last part has come."""
        if self.file is None:
            self._digest.update(last)
            return Result(kind, last, len(last), self._digest.hexdigest())
        self.add(last)
        self.file.seek(0)
        return Result(kind, self.file, self.length, self._digest.hexdigest())


class _Worker:
    """One worker process: the pipes to and from it, and the ticket it works on."""

    def __init__(self, pool: "WorkerPool", pid: int, pipes: Pipes) -> None:
        self.pid, self.pipes = pid, pipes
        self.ticket: _Ticket | None = None
        self._pool = pool
        self._read = bytearray()

    def begin(self, ticket: _Ticket) -> None:
        """Hand a ticket's job to the process."""
        self.ticket, ticket.worker = ticket, self
        packed = ticket.job.packed()
        try:
            sent = os.write(self.pipes.jobs, packed)
        except OSError:
            sent = 0
        if sent < len(packed):
            self._pool.lose(self)

    def readable(self) -> None:
        """Take what the process has written."""
        try:
            read = os.read(self.pipes.answers, _READ)
        except BlockingIOError:
            return
        except OSError:
            read = b""
        if not read or self.ticket is None:
            self._pool.lose(self)
            return
        self._read += read
        while len(self._read) >= FRAME.size and self.ticket is not None and not self.ticket.done():
            letter, length = FRAME.unpack_from(self._read)
            if len(self._read) < FRAME.size + length:
                return
            part = bytes(self._read[FRAME.size : FRAME.size + length])
            del self._read[: FRAME.size + length]
            self._pool.take(self, self.ticket, letter, part)


class _Gone(Exception):
    """The nursery has died."""


class _Nursery:
    """The process that workers are forked from, seen from here; it takes one order at a time."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._control, theirs = socket.socketpair()
        self._control.setblocking(False)
        seconds = str(max(1, round(limits.seconds)))
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, *_PROGRAM, str(folder), str(limits.memory), seconds],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Wait until the store is loaded; raise _Gone."""
        async with asyncio.timeout(_STARTING):
            await self._reply()

    async def fork(self) -> tuple[int, Pipes]:
        """Return a new worker: its process id and our ends of the pipes to and from it. Raise _Gone."""
        (jobs, our_jobs), (our_answers, answers) = os.pipe(), os.pipe()
        with ExitStack() as unless_done:
            for ours in (our_jobs, our_answers):
                os.set_blocking(ours, False)
                unless_done.callback(os.close, ours)
            try:
                socket.send_fds(self._control, [b"F"], [jobs, answers])
            except OSError as error:
                raise _Gone from error
            finally:
                os.close(jobs)
                os.close(answers)
            worker = int(await self._reply())
            unless_done.pop_all()
        return worker, Pipes(our_jobs, our_answers)

    async def bury(self, worker: int) -> int:
        """Kill a worker and return how it ended, as ``subprocess`` does. Raise _Gone."""
        try:
            self._control.send(b"K%d" % worker)
        except OSError as error:
            raise _Gone from error
        return int(await self._reply())

    async def _reply(self) -> bytes:
        reply = await asyncio.get_running_loop().sock_recv(self._control, 32)
        if not reply:
            raise _Gone
        return reply

    def end(self) -> None:
        """End the process, and with it all workers."""
        self._control.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        self.process.kill()
        self.process.wait()


class WorkerPool:
    """The workers of one version of a store. ``start`` and ``stop`` it in the event loop that uses it."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.loop: asyncio.AbstractEventLoop
        self._folder = folder
        self._nursery: _Nursery | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._workers: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._lost: deque[_Worker] = deque()
        self._waiting: OrderedDict[_Ticket, None] = OrderedDict()
        self._kept: OrderedDict[Job, Result] = OrderedDict()
        self._spooled = 0

    @property
    def process(self) -> int:
        """The process id of the nursery, the parent of all workers."""
        assert self._nursery is not None
        return self._nursery.process.pid

    async def start(self) -> None:
        """Load the store and start the workers; raise StoreError where that fails."""
        self.loop = asyncio.get_running_loop()
        try:
            await self._renew()
        except (_Gone, TimeoutError) as error:
            await self.stop()
            raise StoreError(
                fr=f"{self._folder} : le processus qui charge le dépôt pour les requêtes n'a pas pu démarrer.",
                en=f"{self._folder}: the process that loads the store for queries could not start.",
            ) from error
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End all workers; who still waits for one is told so."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        await self._close_nursery()
        for ticket in list(self._waiting):
            ticket.fail(interrupted())

    async def run(self, job: Job) -> Result:
        """Return the answer to a job; raise Problem."""
        return await self.submit(job)

    def submit(self, job: Job) -> "asyncio.Future[Result]":
        """Return the answer to come; raise Problem. Cancelling it ends the query, whether it waits or runs."""
        if kept := self._kept.get(job):
            self._kept.move_to_end(job)
            known: asyncio.Future[Result] = self.loop.create_future()
            known.set_result(kept)
            return known
        if job.query is not None:
            refuse_excess(job.query)
        if not self._idle and len(self._waiting) >= self.limits.queue:
            raise crowded(self.limits)
        ticket = _Ticket(job, self.loop)
        ticket.add_done_callback(self._let_go)
        if self._idle:
            self._begin(self._idle.pop(), ticket)
        else:
            self._wait(ticket)
        return ticket

    def _wait(self, ticket: _Ticket) -> None:
        if ticket.timer is not None:
            ticket.timer.cancel()
        self._waiting[ticket] = None
        ticket.timer = self.loop.call_later(self.limits.queue_seconds, ticket.fail, crowded(self.limits))

    def _begin(self, worker: _Worker, ticket: _Ticket) -> None:
        if ticket.timer is not None:
            ticket.timer.cancel()
        ticket.timer = self.loop.call_later(self.limits.seconds, self._end, worker, ticket, too_slow)
        worker.begin(ticket)

    def _let_go(self, ticket: "asyncio.Future[Result]") -> None:
        """Clear up after a ticket that has come to an end: answered, failed or cancelled."""
        assert isinstance(ticket, _Ticket)
        if ticket.timer is not None:
            ticket.timer.cancel()
        self._waiting.pop(ticket, None)
        if ticket.cancelled() or ticket.exception() is not None:
            self._discard(ticket)
            if ticket.worker is not None and ticket.worker.ticket is ticket:
                self.lose(ticket.worker)

    def _discard(self, ticket: _Ticket) -> None:
        """Give back what a ticket holds of an answer."""
        if ticket.file is not None:
            ticket.file.close()
            self._spooled -= ticket.length
            ticket.restart()

    def _end(self, worker: _Worker, ticket: _Ticket, problem: Callable[[Limits], Problem]) -> None:
        ticket.fail(problem(self.limits))
        self.lose(worker)

    def take(self, worker: _Worker, ticket: _Ticket, letter: bytes, part: bytes) -> None:
        """Take a frame of an answer; end the worker where there is no room for it."""
        long = letter == far.MORE or ticket.file is not None
        if long and self._spooled + len(part) > self.limits.spool:
            self._end(worker, ticket, no_room)
            return
        if long:
            self._spooled += len(part)
        if letter == far.MORE:
            ticket.add(part)
            return
        worker.ticket = None
        if not ticket.done():
            self._finish(ticket, letter, part)
        self._set_free(worker)

    def _finish(self, ticket: _Ticket, letter: bytes, part: bytes) -> None:
        kind = _KINDS.get(letter)
        if kind is None:
            ticket.fail(refused(letter, part, ticket.job, self.limits))
            return
        result = ticket.whole(kind, part)
        if isinstance(result.body, bytes):
            self._keep_small(ticket.job, result)
        else:
            result.when_closed = lambda: self._give_back(result.length)
        ticket.set_result(result)

    def _give_back(self, length: int) -> None:
        self._spooled -= length

    def _keep_small(self, job: Job, result: Result) -> None:
        words = (job.query or "").lower()
        if result.length <= _KEPT_BYTES and not any(word in words for word in _VOLATILE):
            self._kept[job] = result
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def _set_free(self, worker: _Worker) -> None:
        self._idle.append(worker)
        self._admit()

    def _admit(self) -> None:
        """Hand out the idle workers to those who wait."""
        while self._idle and self._waiting:
            ticket, _ = self._waiting.popitem(last=False)
            if not ticket.done():
                self._begin(self._idle.pop(), ticket)

    def lose(self, worker: _Worker) -> None:
        """Give up a worker that has died or must; what it worked on is told once it is known how it ended."""
        if worker in self._workers:
            self._workers.discard(worker)
            if worker in self._idle:
                self._idle.remove(worker)
            self.loop.remove_reader(worker.pipes.answers)
            for file in worker.pipes:
                os.close(file)
            self._lost.append(worker)
            self._changed.set()

    async def _keep(self) -> None:
        """Bury lost workers and fork others in their place, as long as the pool runs."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._replace_lost()
            except _Gone:
                await self._start_over()

    async def _replace_lost(self) -> None:
        assert self._nursery is not None
        while self._lost:
            how = await self._nursery.bury(self._lost[0].pid)
            if ticket := self._lost.popleft().ticket:
                self._tell(ticket, died(how, self.limits))
        while len(self._workers) < self.limits.workers:
            worker = _Worker(self, *await self._nursery.fork())
            self._workers.add(worker)
            self.loop.add_reader(worker.pipes.answers, worker.readable)
            self._set_free(worker)
        self._admit()  # those whose workers have died, while others were idle

    def _tell(self, ticket: _Ticket, problem: Problem) -> None:
        """Fail a ticket whose worker has died; where that was not its doing, give it another, but only once."""
        if problem.kind != INTERRUPTED or ticket.was_interrupted or ticket.done():
            ticket.fail(problem)
            return
        self._discard(ticket)
        ticket.was_interrupted, ticket.worker = True, None
        self._wait(ticket)

    async def _start_over(self) -> None:
        while True:
            try:
                await self._renew()
                return
            except (_Gone, TimeoutError):
                await asyncio.sleep(_PAUSE)

    async def _renew(self) -> None:
        """Start a nursery in place of the one there may be; raise _Gone."""
        await self._close_nursery()
        self._nursery = _Nursery(self._folder, self.limits)
        await self._nursery.ready()
        await self._replace_lost()

    async def _close_nursery(self) -> None:
        for worker in list(self._workers):
            self.lose(worker)
        while self._lost:
            if ticket := self._lost.popleft().ticket:
                self._tell(ticket, interrupted())
        if self._nursery is not None:
            await asyncio.to_thread(self._nursery.end)
            self._nursery = None


class PooledSource:
    """A source of answers for code that runs in a thread beside the event loop of a pool, such as the pages."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    def query(self, text: str) -> Answers:
        """Return the answers to a read query; raise SyntaxFault, or Problem where it takes too much."""
        limits = self._pool.limits
        job = Job(text, _SITE_TYPES, max_rows=limits.rows, max_bytes=limits.bytes)
        try:
            result = asyncio.run_coroutine_threadsafe(self._pool.run(job), self._pool.loop).result()
        except Problem as problem:
            if problem.kind == MALFORMED:
                raise SyntaxFault(fr=problem.fr, en=problem.en) from problem
            raise
        body = result.read()
        if result.kind == "graph":
            return graph(Triple(q.subject, q.predicate, q.object) for q in parse(body, format=RdfFormat.N_TRIPLES))
        return gather(parse_query_results(body, format=QueryResultsFormat.JSON))
