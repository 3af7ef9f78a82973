"""The pages of the named queries and the files of their answers; tables and charts of answers on any page."""

import csv
import io
import json
from collections.abc import Sequence
from urllib.parse import unquote

import pyoxigraph as ox
import pytest
import servers
from test_vocabularies import Markup

from cesergraph.answers import Answers, Term
from cesergraph.errors import NotFound, ParameterError
from cesergraph.namespaces import BASE, CG, GRAPH, ID, VOCAB, expand
from cesergraph.queries import all_queries
from cesergraph.store import EmbeddedStore, open_store, write_store
from cesergraph.things import Things
from cesergraph.vocabulary import term_label
from cesergraph.web.pages import question, questions
from cesergraph.web.site import LANGUAGES, Page, Request, Site, texts
from cesergraph.web.tables import as_table, spreadsheet

mini_store = servers.mini_store
RELATIONS = """
<id/relation/d/1> a cg:Relation ; cg:relationFrom <id/organisation/x> ; cg:relationTo <id/organisation/y> ;
    cg:relationKind <vocab/relation-kind/supports> ; cg:modality <vocab/modality/planned> ;
    cg:evidencedBy <id/passage/d/1> .
<id/organisation/x> a cg:Organisation , cg:Actor ; skos:prefLabel "Alpha <b>"@fr .
<id/organisation/y> a cg:Organisation , cg:Actor ; skos:prefLabel "Bêta"@fr .
<id/organisation/z> a cg:Organisation ; skos:prefLabel "Jumeau"@fr .
<id/nom/d/1> cg:namedThing <id/organisation/x> ; cg:nameAsWritten "A1" , "A2" , "A3" , "A4" .
<id/nom/d/2> cg:namedThing <id/organisation/y> ; cg:nameAsWritten "B1" , "B2" .
<id/territoire/z> a cg:Territory ; skos:prefLabel "Jumeau"@fr .
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedStore:
    """A store with one relation, two organisations, and two things of one name."""
    prefixes = f"@base <{BASE}> . @prefix cg: <{CG}> . @prefix skos: <{expand('skos:')}> ."
    graph = ox.NamedNode(GRAPH + "essai/0123456789ab")
    triples = ox.parse(prefixes + RELATIONS, format=ox.RdfFormat.TURTLE)
    lines = sorted(f"{ox.Quad(one.subject, one.predicate, one.object, graph)} .\n" for one in triples)
    path = tmp_path_factory.mktemp("relations") / "store"
    write_store(path, {"essai": lines}, search_rows=[], problems=[])
    return open_store(path)


def _site(store: EmbeddedStore, *, static: bool = False) -> Site:
    return Site(store, store, Things(store.data, store), "http://localhost/", static=static)


@pytest.fixture(scope="module")
def site(store: EmbeddedStore) -> Site:
    """A site over that store."""
    return _site(store)


@pytest.fixture(scope="module")
def mini(mini_store: EmbeddedStore) -> Site:
    """A site over the mini graph."""
    return _site(mini_store)


def made(site: Site, name: str, lang: str = "fr", **query: list[str]) -> Page:
    """Return the page of a query."""
    return question.make(site, lang, Request({"name": name}, query))


def written(site: Site, page: Page, lang: str = "fr") -> str:
    """Return a page as HTML."""
    return site.render(page, lang, "/questions/x").decode()


def rows(*lines: Sequence[object], columns: Sequence[str] = ("name", "number")) -> Answers:
    """Return answers whose numbers are typed and whose texts are plain."""

    def term(value: object) -> Term:
        kind = {int: "integer", float: "decimal"}.get(type(value))
        if isinstance(value, ox.NamedNode | ox.Literal):
            return value
        return ox.Literal(str(value), datatype=ox.NamedNode(expand(f"xsd:{kind}"))) if kind else ox.Literal(str(value))

    return Answers("select", tuple(columns), tuple(tuple(map(term, line)) for line in lines))


# Every page


def test_all_questions_stand_on_one_page(mini: Site) -> None:
    for lang in LANGUAGES:
        told = Markup(mini.render(questions.make(mini, lang, Request()), lang, "/questions"))
        start = "/en" if lang == "en" else ""
        assert [link for link in told.links if link.startswith(f"{start}/questions/")]
        assert {f"{start}/questions/{name}" for name in all_queries()} <= set(told.links)
        assert len(set(told.ids)) == len(told.ids) and told.refused == []
        assert all(query.title[lang] in " ".join(told.words) for query in all_queries().values())


@pytest.mark.parametrize("name", all_queries())
def test_a_question_has_its_page_in_both_languages(mini: Site, name: str) -> None:
    query = all_queries()[name]
    for lang in LANGUAGES:
        page = made(mini, name, lang)
        told = Markup(written(mini, page, lang).encode())
        assert page.status == 200 and page.title == query.title[lang] and told.refused == []
        assert len(set(told.ids)) == len(told.ids)
        names = {field.get("name") for field in told.fields} - {"q"}
        assert names == set(query.parameters)
        assert {f"/questions/{name}.{one}" for one in ("csv", "json", "md")} <= set(told.links)


def test_every_column_and_tag_has_words_in_both_languages() -> None:
    for lang in LANGUAGES:
        columns, tags = texts("question", lang)["columns"], texts("questions", lang)["tags"]
        used = {column for query in all_queries().values() for column in query.columns}
        assert used and used <= set(columns)
        assert {tag for query in all_queries().values() for tag in query.tags} <= set(tags)
        special = [key.split(".") for key in columns if "." in key]
        assert special and all(column in all_queries()[name].columns for name, column in special)


def test_no_parameter_is_called_as_the_page_calls_its_own() -> None:
    assert not {"page", "excel"} & {name for query in all_queries().values() for name in query.parameters}


# Answers


def test_words_that_name_a_thing_lead_to_it(site: Site) -> None:
    page = made(site, "relations_between_actors")
    html = written(site, page)
    assert '<a href="/doc/organisation/x"><bdi>Alpha &lt;b&gt;</bdi></a>' in html and "<b>" not in html
    assert 'href="/vocab/modality/planned"' in html and "<bdi>prévu</bdi>" in html
    assert 'href="/vocab/relation-kind/supports"' in html
    assert '<th scope="col">modalité</th>' in html
    english = written(site, made(site, "relations_between_actors", "en"), "en")
    assert (
        '<a href="/en/doc/organisation/y"><bdi lang="fr">Bêta</bdi></a>' in english and "<bdi>planned</bdi>" in english
    )


def test_a_name_of_two_things_leads_to_neither(site: Site) -> None:
    twin, own = ox.Literal("Jumeau", language="fr"), ox.Literal("Bêta", language="fr")
    told = question.with_things(site, rows([twin], [own], ["Bêta"], columns=["name"]))
    assert [row[0] for row in told.rows] == [twin, ox.NamedNode(ID + "organisation/y"), ox.Literal("Bêta")]


def test_codes_are_told_by_their_column_and_only_where_all_are_codes(site: Site) -> None:
    def meant(column: str, *values: str) -> list[Term | None]:
        return [row[0] for row in question.with_things(site, rows(*([one] for one in values), columns=[column])).rows]

    assert meant("modality", "planned", "negated") == [
        ox.NamedNode(f"{VOCAB}modality/{one}") for one in ("planned", "negated")
    ]
    assert meant("modality", "planned", "2030") == [ox.Literal("planned"), ox.Literal("2030")]
    assert meant("note", "planned") == [ox.Literal("planned")]
    assert meant("capacity", "speaker", "x y") == [ox.NamedNode(CG + "speaker"), ox.Literal("x y")]
    assert meant("kind", "issued", "signedOn") == [
        ox.NamedNode(expand(one)) for one in ("dcterms:issued", "cg:signedOn")
    ]
    assert all(term_label(VOCAB + scheme, "fr") for lists in question._CODES.values() for scheme in lists)


def test_the_query_is_shown_without_its_header_and_can_be_opened(site: Site) -> None:
    html = written(site, made(site, "vote_by_voter"))
    shown = html[html.index("<pre") : html.index("</pre>")]
    assert "SELECT" in shown and "#+" not in shown
    links = [link for link in Markup(html.encode()).links if link.startswith("/sparql?query=")]
    assert len(links) == 1 and unquote(links[0]).partition("query=")[2] == made(site, "vote_by_voter").values["text"]


def test_a_question_tells_the_competency_questions_it_answers(site: Site) -> None:
    html = written(site, made(site, "regions_with_their_ceser", "en"), "en")
    assert "Which 18 regions have a CESER, and which authority administers each?" in html and "CQ-001" in html


def test_the_sources_of_an_answer_are_told(site: Site) -> None:
    page = made(site, "relations_between_actors")
    assert page.values["sources"] == [("graph/essai/0123456789ab", "/graph/essai/0123456789ab")]
    assert made(site, "relations_of_a_modality").values["sources"] == []


# Parameters


@pytest.mark.parametrize(
    "given", ["organisation/x", BASE + "id/organisation/x", "http://localhost/en/doc/organisation/x", "BETA"]
)
def test_a_thing_is_taken_by_identifier_address_and_name(site: Site, given: str) -> None:
    page = made(site, "relations_between_actors", actor=[given, " "])
    html = written(site, page)
    assert page.status == 200 and not page.indexed
    asked = "y" if given == "BETA" else "x"
    assert f"VALUES ?actor {{ &lt;https://w3id.org/cesergraph/id/organisation/{asked}&gt; }}" in html
    assert f'<span class="means"><a href="/doc/organisation/{asked}">' in html


def test_several_values_are_taken_and_shown_again(site: Site) -> None:
    page = made(site, "relations_between_actors", actor=["organisation/y", "organisation/z"])
    fields = [one["value"] for one in Markup(written(site, page).encode()).fields if one.get("name") == "actor"]
    assert fields == ["organisation/y", "organisation/z", ""]


def test_a_wrong_value_is_told_beside_its_field_and_an_unknown_parameter_above(site: Site) -> None:
    page = made(site, "communes_of_an_intercommunality", "en", siren=["<script>"], sirn=["1"])
    html = written(site, page, "en")
    assert page.status == 400 and page.values["table"] is None
    field = html[html.index('id="fault-siren"') :]
    assert "[0-9]{9}" in field[:300] and 'value="&lt;script&gt;"' in html and "<script>" not in html
    assert 'aria-describedby="hint-siren fault-siren" aria-invalid="true"' in html
    assert "Did you mean siren?" in html[: html.index("<form class=")] or "Did you mean siren?" in html
    assert made(site, "relations_between_actors", actor=["nobody at all"]).status == 400


def test_more_values_than_a_person_types_are_refused(site: Site) -> None:
    few, many = ([f"organisation/n{at}" for at in range(count)] for count in (20, 21))
    assert made(site, "relations_between_actors", actor=few).status == 200
    page = made(site, "relations_between_actors", actor=many)
    assert page.status == 400 and "21 valeurs" in written(site, page)


def test_a_static_site_has_answers_and_no_form(store: EmbeddedStore) -> None:
    site = _site(store, static=True)
    html = written(site, made(site, "relations_between_actors"))
    assert "Bêta" in html and 'class="box ask"' not in html and "excel" not in html
    assert 'href="/doc/organisation/x.html"' in html and 'href="/questions/relations_between_actors.csv"' in html


def test_an_unknown_question_is_not_found_with_the_nearest(site: Site) -> None:
    with pytest.raises(NotFound, match="vote_by_voter"):
        made(site, "vote_by_voters")


# Files


def test_the_files_hold_the_answer_as_it_is(site: Site) -> None:
    name = "relations_between_actors"
    asked = {"actor": ["Bêta"]}
    media_type, body = question.answer_file(site, name, asked, "csv")
    table = list(csv.reader(io.StringIO(body.decode())))
    assert media_type == "text/csv" and table == [
        list(all_queries()[name].columns),
        ["Alpha <b>", "supports", "Bêta", "planned"],
    ]
    media_type, body = question.answer_file(site, name, asked, "json")
    assert media_type == "application/sparql-results+json" and len(json.loads(body)["results"]["bindings"]) == 1
    media_type, body = question.answer_file(site, name, asked, "md")
    assert media_type == "text/markdown" and body.decode().startswith("| from |")
    assert b"Alpha" not in question.answer_file(site, name, {"actor": ["organisation/z"]}, "csv")[1]


def test_files_refuse_what_the_page_refuses(site: Site) -> None:
    for given in ({"actor": ["nobody at all"]}, {"aktor": ["organisation/x"]}):
        with pytest.raises(ParameterError):
            question.answer_file(site, "relations_between_actors", given, "csv")
    for name, form in (("nothing", "csv"), ("relations_between_actors", "parquet")):
        with pytest.raises(NotFound):
            question.answer_file(site, name, {}, form)


def test_a_spreadsheet_runs_nothing_and_reads_numbers() -> None:
    hostile = ['=HYPERLINK("x")', "+1", "-1", "@x", "\tx", "\rx", "\n=x", " =x", "＝x"]
    answers = rows(*([one, -1.5] for one in [*hostile, "plain", "1-2"]))
    french, english = (spreadsheet(answers, lang) for lang in LANGUAGES)
    assert french.startswith(b"\xef\xbb\xbf")
    read = [
        list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=mark))
        for body, mark in ((french, ";"), (english, ","))
    ]
    assert [row[0] for row in read[0][1:]] == [*(f"'{one}" for one in hostile), "plain", "1-2"]
    assert {row[1] for row in read[0][1:]} == {"-1,5"} and {row[1] for row in read[1][1:]} == {"-1.5"}
    disguised = Answers("select", ("=x",), ((ox.Literal("=1+1", datatype=ox.NamedNode(expand("xsd:integer"))),),))
    assert spreadsheet(disguised, "en").decode("utf-8-sig") == "'=x\r\n'=1+1\r\n"


def test_a_file_for_a_spreadsheet_is_asked_for_by_its_language(site: Site) -> None:
    told = {
        one: question.answer_file(site, "relations_between_actors", {"excel": [one]}, "csv")[1].decode("utf-8-sig")
        for one in LANGUAGES
    }
    assert (
        told["fr"].splitlines()[0] == "from;kind;to;modality" and told["en"].splitlines()[0] == "from,kind,to,modality"
    )


# Tables


def test_a_table_has_pages(site: Site) -> None:
    answers = rows(*([f"n{at}", at] for at in range(450)))
    table = as_table(site, answers, "fr", page=2)
    assert (table.total, table.page, table.pages, len(table.rows)) == (450, 2, 3, 200)
    assert table.rows[0][0].text == "n200" and table.rows[-1][1].text == "399"
    assert [as_table(site, answers, "fr", page=one).page for one in (0, -4, 3, 99)] == [1, 1, 3, 3]
    empty = as_table(site, Answers("select", ("a",)), "fr")
    assert (empty.total, empty.pages, empty.chart) == (0, 1, None)


def test_values_are_written_as_a_language_writes_them(site: Site) -> None:
    def cell(value: str, kind: str, lang: str) -> tuple[str, bool]:
        told = as_table(
            site, rows([ox.Literal(value, datatype=ox.NamedNode(expand(f"xsd:{kind}")))], columns=["a"]), lang
        )
        return told.rows[0][0].text, told.rows[0][0].numeric

    assert cell("12345.50", "decimal", "fr") == ("12\N{NARROW NO-BREAK SPACE}345,50", True)
    assert cell("1.5E6", "double", "en") == ("1,500,000", True)
    assert cell("1E999999", "double", "en")[0] == "1E999999"
    assert cell("2025-05-12", "date", "fr") == ("12 mai 2025", False)
    assert cell("2025", "gYear", "en") == ("2025", False)
    assert cell("true", "boolean", "fr") == ("oui", False)
    assert cell("INF", "double", "fr")[0] == "INF"
    address = as_table(
        site, rows([ox.Literal("https://e.org/", datatype=ox.NamedNode(expand("xsd:anyURI")))], columns=["a"]), "fr"
    )
    assert address.rows[0][0].href == "https://e.org/"
    script = as_table(site, rows([ox.NamedNode("javascript:alert(1)")], columns=["a"]), "fr")
    assert script.rows[0][0].href == ""


def test_triples_and_verdicts_are_tables_too(site: Site) -> None:
    triple = ox.Triple(
        ox.NamedNode(ID + "organisation/x"), ox.NamedNode(expand("rdf:type")), ox.NamedNode(CG + "Actor")
    )
    table = as_table(site, Answers("graph", triples=(triple,)), "en")
    assert [one.name for one in table.columns] == ["subject", "property", "value"]
    assert [one.text for one in table.rows[0]] == ["Alpha <b>", "class", "Actor"]
    assert as_table(site, Answers("ask", boolean=False), "fr").rows[0][0].text == "non"


def test_a_column_of_names_is_left_out_only_where_it_repeats_the_things(site: Site) -> None:
    x, y = ox.NamedNode(ID + "organisation/x"), ox.NamedNode(ID + "organisation/y")
    same = rows([x, "Alpha <b>"], [y, "Bêta"], columns=["thing", "label"])
    assert [one.name for one in as_table(site, same, "fr").columns] == ["thing"]
    other = rows([x, "Alpha <b>"], [y, "Gamma"], columns=["thing", "label"])
    assert [one.name for one in as_table(site, other, "fr").columns] == ["thing", "label"]
    assert len(as_table(site, rows(["a", "a"], columns=["thing", "label"]), "fr").columns) == 2


def test_a_chart_is_drawn_of_names_and_numbers(site: Site) -> None:
    chart = as_table(site, rows(["a", 4], ["b", 1], ["c", 0]), "fr").chart
    assert chart and [(one.label.text, one.value, one.share) for one in chart.bars] == [
        ("a", "4", 1.0),
        ("b", "1", 0.25),
        ("c", "0", 0.0),
    ]
    many = as_table(site, rows(*([f"n{at}", 99 - at] for at in range(50))), "fr").chart
    assert many and (len(many.bars), many.total) == (30, 50)


@pytest.mark.parametrize(
    "answers",
    [
        rows(["a", 1]),
        rows(["a", 1], ["a", 2]),
        rows(["a", 1], ["b", -2]),
        rows(["a", 0], ["b", 0]),
        rows([1, "a"], [2, "b"], columns=["rank", "action"]),
        rows(["a", "1"], ["b", "2"]),
        rows(["a", "x", 1], ["b", "y", 2], columns=["a", "b", "c"]),
        rows(["a", ox.Literal("x", datatype=ox.NamedNode(expand("xsd:integer")))], ["b", 2]),
    ],
    ids=["one row", "a name twice", "negative", "nothing", "number first", "no numbers", "three columns", "ill-typed"],
)
def test_no_chart_is_drawn_where_it_would_mislead(site: Site, answers: Answers) -> None:
    assert as_table(site, answers, "fr").chart is None


def test_the_chart_of_a_page_is_a_picture_with_words(site: Site) -> None:
    html = written(site, made(site, "things_with_several_names"))
    picture = html[html.index('<figure class="chart') : html.index("</figure>")]
    assert 'role="img" aria-labelledby="chart-title chart-values"' in picture
    assert "Diagramme en barres : noms, par chose</title>" in picture
    assert '<desc id="chart-values">Alpha &lt;b&gt; : 4; Bêta : 2</desc>' in picture
    assert 'width="330.0"' in picture and 'width="165.0"' in picture
    assert "<figure" not in written(site, made(site, "relations_between_actors"))
