"""The SPARQL 1.1 Protocol, its Service Description, and the Graph Store Protocol for reading, over a pool of workers.

The two applications below are plain ASGI, without the request and response objects of a framework: a small query costs
little more than those do. They take the site and the pool from the application's state, and raise Problem. The bare
address for a browser, ``GET /sparql`` that prefers HTML, is a page and none of theirs.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import IO, Any, TypeAlias
from urllib.parse import unquote_to_bytes, urljoin

from pyoxigraph import NamedNode, serialize

from cesergraph.namespaces import PREFIXES
from cesergraph.web.negotiation import choose
from cesergraph.web.problems import Problem
from cesergraph.web.refusals import not_offered
from cesergraph.web.service_description import SD, describe_service
from cesergraph.web.worker import GRAPH_FORMATS, ROW_FORMATS, Job
from cesergraph.web.workers import Result, WorkerPool

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Parameters: TypeAlias = Mapping[str, Sequence[str]]

_ROWS, _GRAPHS = tuple(ROW_FORMATS), tuple(GRAPH_FORMATS)
_ONE_GRAPH = tuple(one for one in _GRAPHS if one not in ("application/trig", "application/n-quads"))
_FORM, _QUERY, _UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
_METHODS, _READING = "GET, HEAD, POST, OPTIONS", "GET, HEAD, OPTIONS"
_LONGEST, _MOST_PARAMETERS = 60_000, 200
# Clients that go are looked for only after this many seconds: most queries are over before.
_PATIENCE = 0.05
_CHUNK = 1 << 16
_TOO_LONG = "query-too-long"
_BY_GRAPH = "SELECT ?g (COUNT(*) AS ?triples) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"


class Sparql:
    """The application at ``/sparql``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; raise Problem."""
        method = scope["method"]
        if method not in ("GET", "HEAD", "POST"):
            await _answer_method(method, _METHODS, send)
            return
        headers = _headers(scope)
        asked: Parameters = _parameters(scope["query_string"])
        if method == "POST":
            asked = await _posted(asked, headers, receive)
        elif not asked:
            await _describe(scope, headers, send)
            return
        job = _job(asked, headers.get("accept", ""), scope)
        await _run_and_send(job, scope, headers, receive, send)


class GraphStore:
    """The application at ``/graph-store``: graphs named by a parameter, for reading."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; raise Problem."""
        method = scope["method"]
        if method not in ("GET", "HEAD"):
            await _answer_method(method, _READING, send)
            return
        headers = _headers(scope)
        graph = _graph_asked(_parameters(scope["query_string"]), _own_address(scope))
        media_type = choose(headers.get("accept", ""), _ONE_GRAPH)
        if media_type is None:
            raise not_offered()
        most = scope["app"].state.pool.limits.graph_bytes
        job = Job(None, ("", "", media_type), None if graph is None else (graph,), max_bytes=most)
        await _run_and_send(job, scope, headers, receive, send)


async def _answer_method(method: str, allowed: str, send: Send) -> None:
    if method != "OPTIONS":
        raise Problem(
            405,
            fr=f"La méthode n'est pas admise à cette adresse ; seulement : {allowed}.",
            en=f"The method is not allowed at this address; only: {allowed}.",
            headers={"Allow": allowed},
        )
    headers = [
        (b"allow", allowed.encode()),
        (b"access-control-allow-methods", allowed.encode()),
        (b"access-control-allow-headers", b"Accept, Accept-Language, Content-Type, If-None-Match"),
        (b"access-control-max-age", b"86400"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _headers(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _parameters(encoded: bytes) -> dict[str, list[str]]:
    """Return the values of each name in a query string or a form; raise Problem."""
    if len(encoded) > _LONGEST:
        raise Problem(
            414,
            fr="L'adresse est trop longue ; utilisez POST.",
            en="The address is too long; use POST.",
            kind=_TOO_LONG,
        )
    pairs = encoded.replace(b"+", b" ").split(b"&", _MOST_PARAMETERS)
    if len(pairs) > _MOST_PARAMETERS:
        raise _bad("Il y a trop de paramètres.", "There are too many parameters.")
    found: dict[str, list[str]] = {}
    for pair in filter(None, pairs):
        name, _, value = pair.partition(b"=")
        found.setdefault(_utf8(unquote_to_bytes(name)), []).append(_utf8(unquote_to_bytes(value)))
    return found


async def _posted(asked: Parameters, headers: Mapping[str, str], receive: Receive) -> Parameters:
    """Return the parameters of the address and of the body together; raise Problem."""
    media_type, *options = (part.strip() for part in headers.get("content-type", "").lower().split(";"))
    if media_type == _UPDATE:
        raise _no_update()
    if media_type not in (_FORM, _QUERY):
        raise Problem(
            415,
            fr=f"Le corps d'un POST doit être {_FORM} ou {_QUERY}.",
            en=f"The body of a POST must be {_FORM} or {_QUERY}.",
            headers={"Accept-Post": f"{_FORM}, {_QUERY}"},
        )
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(
            415,
            fr="Le corps de la demande ne doit pas être compressé.",
            en="The body of the request must not be compressed.",
            headers={"Accept-Encoding": "identity"},
        )
    if any(option.startswith("charset=") and option[8:].strip('"') != "utf-8" for option in options):
        raise _not_utf8()
    body = await _body(headers, receive)
    more = _parameters(body) if media_type == _FORM else {"query": [_utf8(body)]}
    return {name: [*asked.get(name, ()), *more.get(name, ())] for name in {*asked, *more}}


async def _body(headers: Mapping[str, str], receive: Receive) -> bytes:
    announced = headers.get("content-length", "0")
    body, is_more = bytearray(), True
    if len(announced) > 9 or int(announced) > _LONGEST:
        raise _too_large()
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _bad("La demande est incomplète.", "The request is incomplete.")
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
        if len(body) > _LONGEST:
            raise _too_large()
    return bytes(body)


def _too_large() -> Problem:
    return Problem(
        413,
        fr=f"La demande est trop longue ; au plus {_LONGEST} octets.",
        en=f"The request is too long; at most {_LONGEST} bytes.",
        headers={"Connection": "close"},
        kind=_TOO_LONG,
    )


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8() from error


def _not_utf8() -> Problem:
    return _bad("La demande n'est pas en UTF-8.", "The request is not in UTF-8.")


def _bad(fr: str, en: str) -> Problem:
    return Problem(400, fr=fr, en=en)


def _no_update() -> Problem:
    return Problem(
        403,
        fr="Ce service ne fait que lire : les mises à jour sont refusées.",
        en="This service only reads: updates are refused.",
        kind="update-refused",
    )


def _job(asked: Parameters, accept: str, scope: Scope) -> Job:
    """Return the job that the parameters ask for; raise Problem."""
    if "update" in asked:
        raise _no_update()
    queries = asked.get("query", ())
    if len(queries) != 1:
        raise _bad(
            f"Il faut un paramètre « query » et un seul ; il y en a {len(queries)}.",
            f"There must be one parameter “query”; there are {len(queries)}.",
        )
    default, named = asked.get("default-graph-uri"), asked.get("named-graph-uri")
    types = _types(accept)
    if not any(types):
        raise not_offered()
    limits, base = scope["app"].state.pool.limits, _own_address(scope)
    if default is None and named is None:
        return Job(queries[0], types, None, None, limits.rows, limits.bytes, base)
    return Job(queries[0], types, _iris(default or ()), _iris(named or ()), limits.rows, limits.bytes, base)


@lru_cache(maxsize=1024)
def _types(accept: str) -> tuple[str, str, str]:
    rows, graph = choose(accept, _ROWS) or "", choose(accept, _GRAPHS) or ""
    return rows, rows, graph


def _iris(values: Iterable[str]) -> tuple[str, ...]:
    for value in values:
        try:
            NamedNode(value)
        except ValueError as error:
            raise _bad("Le nom d'un graphe n'est pas un IRI.", "The name of a graph is not an IRI.") from error
    return tuple(values)


def _graph_asked(asked: Parameters, own: str) -> str | None:
    """Return the IRI of the graph asked for, None for the default graph; raise Problem."""
    if sorted(asked) == ["graph"] and len(asked["graph"]) == 1:
        return _iris([urljoin(own, asked["graph"][0])])[0]
    if sorted(asked) == ["default"]:
        return None
    raise _bad(
        "Il faut soit « graph= » avec l'IRI d'un graphe, soit « default », et rien d'autre.",
        "There must be either “graph=” with the IRI of a graph or “default”, and nothing else.",
    )


def _own_address(scope: Scope) -> str:
    """Return the public address of what is asked, without its parameters."""
    site = scope["app"].state.site
    return str(site.base).rstrip("/") + str(scope["path"])


async def _run_and_send(job: Job, scope: Scope, headers: Mapping[str, str], receive: Receive, send: Send) -> None:
    pool: WorkerPool = scope["app"].state.pool
    result = await _run(pool, job, receive)
    if result is not None:
        try:
            media_type = job.types[("select", "ask", "graph").index(result.kind)]
            await _send(result, media_type, scope["method"], headers, send, pool.limits.download_seconds)
        finally:
            result.close()


async def _send(
    result: Result, media_type: str, method: str, headers: Mapping[str, str], send: Send, seconds: float
) -> None:
    about = [(b"etag", b'"%b"' % result.tag.encode()), (b"vary", b"Accept"), (b"cache-control", b"no-cache")]
    if method != "POST" and _is_held(headers, result.tag):
        await send({"type": "http.response.start", "status": 304, "headers": about})
        await send({"type": "http.response.body", "body": b""})
        return
    about += [(b"content-type", _content_type(media_type)), (b"content-length", b"%d" % result.length)]
    await send({"type": "http.response.start", "status": 200, "headers": about})
    if method == "HEAD":
        await send({"type": "http.response.body", "body": b""})
    elif isinstance(result.body, bytes):
        await send({"type": "http.response.body", "body": result.body})
    else:
        await _send_file(result.body, send, seconds)


async def _run(pool: WorkerPool, job: Job, receive: Receive) -> Result | None:
    """Return the answer, or None where the client has gone and the query with it; raise Problem."""
    ticket = pool.submit(job)
    watchers: list[asyncio.Task[None]] = []
    timer = pool.loop.call_later(
        _PATIENCE, lambda: watchers.append(pool.loop.create_task(_cancel_when_gone(ticket, receive)))
    )
    try:
        return await ticket
    except asyncio.CancelledError:
        if not any(watcher.done() for watcher in watchers):
            raise
        return None
    finally:
        timer.cancel()
        for watcher in watchers:
            watcher.cancel()


async def _cancel_when_gone(ticket: "asyncio.Future[Result]", receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    ticket.cancel()


async def _send_file(file: IO[bytes], send: Send, seconds: float) -> None:
    """Send a file as fast as the client takes it; one that takes too long is left with less than was announced."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while chunk := file.read(_CHUNK):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


@lru_cache(maxsize=64)
def _content_type(media_type: str) -> bytes:
    return (media_type + ("; charset=utf-8" if media_type.startswith("text/") else "")).encode()


def _is_held(headers: Mapping[str, str], tag: str) -> bool:
    held = headers.get("if-none-match")
    return held is not None and any(one.strip().removeprefix("W/") in ("*", f'"{tag}"') for one in held.split(","))


async def _describe(scope: Scope, headers: Mapping[str, str], send: Send) -> None:
    """Send the description of the service; raise Problem."""
    media_type = choose(headers.get("accept", ""), _GRAPHS)
    if media_type is None:
        raise not_offered()
    pool: WorkerPool = scope["app"].state.pool
    counted = await pool.run(Job(_BY_GRAPH, ("text/csv", "", "")))
    rows = (line.rsplit(",", 1) for line in counted.read().decode().splitlines()[1:])
    described = describe_service(_own_address(scope), {graph: int(count) for graph, count in rows})
    body = serialize(described, format=GRAPH_FORMATS[media_type], prefixes=PREFIXES | {"sd": SD})
    assert body is not None
    tag = hashlib.blake2b(body, digest_size=12).hexdigest()
    await _send(Result("graph", body, len(body), tag), media_type, scope["method"], headers, send, 0)
