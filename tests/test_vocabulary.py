"""The ontology as the program reads it."""

import pytest

from cesergraph.namespaces import CG, expand
from cesergraph.vocabulary import (
    broader_classes,
    class_named,
    classes,
    inverses,
    most_specific,
    narrower_classes,
    term_label,
)


def test_classes_lie_in_each_other() -> None:
    assert len(classes()) > 80
    assert broader_classes(CG + "CESER") >= {CG + "CESER", CG + "PublicBody", CG + "Actor"}
    assert CG + "CESER" in narrower_classes(CG + "Organisation")
    assert CG + "Region" not in narrower_classes(CG + "Organisation")
    assert all(one.startswith(CG) for one in classes() for one in broader_classes(one))
    assert most_specific({CG + "Actor", CG + "CESER", CG + "Organisation"}) == CG + "CESER"


@pytest.mark.parametrize("name", ["Recommendation", "cg:recommendation", CG + "Recommendation", "Préconisation"])
def test_a_class_is_known_by_iri_name_and_label(name: str) -> None:
    assert class_named(name) == CG + "Recommendation"
    assert class_named("Planet") is None


def test_terms_concepts_and_borrowed_properties_have_labels_in_both_languages() -> None:
    for iri in (CG + "partOf", "https://w3id.org/cesergraph/vocab/modality/asserted", expand("skos:prefLabel")):
        french, english = term_label(iri, "fr"), term_label(iri, "en")
        assert french and english and french != english
    assert term_label("https://e.org/x", "fr") is None


def test_inverses_are_known_both_ways() -> None:
    assert CG + "hasPart" in inverses(CG + "partOf")
    assert CG + "partOf" in inverses(CG + "hasPart")
    assert inverses(CG + "partnerOf") == {CG + "partnerOf"}
    assert inverses(CG + "siren") == frozenset()
