"""The linked-data addresses: names that redirect, documents that are negotiated, and what is at a fixed address."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from hashlib import sha256
from importlib.resources import files
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from cesergraph import __version__
from cesergraph.catalogue import release
from cesergraph.dumps import are_written, dumps_of
from cesergraph.namespaces import BASE, GRAPH, ID, shorten
from cesergraph.search import find
from cesergraph.web import vocabularies
from cesergraph.web.documents import (
    FORMATS,
    HTML,
    LICENCE,
    MEDIA_TYPES,
    SUFFIXES,
    Format,
    thing_document,
    write_rdf,
)
from cesergraph.web.files import File, site_map, waiting, walk
from cesergraph.web.negotiation import choose
from cesergraph.web.pages import PAGES, thing
from cesergraph.web.problems import Problem
from cesergraph.web.responses import is_kept, represent
from cesergraph.web.site import Maker, Page, Request, Site
from cesergraph.web.sparql import GraphStore

_MOST_FIELDS, _SUGGESTED = 200, 5


@dataclass(frozen=True)
class Resource:
    """What a negotiated address is about: its IRI, its path, its page, its other formats and how one is answered."""

    iri: str
    path: str
    page: Maker
    formats: Sequence[str]
    represent: Callable[[HttpRequest, Format, Mapping[str, str]], Response]


def represented(
    request: HttpRequest, media_type: str, key: str, write: Callable[[], bytes], headers: Mapping[str, str]
) -> Response:
    """Return the response with a representation of what is at an address; ``key`` tells it from all others."""
    site: Site = request.app.state.site
    state = f"{edition(site)} {key}"
    return represent(request.headers, media_type, write, state=state, modified=modified(site), headers=headers)


def thing_at(iri: str, path: str) -> Resource:
    """Return the resource of a thing of the graph."""

    def write_thing(request: HttpRequest, format: Format, headers: Mapping[str, str]) -> Response:
        site: Site = request.app.state.site

        def write() -> bytes:
            return write_rdf(thing_document(site.things, iri), format)

        return represented(request, format.media_type, path, write, headers)

    return Resource(iri, path, thing.page, tuple(FORMATS), write_thing)


def concept_at(path: str) -> Resource:
    """Return the resource of a concept of a code list."""

    def write_concept(request: HttpRequest, format: Format, headers: Mapping[str, str]) -> Response:
        write = partial(vocabularies.document, path, format)
        return represented(request, format.media_type, path, write, headers)

    return Resource(BASE + path, f"/{path}", thing.page, tuple(FORMATS), write_concept)


def graph_at(iri: str, path: str) -> Resource:
    """Return the resource of a named graph, whose statements the workers write."""

    def send_graph(request: HttpRequest, format: Format, headers: Mapping[str, str]) -> Response:
        return GraphAnswer(iri, format.media_type, headers)

    return Resource(iri, path, thing.page, tuple(FORMATS), send_graph)


class GraphAnswer(Response):
    """The statements of a graph, which the workers write: the Graph Store Protocol by another address."""

    def __init__(self, graph: str, media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(headers=headers)
        self._asked = f"graph={quote(graph, safe='')}".encode()
        self._accept = (b"accept", media_type.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the graph with the headers of its address; raise Problem."""
        headers = [self._accept, *(one for one in scope["headers"] if one[0] != b"accept")]
        own = [one for one in self.raw_headers if one[0] != b"content-length"]

        async def send_linked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *own]
            await send(message)

        await GraphStore()({**scope, "query_string": self._asked, "headers": headers}, receive, send_linked)


def unknown(site: Site, iri: str) -> Problem:
    """Return the problem of an IRI of ours that names nothing, with what is called alike, or whose data were erased."""
    if site.things.is_erased(iri):
        return Problem(410, fr="Ces données ont été effacées.", en="These data were erased.")
    words = shorten(iri).rpartition("/")[2].replace("-", " ")
    return Problem(
        404,
        fr=f"Rien dans le graphe ne répond à « {shorten(iri)} ».",
        en=f"Nothing in the graph answers to “{shorten(iri)}”.",
        members={"suggestions": [hit.iri for hit in find(site.store.file("search.sqlite"), words, limit=_SUGGESTED)]},
    )


async def _identifier(request: HttpRequest) -> Response:
    """Redirect the name of a thing to the document about it, the same whatever is accepted."""
    site: Site = request.app.state.site
    iri = ID + _checked(request.path_params["ref"])
    if not site.things.exists(iri):
        raise unknown(site, iri)
    return RedirectResponse(site.absolute(site.page(site.path_of(iri), request.scope["lang"])), 303)


async def _document(request: HttpRequest) -> Response:
    stem, suffix = split_suffix(request.path_params["ref"])
    site: Site = request.app.state.site
    if survivor := site.things.survivor(ID + stem):
        dot = f".{suffix}" if suffix else ""
        return RedirectResponse(site.absolute(site.page(site.path_of(survivor), request.scope["lang"])) + dot, 301)
    if not site.things.exists(ID + stem):
        raise unknown(site, ID + stem)
    response = await answer(request, thing_at(ID + stem, f"/doc/{stem}"), suffix)
    if response.status_code == 200 and site.things.is_withdrawn(ID + stem):
        response.status_code = 410
    return response


async def _concept(request: HttpRequest) -> Response:
    stem, suffix = split_suffix(f"{request.path_params['scheme']}/{request.path_params['concept']}")
    return await answer(request, concept_at(f"vocab/{stem}"), suffix)


async def _graph(request: HttpRequest) -> Response:
    stem, suffix = split_suffix(request.path_params["ref"])
    return await answer(request, graph_at(GRAPH + stem, f"/graph/{stem}"), suffix)


async def _file(request: HttpRequest) -> Response:
    """Answer with a file of the site, in the format the client prefers where it is written in several."""
    path = request.scope["path"]
    if path.startswith("/sitemap"):
        found = await run_in_threadpool(site_map, request.app.state.site)
        if path in found:
            return Response(found[path], media_type="application/xml")
    if path not in request.app.state.files and not data_suffixes(request, path):
        raise HTTPException(404)
    return await page_or_data(request, _downloads, path, {})


def _downloads(site: Site, lang: str, request: Request) -> Page:
    return PAGES["/telechargements"](site, lang, request)


async def page_or_data(request: HttpRequest, maker: Maker, path: str, parts: Mapping[str, str]) -> Response:
    """Return a page, or what is at the same path with the suffix of the format that the client prefers."""
    if path in request.app.state.files:
        return await _send_file(request, path, {})
    suffixes = data_suffixes(request, path)
    headers = {}
    if suffixes:
        suffix = negotiate(request, ("html", *suffixes))
        headers = {"Vary": "Accept"}
        if suffix != "html":
            headers["Content-Location"] = request.app.state.site.data(f"{path}.{suffix}")
            return await _send_file(request, f"{path}.{suffix}", headers)
    return await answer_page(request, maker, path, parts, headers)


def data_suffixes(request: HttpRequest, path: str) -> list[str]:
    """Return the suffixes of the formats of RDF that a path is written in."""
    return [suffix for suffix in FORMATS if f"{path}.{suffix}" in request.app.state.files]


async def _send_file(request: HttpRequest, path: str, headers: Mapping[str, str]) -> Response:
    file: File = request.app.state.files[path]
    return await run_in_threadpool(represented, request, file.media_type, path, file.write, headers)


async def _dump(request: HttpRequest) -> Response:
    """Send a dump of this version, which never changes; while it is being written the client is asked to wait."""
    site: Site = request.app.state.site
    found = dumps_of(site.store)
    if request.path_params["version"] != release(site.store, site.options):
        raise HTTPException(404)
    if found is None:
        raise waiting()
    name = request.path_params["name"]
    if name not in {"SHA256SUMS", *(dump.name for dump in found[1].dumps)}:
        raise HTTPException(404)
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    if name == "SHA256SUMS":
        return FileResponse(found[0] / name, media_type="text/plain", headers=kept)
    kept["Content-Disposition"] = f'attachment; filename="{name}"'
    return FileResponse(found[0] / name, media_type="application/gzip", headers=kept)


_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


def _checked(ref: str) -> str:
    """Return the part of an address that follows its kind; raise HTTPException where none of ours looks like it."""
    if not _REF.fullmatch(ref):
        raise HTTPException(404)
    return ref


def split_suffix(ref: str) -> tuple[str, str | None]:
    """Return the path of a resource and the suffix of the format asked for, None where it is to be negotiated."""
    stem, dot, suffix = _checked(ref).rpartition(".")
    return (stem, suffix) if dot and suffix in MEDIA_TYPES else (ref, None)


async def answer(request: HttpRequest, resource: Resource, suffix: str | None) -> Response:
    """Return a representation of a resource: in the format of its suffix, else the one that the client prefers."""
    site: Site = request.app.state.site
    headers = {"Link": links(site, resource)}
    if suffix is None:
        suffix = negotiate(request, ("html", *resource.formats))
        lang = request.scope["lang"] if suffix == "html" else "fr"
        address = site.data(f"{'/en' if lang == 'en' else ''}{resource.path}.{suffix}")
        headers |= {"Vary": "Accept", "Content-Location": address}
    if suffix == "html":
        return await answer_page(request, resource.page, resource.path, {"iri": resource.iri}, headers)
    return resource.represent(request, FORMATS[suffix], headers)


def negotiate(request: HttpRequest, suffixes: Sequence[str]) -> str:
    """Return the suffix of the format that the client prefers; raise Problem where it accepts none."""
    offered = tuple(MEDIA_TYPES[suffix] for suffix in suffixes)
    media_type = choose(request.headers.get("accept", ""), offered)
    if media_type is None:
        raise not_offered(offered)
    return SUFFIXES[media_type]


async def answer_page(
    request: HttpRequest, maker: Maker, path: str, parts: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Response:
    """Return a page; it is made in a thread of its own, since it may wait for answers to queries."""
    site: Site = request.app.state.site
    lang = request.scope["lang"]
    query = request.url.query
    asked = Request(parts, parse_query(query))
    key = f"{path}?{query} {lang}"
    told = {"Content-Language": lang} | dict(headers or {})

    def write() -> bytes:
        page = maker(site, lang, asked)
        body = site.render(page, lang, path, query)
        if page.status != 200:
            raise _Odd(body, page.status)
        return body

    def make() -> Response:
        try:
            return represented(request, HTML, key, write, told)
        except _Odd as odd:
            return Response(odd.body, odd.status, told | {"Content-Type": f"{HTML}; charset=utf-8"})

    is_ready = is_kept(request.headers, HTML, f"{edition(site)} {key}")
    return make() if is_ready else await run_in_threadpool(make)


class _Odd(Exception):
    """A page with a status of its own, which is not kept."""

    def __init__(self, body: bytes, status: int) -> None:
        super().__init__()
        self.body, self.status = body, status


def parse_query(query: str) -> dict[str, list[str]]:
    """Return the values of each name in a query string; raise Problem where there are too many."""
    try:
        return parse_qs(query, keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Problem(
            400, fr=f"Trop de paramètres ; au plus {_MOST_FIELDS}.", en=f"Too many parameters; at most {_MOST_FIELDS}."
        ) from error


def not_offered(offered: Sequence[str]) -> Problem:
    """Return the problem of a client that accepts none of the formats there are."""
    listed = ", ".join(offered)
    return Problem(
        406,
        fr=f"Aucun des formats acceptés n'est proposé ici ; il y a : {listed}.",
        en=f"None of the accepted formats is on offer here; there are: {listed}.",
        headers={"Vary": "Accept"},
        members={"variants": list(offered)},
    )


def links(site: Site, resource: Resource) -> str:
    """Return the Link header of a resource (RFC 8288): its formats, what it describes, the licence."""
    alternates = [
        f'<{site.data(resource.path)}.{suffix}>; rel="alternate"; type="{media_type}"'
        for suffix, media_type in MEDIA_TYPES.items()
    ]
    return ", ".join(
        [
            *alternates,
            f'<{site.data(resource.path)}.ttl>; rel="describedby"; type="text/turtle"',
            f'<{site.absolute(site.data(resource.path))}>; rel="canonical"',
            f'<{resource.iri}>; rel="describes"',
            f'<{LICENCE}>; rel="license"',
        ]
    )


def edition(site: Site) -> str:
    """Return what all representations of a site depend on: its data and dumps, and the program that writes them."""
    return f"{_edition(site)} {are_written(site.store)}"


@lru_cache(maxsize=2)
def _edition(site: Site) -> str:
    return f"{site.store.folder.name} {site.base} {site.options} {_program()}"


@lru_cache(maxsize=2)
def modified(site: Site) -> float:
    """Return when the data were made, in seconds since 1970."""
    return site.store.file("manifest.json").stat().st_mtime


@cache
def _program() -> str:
    """Return the digest of the files that make the pages: a changed template is a changed representation."""
    digest = sha256(__version__.encode())
    for path, file in walk(files("cesergraph.web")):
        if path.endswith(_WRITING) and not path.startswith("/vendor/"):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


_WRITING = (".py", ".html", ".toml", ".css", ".js", ".svg")
ADDRESSES: list[BaseRoute] = [
    Route("/id/{ref:path}", _identifier),
    Route("/doc/{ref:path}", _document),
    Route("/graph/{ref:path}", _graph),
    Route("/vocab/{scheme}/{concept}", _concept),
    Route("/dump/{version}/{name}", _dump),
]
FILES: list[BaseRoute] = [Route("/{path:path}", _file)]
