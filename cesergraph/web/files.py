"""What the site has at fixed addresses beside its pages: styles, scripts, and what programs fetch."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from mimetypes import guess_type

import pyoxigraph as ox

from cesergraph.catalogue import catalogue, datasets, void
from cesergraph.dumps import figures_of
from cesergraph.namespaces import BASE, ID
from cesergraph.web import maps
from cesergraph.web.discovery import feed, robots, security, sitemaps
from cesergraph.web.documents import FORMATS, Format, write_rdf
from cesergraph.web.pages import fixed_pages
from cesergraph.web.pages.sparql import terms_json
from cesergraph.web.problems import Problem
from cesergraph.web.site import Site
from cesergraph.web.vocabularies import concepts, document, documents, schemes


@dataclass(frozen=True)
class File:
    """One file of the site: its media type, and what writes it."""

    media_type: str
    write: Callable[[], bytes]


def site_files(site: Site) -> Mapping[str, File]:
    """Return the files of a site by path, such as ``/robots.txt``; none is written before it is asked for."""
    found = {
        "/robots.txt": File("text/plain", lambda: robots(site)),
        "/static-data/terms.json": File("application/json", terms_json),
        maps.LAND: File("image/svg+xml", lambda: maps.land(site.store)),
        "/feed.atom": File("application/atom+xml", lambda: feed(site)),
    }
    if (told := security(site)) is not None:
        found["/.well-known/security.txt"] = File("text/plain", lambda: told)
    return {**assets(), **found, **_catalogues(site), **_vocabularies()}


def _catalogues(site: Site) -> dict[str, File]:
    """Return the DCAT catalogue, and the VoID description once the dumps and their counts are there."""

    def written(triples: Callable[[], Sequence[ox.Triple]], format: Format) -> File:
        return File(format.media_type, lambda: write_rdf(triples(), format))

    def catalogued() -> Sequence[ox.Triple]:
        return catalogue(site.store, site.base, site.options, figures_of(site.store), static=site.static)

    def described() -> Sequence[ox.Triple]:
        figures = figures_of(site.store)
        if figures is None:
            raise waiting()
        return void(site.store, site.base, site.options, figures, static=site.static)

    formats = [FORMATS[suffix] for suffix in ("ttl", "jsonld", "rdf", "nt")]
    own = (f"/{iri.removeprefix(BASE)}" for iri in datasets(site.store.data) if iri.startswith(f"{BASE}dataset/"))
    catalogues = {"/catalogue", "/dataset/cesergraph", *own}
    found = {f"{path}.{one.suffix}": written(catalogued, one) for path in catalogues for one in formats}
    return found | {f"/.well-known/void.{one.suffix}": written(described, one) for one in formats}


def waiting() -> Problem:
    """Return the problem of who comes before the dumps and their counts are there."""
    return Problem(
        503,
        fr="Les fichiers à télécharger sont en préparation ; réessayez dans une minute.",
        en="The files to download are being made; try again in a minute.",
        headers={"Retry-After": "60"},
    )


def _vocabularies() -> dict[str, File]:
    """Return the ontology, its parts and the code lists in every format."""

    def written(path: str, format: Format) -> File:
        return File(format.media_type, lambda: document(path, format))

    return {f"/{path}.{one.suffix}": written(path, one) for path in documents() for one in FORMATS.values()}


# A thing that is only referred to has a page too, which says by what.
_THINGS = re.compile(rf"<({re.escape(ID)}[^>#]+)[>#]")


@lru_cache(maxsize=2)
def site_map(site: Site) -> Mapping[str, bytes]:
    """Return the files of the map of the site by path: ``/sitemap.xml`` and its parts."""
    paths = [path for path, _, _ in fixed_pages()] + [site.path_of(iri) for iri in all_things(site)]
    return dict(sitemaps(site, paths))


def all_things(site: Site) -> Iterator[str]:
    """Yield the IRIs of ours that a page is about, each once: things and graphs, then codes; not parts of things."""
    seen = {str(graph)[1:-1] for graph in site.things.data.named_graphs()}
    yield from sorted(seen)
    for lines in map(site.store.quads, site.store.sources()):
        for line in lines:
            for iri in _THINGS.findall(line):
                if iri not in seen:
                    seen.add(iri)
                    yield iri
    yield from (iri for path in schemes() for iri in concepts(path))


@cache
def assets() -> Mapping[str, File]:
    """Return our styles, scripts and pictures, and those of others that ``make web`` has put beside them."""
    room = files("cesergraph.web")
    own = {f"/static{path}": file for path, file in walk(room.joinpath("static"))}
    others = {f"/static/vendor{path}": file for path, file in walk(room.joinpath("vendor"))}
    return {path: File(_media_type(path), file.read_bytes) for path, file in (own | others).items()}


def walk(folder: Traversable, path: str = "") -> Iterator[tuple[str, Traversable]]:
    """Yield every file below a folder with its path, in order; nothing where there is no folder."""
    for entry in sorted(folder.iterdir(), key=lambda one: one.name) if folder.is_dir() else ():
        if entry.is_dir():
            yield from walk(entry, f"{path}/{entry.name}")
        else:
            yield f"{path}/{entry.name}", entry


_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".md": "text/plain"}


def _media_type(path: str) -> str:
    suffix = path[path.rfind(".") :]
    return _TYPES.get(suffix) or guess_type(path)[0] or "application/octet-stream"
