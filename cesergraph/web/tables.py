"""Answers as people read them on a page: a table whose things are links, a bar chart, a file for spreadsheets."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pyoxigraph import Literal, NamedNode, Triple

from cesergraph.answers import Answers, Row, Term, plain
from cesergraph.namespaces import GRAPH, ID, expand
from cesergraph.web.site import Site, date_in, number_in, texts

SIZE = 200
_BARS = 30
_LABELS = ("label", "name", "title")
_NUMBERS = {
    expand(f"xsd:{name}")
    for name in (
        "integer decimal double float long int short byte nonNegativeInteger positiveInteger nonPositiveInteger "
        "negativeInteger unsignedLong unsignedInt unsignedShort unsignedByte"
    ).split()
}
_DATES = {expand(f"xsd:{name}") for name in ("date", "gYear", "gYearMonth")}
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r\n]")


@dataclass(frozen=True)
class Cell:
    """One value: its words, where a link leads (empty: nowhere), the language of the words (empty: none)."""

    text: str
    href: str = ""
    lang: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class Column:
    """The head of a column; ``numeric`` where all its values are numbers."""

    name: str
    numeric: bool


@dataclass(frozen=True)
class Bar:
    """One bar: what it is of, its value, and its length as a share of the longest."""

    label: Cell
    value: str
    share: float


@dataclass(frozen=True)
class Chart:
    """The bars of the first rows, where the answers are words and numbers; ``total`` counts all rows."""

    label: str
    value: str
    bars: tuple[Bar, ...]
    total: int


@dataclass(frozen=True)
class Table:
    """One page of answers; ``words`` are the texts of the macros that write it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    page: int
    pages: int
    size: int
    chart: Chart | None
    words: Mapping[str, Any]


def as_table(site: Site, answers: Answers, lang: str, page: int = 1, size: int = SIZE) -> Table:
    """Return a page of answers as a table; a page that does not exist gives the nearest that does.

    Triples are rows of three columns, a yes or no is one cell. A column that only repeats the names of the things in
    the column before it is left out.
    """
    words = texts("_answers", lang)
    names, rows = _as_rows(answers, words)
    writer = _Writer(site, lang, words)
    pages = max(1, -(-len(rows) // size))
    page = min(max(1, page), pages)
    here = rows[size * (page - 1) :][:size]
    shown = [tuple(map(writer.cell, row)) for row in here]
    kept = _worth_showing(names, here, shown)
    columns = tuple(Column(names[at], _is_numeric(rows, at)) for at in kept)
    return Table(
        columns,
        tuple(tuple(row[at] for at in kept) for row in shown),
        len(rows),
        page,
        pages,
        size,
        _chart(writer, columns, [[row[at] for at in kept] for row in rows]),
        words,
    )


def _as_rows(answers: Answers, words: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[Row]]:
    if answers.kind == "ask":
        return (words["verdict"],), [(Literal(words["yes"] if answers.boolean else words["no"]),)]
    if answers.kind == "graph":
        triples = [(triple.subject, triple.predicate, triple.object) for triple in answers.triples]
        return (words["subject"], words["predicate"], words["object"]), triples
    return answers.columns, answers.rows


@dataclass(frozen=True)
class _Writer:
    site: Site
    lang: str
    words: Mapping[str, Any]

    def cell(self, term: Term | None) -> Cell:
        """Return a term in words."""
        if isinstance(term, NamedNode):
            return self._thing(term.value)
        if isinstance(term, Literal):
            return self._literal(term)
        if isinstance(term, Triple):
            parts = (self.cell(part).text for part in (term.subject, term.predicate, term.object))
            return Cell(f"«{' · '.join(parts)}»")
        return Cell(plain(term) or "")

    def _thing(self, iri: str) -> Cell:
        label = self.site.things.label(iri, self.lang)
        is_french = iri.startswith((ID, GRAPH)) and not iri.endswith(label)
        return Cell(label, self.site.href(iri, self.lang), "fr" if is_french else "")

    def _literal(self, term: Literal) -> Cell:
        datatype = term.datatype.value
        if datatype in _NUMBERS:
            return Cell(_number(term.value, self.lang), numeric=True)
        if datatype in _DATES:
            return Cell(date_in(self.lang)(term.value))
        if datatype == expand("xsd:boolean"):
            return Cell(self.words["yes"] if term.value in ("true", "1") else self.words["no"])
        if datatype == expand("xsd:anyURI") and term.value.startswith(("https://", "http://")):
            return Cell(term.value, term.value)
        return Cell(term.value, lang=term.language or "")


def _number(text: str, lang: str) -> str:
    value = _value(text)
    return text if value is None else number_in(lang)(format(value, "f"))


def _value(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 40 else None


def _is_numeric(rows: Sequence[Row], at: int) -> bool:
    values = [row[at] for row in rows if row[at] is not None]
    return bool(values) and all(isinstance(one, Literal) and one.datatype.value in _NUMBERS for one in values)


def _worth_showing(names: Sequence[str], rows: Sequence[Row], shown: Sequence[Sequence[Cell]]) -> list[int]:
    def repeats(at: int) -> bool:
        return names[at] in _LABELS and all(
            isinstance(row[at - 1], NamedNode) and cells[at].text == cells[at - 1].text
            for row, cells in zip(rows, shown, strict=True)
        )

    return [at for at in range(len(names)) if at == 0 or not shown or not repeats(at)]


def _chart(writer: _Writer, columns: Sequence[Column], rows: Sequence[Sequence[Term | None]]) -> Chart | None:
    """Return the chart of rows of a name and a number each, where no name comes twice and no number is negative."""
    if len(rows) < 2 or [column.numeric for column in columns] != [False, True]:
        return None
    values = [_value(plain(number) or "") for _, number in rows]
    numbers = [value for value in values if value is not None and value >= 0]
    if len(numbers) < len(rows) or not any(numbers) or len({name for name, _ in rows}) < len(rows):
        return None
    longest = max(numbers[:_BARS]) or Decimal(1)
    bars = tuple(
        Bar(writer.cell(name), writer.cell(number).text, round(float(value / longest), 4))
        for (name, number), value in zip(rows[:_BARS], numbers[:_BARS], strict=True)
    )
    return Chart(columns[0].name, columns[1].name, bars, len(rows))


def spreadsheet(answers: Answers, lang: str) -> bytes:
    """Return answers as CSV that a spreadsheet of a language opens well and in which it runs nothing.

    A text that would be read as a formula gets an apostrophe before it (OWASP, CSV Injection). A French spreadsheet
    expects semicolons and decimal commas; the mark at the beginning tells that the text is UTF-8.
    """
    names, rows = _as_rows(answers, texts("_answers", lang))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";" if lang == "fr" else ",")
    writer.writerow([_harmless(name) for name in names])
    writer.writerows([_spreadsheet_cell(term, lang) for term in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _spreadsheet_cell(term: Term | None, lang: str) -> str:
    text = plain(term) or ""
    if isinstance(term, Literal) and term.datatype.value in _NUMBERS and (value := _value(text)) is not None:
        number = format(value, "f")
        return number.replace(".", ",") if lang == "fr" else number
    return _harmless(text)


def _harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text
