"""The site as files for any static host: the pages and data of the live server, dumps, and what needs no server.

Everything is written beside the target, then swapped in. The same store and options give the same bytes. The pages of
things are shared out over all cores, each with its own copy of the store in memory.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import pyoxigraph as ox

from cesergraph.catalogue import Options, release
from cesergraph.dumps import ensure_dumps, pack
from cesergraph.errors import ParameterError
from cesergraph.namespaces import GRAPH, VOCAB
from cesergraph.queries import all_queries
from cesergraph.store import EmbeddedStore
from cesergraph.things import Things
from cesergraph.web.browser_index import write_browser_index
from cesergraph.web.documents import FORMATS, GRAPH_SUFFIXES, thing_document, write_rdf
from cesergraph.web.files import all_things, site_files, site_map
from cesergraph.web.pages import fixed_pages, thing
from cesergraph.web.pages.question import FILES, answer_file
from cesergraph.web.redirects import static_files
from cesergraph.web.site import LANGUAGES, Maker, Request, Site
from cesergraph.web.vocabularies import document

_CHUNK = 500
_MARK = ".cesergraph-site"
Say = Callable[[str, str], None]


@dataclass(frozen=True)
class Published:
    """What was written: how many pages of things, files and bytes in all."""

    things: int
    files: int
    bytes: int


def open_site(folder: Path, base: str, options: Options) -> Site:
    """Return the static site of a version of a store, its data in memory."""
    store = EmbeddedStore(folder, in_memory=True)
    return Site(store, store, Things(store.data, store), base, static=True, options=options)


def publish(store: EmbeddedStore, out: Path, base: str, options: Options, say: Say) -> Published:
    """Write the whole site and return what was written; raise ParameterError where ``out`` is something else."""
    _check_target(out)
    beside = out.with_name(out.name + ".tmp")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        things = _write(store, beside, base, options, say)
        (beside / _MARK).write_text(f"{store.folder.name}\n", encoding="utf-8")
        _swap(beside, out)
    except OSError as error:
        raise ParameterError(
            fr=f"Impossible d'écrire dans {out} : {error}.", en=f"Cannot write in {out}: {error}."
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    written = [path for path in out.rglob("*") if path.is_file()]
    return Published(things, len(written), sum(path.stat().st_size for path in written))


def _check_target(out: Path) -> None:
    if out.exists() and not (out / _MARK).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise ParameterError(
            fr=f"{out} existe et n'est pas un site écrit par cesergraph ; donnez un autre dossier, ou videz-le.",
            en=f"{out} exists and is not a site written by cesergraph; give another folder, or empty it.",
        )


def _swap(beside: Path, out: Path) -> None:
    former = out.with_name(out.name + ".old")
    shutil.rmtree(former, ignore_errors=True)
    if out.exists():
        os.rename(out, former)
    os.rename(beside, out)
    shutil.rmtree(former, ignore_errors=True)


def _write(store: EmbeddedStore, out: Path, base: str, options: Options, say: Say) -> int:
    found, _ = ensure_dumps(store, say)
    shutil.copytree(found, out / "dump" / release(store, options), ignore=shutil.ignore_patterns("*.json"))
    site = open_site(store.folder, base, options)
    say("Pages, catalogue et fichiers…", "Pages, catalogue and files…")
    for path, maker, request in fixed_pages():
        _write_page(site, out, path, maker, request)
    for path, file in site_files(site).items():
        _write_file(out / path.removeprefix("/"), file.write())
    for name, format in product(all_queries(), FILES):
        _write_file(out / "questions" / f"{name}.{format}", answer_file(site, name, {}, format)[1])
    for path, content in {**site_map(site), **static_files(site)}.items():
        _write_file(out / path.removeprefix("/"), content)
    write_browser_index(store, out / "static-data")
    for name in ("documents", "territories"):
        pack(store, name, out / "static-data" / f"{name}.nq.gz")
    return _write_things(site, out, say)


def _write_page(site: Site, out: Path, path: str, maker: Maker, request: Request) -> None:
    for lang in LANGUAGES:
        content = site.render(maker(site, lang, request), lang, path)
        _write_file(out / site.page(path, lang).removeprefix(f"{site.root}/"), content)


def _write_file(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _write_things(site: Site, out: Path, say: Say) -> int:
    """Write the pages and data of all things, on all cores; return how many things there are."""
    things = sorted(all_things(site))
    chunks = [things[start : start + _CHUNK] for start in range(0, len(things), _CHUNK)]
    setup = (site.store.folder, site.base, site.options, out)
    cores = min(os.cpu_count() or 1, len(chunks))
    done = 0
    with ProcessPoolExecutor(cores, get_context("spawn"), initializer=_prepare, initargs=setup) as pool:
        for step, future in enumerate(as_completed(pool.submit(_write_chunk, chunk) for chunk in chunks), start=1):
            done += future.result()
            if step * 10 // len(chunks) > (step - 1) * 10 // len(chunks):
                say(f"{done} choses sur {len(things)}…", f"{done} things of {len(things)}…")
    return done


_site: Site
_out: Path


def _prepare(folder: Path, base: str, options: Options, out: Path) -> None:
    """Open the site once in each process."""
    global _site, _out
    _site, _out = open_site(folder, base, options), out


def _write_chunk(things: Sequence[str]) -> int:
    for iri in things:
        path = _site.path_of(iri)
        _write_page(_site, _out, path, thing.page, Request({"iri": iri}))
        for suffix, content in _data(iri, path):
            _write_file(_out / f"{path.removeprefix('/')}.{suffix}", content)
    return len(things)


def _data(iri: str, path: str) -> Iterator[tuple[str, bytes]]:
    """Yield every form of the data about a thing; those of a code are written with its code list."""
    if iri.startswith(GRAPH):
        quads = list(_site.things.data.quads_for_pattern(None, None, None, ox.NamedNode(iri)))
        yield from ((suffix, write_rdf(quads, FORMATS[suffix])) for suffix in GRAPH_SUFFIXES)
    elif iri.startswith(VOCAB):
        yield from ((one.suffix, document(path.removeprefix("/"), one)) for one in FORMATS.values())
    else:
        told = thing_document(_site.things, iri)
        yield from ((one.suffix, write_rdf(told, one)) for one in FORMATS.values())
