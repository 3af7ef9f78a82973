"""The dumps of one version of a store: the whole graph and the documents alone, each in four formats, compressed.

They lie beside the version's data with their digests and the counts that VoID tells, and are written once: a version
never changes. Nothing of a clock or of this machine is in them, so that the same quads give the same bytes. All is
read line by line; the formats that group by graph are written from files that hold one graph each.
"""

import gzip
import hashlib
import heapq
import io
import itertools
import json
import os
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import urlsplit

import pyoxigraph as ox
from filelock import FileLock

from cesergraph.errors import CesergraphError, StoreError
from cesergraph.namespaces import BASE, ID, PREFIXES, expand
from cesergraph.sources import card, source_names
from cesergraph.store import EmbeddedStore

# The number goes up when what is written changes, so that what an earlier program wrote is written anew.
FOLDER, _WORK, _LOCK = "dumps-1", "tmp-dumps", ".dumps.lock"
_FIGURES, SUMS = "figures.json", "SHA256SUMS"
SETS = ("cesergraph", "documents")
FORMATS: Mapping[str, tuple[str, ox.RdfFormat]] = {
    "nq": ("application/n-quads", ox.RdfFormat.N_QUADS),
    "trig": ("application/trig", ox.RdfFormat.TRIG),
    "ttl": ("text/turtle", ox.RdfFormat.TURTLE),
    "jsonld": ("application/ld+json", ox.RdfFormat.JSON_LD),
}
LINKS = tuple(map(expand, ("owl:sameAs", "skos:exactMatch", "skos:closeMatch")))
_TYPE = f"<{expand('rdf:type')}>"
_LEVEL = 6
_LINES = 50_000
Say = Callable[[str, str], None]


@dataclass(frozen=True)
class Dump:
    """One file: its name, the set it holds, its media type, how many bytes packed, and its SHA-256."""

    name: str
    set: str
    media_type: str
    bytes: int
    sha256: str

    @property
    def suffix(self) -> str:
        """The suffix of its format, such as ``nq``."""
        return self.name.split(".")[1]


@dataclass(frozen=True)
class Figures:
    """What a version counts: quads, triples (the same in two graphs once), entities, ends, classes, properties, graphs.

    ``entities`` are the distinct subjects below ``/id/``; ``classes`` and ``properties`` give what each counts by IRI;
    ``links`` how many links of each kind lead from things of ours to each host of others.
    """

    quads: int
    triples: int
    entities: int
    subjects: int
    objects: int
    classes: Mapping[str, int]
    properties: Mapping[str, int]
    graphs: Mapping[str, int]
    links: Mapping[str, Mapping[str, int]]
    dumps: Sequence[Dump]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the figures that lie beside the dumps."""
        told = json.loads((folder / _FIGURES).read_text(encoding="utf-8"))
        return cls(dumps=[Dump(**one) for one in told.pop("dumps")], **told)


def dumps_of(store: EmbeddedStore) -> tuple[Path, Figures] | None:
    """Return the folder of a version's dumps and their figures, None where they are not written yet."""
    folder = store.folder / FOLDER
    return (folder, Figures.read(folder)) if are_written(store) else None


def are_written(store: EmbeddedStore) -> bool:
    """Tell whether the dumps of a version are there."""
    return (store.folder / FOLDER).is_dir()


def figures_of(store: EmbeddedStore) -> Figures | None:
    """Return what a version counts, None where its dumps are not written yet."""
    found = dumps_of(store)
    return found[1] if found else None


def ensure_dumps(store: EmbeddedStore, say: Say = lambda fr, en: None) -> tuple[Path, Figures]:
    """Return the folder of a version's dumps and their figures; they are written where they are not there yet.

    Whoever comes while another writes waits for it. Raise StoreError where they cannot be written.
    """
    folder, work = store.folder / FOLDER, store.folder.parent / _WORK
    try:
        if not folder.is_dir():
            with FileLock(store.folder.parent / _LOCK):
                if not folder.is_dir():
                    _write_beside(store, work, say)
                    os.rename(work, folder)
    except OSError as error:
        raise StoreError(
            fr=f"Impossible d'écrire les fichiers à télécharger dans {folder} : {error}.",
            en=f"Cannot write the files to download in {folder}: {error}.",
        ) from error
    return folder, Figures.read(folder)


def _write_beside(store: EmbeddedStore, work: Path, say: Say) -> None:
    shutil.rmtree(work, ignore_errors=True)  # what a run that was killed has left
    work.mkdir()
    try:
        _write(store, work, say)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _write(store: EmbeddedStore, work: Path, say: Say) -> None:
    counts = _Counts()
    dumps = []
    for name in SETS:
        parts = work / "parts"
        parts.mkdir()
        by_graph = _split(_lines(store, name), parts)
        for suffix, (media_type, format) in FORMATS.items():
            file = work / f"{name}.{suffix}.gz"
            say(f"Fichiers à télécharger : {file.name}…", f"Files to download: {file.name}…")
            with _packed(file) as out:
                if format == ox.RdfFormat.N_QUADS:
                    lines = _lines(store, name)
                    _write_lines(counts.watch(lines) if name == SETS[0] else lines, out)
                else:
                    ox.serialize(_statements(store, name, format, parts, by_graph), out, format, prefixes=PREFIXES)
            dumps.append(Dump(file.name, name, media_type, file.stat().st_size, _sha256(file)))
        shutil.rmtree(parts)
    sums = "".join(f"{dump.sha256}  {dump.name}\n" for dump in dumps)
    (work / SUMS).write_text(sums, encoding="utf-8")
    told = json.dumps(asdict(counts.figures(dumps)), ensure_ascii=False, indent=1, sort_keys=True)
    (work / _FIGURES).write_text(told + "\n", encoding="utf-8")


def pack(store: EmbeddedStore, name: str, file: Path) -> None:
    """Write the quads of a set, ``cesergraph``, ``documents`` or ``territories``, as compressed N-Quads."""
    with _packed(file) as out:
        _write_lines(_lines(store, name), out)


def _lines(store: EmbeddedStore, name: str) -> Iterator[str]:
    """Yield the lines of a set in order, each once; the documents are what is in no register, derived or decided."""
    registers = {one for one in source_names() if card(one).register}
    wanted = {"cesergraph": (True, False), "documents": (False,), "territories": (True,)}[name]
    files = [store.file(f"quads/{one}.nq") for one in store.sources() if (one in registers) in wanted]
    return (line for line, _ in itertools.groupby(heapq.merge(*map(_read, files))))


def _read(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8", newline="\n") as lines:
        yield from lines


def _triple(line: str) -> str:
    return line[: line.rindex(" <")]


def _graph(line: str) -> str:
    return line[line.rindex(" <") + 2 : line.rindex(">")]


def _split(lines: Iterator[str], folder: Path) -> list[Path]:
    """Write lines into a file for each graph; return the files in the order of the graphs' IRIs."""
    files: dict[str, Path] = {}
    while chunk := list(itertools.islice(lines, _LINES)):
        parts = defaultdict(list)
        for line in chunk:
            parts[_graph(line)].append(line)
        for graph, part in parts.items():
            file = files.setdefault(graph, folder / f"{len(files)}.nq")
            with file.open("a", encoding="utf-8", newline="\n") as out:
                out.writelines(part)
    return [files[graph] for graph in sorted(files)]


def _statements(
    store: EmbeddedStore, name: str, format: ox.RdfFormat, parts: Path, by_graph: Sequence[Path]
) -> Iterator[ox.Quad]:
    """Return the statements of a set graph by graph; a format without graphs gets each triple once."""
    if format.supports_datasets:
        return itertools.chain.from_iterable(ox.parse(path=file) for file in by_graph)
    file = parts / "union.nt"
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{triple} .\n" for triple, _ in itertools.groupby(_lines(store, name), key=_triple))
    return ox.parse(path=file)


def _write_lines(lines: Iterable[str], out: BinaryIO) -> None:
    for line in lines:
        out.write(line.encode())


@contextmanager
def _packed(file: Path) -> Iterator[BinaryIO]:
    """Open a gzip file to write that holds neither a name nor a time."""
    with file.open("wb") as raw, gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed:
        with io.BufferedWriter(packed, 1 << 20) as buffered:
            yield buffered


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


class _Counts:
    """What is counted while the lines of the whole graph pass, in order: those of one subject come together."""

    def __init__(self) -> None:
        self._quads = self._triples = self._subjects = self._entities = 0
        self._objects: set[str] = set()
        self._classes: Counter[str] = Counter()
        self._properties: Counter[str] = Counter()
        self._graphs: Counter[str] = Counter()
        self._links: dict[str, Counter[str]] = {}

    def watch(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield sorted N-Quads lines, and count them."""
        last_triple = last_subject = ""
        for line in lines:
            self._quads += 1
            self._graphs[_graph(line)] += 1
            triple = _triple(line)
            if triple != last_triple:
                subject, predicate, end = triple.split(" ", 2)
                self._count(subject, predicate, end)
                if subject != last_subject:
                    self._subjects += 1
                    self._entities += subject.startswith(f"<{ID}")
                last_triple, last_subject = triple, subject
            yield line

    def _count(self, subject: str, predicate: str, end: str) -> None:
        self._triples += 1
        self._properties[predicate[1:-1]] += 1
        self._objects.add(end)
        if predicate == _TYPE:
            self._classes[end[1:-1]] += 1
        if predicate[1:-1] in LINKS and subject.startswith(f"<{ID}") and not end.startswith(f"<{BASE}"):
            there = urlsplit(end[1:-1])
            self._links.setdefault(predicate[1:-1], Counter())[f"{there.scheme}://{there.netloc}/"] += 1

    def figures(self, dumps: Sequence[Dump]) -> Figures:
        """Return what was counted."""
        return Figures(
            self._quads,
            self._triples,
            self._entities,
            self._subjects,
            len(self._objects),
            dict(self._classes),
            dict(self._properties),
            dict(self._graphs),
            {predicate: dict(hosts) for predicate, hosts in self._links.items()},
            dumps,
        )


def main(words: Sequence[str]) -> None:
    """Write the dumps of the version in a folder; the server has this done beside it, in a process of its own."""
    (folder,) = words
    os.nice(19)  # who reads pages or asks goes first
    try:
        ensure_dumps(EmbeddedStore(Path(folder)))
    except CesergraphError as error:
        sys.exit(f"cesergraph: {error.say('fr')} / {error.say('en')}")


if __name__ == "__main__":
    main(sys.argv[1:])
