"""The application: which address answers what, and what every answer has.

The addresses are those of design page model.md, section 3: ``/id/…`` names a thing and redirects (303) to ``/doc/…``,
which is negotiated; ``/doc/….ttl`` and its like are fixed. English pages are the French ones below ``/en``.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan

from cesergraph.errors import CesergraphError
from cesergraph.web.addresses import ADDRESSES, FILES, answer_page, page_or_data
from cesergraph.web.documents import HTML
from cesergraph.web.negotiation import choose
from cesergraph.web.pages import PAGES
from cesergraph.web.problems import Problem, as_problem, internal
from cesergraph.web.responses import tell
from cesergraph.web.searches import ROUTES as SEARCHES
from cesergraph.web.site import Maker
from cesergraph.web.sparql import GraphStore, Sparql
from cesergraph.web.sparql_files import ROUTES as SPARQL_FILES
from cesergraph.web.worker import GRAPH_FORMATS, ROW_FORMATS

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_LONGEST_ADDRESS = 8_000
_READ = "GET, HEAD, OPTIONS"
_ASKED = ("/sparql", "/graph-store")
_AT_SPARQL = (*ROW_FORMATS, *GRAPH_FORMATS, HTML)
_EXPOSED = "Link, ETag, Content-Location, Location, Last-Modified, Retry-After, Allow"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_COMMON = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", _POLICY.encode()),
]


class Frame:
    """What surrounds every answer: the language of the address, the methods there are, the headers all have."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_framed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_COMMON]
            await send(message)

        await self._app(_in_language(scope), receive, send_framed)


def _in_language(scope: Scope) -> Scope:
    path = scope["path"]
    is_english = path == "/en" or path.startswith("/en/")
    return {**scope, "lang": "en" if is_english else "fr", "path": (path[3:] or "/") if is_english else path}


class Door:
    """What is refused, or answered, before any address is looked at; the SPARQL service has its own methods."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        answer = None if scope["type"] != "http" or scope["path"].startswith(_ASKED) else _at_the_door(scope)
        await (answer or self._app)(scope, receive, send)


def _at_the_door(scope: Scope) -> Response | None:
    if len(scope["raw_path"]) + len(scope["query_string"]) > _LONGEST_ADDRESS:
        return _told(HttpRequest(scope), Problem(414, fr="L'adresse est trop longue.", en="The address is too long."))
    if scope["method"] in ("GET", "HEAD"):
        return None
    if scope["method"] == "OPTIONS":
        return Response(status_code=204, headers={"Allow": _READ, "Access-Control-Allow-Methods": _READ})
    refusal = Problem(
        405,
        fr=f"La méthode n'est pas admise à cette adresse ; seulement : {_READ}.",
        en=f"The method is not allowed at this address; only: {_READ}.",
        headers={"Allow": _READ},
    )
    return _told(HttpRequest(scope), refusal)


def create_app(lifespan: Lifespan[Starlette]) -> App:
    """Return the application; ``lifespan`` puts the site and the pool of workers into its state."""
    starlette = Starlette(
        lifespan=lifespan,
        routes=_routes(),
        middleware=[Middleware(Door)],
        exception_handlers={HTTPException: _tell_http, CesergraphError: _tell, Exception: _tell_internal},
    )
    return Frame(starlette)


async def _tell(request: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, CesergraphError)
    return _told(request, as_problem(error))


async def _tell_http(request: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    nothing = Problem(404, fr="Il n'y a rien à cette adresse.", en="There is nothing at this address.")
    refused = Problem(error.status_code, fr="La demande est refusée.", en="The request is refused.")
    return _told(request, nothing if error.status_code == 404 else refused)


async def _tell_internal(request: HttpRequest, _: Exception) -> Response:
    return _told(request, internal())


def _told(request: HttpRequest, problem: Problem) -> Response:
    lang = "en" if request.scope["lang"] == "en" else None
    return tell(request.app.state.site, request.headers, problem, lang)


class _Sparql(Sparql):
    """The service, and its page for those who ask by hand."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page where a browser asks, else as the protocol says; raise Problem."""
        accept = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"), "")
        if HTML in accept and scope["method"] in ("GET", "HEAD") and choose(accept, _AT_SPARQL) == HTML:
            request = HttpRequest(scope, receive)
            page = await answer_page(request, PAGES["/sparql"], "/sparql", {}, {"Vary": "Accept"})
            await page(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _routes() -> list[BaseRoute]:
    pages = [Route(pattern, _page_endpoint(pattern, maker)) for pattern, maker in PAGES.items()]
    return [
        Route("/sparql", _Sparql()),
        Route("/graph-store", GraphStore()),
        *SPARQL_FILES,
        *ADDRESSES,
        *SEARCHES,
        *pages,
        *FILES,
    ]


def _page_endpoint(pattern: str, maker: Maker) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def endpoint(request: HttpRequest) -> Response:
        return await page_or_data(request, maker, request.scope["path"], request.path_params)

    return endpoint
