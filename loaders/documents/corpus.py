"""What needs the text of a document: the check of its passages, their quotations, the digests a record lacks."""

import re
import textwrap
from pathlib import Path

from cesergraph import identifiers
from cesergraph.namespaces import ID
from cesergraph.nquads import Quad, iri, literal, term
from cesergraph.sources import Change, Refusal
from loaders.documents.expectations import expected
from loaders.documents.kinds import kinds
from loaders.documents.records import Record, read_record
from loaders.documents.schema import schema_text
from loaders.documents.spans import file_digest, find_document, line_starts, passage_path, read_span, span_digest


def check_spans(record: bytes, corpus: Path) -> list[Refusal]:
    """Return where the passages of a record are not those of its document, each with its repair.

    Nothing where the folder does not hold the document.
    """
    read = read_record(record)
    file = find_document(corpus, read.sha256)
    if file is None:
        return _other_document(read, corpus)
    content = file.read_bytes().decode()
    found = []
    if read.characters != len(content):
        said = expected("characters", file=file.name)
        found.append(Refusal(read.sha256_line, "characters", str(read.characters), *said, str(len(content))))
    if read.lines and read.lines != line_starts(content):
        found.append(Refusal(read.sha256_line, "lines", "…", *expected("lines", file=file.name)))
    for line, written in read.spans:
        span = read_span(written)
        if span is None or not span.start < span.end <= len(content):
            continue  # read_record has refused it
        right = span._replace(digest=span_digest(content[span.start : span.end]))
        if span != right:
            said = expected("digest", file=file.name) if span.digest else expected("span")
            found.append(Refusal(line, "at", written, *said, str(right)))
    return found


def _other_document(read: Record, corpus: Path) -> list[Refusal]:
    """Return the refusal of a record whose file is there under its name, but with another content."""
    file = corpus / read.file
    if not read.file or not file.is_file():
        return []
    said = expected("sha256", file=read.file)
    return [Refusal(read.sha256_line, "sha256", read.sha256, *said, file_digest(file))]


def quotations(record: bytes, corpus: Path) -> list[Quad]:
    """Return the text of each passage as a text quote selector, in a graph of its own; nothing without the document."""
    read = read_record(record)
    file = find_document(corpus, read.sha256)
    if file is None:
        return []
    content = file.read_bytes().decode()
    graph = iri(identifiers.graph("quotation", read.key))
    found: set[Quad] = set()
    for entry in read.entries():
        kind = kinds()[entry["kind"]]
        for span in entry["at"] if kind.classes else []:
            path = entry["path"] if kind.passage else passage_path(read.key, span)
            quote = iri(f"{ID}{path}#quote")
            found.add(Quad(iri(ID + path), term("oa:hasSelector"), quote, graph, path))
            found.add(Quad(quote, term("rdf:type"), term("oa:TextQuoteSelector"), graph, path))
            found.add(Quad(quote, term("oa:exact"), literal(content[span.start : span.end]), graph, path))
    return sorted(found)


def refresh(folder: Path, package: Path | None) -> list[Change]:
    """Write the JSON Schema, and into the records the digests and line starts they lack, from the corpus ``package``.

    Return what changed. A digest that is there and differs is never touched: it is what the curator read.
    """
    said = []
    target = folder / "record.schema.json"
    if not target.is_file() or target.read_text(encoding="utf-8") != schema_text():
        target.write_text(schema_text(), encoding="utf-8")
        said.append(Change(f"{target.name} est réécrit.", f"{target.name} is rewritten."))
    if package is not None:
        said.extend(
            line
            for file in sorted((folder / "records").glob("*.yaml"))
            for add in (_add_digests, _add_lines)
            for line in add(file, package)
        )
    return said


def _add_digests(file: Path, corpus: Path) -> list[Change]:
    lines = file.read_text(encoding="utf-8").split("\n")
    missing = [r for r in check_spans(file.read_bytes(), corpus) if r.column == "at" and "/" not in r.value]
    for refusal in missing:
        place = refusal.row - 1
        lines[place] = re.sub(rf"\b{refusal.value}\b(?!/)", refusal.repair, lines[place], count=1)
    if not missing:
        return []
    file.write_text("\n".join(lines), encoding="utf-8")
    count = len(missing)
    return [Change(f"{file.name} : {count} empreintes ajoutées.", f"{file.name}: {count} digests added.")]


def _add_lines(file: Path, corpus: Path) -> list[Change]:
    """Write into the header of a record where the lines of its document begin, below the number of characters."""
    content = file.read_text(encoding="utf-8")
    read = read_record(content.encode())
    document = find_document(corpus, read.sha256)
    if read.lines or document is None:
        return []
    offsets = " ".join(map(str, line_starts(document.read_bytes().decode())))
    folded = textwrap.fill(offsets, 118, initial_indent="    ", subsequent_indent="    ")
    written = re.sub(r"(?m)^  characters: .*$", lambda found: f"{found[0]}\n  lines: >-\n{folded}", content, count=1)
    file.write_text(written, encoding="utf-8")
    return [Change(f"{file.name} : les lignes sont repérées.", f"{file.name}: the lines are located.")]
