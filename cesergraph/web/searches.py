"""What searches and questions have beside their pages: results as files, and what is proposed to who types."""

from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cesergraph.web.addresses import parse_query, represented
from cesergraph.web.pages.question import FILES, answer_file
from cesergraph.web.pages.search import PATH, propose, search_file
from cesergraph.web.site import Site

_TYPES = {"csv": "text/csv", "json": "application/json"}


async def _results(request: HttpRequest) -> Response:
    """Return the results of a search as a file to save (CSV) or read (JSON)."""
    format = request.path_params["format"]
    headers = {"Content-Disposition": 'attachment; filename="cesergraph.csv"'} if format == "csv" else {}

    def write(site: Site, query: Mapping[str, list[str]], lang: str) -> bytes:
        return search_file(site, query, format, lang)

    return await _answer(request, _TYPES.get(format, ""), write, headers)


async def _answers(request: HttpRequest) -> Response:
    """Return the answer to a named query as a file."""
    name, format = request.path_params["name"], request.path_params["format"]
    if format not in FILES:
        raise HTTPException(404)

    def write(site: Site, query: Mapping[str, list[str]], lang: str) -> bytes:
        return answer_file(site, name, query, format)[1]

    return await _answer(request, FILES[format][0], write, {})


async def _suggestions(request: HttpRequest) -> Response:
    return await _answer(request, _TYPES["json"], propose, {})


Writer = Callable[[Site, Mapping[str, list[str]], str], bytes]


async def _answer(request: HttpRequest, media_type: str, write: Writer, headers: Mapping[str, str]) -> Response:
    site: Site = request.app.state.site
    lang = request.scope["lang"]
    query = parse_query(request.url.query)
    key = f"{request.url.path}?{request.url.query} {lang}"
    told = {"Content-Language": lang, **headers}
    return await run_in_threadpool(represented, request, media_type, key, lambda: write(site, query, lang), told)


ROUTES: list[BaseRoute] = [
    Route(f"{PATH}.{{format}}", _results),
    Route("/questions/{name}.{format}", _answers),
    Route("/suggestions", _suggestions),
]
