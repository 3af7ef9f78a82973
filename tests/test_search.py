"""Names and codes are found whatever the spelling, best first; no input breaks the index."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_graphs import lines, term

from cesergraph.errors import ParameterError, StoreError
from cesergraph.search import Row, find, fold, search_rows, write_index

STATEMENTS = """
id/territoire/region/53 a cg:Region
id/territoire/region/53 skos:prefLabel "Bretagne"@fr
id/territoire/region/53 skos:prefLabel "Brittany"@en
id/territoire/region/53 cg:inseeCode "53"
id/territoire/departement/53 a cg:Departement
id/territoire/departement/53 skos:prefLabel "Mayenne"@fr
id/territoire/departement/53 cg:inseeCode "53"
id/territoire/commune/36024 a cg:Commune
id/territoire/commune/36024 skos:prefLabel "Bretagne"@fr
id/territoire/commune/36024 cg:inseeCode "36024"
id/territoire/commune/27110 a cg:Commune
id/territoire/commune/27110 skos:prefLabel "Breteuil"@fr
id/territoire/commune/27110 cg:inseeCode "27110"
id/organisation/ceser-bretagne a cg:CESER
id/organisation/ceser-bretagne a cg:PublicBody
id/organisation/ceser-bretagne skos:prefLabel "CESER de Bretagne"@fr
id/organisation/ceser-bretagne skos:altLabel "Conseil économique, social et environnemental régional de Bretagne"@fr
id/nom/d/1 a cg:NameUse
id/nom/d/1 cg:namedThing id/organisation/ceser-bretagne
id/nom/d/1 cg:nameAsWritten "Ceser breton"
id/organisation/siren/200071678 a cg:IntercommunalAuthority
id/organisation/siren/200071678 skos:prefLabel "CC Cœur d’Île \\"Rose\\""@fr
id/organisation/siren/200071678 cg:siren "200071678"
id/dispositif/sans-nom a cg:Scheme
id/dispositif/sans-type skos:prefLabel "Bretagne sans type"@fr
"""
BRETAGNE = "https://w3id.org/cesergraph/id/territoire/region/53"
CESER = "https://w3id.org/cesergraph/id/organisation/ceser-bretagne"
AUTHORITY = "https://w3id.org/cesergraph/id/organisation/siren/200071678"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search") / "search.sqlite"
    write_index(path, search_rows(lines(STATEMENTS)))
    return path


def test_a_region_comes_before_the_commune_of_the_same_name(index: Path) -> None:
    hits = find(index, "Bretagne")
    assert [(hit.type, hit.matched) for hit in hits[:2]] == [("Region", "label"), ("Commune", "label")]
    assert hits[0].iri == BRETAGNE and hits[0].label == "Bretagne" and hits[0].code == "53"
    assert [hit.score for hit in hits[:2]] == [100, 100]
    assert hits[2].iri == CESER and hits[2].score < 60


@pytest.mark.parametrize("words", ["bretagne", "BRETAGNE", " Brétagne ", "bret", "Brittany", "«Bretagne»!"])
def test_case_accents_and_punctuation_do_not_matter(index: Path, words: str) -> None:
    assert BRETAGNE in [hit.iri for hit in find(index, words)]


@pytest.mark.parametrize("words", ["coeur d'île", "CŒUR D’ILE", "Cœur dʼîle", 'ile "rose"', "rose coeu"])
def test_ligatures_and_apostrophes_do_not_matter(index: Path, words: str) -> None:
    (hit,) = find(index, words)
    assert hit.iri == AUTHORITY
    assert hit.label == 'CC Cœur d’Île "Rose"'


@pytest.mark.parametrize("words", ["200071678", "200 071 678"])
def test_a_code_is_found_with_or_without_blanks(index: Path, words: str) -> None:
    (hit,) = find(index, words)
    assert (hit.iri, hit.matched, hit.code) == (AUTHORITY, "code", "200071678")


def test_what_matched_is_told(index: Path) -> None:
    assert [(hit.iri, hit.matched) for hit in find(index, "ceser breton")] == [(CESER, "name as written")]
    assert [(hit.iri, hit.matched) for hit in find(index, "environnemental")] == [(CESER, "alternative name")]
    assert [hit.type for hit in find(index, "53")] == ["Region", "Departement"]


def test_articles_in_the_words_need_not_be_in_the_name(index: Path) -> None:
    assert [hit.iri for hit in find(index, "le CESER de la Bretagne")] == [CESER]


def test_a_thing_is_found_once_with_its_narrowest_class(index: Path) -> None:
    (hit,) = find(index, "ceser")
    assert hit.type == "CESER"
    assert hit.score == pytest.approx(70 + 9 / 3), "the label beats the name as written"


@pytest.mark.parametrize("name", ["Organisation", "cg:PublicBody", "ceser", "https://w3id.org/cesergraph/def#CESER"])
def test_a_class_takes_in_the_narrower_ones(index: Path, name: str) -> None:
    assert [hit.iri for hit in find(index, "bretagne", type=name)] == [CESER]


def test_the_limit_holds_and_an_unknown_class_is_refused(index: Path) -> None:
    assert len(find(index, "b", limit=2)) == 2
    with pytest.raises(ParameterError, match="not a class"):
        find(index, "bretagne", type="Planet")


@pytest.mark.parametrize("words", ["", " ", "«»", "*", "_"])
def test_words_without_a_letter_are_refused(index: Path, words: str) -> None:
    with pytest.raises(ParameterError, match="holds no word"):
        find(index, words)


def test_a_missing_index_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="search index is missing"):
        find(tmp_path / "search.sqlite", "bretagne")


@given(words=st.text(max_size=40) | st.text(alphabet="\"'*^():-+ANDORNEAR{} \x00é\u0301ſ", max_size=20))
def test_no_input_breaks_the_index(index: Path, words: str) -> None:
    assert_refused_or_answered(lambda: find(index, words))


@given(words=st.lists(st.sampled_from(["AND", "OR", "NOT", "NEAR(", ")", '"', "folded:", "*", "bretagne", "^"])))
def test_no_word_is_taken_for_an_operator(index: Path, words: list[str]) -> None:
    assert_refused_or_answered(lambda: find(index, " ".join(words)))


def assert_refused_or_answered(ask: Callable[[], object]) -> None:
    try:
        ask()
    except ParameterError as error:
        assert "holds no word" in error.en


@given(name=st.text(min_size=1, max_size=30).filter(fold))
def test_every_name_is_found_by_itself(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    path = tmp_path_factory.mktemp("one") / "search.sqlite"
    write_index(path, [Row("https://e.org/x", name, "Scheme", "label", name, None)])
    assert [hit.score for hit in find(path, name)] == [100]
    assert [hit.score for hit in find(path, name.upper())] in ([100], []), "upper case may change letters for good"


@given(text=st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_the_rows_do_not_depend_on_the_order_of_lines() -> None:
    assert list(search_rows(lines(STATEMENTS))) == list(search_rows(reversed(lines(STATEMENTS))))


def test_the_names_of_a_country_are_indexed_in_seconds(tmp_path: Path) -> None:
    a, label = term("a"), term("skos:prefLabel")
    many = []
    for n in range(35_000):
        thing = term(f"id/territoire/commune/{n:05}")
        many += [f"{thing} {a} {term('cg:Commune')} <g:g> .\n", f'{thing} {label} "Commune-sur-Œil {n}"@fr <g:g> .\n']
    started = time.perf_counter()
    write_index(tmp_path / "search.sqlite", search_rows(many))
    assert time.perf_counter() - started < 5
    assert find(tmp_path / "search.sqlite", "commune sur oeil 34999")[0].iri.endswith("/34999")
