"""Answers as text or bytes: tables for people, CSV, JSON, Markdown and Parquet for programs, RDF for graphs."""

import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import IO, Any

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from cesergraph.answers import Answers, Row, Term, plain
from cesergraph.errors import ParameterError
from cesergraph.namespaces import PREFIXES, expand, shorten

_STRING = expand("xsd:string")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_EMPTY = {"fr": "Aucune réponse.", "en": "No answer."}
_VERDICT = {"fr": {True: "oui", False: "non"}, "en": {True: "yes", False: "no"}}


def write(answers: Answers, format: str, stream: IO[bytes], lang: str) -> None:
    """Write answers to a binary stream; raise ParameterError where the format cannot hold them.

    Rows take table, csv, json, markdown and parquet; a yes or no takes table, json and markdown; a graph takes
    turtle, ntriples and jsonld, and as rows of subject, predicate and object table, csv, markdown and parquet.
    """
    takes = _FORMATS[answers.kind]
    if format not in takes:
        what_fr, what_en = _KINDS[answers.kind]
        raise ParameterError(
            fr=f"Le format {format!r} ne convient pas à {what_fr} ; attendu : {', '.join(takes)}.",
            en=f"Format {format!r} does not suit {what_en}; expected: {', '.join(takes)}.",
        )
    takes[format](answers, stream, lang)


def _rows(answers: Answers) -> tuple[Sequence[str], Sequence[Row]]:
    if answers.kind != "graph":
        return answers.columns, answers.rows
    triples = [(triple.subject, triple.predicate, triple.object) for triple in answers.triples]
    return ("subject", "predicate", "object"), triples


def _cell(term: Term | None) -> str:
    """Return a term for a reader: IRIs shortened, one line, nothing that a terminal would obey."""
    text = plain(term) or ""
    return _CONTROL.sub(" ", shorten(text) if isinstance(term, NamedNode) else text)


def _write_table(answers: Answers, stream: IO[bytes], lang: str) -> None:
    columns, rows = _rows(answers)
    cells = [[_cell(term) for term in row] for row in rows]
    if not cells:
        text = _EMPTY[lang] + "\n"
    elif stream.isatty():
        text = _framed(columns, cells)
    else:
        text = _aligned(columns, cells)
    stream.write(text.encode())


def _framed(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    # Imported here, like pyarrow and rdflib below: each takes longer to import than a query to run.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in columns:
        table.add_column(Text(column))
    for row in cells:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    console = Console(file=io.StringIO(), force_terminal=True, width=shutil.get_terminal_size().columns)
    with console.capture() as written:
        console.print(table)
    return written.get()


def _aligned(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    from rich.cells import cell_len

    lines = [columns, *cells]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    padded = (
        "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return "".join(f"{line}\n" for line in padded)


def _write_markdown(answers: Answers, stream: IO[bytes], lang: str) -> None:
    columns, rows = _rows(answers)
    lines = [columns, ["---"] * len(columns), *([_cell(term) for term in row] for row in rows)]
    escaped = (" | ".join(re.sub(r"([\\|<>*_`\[\]])", r"\\\1", cell) for cell in line) for line in lines)
    stream.write("".join(f"| {line} |\n" for line in escaped).encode())


def _write_csv(answers: Answers, stream: IO[bytes], lang: str) -> None:
    columns, rows = _rows(answers)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([plain(term) or "" for term in row] for row in rows)
    stream.write(text.getvalue().encode())


def _write_json(answers: Answers, stream: IO[bytes], lang: str) -> None:
    bindings = [
        {name: _json_term(term) for name, term in zip(answers.columns, row, strict=True) if term is not None}
        for row in answers.rows
    ]
    _dump({"head": {"vars": list(answers.columns)}, "results": {"bindings": bindings}}, stream)


def _json_term(term: Term) -> dict[str, Any]:
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, BlankNode):
        return {"type": "bnode", "value": term.value}
    if isinstance(term, Triple):
        parts = {name: _json_term(getattr(term, name)) for name in ("subject", "predicate", "object")}
        return {"type": "triple", "value": parts}
    found = {"type": "literal", "value": term.value}
    if term.language:
        return {**found, "xml:lang": term.language}
    return found if term.datatype.value == _STRING else {**found, "datatype": term.datatype.value}


def _dump(value: object, stream: IO[bytes]) -> None:
    stream.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")


def _write_parquet(answers: Answers, stream: IO[bytes], lang: str) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    columns, rows = _rows(answers)
    terms: Sequence[Sequence[Term | None]] = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    arrays = [_column(column) or pa.array([plain(term) for term in column], pa.string()) for column in terms]
    parquet.write_table(pa.Table.from_arrays(arrays, names=list(columns)), stream)


def _column(terms: Sequence[Term | None]) -> Any:
    """Return a typed Arrow array where all values are of one datatype and fit it, else None."""
    import pyarrow as pa

    datatypes = {term.datatype.value if isinstance(term, Literal) else "" for term in terms if term is not None}
    convert = _TYPED.get(datatypes.pop()) if len(datatypes) == 1 else None
    if convert is None:
        return None
    try:
        values = [None if term is None else convert(str(plain(term))) for term in terms]
        if len({value.tzinfo is None for value in values if isinstance(value, datetime)}) > 1:
            return None
        return pa.array(values)
    except (ValueError, KeyError, ArithmeticError):
        return None


_INTEGERS = (
    "integer long int short byte nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger "
    "unsignedLong unsignedInt unsignedShort unsignedByte"
)
_TYPED: dict[str, Callable[[str], Any]] = {
    **{expand(f"xsd:{name}"): int for name in _INTEGERS.split()},
    expand("xsd:decimal"): Decimal,
    expand("xsd:double"): float,
    expand("xsd:float"): float,
    expand("xsd:boolean"): {"true": True, "1": True, "false": False, "0": False}.__getitem__,
    expand("xsd:date"): date.fromisoformat,
    expand("xsd:dateTime"): datetime.fromisoformat,
}


def _write_verdict(answers: Answers, stream: IO[bytes], lang: str) -> None:
    stream.write(f"{_VERDICT[lang][bool(answers.boolean)]}\n".encode())


def _write_boolean(answers: Answers, stream: IO[bytes], lang: str) -> None:
    _dump({"head": {}, "boolean": bool(answers.boolean)}, stream)


def _write_turtle(answers: Answers, stream: IO[bytes], lang: str) -> None:
    serialize(answers.triples, stream, RdfFormat.TURTLE, prefixes=_used_prefixes(answers))


def _write_ntriples(answers: Answers, stream: IO[bytes], lang: str) -> None:
    serialize(answers.triples, stream, RdfFormat.N_TRIPLES)


def _write_jsonld(answers: Answers, stream: IO[bytes], lang: str) -> None:
    from rdflib import Graph

    data = Graph().parse(data="".join(f"{triple} .\n" for triple in answers.triples), format="nt")
    document = json.loads(data.serialize(format="json-ld", context=_used_prefixes(answers)))
    if "@graph" in document:
        document["@graph"].sort(key=itemgetter("@id"))  # rdflib gives the nodes in another order each time
    _dump(document, stream)


def _used_prefixes(answers: Answers) -> dict[str, str]:
    text = " ".join(map(str, answers.triples))
    return {prefix: base for prefix, base in PREFIXES.items() if f"<{base}" in text}


_Writer = Callable[[Answers, IO[bytes], str], None]
_AS_ROWS: dict[str, _Writer] = {
    "table": _write_table,
    "csv": _write_csv,
    "json": _write_json,
    "markdown": _write_markdown,
    "parquet": _write_parquet,
}
_FORMATS: dict[str, dict[str, _Writer]] = {
    "select": _AS_ROWS,
    "ask": {"table": _write_verdict, "json": _write_boolean, "markdown": _write_verdict},
    "graph": {
        **{name: writer for name, writer in _AS_ROWS.items() if name != "json"},
        "turtle": _write_turtle,
        "ntriples": _write_ntriples,
        "jsonld": _write_jsonld,
    },
}
_KINDS = {
    "select": ("des lignes", "rows"),
    "ask": ("un oui ou non", "a yes or no"),
    "graph": ("un graphe", "a graph"),
}
