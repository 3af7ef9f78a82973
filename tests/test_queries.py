"""The runner keeps its promises, and each query of queries/ keeps those of its header."""

import re
from collections.abc import Iterable
from typing import cast

import pytest
import servers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyoxigraph import Store
from rdflib import Graph

from cesergraph.answers import evaluate, plain
from cesergraph.errors import HeaderError, ParameterError
from cesergraph.namespaces import ID
from cesergraph.queries import Parameter, Query, all_queries, get_query
from cesergraph.store import EmbeddedStore

mini_store = servers.mini_store

LABEL = {"fr": "code de région", "en": "region code"}
COUNCILS = Query.read(
    "councils_of_a_region",
    """\
#+ title.fr = "Conseils d'une région"
#+ title.en = "Councils of a region"
#+ description.fr = "Le conseil d'une région, avec le SIREN de la Région."
#+ description.en = "The council of a region, with the SIREN of its authority."
#+ parameters.code = { type = "string", pattern = "[0-9]{2}", label.fr = "code de région", label.en = "region code" }
#+ parameters.council = { type = "iri", label.fr = "conseil", label.en = "council" }
#+ columns = ["council", "name", "siren"]
#+ tags = ["council"]
PREFIX cg: <https://w3id.org/cesergraph/def#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?council ?name ?siren WHERE {
  VALUES ?code { "24" }
  VALUES ?council { UNDEF }
  ?region a cg:Region ; cg:inseeCode ?code .
  ?authority cg:administers ?region .
  ?council a cg:RegionalCouncil ; cg:assemblyOf ?authority ; skos:prefLabel ?name .
  OPTIONAL { ?authority cg:siren ?siren }
}
ORDER BY ?council
""",
)
CENTRE = {
    "council": f"{ID}organisation/conseil-regional-centre-val-de-loire",
    "name": "Conseil régional Centre-Val de Loire",
    "siren": "234500023",
}
GUADELOUPE = {
    "council": f"{ID}organisation/conseil-regional-guadeloupe",
    "name": "Conseil régional de Guadeloupe",
    "siren": "239710015",
}


def test_defaults_hold_and_values_replace_them(mini_store: EmbeddedStore) -> None:
    assert COUNCILS.run(mini_store) == [CENTRE]
    assert COUNCILS.run(mini_store, code="01") == [GUADELOUPE]
    assert COUNCILS.run(mini_store, code=["01", "24", "01"]) == [CENTRE, GUADELOUPE]
    assert COUNCILS.run(mini_store, code="99") == []
    assert COUNCILS.answers(mini_store).columns == COUNCILS.columns
    assert (COUNCILS.parameters["code"].default, COUNCILS.parameters["council"].default) == ('"24"', "UNDEF")


def test_one_graph_shows_what_the_union_counts_twice(mini_store: EmbeddedStore) -> None:
    once, union = servers.single_graph(mini_store), mini_store
    assert COUNCILS.run(once) == COUNCILS.run(union) == [CENTRE]
    kinds = "SELECT (COUNT(%s?s) AS ?n) { ?s a <https://w3id.org/cesergraph/def#Recommendation> }"
    assert once.query(kinds % "DISTINCT ") == union.query(kinds % "DISTINCT ")
    assert once.query(kinds % "") != union.query(kinds % "")


@pytest.mark.parametrize(
    "value", [GUADELOUPE["council"], "organisation/conseil-regional-guadeloupe"], ids=["full", "path"]
)
def test_an_iri_can_be_given_in_short(value: str, mini_store: EmbeddedStore) -> None:
    assert COUNCILS.run(mini_store, code=["01", "24"], council=value) == [GUADELOUPE]


def test_terms_of_each_type() -> None:
    def term(type: str, value: str) -> str:
        return Parameter("p", type, LABEL).term(value)

    assert term("iri", "cg:Region") == "<https://w3id.org/cesergraph/def#Region>"
    assert term("iri", "territoire/region/24") == f"<{ID}territoire/region/24>"
    assert term("iri", "urn:x:1") == "<urn:x:1>"
    assert term("integer", "-007") == '"-007"^^<http://www.w3.org/2001/XMLSchema#integer>'
    assert term("date", "2024-02-29") == '"2024-02-29"^^<http://www.w3.org/2001/XMLSchema#date>'
    assert term("string", 'a "b" \\ \n') == '"a \\"b\\" \\\\ \\n"'


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("iri", "https://x.test/a> } ?s ?p ?o #"),
        ("iri", "https://x.test/a b"),
        ("iri", "territoire"),
        ("iri", "territory/region/24"),
        ("iri", "territoire/région/24"),
        ("iri", "cg:Region> }"),
        ("iri", ""),
        ("integer", "many"),
        ("integer", "1 } #"),
        ("integer", "1_000"),
        ("integer", "٣"),
        ("date", "2021-13-01"),
        ("date", "2023-02-29"),
        ("date", "20210101"),
        ("date", "2021-W01-1"),
        ("string", "half \ud800"),
    ],
)
def test_a_value_has_the_type_it_claims(type: str, value: str) -> None:
    with pytest.raises(ParameterError, match="region code") as error:
        Parameter("p", type, LABEL).term(value)
    assert "attendu : code de région" in error.value.fr


@pytest.mark.parametrize(
    ("values", "en", "fr"),
    [
        ({"kode": "24"}, "It takes: code, council. Did you mean code?", "Vouliez-vous dire code ?"),
        ({"code": "024"}, "of the form [0-9]{2}", "de la forme [0-9]{2}"),
        ({"code": "24\n"}, "of the form [0-9]{2}", "de la forme [0-9]{2}"),
        ({"code": ["24", '53" } ?s ?p ?o #']}, "of the form [0-9]{2}", "de la forme [0-9]{2}"),
        ({"code": []}, "at least one value", "au moins une valeur"),
    ],
)
def test_what_a_query_does_not_take(
    values: dict[str, str | list[str]], en: str, fr: str, mini_store: EmbeddedStore
) -> None:
    with pytest.raises(ParameterError) as error:
        COUNCILS.run(mini_store, **values)
    assert en in error.value.en and fr in error.value.fr


ECHO = Query.read(
    "echo",
    """\
#+ title = { fr = "x", en = "x" }
#+ description = { fr = "x", en = "x" }
#+ parameters.first = { type = "string", label.fr = "un", label.en = "one" }
#+ parameters.second = { type = "string", label.fr = "deux", label.en = "two" }
#+ parameters.node = { type = "iri", label.fr = "nœud", label.en = "node" }
#+ columns = ["first", "second", "node", "o"]
SELECT ?first ?second ?node ?o WHERE {
  VALUES ?first { "one" }
  VALUES ?second { "two" }
  VALUES ?node { <urn:nobody> }
  OPTIONAL { ?node ?p ?o }
}
ORDER BY ?o
""",
)
SECRET = Store()
SECRET.update('INSERT DATA { <urn:x> <urn:p> "secret" }')
PIECES = [
    '"',
    '"""',
    "'",
    "\\",
    "\\u0022",
    "}",
    "{",
    "?s ?p ?o",
    ">",
    "<",
    "#",
    "\n",
    "\r",
    "\x00",
    "\u2028",
    " UNION ",
]
LINES = ["VALUES ?second { }", "VALUES ?node { <urn:x> }", "\\g<0>", "\\1", "UNDEF", "é", "𝄞", "\ufeff"]
NASTY = st.text() | st.lists(st.sampled_from([*PIECES, *LINES]), max_size=8).map("".join)


@settings(deadline=None)
@given(NASTY, NASTY)
@example("\\u0022 } ?s ?p ?o #", "\\\\\\U00000022\x01\\\x01u0022")
@example("\x01abcd", "\x010022 } #")
@example('x" } VALUES ?second { "', "VALUES ?first { <urn:x> }")
@example("VALUES ?node { <urn:nobody> }", '" } ?node ?p ?o . VALUES ?x { "')
def test_a_string_cannot_break_out(first: str, second: str) -> None:
    text = ECHO.bind({"first": first, "second": second})
    expected = [first, second, "urn:nobody", None]
    (row,) = evaluate(SECRET, text).rows
    assert [plain(term) for term in row] == expected
    if "\x00" not in first + second:  # rdflib's scanner stops at it
        (other,) = cast(Iterable[Iterable[object]], Graph().query(text))
        assert [None if term is None else str(term) for term in other] == expected


@settings(deadline=None)
@given(st.one_of(NASTY, NASTY.map("urn:".__add__), NASTY.map("cg:".__add__), NASTY.map("groupe/".__add__)))
@example("urn:y> } { <urn:x> ?p ?o } #")
@example("urn:y> <urn:x")
def test_an_iri_cannot_break_out(value: str) -> None:
    try:
        text = ECHO.bind({"node": value})
    except ParameterError:
        return
    (row,) = evaluate(SECRET, text).rows
    assert f"VALUES ?node {{ {row[2]} }}" in text
    assert row[3] is None or plain(row[2]) == value == "urn:x"


@pytest.mark.parametrize(
    ("change", "en"),
    [
        (("#+ title.en", "#+ titel.en"), "see to: titel, title"),
        (("#+ description.en", "#+ description.de"), "see to: description"),
        (("#+ columns", "#+ colonnes"), "see to: colonnes, columns"),
        (('type = "iri"', 'type = "uri"'), "parameter council must have type"),
        (('label.en = "council"', 'label.de = "Rat"'), "parameter council must have type"),
        (("VALUES ?council { UNDEF }", ""), "parameter council has 0 lines"),
        (("VALUES ?council", "VALUES ?code"), "parameter code has 2 lines"),
        (("#+ tags = [", "#+ tags = "), "the header is not TOML"),
    ],
)
def test_a_header_that_is_not_as_it_must_be(change: tuple[str, str], en: str) -> None:
    text = "".join(f"{line}\n" for line in header_lines(COUNCILS)) + COUNCILS.text.partition("PREFIX")[2]
    assert change[0] in text
    with pytest.raises(HeaderError) as error:
        Query.read("councils_of_a_region", text.replace(*change))
    assert en in error.value.en and error.value.fr.startswith("councils_of_a_region : ")


def header_lines(query: Query) -> list[str]:
    return [line for line in query.text.splitlines() if line.startswith("#+")]


def test_a_query_that_is_not_there() -> None:
    with pytest.raises(ParameterError, match="No query named 'zzz'") as error:
        get_query("zzz")
    assert "Aucune requête 'zzz'." in error.value.fr and "nearest" not in error.value.en
    for name in NAMES[:1]:
        with pytest.raises(ParameterError, match=f"The nearest: .*{name}"):
            get_query(name[:-1])
        assert get_query(name) is all_queries()[name]


NAMES = sorted(all_queries())
_VALUE = re.compile(r'"([^"]*)"(?:\^\^xsd:\w+)?|<([^>]*)>|([\w-]+:[^\s}]+)|([+-]?[0-9]+)')


@pytest.mark.parametrize("name", NAMES)
def test_header_matches_text(name: str) -> None:
    query = all_queries()[name]
    assert all(text.strip() for text in (*query.title.values(), *query.description.values()))
    found = evaluate(Store(), query.text)
    assert found.kind == "select" and found.columns == query.columns
    assert re.search(r"^ORDER BY [^{}]*\Z", query.text, re.MULTILINE), "a query ends in an ORDER BY"
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_values_the_parameter_would_take(name: str) -> None:
    for parameter in all_queries()[name].parameters.values():
        values = [next(filter(None, groups), "") for groups in _VALUE.findall(parameter.default)]
        assert values or parameter.default == "UNDEF", f"{parameter.name}: a value or UNDEF, please"
        for value in values:
            parameter.term(value)


@pytest.mark.parametrize("name", NAMES)
def test_a_triple_in_two_graphs_is_counted_once(name: str) -> None:
    text = "\n".join(line for line in all_queries()[name].text.splitlines() if not line.lstrip().startswith("#"))
    if not re.search(r"\bGRAPH\b", text):
        assert not re.search(r"\bCOUNT\s*\(\s*(?!DISTINCT\b)", text, re.IGNORECASE), "COUNT(DISTINCT …), please"
