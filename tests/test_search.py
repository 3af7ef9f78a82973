"""Names and codes are found whatever the spelling, best first; no input breaks the index."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_graphs import lines, term

from cesergraph.errors import ParameterError, StoreError
from cesergraph.evidence import select
from cesergraph.facets import FACETS, expand_value
from cesergraph.namespaces import CG, ID
from cesergraph.search import (
    Found,
    Record,
    Row,
    find,
    fold,
    is_top_class,
    records,
    search,
    search_rows,
    suggest,
    write_index,
)
from cesergraph.store import EmbeddedStore
from cesergraph.vocabulary import broader_classes

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


REGIONS = """
id/territoire/region/53 a cg:Region
id/territoire/region/53 skos:prefLabel "Bretagne"@fr
id/territoire/region/53 skos:prefLabel "Brittany"@en
id/territoire/region/52 a cg:Region
id/territoire/region/52 skos:prefLabel "Pays de la Loire"@fr
id/territoire/departement/35 a cg:Departement
id/territoire/departement/35 skos:prefLabel "Ille-et-Vilaine"@fr
id/territoire/departement/35 cg:within id/territoire/region/53
id/territoire/commune/35238 a cg:Commune
id/territoire/commune/35238 skos:prefLabel "Rennes"@fr
id/territoire/commune/35238 cg:inseeCode "35238"
id/territoire/commune/35238 cg:within id/territoire/departement/35
id/territoire/commune/44109 a cg:Commune
id/territoire/commune/44109 skos:prefLabel "Nantes"@fr
id/territoire/commune/44109 cg:within id/territoire/region/52
id/territoire/epci/1 a cg:Intercommunality
id/territoire/epci/1 skos:prefLabel "Deux rives"@fr
id/territoire/epci/1 cg:memberCommune id/territoire/commune/35238
id/territoire/epci/1 cg:memberCommune id/territoire/commune/44109
id/organisation/region a cg:RegionalAuthority
id/organisation/region skos:prefLabel "Région Bretagne"@fr
id/organisation/region cg:administers id/territoire/region/53
id/organisation/ceser a cg:CESER
id/organisation/ceser skos:prefLabel "CESER"@fr
id/organisation/ceser cg:assemblyOf id/organisation/region
id/organisation/reseau a cg:Organisation
id/organisation/reseau skos:prefLabel "Réseau de l'Ouest"@fr
id/organisation/reseau cg:coversTerritory id/territoire/region/52
id/organisation/reseau cg:coversTerritory id/territoire/region/53
"""
ISSUED = """
id/document/avis a cg:Opinion
id/document/avis skos:prefLabel "Avis sur les métiers de la mer"@fr
id/document/avis cg:issuedBy id/organisation/ceser
id/document/avis dcterms:issued "2024-05"^^<http://www.w3.org/2001/XMLSchema#gYearMonth>
id/document/avis dcterms:date "2023-12-31"^^<http://www.w3.org/2001/XMLSchema#date>
id/preconisation/avis/1 a cg:Recommendation
id/preconisation/avis/1 skos:prefLabel "Ouvrir des internats"@fr
id/preconisation/avis/1 dcterms:description "Un effort sur l'hébergement des stagiaires."@fr
id/preconisation/avis/1 cg:recommendationOf id/document/avis
id/preconisation/avis/1 cg:addressing id/adressage/avis/1
id/preconisation/avis/1 cg:addressedTo id/groupe/lycees
id/preconisation/avis/1 cg:evidencedBy id/enonce/avis/1
id/preconisation/avis/1 dcterms:subject vocab/theme/vocational-training
id/enonce/avis/1 a cg:RecommendationStatement
id/enonce/avis/1 cg:passageOf id/document/lettre
id/preconisation/avis/1/1 a cg:RecommendedAction
id/preconisation/avis/1/1 skos:prefLabel "Financer les travaux"@fr
id/preconisation/avis/1/1 cg:actionOf id/preconisation/avis/1
id/preconisation/avis/2 a cg:Recommendation
id/preconisation/avis/2 skos:prefLabel "Former aux énergies marines"@fr
id/preconisation/avis/2 cg:recommendationOf id/document/avis
id/preconisation/avis/2 dcterms:date "2021-03"^^<http://www.w3.org/2001/XMLSchema#gYearMonth>
id/preconisation/avis/2 dcterms:subject vocab/theme/energy
id/preconisation/avis/2 dcterms:subject vocab/theme/vocational-training
id/adressage/avis/1 a cg:Addressing
id/adressage/avis/1 cg:asWritten "aux lycées professionnels"
id/adressage/avis/1 cg:addressee id/groupe/lycees
id/groupe/lycees a cg:AddresseeGroup
id/groupe/lycees skos:prefLabel "établissements du second degré"@fr
id/document/lettre a cg:Newsletter
id/document/lettre skos:prefLabel "Lettre"@fr
id/document/lettre dcterms:date "2025"^^<http://www.w3.org/2001/XMLSchema#gYear>
id/position/1 a cg:Position
id/position/1 skos:prefLabel "Les internats manquent"@fr
id/position/1 cg:evidencedBy id/passage/lettre/1
id/position/1 cg:speaker id/organisation/reseau
id/passage/lettre/1 a cg:Passage
id/passage/lettre/1 cg:passageOf id/document/lettre
id/dispositif/bus a cg:Scheme
id/dispositif/bus skos:prefLabel "Bus des métiers"@fr
id/dispositif/bus cg:operatedBy id/organisation/reseau
id/dispositif/bus cg:coversTerritory id/territoire/region/53
id/dispositif/bus cg:evidencedBy id/passage/lettre/1
id/dispositif/car a cg:Scheme
id/dispositif/car skos:prefLabel "Car des métiers"@fr
id/dispositif/car cg:operatedBy id/organisation/reseau
id/strategie/mer a cg:Strategy
id/strategie/mer skos:prefLabel "Stratégie de la mer"@fr
id/document/plan a cg:PlanDocument
id/document/plan skos:prefLabel "Plan mer"@fr
id/document/plan cg:setsOut id/strategie/mer
id/document/plan dcterms:date "2022-02-01"^^<http://www.w3.org/2001/XMLSchema#date>
id/mesure/1 a cg:Measure
id/mesure/1 skos:prefLabel "Mesure navale"@fr
id/mesure/1 cg:partOf id/strategie/mer
id/strategie/mer cg:coversTerritory id/territoire/region/53
id/grandeur/1 a cg:MeasuredQuantity
id/grandeur/1 skos:prefLabel "Marins formés"@fr
id/grandeur/1 cg:indicator id/indicateur/1
id/grandeur/1 cg:aboutTerritory id/territoire/departement/35
id/indicateur/1 a cg:Indicator
id/indicateur/1 skos:prefLabel "Formés"@fr
id/indicateur/1 dcterms:subject vocab/theme/sea-coast
id/organisation/orpheline a cg:Organisation
id/organisation/orpheline skos:prefLabel "Orpheline"@fr
"""
LETTER, OPINION = "document/lettre", "document/avis"
FILED: Mapping[str, Mapping[str, set[str]]] = {
    "preconisation/avis/1": {
        "region": {"53"}, "theme": {"vocational-training"}, "addressee": {"groupe/lycees"}, "year": {"2024"},
        "document": {"avis", "lettre"},
    },
    "preconisation/avis/1/1": {
        "region": {"53"}, "theme": {"vocational-training"}, "addressee": {"groupe/lycees"}, "year": {"2024"},
        "document": {"avis"},
    },
    "preconisation/avis/2": {
        "region": {"53"}, "theme": {"energy", "vocational-training"}, "year": {"2021"}, "document": {"avis"},
    },
    "adressage/avis/1": {"addressee": {"groupe/lycees"}},
    "document/avis": {"region": {"53"}, "year": {"2024"}, "document": {"avis"}},
    "document/lettre": {"year": {"2025"}, "document": {"lettre"}},
    "position/1": {"region": {"52", "53"}, "year": {"2025"}, "document": {"lettre"}},
    "dispositif/bus": {"region": {"53"}, "document": {"lettre"}},
    "dispositif/car": {"region": {"52", "53"}},
    "mesure/1": {"region": {"53"}, "year": {"2022"}},
    "grandeur/1": {"region": {"53"}, "theme": {"sea-coast"}},
    "territoire/commune/35238": {"region": {"53"}},
    "territoire/epci/1": {"region": {"52", "53"}},
    "organisation/ceser": {"region": {"53"}},
    "organisation/orpheline": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filed") / "search.sqlite"
    write_index(path, search_rows(lines(REGIONS + ISSUED)))
    return path


@pytest.mark.parametrize("thing", FILED)
def test_a_thing_is_filed_under_what_is_stated_and_nothing_else(filed: Path, thing: str) -> None:
    (record,) = [one for one in records(filed) if one.iri == ID + thing]
    assert {name: {one.value for one in values} for name, values in record.filed.items()} == FILED[thing]


def test_a_kind_takes_in_the_narrower_ones_and_labels_speak_both_languages(filed: Path) -> None:
    french, english = (search(filed, facets={"kind": ["Document"]}, lang=lang) for lang in ("fr", "en"))
    assert [hit.iri for hit in french.hits] == [ID + f"document/{one}" for one in ("avis", "lettre", "plan")]
    assert [one.label for one in french.facets["kind"] if one.selected] == ["Document"]
    assert {one.label for one in french.facets["kind"]} >= {"Avis", "Préconisation"}
    assert {one.label for one in english.facets["kind"]} >= {"Opinion", "Recommendation"}
    assert {one.value for one in english.facets["kind"]} & {"Work", "Actor", "Territory"} == set()
    assert search(filed, facets={"kind": ["Work"]}).total == 6, "a top class is not listed, but can be asked for"


@pytest.mark.parametrize(
    ("words", "thing", "fields"),
    [
        ("internats", "preconisation/avis/1", []),
        ("INTERNAT ouvrir", "preconisation/avis/1", []),
        ("hébergement", "preconisation/avis/1", ["description"]),
        ("lycee professionnel internat", "preconisation/avis/1", ["addressee"]),
        ("second degré travaux", "preconisation/avis/1/1", ["addressee"]),
        ("formation professionnelle energies marines", "preconisation/avis/2", ["theme"]),
        ("vocational internats", "preconisation/avis/1", ["theme"]),
        ("bretagne energies", "preconisation/avis/2", ["document"]),
        ("brittany energies marines", "preconisation/avis/2", ["region"]),
        ("recommandations internats", "preconisation/avis/1", []),
        ("préconisations internats", "preconisation/avis/1", ["kind"]),
        ("avis métiers energies", "preconisation/avis/2", ["document"]),
        ("commune de rennes", "territoire/commune/35238", ["kind"]),
        ("35238", "territoire/commune/35238", ["code"]),
    ],
)
def test_a_thing_is_found_by_all_that_is_said_of_it(filed: Path, words: str, thing: str, fields: list[str]) -> None:
    hit = search(filed, words).hits[0]
    assert hit.iri == ID + thing
    if words != "bretagne energies":
        assert [match.field for match in hit.matches] == fields
    marked = {segment.text for match in hit.matches for segment in match.segments if segment.matched}
    marked |= {segment.text for segment in hit.label if segment.matched}
    told = {fold(text).rstrip("s") for text in marked}
    assert told and all(any(fold(word).rstrip("s").startswith(text[:4]) for word in words.split()) for text in told)


def test_a_commune_is_not_found_by_the_name_of_its_region(filed: Path) -> None:
    assert not [hit for hit in search(filed, "bretagne").hits if hit.type in ("Commune", "Departement")]


def test_labels_are_cut_in_segments_and_stay_as_they_are(filed: Path) -> None:
    (hit,) = search(filed, "energie marine").hits
    assert hit.label == (("Former aux ", False), ("énergies", True), (" ", False), ("marines", True))
    assert hit.name == "Former aux énergies marines"


def test_a_long_text_is_cut_around_what_matched(tmp_path: Path) -> None:
    text = "début " * 60 + "<b>aiguille</b> " + "fin " * 60
    rows = [
        Row("x:a", "Foin", "Scheme", "label", "Foin", None),
        Row("x:a", "Foin", "Scheme", "description", text, None),
    ]
    write_index(tmp_path / "index", rows)
    ((_, segments),) = search(tmp_path / "index", "aiguilles").hits[0].matches
    shown = "".join(segment.text for segment in segments)
    assert len(shown) < 200 and shown.startswith("…") and shown.endswith("…")
    assert [segment.text for segment in segments if segment.matched] == ["aiguille"]
    assert "<b>" in shown, "a snippet is text, not markup"


def naive(found: Sequence[Record], chosen: Mapping[str, Sequence[str]], leaving: str = "") -> list[Record]:
    def values(record: Record, name: str) -> set[str]:
        if name == "kind":
            return {one.removeprefix(CG) for one in broader_classes(CG + record.type)}
        return {value.value for value in record.filed.get(name, ())}

    return [
        one
        for one in found
        if all(values(one, name) & set(wanted) for name, wanted in chosen.items() if wanted and name != leaving)
    ]


CHOICES = {
    "kind": ["Recommendation", "Document", "Work", "Expression", "Commune"],
    "region": ["52", "53"],
    "theme": ["energy", "vocational-training", "sea-coast"],
    "addressee": ["groupe/lycees"],
    "year": ["2022", "2024", "2025"],
    "document": ["avis", "lettre"],
}


@settings(deadline=None)
@given(
    chosen=st.fixed_dictionaries({}, optional={name: st.lists(st.sampled_from(CHOICES[name])) for name in CHOICES}),
    words=st.sampled_from(["", "internat", "des métiers", "mer", "bretagne", "absent"]),
)
def test_every_facet_is_counted_with_the_choices_of_the_others(
    filed: Path, chosen: dict[str, list[str]], words: str
) -> None:
    every = [one for one in records(filed)]
    by_words = {hit.iri for hit in search(filed, words, size=100).hits} if words else {one.iri for one in every}
    found = [one for one in every if one.iri in by_words]
    results = search(filed, words, facets=chosen, size=100)
    kept = naive(found, chosen) if words or any(chosen.values()) else []
    assert {hit.iri for hit in results.hits} == {one.iri for one in kept} and results.total == len(kept)
    for name in FACETS:
        for value in results.facets[name]:
            assert value.selected == (value.value in chosen.get(name, []))
            assert value.count == len(naive(naive(found, chosen, leaving=name), {name: [value.value]}))
        listed = {value.value for value in results.facets[name]}
        left = {value for value in CHOICES[name] if naive(naive(found, chosen, leaving=name), {name: [value]})}
        assert {one for one in left if name != "kind" or not is_top_class(one)} <= listed
        assert [not one.selected for one in results.facets[name]] == sorted(
            not one.selected for one in results.facets[name]
        )


def test_pages_cut_the_list_and_orders_change_it(filed: Path) -> None:
    whole = search(filed, "", facets={"region": ["53"]}, size=100)
    assert whole.total == len(whole.hits) > 10
    cut = [search(filed, "", facets={"region": ["53"]}, page=page, size=4).hits for page in range(1, 6)]
    assert [hit.iri for part in cut for hit in part] == [hit.iri for hit in whole.hits][:20]
    labels = [fold(hit.name) for hit in search(filed, "", facets={"region": ["53"]}, sort="label", size=100).hits]
    assert labels == sorted(labels)
    recent = search(filed, "", facets={"document": ["avis", "lettre"]}, sort="recent").hits
    years = [hit.filed["year"][0].value if "year" in hit.filed else "" for hit in recent]
    assert years == sorted(years, reverse=True) and years[0] == "2025"
    assert search(filed, "", facets={"region": ["53"]}, page=50).hits == []


def test_nothing_asked_finds_nothing_and_counts_everything(filed: Path) -> None:
    results = search(filed)
    assert (results.total, results.hits) == (0, [])
    assert {one.value: one.count for one in results.facets["theme"]} == {
        "vocational-training": 3, "sea-coast": 2, "energy": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "options", "told"),
    [
        ("«»", {}, "holds no word"),
        ("«»", {"facets": {"region": ["53"]}}, "holds no word"),
        ("a" * 501, {}, "too long"),
        ("é " * 200, {}, "too long"),
        ("x", {"facets": {"planet": ["mars"]}}, "no facet"),
        ("x", {"facets": {"region": ["99"]}}, "has no value"),
        ("x", {"facets": {"theme": ["\ud800"]}}, "has no value"),
        ("x", {"sort": "price"}, "The order is one of"),
        ("x", {"page": 0}, "numbered from 1"),
        ("x", {"size": 0}, "numbered from 1"),
        ("x", {"size": 10**9}, "numbered from 1"),
    ],
)
def test_what_cannot_be_asked_is_told(filed: Path, words: str, options: dict[str, object], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        search(filed, words, **options)  # type: ignore[arg-type]


NASTY = [
    "AND",
    "OR",
    "NOT",
    "NEAR(",
    ")",
    '"',
    "names:",
    "*",
    "^",
    "\x00",
    "\ud800",
    "œ",
    "²",
    "mer",
    "-",
    "é" * 300,
    "{}",
]


@settings(deadline=None)
@given(words=st.lists(st.sampled_from(NASTY), max_size=40).map(" ".join) | st.text(max_size=60))
def test_no_words_break_the_search(filed: Path, words: str) -> None:
    try:
        results = search(filed, words, facets={"region": ["53"]})
        suggest(filed, words)
    except ParameterError as error:
        assert "holds no word" in error.en or "too long" in error.en
    else:
        assert results.total >= len(results.hits)


def test_a_search_without_an_index_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="search index is missing"):
        search(tmp_path / "search.sqlite", "x")


def test_other_words_are_proposed_only_where_they_find_something(filed: Path) -> None:
    assert suggest(filed, "internnats") == [("internats", 2)]
    assert suggest(filed, "internats zzz") == [("internats", 2)]
    assert suggest(filed, "zzz") == []
    for words, total in suggest(filed, "enrgies marine"):
        assert search(filed, words).total == total > 0


def test_threads_search_at_once(filed: Path) -> None:
    asked = [("internat", {"region": ["53"]}), ("mer", {}), ("", {"theme": ["energy"]})] * 20
    alone = [search(filed, words, facets=facets) for words, facets in asked]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: search(filed, one[0], facets=one[1]), asked))
    assert together == alone


def test_an_index_made_anew_in_its_place_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "index"
    for kinds in (["Scheme"], ["Scheme", "Law"]):
        path.unlink(missing_ok=True)
        write_index(path, [Row(f"x:{kind}", kind, kind, "label", kind, None) for kind in kinds])
        assert search(path, facets={"kind": kinds}).total == len(kinds)


def test_the_index_is_the_same_whatever_the_order_of_lines(tmp_path: Path) -> None:
    every = lines(REGIONS + ISSUED)
    write_index(tmp_path / "one", search_rows(every))
    write_index(tmp_path / "two", search_rows(reversed(every)))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


RECOMMENDED = """PREFIX cg: <https://w3id.org/cesergraph/def#> PREFIX dcterms: <http://purl.org/dc/terms/>
SELECT DISTINCT ?one { ?one a cg:Recommendation ; dcterms:subject <%s> ;
  cg:recommendationOf/cg:issuedBy/cg:assemblyOf/cg:administers <%s> }"""


@pytest.mark.parametrize(
    ("region", "theme"),
    [("76", "voluntary-sector"), ("76", "employment"), ("52", "housing"), ("52", "culture"), ("24", "social-economy")],
)
def test_the_recommendations_of_a_region_by_theme(graph: EmbeddedStore, region: str, theme: str) -> None:
    facets = {"region": [region], "theme": [theme], "kind": ["Recommendation"]}
    hits = search(graph.file("search.sqlite"), facets=facets, size=100).hits
    query = RECOMMENDED % (expand_value("theme", theme), expand_value("region", region))
    assert {one.value for (one,) in select(graph, query)} <= {hit.iri for hit in hits}
    assert region == "24" or len(hits) > 2


def test_the_whole_graph_is_searched_at_once(graph: EmbeddedStore) -> None:
    path = graph.file("search.sqlite")
    for words, facets in [("formation", {}), ("bretagne", {}), ("", {"kind": ["Recommendation"]}), ("saint", {})]:
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            assert search(path, words, facets=facets).total > 0
            seconds.append(time.perf_counter() - started)
        assert min(seconds) < 0.1, words


def test_recommendations_are_found_by_whom_they_are_addressed_to(graph: EmbeddedStore) -> None:
    hits = search(graph.file("search.sqlite"), "crous", facets={"kind": ["Recommendation"]}).hits
    assert hits and all("crous" in fold(text) for hit in hits for text in told(hit))


def told(hit: Found) -> Iterator[str]:
    marked = [hit.label, *(match.segments for match in hit.matches)]
    yield " ".join(segment.text for segments in marked for segment in segments if segment.matched)
