"""A thing is found by all its handles, and told with labels, sources, passages and reasons in few queries."""

import io
import json

import pyoxigraph as ox
import pytest
from small_graphs import GRAPH, PLAN, Held, lines

from cesergraph.errors import IdentifierError, NotFound, ParameterError
from cesergraph.identifiers import INFERENCE_GRAPH
from cesergraph.inference import infer
from cesergraph.names import labels_of, resolve
from cesergraph.namespaces import CG, ID
from cesergraph.show import Description, describe_thing, write_description

REGISTER = "https://w3id.org/cesergraph/graph/territories/2026"
NAMES = f"""
id/mesure/d/1 skos:prefLabel "Soutenir les tiers-lieux"@fr
id/mesure/d/1 skos:prefLabel "Support third places"@en
id/axe/d/1 skos:prefLabel "Coopérer au cœur"@fr
id/strategie/d skos:prefLabel "Stratégie d'essai"@fr
id/document/d skos:prefLabel "Le document d'essai"@fr
id/nom/d/1 cg:namedThing id/strategie/d
id/nom/d/1 cg:nameAsWritten "SRE"
<{GRAPH}> dcterms:source dataset/d
dataset/d dcterms:title "Avis d'essai"@fr
dataset/d dcterms:title "Trial opinion"@en
id/enonce/d/1 a cg:RecommendationStatement
id/enonce/d/1 cg:states id/preconisation/d/1
id/mesure/d/1 dcterms:description "a\\u001B[31mb"@fr
"""
TERRITORIES = """
id/territoire/region/53 a cg:Region
id/territoire/region/53 skos:prefLabel "Bretagne"@fr
id/territoire/region/53 cg:inseeCode "53"
id/territoire/departement/53 a cg:Departement
id/territoire/departement/53 skos:prefLabel "Mayenne"@fr
id/territoire/departement/53 cg:inseeCode "53"
id/territoire/commune/36024 a cg:Commune
id/territoire/commune/36024 skos:prefLabel "Bretagne"@fr
id/territoire/commune/36024 cg:inseeCode "36024"
"""


@pytest.fixture(scope="module")
def source() -> Held:
    stated = lines(PLAN + NAMES)
    return Held(stated, lines(TERRITORIES, REGISTER), infer(stated))


def told(description: Description, format: str, lang: str = "fr") -> str:
    stream = io.BytesIO()
    write_description(description, format, stream, lang)
    return stream.getvalue().decode()


@pytest.mark.parametrize(
    "name",
    [
        ID + "mesure/d/1",
        "mesure/d/1",
        "Soutenir les tiers-lieux",
        " Support third places ",
        "SOUTENIR les Tiers lieux",
    ],
)
def test_a_thing_answers_to_iri_path_and_name(source: Held, name: str) -> None:
    assert resolve(source, name) == ID + "mesure/d/1"


def test_codes_short_iris_ligatures_and_names_as_written_are_understood(source: Held) -> None:
    assert resolve(source, "36024") == ID + "territoire/commune/36024"
    assert resolve(source, "cg:Region") == CG + "Region"
    assert resolve(source, "cooperer au coeur") == ID + "axe/d/1"
    assert resolve(source, "SRE") == ID + "strategie/d"
    assert resolve(source, "vocab/modality/asserted") == "https://w3id.org/cesergraph/vocab/modality/asserted"


def test_an_ambiguous_name_or_code_lists_what_it_may_mean(source: Held) -> None:
    with pytest.raises(ParameterError) as caught:
        resolve(source, "Bretagne")
    assert "désigne 2 choses" in caught.value.fr
    for candidate in ("territoire/region/53 (Bretagne, Région", "territoire/commune/36024 (Bretagne, Commune"):
        assert candidate in caught.value.fr
    with pytest.raises(ParameterError, match=r"means 2 things.*territoire/departement/53"):
        resolve(source, "53", "en")


def test_a_name_that_fails_is_answered_with_near_ones(source: Held) -> None:
    with pytest.raises(NotFound) as caught:
        resolve(source, "tiers lieux")
    assert "noms proches : mesure/d/1 (Soutenir les tiers-lieux, Mesure)" in caught.value.fr
    with pytest.raises(NotFound, match=r"answers to “xyzzy”\.$"):
        resolve(source, "xyzzy")
    with pytest.raises(NotFound):
        describe_thing(source, "mesure/d/404")


@pytest.mark.parametrize("name", ['" } DROP ALL #', "https://e.org/> ?p ?o } #", "a'b\"c\\", "", ".*", "(", "\n"])
def test_a_name_cannot_break_out_of_the_query(source: Held, name: str) -> None:
    with pytest.raises((NotFound, IdentifierError)):
        describe_thing(source, name)


def test_properties_are_labelled_counted_and_sourced(source: Held) -> None:
    found = describe_thing(source, "mesure/d/1")
    assert (found.type, found.labels[found.iri]) == (CG + "Measure", "Soutenir les tiers-lieux")
    properties = {one.iri: one for one in found.properties}
    direct = properties[CG + "directPartOf"]
    assert direct.label == "composant direct de" and direct.total == 1
    assert direct.values[0].graphs == (GRAPH,) and found.labels[GRAPH] == "Avis d'essai"
    assert {value.graphs for value in properties[CG + "partOf"].values} == {(INFERENCE_GRAPH,)}
    (passage,) = found.passages
    assert passage.place() == "document/d 12–34 [0123456789abcdef]"


def test_labels_speak_the_language_asked_for_and_fall_back_to_french(source: Held) -> None:
    english = describe_thing(source, "mesure/d/1", lang="en")
    assert english.labels[english.iri] == "Support third places"
    assert english.labels[ID + "strategie/d"] == "Stratégie d'essai"
    assert english.labels[GRAPH] == "Trial opinion"
    assert "Measure" in told(english, "text", "en")
    assert labels_of(source, [ID + "nom/d/1", ID + "x/y"], "fr") == {ID + "nom/d/1": "SRE", ID + "x/y": "x/y"}


def test_what_refers_to_a_thing_comes_by_pages_with_its_passages(source: Held) -> None:
    found = describe_thing(source, "axe/d/1", limit=1)
    parts = next(one for one in found.incoming if one.iri == CG + "partOf")
    assert (parts.total, len(parts.values)) == (2, 1)
    following = describe_thing(source, "axe/d/1", limit=1, page=2)
    further = next(one for one in following.incoming if one.iri == CG + "partOf")
    assert {parts.values[0].term.value, further.values[0].term.value} == {ID + "mesure/d/1", ID + "orientation/d/1"}
    assert [passage.start for passage in parts.values[0].passages] == [12]
    assert "(1 sur 2)" in told(found, "text")


def test_a_recommendation_is_evidenced_by_its_statement_and_a_statement_by_itself(source: Held) -> None:
    for name in ("preconisation/d/1", "enonce/d/1"):
        assert [passage.iri for passage in describe_thing(source, name).passages] == [ID + "enonce/d/1"]


def test_reasons_are_given_for_derived_triples_only_when_asked(source: Held) -> None:
    assert not any(value.why for one in describe_thing(source, "axe/d/1").properties for value in one.values)
    found = describe_thing(source, "axe/d/1", why=True)
    values = [value for one in (*found.properties, *found.incoming) for value in one.values]
    assert values and all(bool(value.why) == (value.graphs == (INFERENCE_GRAPH,)) for value in values)
    text = told(found, "text")
    assert "Propriété transitive (transitive_property)" in text
    assert "Soutenir les tiers-lieux (mesure/d/1) · composant direct de · orientation/d/1 — Avis d'essai" in text


def test_a_description_takes_few_queries(source: Held) -> None:
    for name in ("mesure/d/1", "axe/d/1", "territoire/region/53"):
        source.asked = 0
        describe_thing(source, name)
        assert source.asked <= 7
    source.asked = 0
    describe_thing(source, "axe/d/1", why=True)
    assert source.asked <= 40


def test_text_tells_each_pair_of_inverses_once_and_nothing_a_terminal_obeys(source: Held) -> None:
    text = told(describe_thing(source, "axe/d/1"), "text")
    assert "← composant direct de" in text and "a pour composant direct" not in text
    text = told(describe_thing(source, "mesure/d/1"), "text")
    assert "a [31mb" in text and "\x1b" not in text


def test_json_holds_all_that_is_told(source: Held) -> None:
    found = json.loads(told(describe_thing(source, "axe/d/1", why=True), "json"))
    assert found["type"] == {"iri": CG + "Axis", "label": "Axe"}
    names = next(one for one in found["properties"] if one["iri"].endswith("prefLabel"))
    assert names["values"] == [{"value": "Coopérer au cœur", "lang": "fr", "graphs": [GRAPH]}]
    parts = next(one for one in found["properties"] if one["iri"] == CG + "hasPart")
    best = parts["values"][0]["why"][0]
    assert best["rule"] == "inverse_property" and set(best["title"]) == {"fr", "en"}
    assert best["premises"][0]["because"]["rule"] == "transitive_property"
    assert found["graphs"][GRAPH] == "Avis d'essai"


def test_turtle_is_the_triples(source: Held) -> None:
    found = told(describe_thing(source, "territoire/region/53"), "turtle")
    triples = {quad.triple for quad in ox.parse(found, format=ox.RdfFormat.TURTLE)}
    region = ox.NamedNode(ID + "territoire/region/53")
    assert ox.Triple(region, ox.NamedNode(CG + "inseeCode"), ox.Literal("53")) in triples
    assert len(triples) == 3 and "cg:Region" in found


def test_another_format_is_refused(source: Held) -> None:
    with pytest.raises(ParameterError, match="expected: text, json, turtle"):
        told(describe_thing(source, "axe/d/1"), "pdf")
