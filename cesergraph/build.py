"""From sources to a store: load, link, infer, check, write. One function for ``build``, one for ``load``."""

import hashlib
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import BinaryIO, cast

from rdflib import Dataset

from cesergraph import sources
from cesergraph.errors import RecordError, SourceChanged
from cesergraph.identifiers import meta_graph
from cesergraph.inference import infer
from cesergraph.link import Links, read_decisions
from cesergraph.namespaces import BASE, GRAPH
from cesergraph.nquads import Quad, iri, literal, term, text
from cesergraph.quality import QUALITY, measure
from cesergraph.resources import folder
from cesergraph.search import search_rows
from cesergraph.shapes import Problem, check
from cesergraph.store import Manifest, open_store, write_store, writing

Say = Callable[[str, str], None]
INFERENCE, QUOTATION = "inference", "quotation"
_DERIVED = (INFERENCE, QUALITY)
SAMPLE = 200  # one register subject in so many is validated by a build; the documents are validated whole
_APART = (INFERENCE, QUOTATION)
_META = f" <{GRAPH}meta/"
_TYPED = f" {term('rdf:type')} "


@dataclass
class Gathered:
    """The sorted N-Quads lines of each source, and what was read to make them."""

    lines: dict[str, list[str]] = field(default_factory=dict)
    read: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Summary:
    """What a build did: the manifest of the store it wrote, rows and files read, problems, seconds by step."""

    manifest: Manifest | None
    quads: Mapping[str, int]
    read: Mapping[str, int]
    files: Mapping[str, int]
    problems: tuple[Problem, ...]
    seconds: Mapping[str, float]

    @property
    def violations(self) -> int:
        """How many problems are violations."""
        return sum(problem.severity == "Violation" for problem in self.problems)


class Clock:
    """Seconds spent in each step of a run: for the summary only, never in what is built."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, step: str) -> None:
        """Give the time since the last lap to a step."""
        now = time.perf_counter()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._since
        self._since = now


def build(
    out: Path,
    *,
    records: Sequence[Path] = (),
    corpus: Path | None = None,
    only: Sequence[str] = (),
    say: Say = lambda fr, en: None,
) -> Summary:
    """Build the whole graph and swap it in; with a violation nothing is written and the summary says why.

    Raise RecordError where a committed or given record is refused, and every error of the sources and the store.
    """
    names = list(only) or sources.source_names()
    for name in names:
        sources.card(name)
    clock = Clock()
    with writing(out):
        links = Links(read_decisions(_decision_folders(records)))
        gathered = Gathered()
        for name in names:
            say(f"Lecture de {name}…", f"Reading {name}…")
            _gather(name, _files(name, records), links, corpus, gathered)
        if not only:
            links.check()
        gathered.lines["decision"] = _lines(links.quads())
        clock.lap("load")
        return _finish(out, gathered, clock, say)


def load(out: Path, source: str, files: Sequence[Path], errors: Path, *, say: Say = lambda fr, en: None) -> Summary:
    """Load files of one source into an existing store, in place of their graphs' earlier state and nothing else.

    Refused rows go to the file ``errors``; the good ones are loaded. Raise SourceChanged where no row is good.
    """
    clock = Clock()
    with writing(out):
        store = open_store(out)
        gathered = Gathered()
        loaded = [_load_file(source, sources.recognise(source, file), file) for file in files]
        refused = sources.write_errors(errors, loaded) if any(done.refusals for done in loaded) else 0
        if refused:
            say(f"{refused} refus, voir {errors}.", f"{refused} refusals, see {errors}.")
        for done in loaded:
            _refuse_nothing_good(done)
        links = Links(read_decisions(_decision_folders(())))
        new = _lines(quad for done in loaded for quad in links.apply(done.quads))
        gathered.lines = {name: store.quads(name) for name in store.manifest.sources if name not in _DERIVED}
        families = {_family(done, graph) for done in loaded for graph in {quad.graph for quad in done.quads}}
        for name in {source, QUOTATION} & set(gathered.lines):
            gathered.lines[name] = _without(gathered.lines[name], families)
        kept = [line for line in gathered.lines.get(source, []) if not _is_about(line, files)]
        graphs = sorted({quad.graph for done in loaded for quad in done.quads if quad.graph == done.table.graph})
        about = _lines(_metadata(source, graphs, [_digest(file) for file in files]))
        gathered.lines[source] = sorted({*kept, *new, *about})
        gathered.read[source] = sum(done.read for done in loaded)
        gathered.files[source] = len(loaded)
        for done in loaded:
            say(*_account(done))
        clock.lap("load")
        return _finish(out, gathered, clock, say)


def _account(done: sources.Loaded) -> tuple[str, str]:
    return (
        f"{done.file} ({done.table.name}) : {done.read} lignes lues, {done.accepted} prises, {done.refused} refusées.",
        f"{done.file} ({done.table.name}): {done.read} rows read, {done.accepted} taken, {done.refused} refused.",
    )


def _refuse_nothing_good(done: sources.Loaded) -> None:
    if done.read and not done.accepted:
        raise SourceChanged(
            fr=f"{done.file} : aucune des {done.read} lignes n'est bonne ; rien n'est chargé. La première : "
            f"{done.refusals[0].say('fr')}",
            en=f"{done.file}: none of the {done.read} rows is good; nothing is loaded. The first: "
            f"{done.refusals[0].say('en')}",
        )


def _family(done: sources.Loaded, graph: str) -> str:
    """What the graphs of all editions of one table, or of one document, begin with."""
    if graph == done.table.graph:
        return f"<{GRAPH}{done.table.source}/{done.table.family}"
    return graph if graph.startswith(f"<{GRAPH}meta/") else graph.rpartition("/")[0] + "/"


def _without(lines: Iterable[str], families: set[str]) -> list[str]:
    """Leave out the lines of some families of graphs, and the quotations of the documents among them."""
    quoted = (family.replace(f"<{GRAPH}", f"<{GRAPH}{QUOTATION}/").removesuffix("/") + ">" for family in families)
    starts = (*families, *quoted)
    return [line for line in lines if not line[line.rindex(" <") + 1 :].startswith(starts)]


def _files(source: str, records: Sequence[Path]) -> list[tuple[sources.Table, Traversable]]:
    """The files of a source: those committed, and for the source of records those of the given folders."""
    found = {file.name: (table, file) for table, file in sources.committed_files(source)}
    for table in sources.card(source).tables.values():
        if table.suffix == ".yaml":
            for room in records:
                found |= {file.name: (table, file) for file in sorted(room.glob("*.yaml"))}
    return list(found.values())


def _decision_folders(records: Sequence[Path]) -> list[Traversable]:
    """Where decisions lie: the package's own, then ``DIR/decisions`` of each folder of records."""
    return [folder("decisions"), *(room / "decisions" for room in records)]


def _load_file(source: str, table: sources.Table, file: Traversable) -> sources.Loaded:
    with file.open("rb") as stream:
        return sources.load(source, cast(BinaryIO, stream), table, file.name)


def _gather(
    source: str,
    files: Sequence[tuple[sources.Table, Traversable]],
    links: Links,
    corpus: Path | None,
    gathered: Gathered,
) -> None:
    """Load the files of one source; a refusal stops, since what is committed is ours to mend."""
    lines: set[str] = set()
    graphs: set[str] = set()
    digests: list[tuple[str, str]] = []
    for table, file in files:
        done = _load_file(source, table, file)
        _refuse(done.file, done.refusals)
        if corpus:
            _read_corpus(source, file, corpus, gathered)
        lines.update(quad.line() for quad in links.apply(done.quads))
        graphs.update(quad.graph for quad in done.quads if table.suffix == ".csv")
        digests.append(_digest(file))
        gathered.read[source] += done.read
        gathered.files[source] += 1
    lines.update(quad.line() for quad in _metadata(source, sorted(graphs), digests))
    gathered.lines[source] = sorted(lines)


def find_gaps(corpus: Path, records: Sequence[Path] = ()) -> list[sources.Gap]:
    """Return what the documents of a folder hold that no record accounts for."""
    gaps: list[sources.Gap] = []
    for name in sources.source_names():
        reader = sources.loader(name)
        if isinstance(reader, sources.Quoting):
            gaps += reader.find_gaps([file.read_bytes() for _, file in _files(name, records)], corpus)
    return gaps


def _refuse(file: str, refusals: Sequence[sources.Refusal]) -> None:
    if refusals:
        more = len(refusals) - 1
        raise RecordError(
            fr=f"{file}, {refusals[0].say('fr')}" + (f" Et {more} autre(s) refus." if more else ""),
            en=f"{file}, {refusals[0].say('en')}" + (f" And {more} more refusal(s)." if more else ""),
        )


def _read_corpus(source: str, file: Traversable, corpus: Path, gathered: Gathered) -> None:
    """Check the passages of a record in the document it was made from, where it is at hand, and quote them."""
    reader = sources.loader(source)
    if isinstance(reader, sources.Quoting):
        content = file.read_bytes()
        _refuse(file.name, reader.check_spans(content, corpus))
        quoted = gathered.lines.setdefault(QUOTATION, [])
        quoted[:] = sorted({*quoted, *_lines(reader.quotations(content, corpus))})


def _digest(file: Traversable) -> tuple[str, str]:
    return file.name, hashlib.sha256(file.read_bytes()).hexdigest()


def _is_about(line: str, files: Sequence[Path]) -> bool:
    """Tell whether a line gives the digest of an earlier file of the same name."""
    return _META in line and any(f'"{file.name} sha256:' in line for file in files)


def _metadata(source: str, graphs: Sequence[str], digests: Sequence[tuple[str, str]]) -> Iterator[Quad]:
    """What ``/graph/meta/{source}`` says: who publishes the source, under what licence, from which bytes."""
    card = sources.card(source)
    node, graph = iri(f"{BASE}dataset/{source}"), iri(meta_graph(source))

    def say(subject: str, predicate: str, obj: str) -> Quad:
        return Quad(subject, term(predicate), obj, graph, source)

    yield say(node, "rdf:type", term("dcat:Dataset"))
    for lang in ("fr", "en"):
        yield say(node, "dcterms:title", text(card.title[lang], lang))
        yield say(node, "dcterms:description", text(card.description[lang], lang))
    yield say(node, "dc:publisher", literal(card.publisher))
    yield say(node, "dcterms:license", iri(card.licence))
    yield say(node, "dcat:landingPage", iri(card.url))
    for name, digest in digests:
        yield say(node, "dcterms:identifier", literal(f"{name} sha256:{digest}"))
    for part in graphs:
        yield say(part, "dcterms:source", node)


def _lines(quads: Iterable[Quad]) -> list[str]:
    return sorted({quad.line() for quad in quads})


def _finish(out: Path, gathered: Gathered, clock: Clock, say: Say) -> Summary:
    """Infer, check, and write what was gathered; with a violation nothing is written."""
    say("Inférence…", "Inference…")
    everything = [line for lines in gathered.lines.values() for line in lines]
    registers = _registers(gathered.lines)
    gathered.lines[INFERENCE] = infer(everything, registers=registers)
    gathered.lines[QUALITY] = measure(
        [line for name in gathered.lines if name not in registers for line in gathered.lines[name]]
    )
    clock.lap("inference")
    say("Vérification…", "Validation…")
    problems = tuple(check_lines(gathered.lines))
    clock.lap("validation")
    manifest = None
    if not any(problem.severity == "Violation" for problem in problems):
        say("Écriture…", "Writing…")
        rows = search_rows(line for lines in gathered.lines.values() for line in lines)
        manifest = write_store(out, gathered.lines, search_rows=rows, problems=problems)
        clock.lap("write")
    return Summary(
        manifest=manifest,
        quads={name: len(lines) for name, lines in sorted(gathered.lines.items())},
        read=gathered.read,
        files=gathered.files,
        problems=problems,
        seconds=clock.seconds,
    )


def _registers(names: Iterable[str]) -> list[str]:
    known = set(sources.source_names())
    return [name for name in names if name in known and sources.card(name).register]


_OBJECT = re.compile(r"<[^>]*> <[^>]*> (<[^>]*>)")


def check_lines(lines: Mapping[str, Sequence[str]]) -> list[Problem]:
    """Validate every document and decision, and a fixed sample of the registers, with the shapes.

    What documents refer to in a register that was left out of the build is known all the same.
    The sample is one subject in ``SAMPLE``, told by the CRC of its IRI, and every subject a document refers to.
    What the sample refers to is there with its types only, so that no rule fails for want of its neighbour;
    what is found of such a neighbour is left out.
    """
    whole = [line for name in lines if name not in _APART and not _registers([name]) for line in lines[name]]
    registered = [line for name in _registers(lines) for line in lines[name]]
    known = {_subject(line) for line in whole} | _objects(whole)
    others = [*registered, *lines.get(INFERENCE, ())]
    taken = [line for line in others if _sampled(line) or _subject(line) in known or _META in line]
    neighbours = _left_out(known | _objects(taken), registered)
    taken += [line for line in neighbours if _subject(line) in known or _META in line]
    others += neighbours
    wanted = _objects(taken)
    typed = [line for line in others if _TYPED in line and _subject(line) in wanted]
    data = Dataset(default_union=True)
    data.parse(data="".join({*whole, *taken, *typed}), format="nquads")
    apart = {_subject(line)[1:-1] for line in typed} - {_subject(line)[1:-1] for line in (*whole, *taken)}
    return [problem for problem in check(data) if problem.focus not in apart]


def _left_out(known: set[str], registered: Sequence[str]) -> list[str]:
    """What the registers say of the things known, where a partial build or store does not hold them itself."""
    held = {line[line.rindex(" <") + 1 :].removesuffix(" .\n") for line in registered}
    apart = Gathered()
    for name in _registers(sources.source_names()):
        files = [(table, file) for table, file in sources.committed_files(name) if table.graph not in held]
        if files:
            _gather(name, files, Links(()), None, apart)
    lines = [line for found in apart.lines.values() for line in found]
    present = {_subject(line) for line in registered}
    wanted = (known | _objects(line for line in lines if _subject(line) in known)) - present
    return [line for line in lines if _subject(line) in wanted or _META in line]


def _subject(line: str) -> str:
    return line[: line.index(" ")]


def _objects(lines: Iterable[str]) -> set[str]:
    return {match.group(1) for line in lines if (match := _OBJECT.match(line))}


def _sampled(line: str) -> bool:
    return zlib.crc32(_subject(line).encode()) % SAMPLE == 0
