"""Find the loaders, and run one over its files: every package below ``loaders`` that has a card.

A loader gives two functions. ``read_batches`` turns the bytes of one file into Arrow batches of
text columns; ``describe`` is a pure function of one batch. Nothing here names a loader, so the same
two functions run batch by batch on one core, on all of them, or on a cluster.
"""

import csv
import importlib
import io
import pkgutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, TypeAlias, cast, runtime_checkable

import pyarrow as pa

import loaders
from cesergraph import identifiers
from cesergraph.errors import ParameterError, ResourceNotFound, SourceChanged
from cesergraph.nquads import Quad, iri

Batch: TypeAlias = pa.RecordBatch
BATCH_ROWS = 8192
ROW, FAULT = "_row", "_fault"


@dataclass(frozen=True)
class Table:
    """One ``[tables.<name>]`` of a card: what a file of this source looks like."""

    source: str
    name: str
    columns: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    rows: tuple[int, int] = (1, 10_000_000)
    encoding: str = "utf-8"
    delimiter: str = ","
    edition: str = ""
    file: str | None = None
    suffix: str = ".csv"
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def graph(self) -> str:
        """The graph of what this edition of this table states, as an N-Quads term."""
        return iri(identifiers.graph(self.source, self.family + self.edition))

    @property
    def family(self) -> str:
        """What the graphs of all editions of this table have in common after the name of the source."""
        return self.name.replace("_", "-") + "-"


@dataclass(frozen=True)
class Refusal:
    """Why one row was not taken: the column, what stands there, what was expected, a repair where one is sure."""

    row: int
    column: str
    value: str
    expected_fr: str
    expected_en: str
    repair: str = ""

    def say(self, lang: str) -> str:
        """Return the refusal as one sentence in ``fr`` or ``en``."""
        if lang == "en":
            repair = f" Proposed repair: {self.repair}." if self.repair else ""
            return f"line {self.row}, {self.column}: {self.value!r}; expected: {self.expected_en}.{repair}"
        repair = f" Réparation proposée : {self.repair}." if self.repair else ""
        return f"ligne {self.row}, {self.column} : {self.value!r} ; attendu : {self.expected_fr}.{repair}"


@dataclass
class Described:
    """What one batch states, and the rows of it that were refused."""

    quads: list[Quad] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


@dataclass
class Loaded:
    """The outcome of one file: every row is accepted or refused."""

    table: Table
    file: str
    read: int
    quads: list[Quad]
    refusals: list[Refusal]

    @property
    def refused(self) -> int:
        """How many rows were refused, each counted once."""
        return len({refusal.row for refusal in self.refusals})

    @property
    def accepted(self) -> int:
        """How many rows were taken."""
        return self.read - self.refused


class Loader(Protocol):
    """What ``loaders/<source>/loader.py`` offers."""

    def read_batches(self, stream: BinaryIO, table: Table) -> Iterator[Batch]: ...
    def describe(self, batch: Batch, table: Table) -> Described: ...


class Gap(NamedTuple):
    """A place of a document that no record accounts for: line from 1, str offsets, kind of place, first words."""

    file: str
    line: int
    start: int
    end: int
    kind: str
    text: str


@runtime_checkable
class Quoting(Protocol):
    """What the loader of a source of documents offers besides, for a machine that has the documents."""

    def check_spans(self, record: bytes, corpus: Path) -> list[Refusal]: ...
    def quotations(self, record: bytes, corpus: Path) -> list[Quad]: ...
    def find_gaps(self, records: Sequence[bytes], corpus: Path) -> list[Gap]: ...


@dataclass(frozen=True)
class Card:
    """Who publishes a source, under what licence, and what its files look like.

    A register is national in size: its rules and shapes are run on a part of it (``build.py`` says which).
    """

    source: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    publisher: str
    licence: str
    url: str
    tables: Mapping[str, Table]
    register: bool


def source_names() -> list[str]:
    """Return the names of all sources, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(loaders.__path__) if module.ispkg)


@cache
def card(source: str) -> Card:
    """Return the card of a source; raise ParameterError where there is no such source."""
    if source not in source_names():
        near = get_close_matches(source, source_names(), n=1)
        raise ParameterError(
            fr=f"Aucune source {source!r}. Il y a : {', '.join(source_names())}." + _near_fr(near),
            en=f"No source {source!r}. There is: {', '.join(source_names())}." + _near_en(near),
        )
    room = files(f"loaders.{source}")
    data = tomllib.loads(room.joinpath("source.toml").read_text(encoding="utf-8"))
    lookups = room.joinpath("lookups.toml")
    corrections = tomllib.loads(lookups.read_text(encoding="utf-8")) if lookups.is_file() else {}
    tables = {name: _table(source, name, entry, corrections) for name, entry in data["tables"].items()}
    return Card(
        source=source,
        title=data["title"],
        description=data["description"],
        publisher=data["publisher"],
        licence=data["licence"],
        url=data["url"],
        tables=tables,
        register=data.get("register", True),
    )


def _near_fr(near: list[str]) -> str:
    return f" Vouliez-vous dire {near[0]} ?" if near else ""


def _near_en(near: list[str]) -> str:
    return f" Did you mean {near[0]}?" if near else ""


def _table(source: str, name: str, entry: Mapping[str, Any], lookups: Mapping[str, Any]) -> Table:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return Table(**{"source": source, "name": name, "lookups": lookups, **fields})


def loader(source: str) -> Loader:
    """Return the loader module of a source."""
    card(source)
    return cast(Loader, importlib.import_module(f"loaders.{source}.loader"))


def committed_files(source: str) -> list[tuple[Table, Traversable]]:
    """Return the files a source brings with it, table by table; a folder gives its files of the table's suffix."""
    found: list[tuple[Table, Traversable]] = []
    for table in card(source).tables.values():
        if table.file is None:
            continue
        place = files(f"loaders.{source}").joinpath(*table.file.split("/"))
        if place.is_dir():
            inside = sorted((f for f in place.iterdir() if f.name.endswith(table.suffix)), key=lambda f: f.name)
            found.extend((table, file) for file in inside)
        elif place.is_file():
            found.append((table, place))
        else:
            raise ResourceNotFound(
                fr=f"{source} : le fichier {table.file} de la table {table.name} manque ; réinstallez cesergraph.",
                en=f"{source}: the file {table.file} of table {table.name} is missing; reinstall cesergraph.",
            )
    return found


def recognise(source: str, file: Path) -> Table:
    """Return the table of a source that a file belongs to, told by its suffix and header; raise SourceChanged."""
    tables = [t for t in card(source).tables.values() if t.suffix == file.suffix.lower()]
    if not tables:
        wanted = ", ".join(sorted({t.suffix for t in card(source).tables.values()}))
        raise SourceChanged(
            fr=f"{file} : la source {source} lit des fichiers {wanted}, pas {file.suffix or 'sans extension'}.",
            en=f"{file}: source {source} reads {wanted} files, not {file.suffix or 'files without a suffix'}.",
        )
    if len(tables) == 1:
        return tables[0]
    with file.open("rb") as stream:
        first = stream.readline()
    for table in tables:
        if set(_split(first, table)) == {*table.columns, *table.ignored}:
            return table
    return min(tables, key=lambda t: len(set(_split(first, t)) ^ {*t.columns, *t.ignored}))


def _split(line: bytes, table: Table) -> list[str]:
    text = line.decode(table.encoding, errors="replace").removeprefix("\ufeff")
    return next(csv.reader([text], delimiter=table.delimiter), [])


def read_csv(stream: BinaryIO, table: Table) -> Iterator[Batch]:
    """Yield the rows of a delimited file as batches of text columns, ``_row`` and ``_fault``.

    ``_row`` is the line on which the row ends (the header is line 1). A row with too few or too many fields
    keeps its place with its ``_fault`` said. Raise SourceChanged where the header differs from the card, or
    where the bytes are not in the encoding of the card.
    """
    text = io.TextIOWrapper(stream, encoding=table.encoding, newline="")
    try:
        yield from _read_rows(_numbered(text, table), table)
    except UnicodeDecodeError as error:
        raise SourceChanged(
            fr=f"{table.source}, table {table.name} : octet {error.start} illisible en {table.encoding} ; "
            f"enregistrez le fichier en {table.encoding}.",
            en=f"{table.source}, table {table.name}: byte {error.start} is not {table.encoding}; "
            f"save the file as {table.encoding}.",
        ) from error
    finally:
        text.detach()  # the stream is the caller's to close


def _numbered(text: Iterable[str], table: Table) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, delimiter=table.delimiter)
    return ((reader.line_num, row) for row in reader)


def _read_rows(reader: Iterator[tuple[int, list[str]]], table: Table) -> Iterator[Batch]:
    header = [name.removeprefix("\ufeff") for name in next(reader, (0, []))[1]]
    _check_header(header, table)
    chunk: list[list[str]] = []
    numbers: list[int] = []
    faults: list[str | None] = []
    for line, row in reader:
        if not row:
            continue
        fault = None if len(row) == len(header) else f"{len(row)}/{len(header)}"
        chunk.append(row if fault is None else (row + [""] * len(header))[: len(header)])
        numbers.append(line)
        faults.append(fault)
        if len(chunk) == BATCH_ROWS:
            yield _batch(header, chunk, numbers, faults)
            chunk, numbers, faults = [], [], []
    yield _batch(header, chunk, numbers, faults)


def _check_header(header: list[str], table: Table) -> None:
    wanted = [*table.columns, *table.ignored]
    missing = [name for name in wanted if name not in header]
    unread = [name for name in header if name not in wanted]
    twice = sorted({name for name in header if header.count(name) > 1})
    if not (missing or unread or twice):
        return
    hint = {name: get_close_matches(name, unread, n=1) for name in missing}
    gone = ", ".join(f"{name} ({near[0]} ?)" if (near := hint[name]) else name for name in missing)
    parts_fr = [
        f"colonne absente : {gone}" if gone else "",
        f"colonne que rien ne lit : {', '.join(unread)}" * bool(unread),
    ]
    parts_en = [
        f"missing column: {gone}" if gone else "",
        f"column that nothing reads: {', '.join(unread)}" * bool(unread),
    ]
    parts_fr.append(f"colonne en double : {', '.join(twice)}" * bool(twice))
    parts_en.append(f"column that stands twice: {', '.join(twice)}" * bool(twice))
    raise SourceChanged(
        fr=f"{table.source}, table {table.name} : l'en-tête a changé ; {' ; '.join(filter(None, parts_fr))}. "
        f"Attendu : {table.delimiter.join(wanted)}.",
        en=f"{table.source}, table {table.name}: the header has changed; {'; '.join(filter(None, parts_en))}. "
        f"Expected: {table.delimiter.join(wanted)}.",
    )


def _batch(header: list[str], chunk: list[list[str]], numbers: list[int], faults: list[str | None]) -> Batch:
    columns = list(zip(*chunk, strict=True)) if chunk else [()] * len(header)
    arrays = [pa.array(column, pa.string()) for column in columns]
    return pa.RecordBatch.from_arrays(
        [*arrays, pa.array(numbers, pa.int64()), pa.array(faults, pa.string())], names=[*header, ROW, FAULT]
    )


def rows(batch: Batch) -> Iterator[dict[str, Any]]:
    """Yield the rows of a batch as mappings: text columns as ``str``, ``_row`` as ``int``."""
    names = batch.schema.names
    for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        yield dict(zip(names, values, strict=True))


def load(source: str, stream: BinaryIO, table: Table, name: str) -> Loaded:
    """Read and describe one file; every row is accepted or refused, and their number is within the card's bounds.

    Raise SourceChanged where the header, the encoding or the number of rows is not what the card says.
    """
    module = loader(source)
    done = Loaded(table=table, file=name, read=0, quads=[], refusals=[])
    for batch in module.read_batches(stream, table):
        done.read += batch.num_rows
        good, faulty = _sound(batch)
        done.refusals.extend(faulty)
        described = module.describe(good, table)
        done.quads.extend(described.quads)
        done.refusals.extend(described.refusals)
    least, most = table.rows
    if not least <= done.read <= most:
        raise SourceChanged(
            fr=f"{source}, table {table.name}, {name} : {done.read} lignes lues, attendu : de {least} à {most}.",
            en=f"{source}, table {table.name}, {name}: {done.read} rows read, expected: {least} to {most}.",
        )
    done.refusals.sort(key=lambda r: (r.row, r.column))
    return done


def _sound(batch: Batch) -> tuple[Batch, list[Refusal]]:
    """Part a batch into the rows that were read and the refusals of those that were not."""
    faults = batch.column(FAULT)
    if faults.null_count == batch.num_rows:
        return batch, []
    refusals = []
    for number, fault in zip(batch.column(ROW).to_pylist(), faults.to_pylist(), strict=True):
        if fault is not None:
            found, wanted = fault.split("/")
            refusals.append(
                Refusal(number, "*", f"{found} champs", f"{wanted} champs sur la ligne", f"{wanted} fields on the line")
            )
    return batch.filter(faults.is_null()), refusals


@dataclass(frozen=True)
class Change:
    """One thing a renewal changed, said in both languages."""

    fr: str
    en: str

    def say(self, lang: str) -> str:
        """Return the change as a sentence in ``fr`` or ``en``."""
        return self.en if lang == "en" else self.fr


def refresh(source: str, package: Path | None) -> list[Change]:
    """Rewrite the committed tables of a source from its publisher's package; return what changed.

    Raise ParameterError where the source has no tables that a package renews.
    """
    renew = getattr(loader(source), "refresh", None)
    if renew is None:
        raise ParameterError(
            fr=f"La source {source} n'a pas de table qu'un paquet renouvelle.",
            en=f"Source {source} has no table that a package renews.",
        )
    return cast(list[Change], renew(Path(str(files(f"loaders.{source}"))), package))


def record_schema() -> str:
    """Return the JSON Schema of curated records, as its committed text."""
    found = [files(f"loaders.{name}").joinpath("record.schema.json") for name in source_names()]
    return next(file for file in found if file.is_file()).read_text(encoding="utf-8")


ERROR_COLUMNS = ("file", "row", "column", "value", "attendu", "expected", "repair")


def write_errors(path: Path, loaded: Iterable[Loaded]) -> int:
    """Write the refusals as a CSV that a spreadsheet opens (UTF-8 with mark); return how many there are."""
    lines = [
        (done.file, r.row, r.column, r.value, r.expected_fr, r.expected_en, r.repair)
        for done in loaded
        for r in done.refusals
    ]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(ERROR_COLUMNS)
        writer.writerows(lines)
    return len(lines)
