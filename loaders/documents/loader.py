"""Read curated records and describe them: one graph a document, each item with the passages it rests on."""

import json
from bisect import bisect_right
from collections.abc import Iterator
from itertools import groupby
from typing import BinaryIO, cast

import pyarrow as pa

from cesergraph import identifiers
from cesergraph.namespaces import ID
from cesergraph.nquads import Quad, iri, literal, term, text
from cesergraph.sources import FAULT, ROW, Batch, Described, Refusal, Table, rows
from loaders.documents.corpus import check_spans, quotations, refresh
from loaders.documents.coverage import find_gaps
from loaders.documents.forms import date_datatype
from loaders.documents.kinds import Field, kinds
from loaders.documents.records import Entry, Item, read_record
from loaders.documents.schema import schema
from loaders.documents.spans import Span, passage_path

__all__ = ["check_spans", "describe", "find_gaps", "quotations", "read_batches", "refresh", "schema"]

_DATATYPES = {
    "string": "xsd:string",
    "siren": "xsd:string",
    "integer": "xsd:nonNegativeInteger",
    "decimal": "xsd:decimal",
    "datetime": "xsd:dateTime",
    "year": "xsd:gYear",
    "duration": "xsd:duration",
    "uri": "xsd:anyURI",
}
_HOW_FR = "Relevé à la main depuis le fichier dont c'est l'empreinte SHA-256 ; le texte n'y est pas."
_HOW_EN = "Recorded by hand from the file of this SHA-256 digest; the text itself is not in it."


def read_batches(stream: BinaryIO, table: Table) -> Iterator[Batch]:
    """Yield the items of one record, one a row; an item at fault gives a row for each line at fault instead."""
    record = read_record(stream.read())
    document = json.dumps({"key": record.key, "sha256": record.sha256, "lines": record.lines})
    found: list[tuple[str, str, str, str, str, int]] = []
    for item in record.items:
        if item.entry is not None:
            entry = json.dumps(item.entry, ensure_ascii=False)
            found.append((item.kind, item.key, entry, document, "[]", item.line))
        found.extend((item.kind, item.key, "", document, faults, line) for line, faults in _faults_by_line(item))
    columns = list(zip(*found, strict=True)) or [()] * 6
    arrays = [pa.array(column, pa.string()) for column in columns[:5]]
    numbers = pa.array(columns[5], pa.int64())
    yield pa.RecordBatch.from_arrays(
        [*arrays, numbers, pa.nulls(len(numbers), pa.string())],
        names=["kind", "key", "item", "document", "faults", ROW, FAULT],
    )


def _faults_by_line(item: Item) -> Iterator[tuple[int, str]]:
    ordered = sorted(item.faults, key=lambda fault: fault.row)
    for line, faults in groupby(ordered, key=lambda fault: fault.row):
        said = [[f.column, f.value, f.expected_fr, f.expected_en, f.repair] for f in faults]
        yield line, json.dumps(said, ensure_ascii=False)


def describe(batch: Batch, table: Table) -> Described:
    """Return what the items of a batch state, in the graph of their document; a pure function of the batch."""
    done = Described()
    for row in rows(batch):
        done.refusals.extend(Refusal(row[ROW], *fault) for fault in json.loads(row["faults"]))
        if not row["item"]:
            continue
        document = json.loads(row["document"])
        writer = _Writer(document["key"], document["sha256"], document["lines"])
        entry = cast(Entry, json.loads(row["item"]))
        writer.write(entry, entry["path"])
        if row["kind"] == "header":
            writer.write_capture(entry)
        done.quads.extend(writer.quads)
    return done


class _Writer:
    """Writes the entries of one document as quads."""

    def __init__(self, document: str, sha256: str, lines: list[int]) -> None:
        self.quads: list[Quad] = []
        self._lines = lines
        self._document = document
        self._sha256 = sha256
        self._graph = iri(identifiers.graph(document, sha256[:12]))
        self._capture = _thing(f"capture/{sha256[:12]}")

    def write(self, entry: Entry, item: str) -> None:
        """Write one entry and those nested in it; ``item`` is the path of the record item they belong to."""
        kind = kinds()[entry["kind"]]
        if not kind.classes:
            return
        subject = _thing(entry["path"])
        self._add(subject, "rdf:type", term(f"cg:{entry['type']}"), item)
        if kind.also:  # readers of W3C Web Annotations know this class, and not our ontology
            self._add(subject, "rdf:type", term(kind.also), item)
        for name, values in entry["values"].items():
            for value in values:
                self._write_value(subject, kind.fields[name], value, item)
        for name, parts in entry["parts"].items():
            for part in parts:
                self.write(part, item)
                self._link(subject, kind.fields[name], _thing(part["path"]), item)
                if kind.fields[name].evidence:
                    self._add(subject, "cg:evidencedBy", _thing(part["path"]), item)
        for start, end, digest in entry["at"]:
            span = Span(start, end, digest)
            passage = subject if kind.passage else _thing(passage_path(self._document, span))
            self._write_passage(passage, span, kind.passage, item)
            for curie in () if kind.passage else kind.evidence:
                self._add(subject, curie, passage, item)

    def write_capture(self, header: Entry) -> None:
        """Write the file the record was read from, and in the meta graph what this graph is."""
        item, document = header["path"], _thing(header["path"])
        whole = header["values"].get("captured_with", [item])[0]
        self._add(self._capture, "rdf:type", term("cg:Capture"), item)
        self._add(self._capture, "cg:captureOf", _thing(whole), item)
        self._add(self._capture, "cg:captureDigest", literal(self._sha256), item)
        meta = iri(identifiers.meta_graph(self._document))
        about = [
            ("rdf:type", term("dcat:Dataset")),
            ("dcterms:title", text(header["values"]["label"][0], "fr")),
            ("dcterms:description", text(_HOW_FR, "fr")),
            ("dcterms:description", text(_HOW_EN, "en")),
            ("dcterms:source", document),
            ("dcterms:identifier", literal(self._sha256)),
            ("dcat:version", literal(self._sha256[:12])),
            *(("dcterms:publisher", _thing(path)) for path in header["values"].get("issued_by", [])),
        ]
        self.quads.extend(Quad(self._graph, term(curie), value, meta, item) for curie, value in about)

    def _add(self, subject: str, curie: str, value: str, item: str) -> None:
        self.quads.append(Quad(subject, term(curie), value, self._graph, item))

    def _link(self, subject: str, known: Field, value: str, item: str) -> None:
        ends = (value, subject) if known.inverse else (subject, value)
        self._add(ends[0], known.property, ends[1], item)

    def _write_value(self, subject: str, known: Field, value: str, item: str) -> None:
        if not known.property:
            return
        if known.value == "url-or-lost" and value == "lost":
            target = iri(f"{subject[1:-1]}#target")
            self._add(target, "rdf:type", term("cg:LostTarget"), item)
            self._link(subject, known, target, item)
        else:
            self._link(subject, known, _object(known, value), item)

    def _write_passage(self, passage: str, span: Span, typed: bool, item: str) -> None:
        selector = iri(f"{passage[1:-1]}#position")
        if not typed:
            self._add(passage, "rdf:type", term("cg:Passage"), item)
        self._add(passage, "cg:passageOf", _thing(f"document/{self._document}"), item)
        self._add(passage, "cg:spanDigest", literal(span.digest), item)
        if self._lines:
            line = bisect_right(self._lines, span.start) + 1
            self._add(passage, "cg:startLine", literal(str(line), "xsd:nonNegativeInteger"), item)
        self._add(passage, "oa:hasSource", self._capture, item)
        self._add(passage, "oa:hasSelector", selector, item)
        self._add(selector, "rdf:type", term("oa:TextPositionSelector"), item)
        self._add(selector, "oa:start", literal(str(span.start), "xsd:nonNegativeInteger"), item)
        self._add(selector, "oa:end", literal(str(span.end), "xsd:nonNegativeInteger"), item)


def _thing(path: str) -> str:
    return iri(ID + path)


def _object(known: Field, value: str) -> str:
    match known.value:
        case "text":
            return text(value, "fr")
        case "code":
            return iri(identifiers.concept(known.scheme, value))
        case "ref":
            return _thing(value)
        case "iri" | "url-or-lost":
            return iri(value)
        case "date":
            return literal(value, date_datatype(value))
        case other:
            return literal(value, _DATATYPES[other])
