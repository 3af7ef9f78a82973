"""Each format is read back by somebody else's reader and holds the same answers."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from pyarrow import parquet
from pyoxigraph import QueryResultsFormat, RdfFormat, Store, parse, parse_query_results
from rdflib import Graph
from rdflib.compare import isomorphic
from rdflib.query import Result

from cesergraph.answers import Answers, evaluate, gather
from cesergraph.errors import ParameterError
from cesergraph.formats import write

DATA = Store()
DATA.load(
    b"""
    PREFIX cg: <https://w3id.org/cesergraph/def#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
    PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> BASE <https://w3id.org/cesergraph/id/>
    <territoire/region/01> a cg:Region ; skos:prefLabel "Guadeloupe"@fr ; cg:inseeCode "01" ; cg:orderNumber 1 .
    <territoire/region/24> a cg:Region ; cg:inseeCode "24" ; cg:asWritten "a, \\"b\\"\\n| *c* \\u001b[31m" .
    """,
    format=RdfFormat.TURTLE,
)
ROWS = evaluate(
    DATA,
    "PREFIX cg: <https://w3id.org/cesergraph/def#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    "SELECT ?region ?name ?code ?order ?text { ?region a cg:Region ; cg:inseeCode ?code "
    "OPTIONAL { ?region skos:prefLabel ?name } OPTIONAL { ?region cg:orderNumber ?order } "
    "OPTIONAL { ?region cg:asWritten ?text } } ORDER BY ?region",
)
NO_ROWS = evaluate(DATA, "SELECT ?s { ?s <urn:none> ?o } ORDER BY ?s")
YES, NO = evaluate(DATA, "ASK { ?s ?p ?o }"), evaluate(DATA, "ASK { ?s <urn:none> ?o }")
GRAPH = evaluate(DATA, "CONSTRUCT WHERE { ?s ?p ?o }")


def written(answers: Answers, format: str, lang: str = "fr") -> bytes:
    stream = io.BytesIO()
    write(answers, format, stream, lang)
    return stream.getvalue()


def text(answers: Answers, format: str, lang: str = "fr") -> str:
    return written(answers, format, lang).decode()


def test_table_for_a_file() -> None:
    assert text(ROWS, "table") == (
        "region                name        code  order  text\n"
        "--------------------  ----------  ----  -----  -----------------------\n"
        "territoire/region/01  Guadeloupe  01    1\n"
        'territoire/region/24              24           a, "b" | *c*  [31m\n'
    ).replace("-----------------------\n", "------------------\n")
    assert text(NO_ROWS, "table", "fr") == "Aucune réponse.\n"
    assert text(NO_ROWS, "table", "en") == "No answer.\n"
    assert [text(YES, "table", "fr"), text(NO, "table", "fr"), text(YES, "table", "en")] == ["oui\n", "non\n", "yes\n"]
    assert "territoire/region/01  rdf:type        cg:Region" in text(GRAPH, "table")


def test_wide_characters_keep_the_columns_in_line() -> None:
    rows = evaluate(DATA, 'SELECT ?a ?b { VALUES (?a ?b) { ("日本" "x") ("é" "y") } } ORDER BY ?b')
    assert text(rows, "table").splitlines()[2:] == ["日本  x", "é     y"]


def test_table_for_a_terminal() -> None:
    master, slave = os.openpty()
    with os.fdopen(slave, "wb") as terminal:
        write(ROWS, "table", terminal, "fr")
    shown = os.read(master, 10_000).decode()
    os.close(master)
    assert "┏━" in shown and "Guadeloupe" in shown and "│" in shown
    assert "\x1b[31m" not in shown, "what a document says must not steer the terminal"


def test_csv_is_that_of_rfc_4180_and_of_sparql() -> None:
    content = written(ROWS, "csv")
    base = "https://w3id.org/cesergraph/id/territoire/region/"
    assert content.startswith(f"region,name,code,order,text\r\n{base}01,Guadeloupe,01,1,\r\n".encode())
    assert content.endswith(b',,24,,"a, ""b""\n| *c* \x1b[31m"\r\n')
    assert list(csv.reader(io.StringIO(content.decode(), newline="")))[2][4] == 'a, "b"\n| *c* \x1b[31m'
    assert text(NO_ROWS, "csv") == "s\r\n"


@pytest.mark.parametrize("answers", [ROWS, NO_ROWS, YES, NO], ids=["rows", "no-rows", "yes", "no"])
def test_json_is_read_back_by_others(answers: Answers) -> None:
    content = written(answers, "json")
    assert gather(parse_query_results(content, format=QueryResultsFormat.JSON)) == answers
    other = Result.parse(io.BytesIO(content), format="json")
    if answers.kind == "ask":
        assert other.askAnswer == answers.boolean
        assert json.loads(content) == {"head": {}, "boolean": answers.boolean}
    else:
        assert [str(variable) for variable in other.vars or ()] == list(answers.columns)
        assert [[None if term is None else term.n3() for term in row] for row in other] == [  # type: ignore[union-attr]
            [n3(term) for term in row] for row in answers.rows
        ]


def n3(term: object) -> str | None:
    """Return a term as rdflib writes it."""
    if term is None:
        return None
    ((_, _, found),) = Graph().parse(data=f"<urn:s> <urn:p> {term} .", format="nt")
    return found.n3()


def test_json_says_no_more_than_the_standard() -> None:
    bindings = json.loads(written(ROWS, "json"))["results"]["bindings"]
    assert bindings[0] == {
        "region": {"type": "uri", "value": "https://w3id.org/cesergraph/id/territoire/region/01"},
        "name": {"type": "literal", "value": "Guadeloupe", "xml:lang": "fr"},
        "code": {"type": "literal", "value": "01"},
        "order": {"type": "literal", "value": "1", "datatype": "http://www.w3.org/2001/XMLSchema#integer"},
    }


def test_markdown() -> None:
    assert text(ROWS, "markdown").splitlines() == [
        "| region | name | code | order | text |",
        "| --- | --- | --- | --- | --- |",
        "| territoire/region/01 | Guadeloupe | 01 | 1 |  |",
        '| territoire/region/24 |  | 24 |  | a, "b" \\| \\*c\\*  \\[31m |',
    ]


TYPED = """
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?code ?count ?share ?ratio ?flag ?day ?time ?odd ?none ?local ?big ?zones { VALUES
(?code ?count ?share ?ratio ?flag ?day ?time ?odd ?none ?local ?big ?zones) {
("01" "5"^^xsd:nonNegativeInteger 1.5 1.5e0 true "2024-02-29"^^xsd:date "2024-02-29T10:00:00Z"^^xsd:dateTime
 1 UNDEF "2024-02-29T10:00:00"^^xsd:dateTime 1 "2024-02-29T10:00:00"^^xsd:dateTime)
("24" UNDEF 12.25 2.0e0 false "2024-03-01"^^xsd:date "2024-03-01T10:00:00+02:00"^^xsd:dateTime
 "one" UNDEF UNDEF 99999999999999999999 "2024-02-29T10:00:00Z"^^xsd:dateTime) } }
ORDER BY ?code
"""


def test_parquet_has_types_where_all_values_share_one() -> None:
    table = parquet.read_table(io.BytesIO(written(evaluate(Store(), TYPED), "parquet")))
    assert {field.name: field.type for field in table.schema} == {
        "code": pa.string(),
        "count": pa.int64(),
        "share": pa.decimal128(4, 2),
        "ratio": pa.float64(),
        "flag": pa.bool_(),
        "day": pa.date32(),
        "time": pa.timestamp("us", tz="UTC"),
        "odd": pa.string(),
        "none": pa.string(),
        "local": pa.timestamp("us"),
        "big": pa.string(),
        "zones": pa.string(),
    }
    first, second = table.to_pylist()
    assert first["code"] == "01" and (first["count"], second["count"]) == (5, None)
    assert (second["share"], second["day"], first["flag"]) == (Decimal("12.25"), date(2024, 3, 1), True)
    assert second["time"] == datetime(2024, 3, 1, 8, tzinfo=UTC)
    assert (first["odd"], second["odd"], second["big"]) == ("1", "one", "99999999999999999999")


def test_parquet_without_rows_keeps_the_columns() -> None:
    table = parquet.read_table(io.BytesIO(written(NO_ROWS, "parquet")))
    assert table.schema.names == ["s"] and table.num_rows == 0


@pytest.mark.parametrize(
    ("format", "oxigraph", "rdflib"),
    [
        ("turtle", RdfFormat.TURTLE, "turtle"),
        ("ntriples", RdfFormat.N_TRIPLES, "nt"),
        ("jsonld", RdfFormat.JSON_LD, "json-ld"),
    ],
)
def test_a_graph_is_read_back_by_others(format: str, oxigraph: RdfFormat, rdflib: str) -> None:
    content = written(GRAPH, format)
    assert len(GRAPH.triples) == 7
    assert {quad.triple for quad in parse(content, format=oxigraph)} == set(GRAPH.triples)
    expected = Graph().parse(data="".join(f"{triple} .\n" for triple in GRAPH.triples), format="nt")
    assert isomorphic(Graph().parse(data=content, format=rdflib), expected)
    assert format == "ntriples" or (b"cg:" in content and b"foaf" not in content), "only the prefixes that are used"


def test_a_graph_without_triples() -> None:
    nothing = evaluate(DATA, "CONSTRUCT WHERE { ?s <urn:none> ?o }")
    assert text(nothing, "table", "en") == "No answer.\n"
    assert text(nothing, "turtle") == text(nothing, "ntriples") == ""
    assert json.loads(text(nothing, "jsonld")) in ([], {})


@pytest.mark.parametrize(
    ("answers", "format", "fr", "en"),
    [
        (ROWS, "turtle", "des lignes ; attendu : table, csv, json", "rows; expected: table, csv, json"),
        (YES, "csv", "un oui ou non ; attendu : table, json", "a yes or no; expected: table, json"),
        (GRAPH, "json", "un graphe ; attendu : table, csv, markdown", "a graph; expected: table, csv, markdown"),
        (ROWS, "docx", "'docx' ne convient pas", "'docx' does not suit"),
    ],
)
def test_a_format_that_cannot_hold_the_answers(answers: Answers, format: str, fr: str, en: str) -> None:
    with pytest.raises(ParameterError) as error:
        write(answers, format, io.BytesIO(), "fr")
    assert fr in error.value.fr and en in error.value.en


PRINT_ALL = """
import sys
sys.path[:0] = sys.argv[1:]
from test_formats import GRAPH, ROWS, written
for answers, formats in ((ROWS, "table csv json markdown parquet"), (GRAPH, "turtle ntriples jsonld table csv")):
    for format in formats.split():
        sys.stdout.buffer.write(written(answers, format))
"""


def test_the_same_answers_give_the_same_bytes_in_any_process() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PRINT_ALL, *sys.path],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1 and len(outputs.pop()) > 3000
