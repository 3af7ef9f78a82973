"""Each rule fires where it must and nowhere else; a derived triple is traced back to what is stated."""

import re
import time
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from small_graphs import COOPERATION, GRAPH, GROUP, PLAN, RELATION, Held, lines, term

from cesergraph.errors import HeaderError
from cesergraph.identifiers import INFERENCE_GRAPH
from cesergraph.inference import Explanation, _read_rule, explain, explain_all, infer, rules
from cesergraph.namespaces import PREFIXES
from cesergraph.resources import walk
from cesergraph.vocabulary import ONTOLOGY_GRAPH, vocabulary

MODALITIES = ["planned", "conditional", "considered", "negated", "asked", "reported"]


def derived(statements: str) -> set[str]:
    """Return what is inferred, classes left out, each as ``subject predicate object`` in short form."""
    return {line for line in shortened(infer(lines(statements))) if " rdf:type " not in line}


def shortened(quads: list[str]) -> Iterator[str]:
    for line in quads:
        short = line.removesuffix(f" <{INFERENCE_GRAPH}> .\n")
        assert short != line, "every derived quad stands in the graph of inference"
        for prefix, base in PREFIXES.items():
            short = re.sub(rf"<{re.escape(base)}([^>#]*)>", rf"{prefix}:\1", short)
        yield short.replace("<https://w3id.org/cesergraph/", "").replace(">", "")


FIRES = {
    "inverse_property": ("id/cible/d/1 cg:targetOf id/objectif/d/1", "id/objectif/d/1 cg:hasTarget id/cible/d/1"),
    "broader_property": ("id/chiffre/d/1 cg:claimedIn id/passage/d/1", "id/chiffre/d/1 cg:evidencedBy id/passage/d/1"),
    "transitive_property": (PLAN, "id/mesure/d/1 cg:partOf id/strategie/d"),
    "symmetric_property": (
        "id/grandeur/d/1 cg:comparableWith id/grandeur/d/2",
        "id/grandeur/d/2 cg:comparableWith id/grandeur/d/1",
    ),
    "property_chain": (GROUP, "id/preconisation/d/1 cg:addressedTo id/groupe/epci"),
    "plain_edge": (
        RELATION.format(kind="member-of", modality="asserted", to="organisation/y"),
        "id/organisation/x cg:memberOf id/organisation/y",
    ),
    "reversed_plain_edge": (
        RELATION.format(kind="operates", modality="asserted", to="dispositif/y"),
        "id/dispositif/y cg:operatedBy id/organisation/x",
    ),
    "partners_by_cooperation": (
        COOPERATION.format(modality="asserted"),
        "id/organisation/x cg:partnerOf id/organisation/y",
    ),
    "addressed_via_group": (
        GROUP,
        "id/preconisation/d/1 cg:addressedViaGroup id/organisation/siren/200071678",
    ),
}


def test_every_rule_is_shown_to_fire() -> None:
    assert {rule.name for rule in rules()} == {*FIRES, "broader_class"}


@pytest.mark.parametrize("name", FIRES)
def test_a_rule_fires(name: str) -> None:
    statements, conclusion = FIRES[name]
    assert conclusion in derived(statements)


@pytest.mark.parametrize("name", FIRES)
def test_a_conclusion_is_explained_by_its_rule(name: str) -> None:
    statements, conclusion = FIRES[name]
    stated = lines(statements)
    found = explain(Held(stated, infer(stated)), *map(term, conclusion.split()))
    assert name in [one.rule.name for one in found]
    assert all(one.premises for one in found)


def test_a_thing_is_of_the_broader_classes_too() -> None:
    found = set(shortened(infer(lines("id/organisation/ceser-essai a cg:CESER"))))
    for name in ("ConsultativeAssembly", "PublicBody", "Organisation", "Actor"):
        assert f"id/organisation/ceser-essai rdf:type cg:{name}" in found
    assert all("cg:" in line for line in found), "no class of another vocabulary is inferred"


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize(
    "statements",
    [
        RELATION.replace("{kind}", "member-of").replace("{to}", "organisation/y"),
        RELATION.replace("{kind}", "partner-of").replace("{to}", "organisation/y"),
        RELATION.replace("{kind}", "operates").replace("{to}", "dispositif/y"),
        COOPERATION,
    ],
)
def test_nothing_but_an_assertion_gives_an_edge(statements: str, modality: str) -> None:
    assert not any(
        f"cg:{edge} " in line
        for line in derived(statements.format(modality=modality))
        for edge in ("memberOf", "partnerOf", "operatedBy")
    )


def test_a_relation_without_modality_or_of_a_kind_without_edge_gives_none() -> None:
    silent = RELATION.format(kind="member-of", modality="asserted", to="organisation/y").replace(
        "id/relation/d/1 cg:modality vocab/modality/asserted\n", ""
    )
    assert derived(silent) == set()
    assert derived(RELATION.format(kind="consults", modality="asserted", to="organisation/y")) == set()


def test_a_partner_of_a_relation_is_one_both_ways_and_nobody_is_their_own_partner() -> None:
    assert derived(RELATION.format(kind="partner-of", modality="asserted", to="organisation/y")) == {
        "id/organisation/x cg:partnerOf id/organisation/y",
        "id/organisation/y cg:partnerOf id/organisation/x",
    }
    assert not any(
        "cg:partnerOf" in line
        for line in derived(COOPERATION.format(modality="asserted").replace("organisation/y", "organisation/x"))
    )


def test_a_member_of_an_addressed_group_is_not_addressed_by_name() -> None:
    found = derived(GROUP)
    assert "id/preconisation/d/1 cg:addressedTo id/organisation/siren/200071678" not in found
    assert not any("cg:addressedViaGroup id/groupe/epci" in line for line in found)


def test_a_group_within_a_group_is_followed() -> None:
    nested = GROUP.replace("cg:addressee id/groupe/epci", "cg:addressee id/groupe/collectivites")
    found = derived(nested + "id/groupe/collectivites cg:groupMember id/groupe/epci")
    assert "id/preconisation/d/1 cg:addressedViaGroup id/groupe/epci" in found
    assert "id/preconisation/d/1 cg:addressedViaGroup id/organisation/siren/200071678" in found


def test_the_nesting_of_territories_and_other_vocabularies_are_left_alone() -> None:
    assert (
        derived(
            "id/territoire/commune/45234 cg:within id/territoire/departement/45\n"
            "id/territoire/departement/45 cg:within id/territoire/region/24"
        )
        == set()
    )
    assert derived("id/document/d cg:issuedBy id/organisation/x") == {"id/organisation/x cg:issued id/document/d"}


def test_what_is_stated_is_not_derived_again() -> None:
    both = "id/cible/d/1 cg:targetOf id/objectif/d/1\nid/objectif/d/1 cg:hasTarget id/cible/d/1"
    assert derived(both) == set()


def test_of_registers_only_the_classes_of_organisations_are_taken() -> None:
    register = lines(
        "id/organisation/siren/234500023 a cg:RegionalAuthority\n"
        "id/organisation/siren/234500023 cg:administers id/territoire/region/24\n"
        "id/territoire/region/24 a cg:Region",
        "https://w3id.org/cesergraph/graph/territories/2026",
    )
    found = set(shortened(infer(register, registers={"territories"})))
    assert "id/organisation/siren/234500023 rdf:type cg:LocalAuthority" in found
    assert not any("territoire" in line for line in found)
    assert any("territoire" in line for line in shortened(infer(register, registers={"autre"})))


def test_the_result_is_sorted_whatever_the_order_and_nothing_follows_from_it_any_more() -> None:
    stated = lines(PLAN + GROUP + COOPERATION.format(modality="asserted"))
    found = infer(stated)
    assert found == sorted(set(found)) == infer(reversed(stated))
    assert infer([*stated, *found]) == []


def test_a_two_step_conclusion_is_traced_to_what_is_stated_with_passages() -> None:
    stated = lines(PLAN)
    source = Held(stated, infer(stated))
    best = explain(source, term("id/mesure/d/1"), term("cg:partOf"), term("id/axe/d/1"))[0]
    assert best.rule.name == "transitive_property"
    assert best.rule.title["fr"] == "Propriété transitive"
    assert [premise.because is not None for premise in best.premises] == [True, True]
    inner = best.premises[0].because
    assert inner is not None and inner.rule.name == "broader_property"
    (leaf,) = inner.premises
    assert leaf.because is None and leaf.graphs == (GRAPH,)
    (passage,) = leaf.passages
    assert (passage.start, passage.end, passage.digest) == (12, 34, "0123456789abcdef")
    assert passage.document == "https://w3id.org/cesergraph/id/document/d"


def premises(explanation: Explanation) -> Iterator[ox.Triple]:
    for premise in explanation.premises:
        yield premise.triple
        if premise.because:
            yield from premises(premise.because)


def test_every_derived_triple_is_explained_without_a_circle_and_in_few_queries() -> None:
    stated = lines(PLAN + GROUP + COOPERATION.format(modality="asserted"))
    found = infer(stated)
    source = Held(stated, found)
    triples = [quad.triple for quad in ox.parse("".join(found), format=ox.RdfFormat.N_QUADS)]
    explained = explain_all(source, triples)
    assert len(explained) == len(triples) > 20
    for triple, explanations in explained.items():
        assert explanations, triple
        assert all(triple not in premises(one) for one in explanations)
        sizes = [len(list(premises(one))) for one in explanations]
        assert sizes == sorted(sizes), "the shortest comes first"
    assert source.asked < 80


def test_of_two_reasons_the_shorter_comes_first() -> None:
    stated = lines(
        COOPERATION.format(modality="asserted")
        + RELATION.format(kind="partner-of", modality="asserted", to="organisation/y")
    )
    found = explain(
        Held(stated, infer(stated)), term("id/organisation/x"), term("cg:partnerOf"), term("id/organisation/y")
    )
    assert [one.rule.name for one in found][:2] == ["plain_edge", "partners_by_cooperation"]


def test_what_is_stated_or_absent_needs_no_explanation() -> None:
    stated = lines(PLAN)
    source = Held(stated, infer(stated))
    assert explain(source, term("id/mesure/d/1"), term("cg:directPartOf"), term("id/orientation/d/1")) == []
    assert explain(source, term("id/mesure/d/1"), term("cg:partOf"), term("id/mesure/d/2")) == []


def test_a_rule_file_runs_as_it_stands_and_leaves_other_vocabularies_alone() -> None:
    stated = lines(PLAN + "id/document/d a cg:Opinion\nid/document/d cg:issuedBy id/organisation/x")
    store = ox.Store()
    store.bulk_extend(vocabulary())
    outside = "cg:Document rdfs:subClassOf foaf:Document\ncg:issuedBy rdfs:subPropertyOf prov:wasAttributedTo"
    store.load("".join(lines(outside, ONTOLOGY_GRAPH.value)), format=ox.RdfFormat.N_QUADS)
    store.bulk_extend(ox.Quad(*quad.triple) for quad in ox.parse("".join(stated), format=ox.RdfFormat.N_QUADS))
    known = set(store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    before = -1
    while before < len(store):
        before = len(store)
        for file in walk("ontology/rules", ".rq").values():
            found = store.query(file.read_text(encoding="utf-8"))
            assert isinstance(found, ox.QueryTriples)
            store.extend([ox.Quad(*triple) for triple in found])
    concluded = set(store.quads_for_pattern(None, None, None, ox.DefaultGraph())) - known
    inferred = ox.parse("".join(infer(stated)), format=ox.RdfFormat.N_QUADS)
    assert {quad.triple for quad in concluded} == {quad.triple for quad in inferred}


def test_rules_are_told_in_both_languages_and_read_whole() -> None:
    for rule in rules():
        for told in (rule.title, rule.description):
            assert set(told) == {"fr", "en"} and all(told.values()), rule.name
        outside = re.sub(r"^  (FILTER|VALUES).*$", "", rule.stated, flags=re.MULTILINE)
        assert len([line for line in outside.splitlines() if line.strip()]) == len(rule.premises) > 0, rule.name


def test_a_rule_of_another_form_is_refused() -> None:
    with pytest.raises(HeaderError, match="one triple"):
        _read_rule("two", "CONSTRUCT { ?a ?b ?c . ?c ?b ?a }\nWHERE {\n  ?a ?b ?c .\n}\n")


def test_some_thousands_of_statements_take_less_than_three_seconds() -> None:
    many = [line for n in range(500) for line in lines(PLAN.replace("/d/", f"/d{n}/"))]
    started = time.perf_counter()
    assert len(infer(many)) > 5_000
    assert time.perf_counter() - started < 3
