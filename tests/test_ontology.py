"""The ontology parses, hangs together, stays in its profiles, and catches every contradiction its axioms forbid."""

import hashlib
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from conftest import ROOT
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection

from cesergraph import ontology
from cesergraph.errors import EquipmentMissing
from cesergraph.header import read_header
from cesergraph.identifiers import concept
from cesergraph.namespaces import BASE, CG, PREFIXES
from cesergraph.ontology import (
    Fault,
    check_all,
    check_closed_namespace,
    check_consistency,
    check_hygiene,
    check_profiles,
    different_territories,
    hygiene_checks,
    load_ontology,
    reason,
)
from cesergraph.resources import walk

HERE = Path(__file__).parent / "ontology"
FILES = walk("ontology", ".ttl")
MODULES = sorted(path for path in FILES if "/" not in path and path != "cesergraph")
CODES = sorted(path for path in FILES if path.startswith("codes/"))
CONTRADICTIONS = sorted((HERE / "contradictions").glob("*.ttl"))
KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
PLANT = f"{BASE}plant#"


@pytest.fixture(autouse=True)
def scratch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep here what owlready2 leaves behind when HermiT finds a contradiction."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="module")
def whole() -> Graph:
    return load_ontology()


@pytest.fixture(scope="module")
def facts() -> Graph:
    return Graph().parse(HERE / "facts.ttl")


def parse(path: str) -> Graph:
    return Graph().parse(data=FILES[path].read_text(encoding="utf-8"), format="turtle")


def terms(graph: Graph, kinds: tuple[URIRef, ...] = (*KINDS, OWL.AnnotationProperty)) -> set[str]:
    return {str(s) for kind in kinds for s in graph.subjects(RDF.type, kind) if str(s).startswith(CG)}


# Files, modules, versions


def test_there_are_modules_and_code_lists() -> None:
    assert len(MODULES) == 11
    assert len(CODES) == 25


@pytest.mark.parametrize("path", FILES)
def test_a_file_declares_only_the_prefixes_of_the_project(path: str) -> None:
    declared = {
        line.split()[1].rstrip(":"): line.split()[2].strip("<>")
        for line in FILES[path].read_text(encoding="utf-8").splitlines()
        if line.startswith("@prefix")
    }
    assert declared.items() <= PREFIXES.items()
    assert len(parse(path)) > 0


@pytest.mark.parametrize("path", MODULES)
def test_a_module_imports_what_it_uses_and_nothing_else(path: str) -> None:
    iri = URIRef(f"{BASE}def/{path}")
    graphs = {f"{BASE}def/{name}": parse(name) for name in MODULES}
    defined_in = {term: name for name, graph in graphs.items() for term in terms(graph)}
    graph = graphs[str(iri)]
    used = {defined_in[str(node)] for triple in graph for node in triple if str(node) in defined_in}
    direct = {str(o) for o in graph.objects(iri, OWL.imports)}
    imports = Graph()
    for other in graphs.values():
        imports += other.triples((None, OWL.imports, None))
    reached = {str(o) for o in imports.transitive_objects(iri, OWL.imports)}
    assert used <= reached
    assert direct <= used | {f"{BASE}def/core"}


def test_versions_agree(whole: Graph) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert str(whole.value(ontology.ROOT, OWL.versionInfo)) == project["version"]
    assert str(whole.value(ontology.ROOT, OWL.versionIRI)) == f"{BASE}def/{project['version']}"


def test_the_root_holds_no_term() -> None:
    assert set(parse("cesergraph").subjects()) == {ontology.ROOT}


def test_foreign_superclasses_stand_only_in_the_alignments() -> None:
    for path in MODULES:
        graph = parse(path)
        for relation in (RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, OWL.inverseOf):
            assert all(str(o).startswith(CG) for o in graph.objects(None, relation)), path


def test_the_excerpts_are_the_recorded_ones() -> None:
    folder = ROOT / "ontology" / "imports"
    lines = [line.split() for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()]
    recorded = {name: digest for digest, name in lines}
    assert recorded == {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.glob("*.ttl"))}
    assert recorded
    for name in recorded:
        header = URIRef(f"{BASE}def/imports/{name.removesuffix('.ttl')}")
        excerpt = parse(f"imports/{name.removesuffix('.ttl')}")
        assert excerpt.value(header, DCTERMS.source) and excerpt.value(header, DCTERMS.date), name


def test_every_foreign_term_of_the_facts_is_declared(whole: Graph, facts: Graph) -> None:
    used = {str(p) for p in facts.predicates()} | {str(o) for o in facts.objects(None, RDF.type)}
    foreign = {iri for iri in used if not iri.startswith((CG, str(RDF)))}
    assert foreign and foreign <= {str(s) for s in whole.subjects(RDF.type)}


# Code lists


@pytest.mark.parametrize("path", CODES)
def test_a_code_list_is_one_scheme_with_well_formed_notations(path: str) -> None:
    graph = parse(path)
    scheme = path.removeprefix("codes/")
    assert list(graph.subjects(RDF.type, SKOS.ConceptScheme)) == [URIRef(f"{BASE}vocab/{scheme}")]
    concepts = set(graph.subjects(RDF.type, SKOS.Concept))
    assert len(concepts) > 1
    for one in concepts:
        assert concept(scheme, str(graph.value(one, SKOS.notation))) == str(one)


def test_every_code_list_is_used_by_a_property_or_by_a_foreign_one(whole: Graph) -> None:
    used = {str(o).rpartition("/")[2] for o in whole.objects(None, URIRef(CG + "valuesFrom"))}
    # Themes are the values of dcterms:subject, families of addressee groups those of dcterms:type.
    assert {path.removeprefix("codes/") for path in CODES} - used == {"theme", "addressee-group"}


def test_there_are_thirty_to_forty_themes() -> None:
    assert 30 <= len(set(parse("codes/theme").subjects(RDF.type, SKOS.Concept))) <= 40


# Hygiene


def test_the_ontology_passes_every_hygiene_check(whole: Graph) -> None:
    assert check_hygiene(whole) == []


FAULTY = """
@base <https://w3id.org/cesergraph/> .
<def/a> a owl:Ontology ; owl:imports <def/b> ; dcterms:title "a"@fr , "b"@fr .
<def/b> a owl:Ontology ; owl:imports <def/a> , <def/absent> .
cg:Actor a owl:Class .
cg:Bare a owl:Class , owl:ObjectProperty ; rdfs:label "nu"@fr ; skos:scopeNote "note"@fr .
cg:Twin a owl:Class ; rdfs:label "nu"@fr ; owl:deprecated true ; rdfs:isDefinedBy <def/a> .
cg:link a owl:ObjectProperty ; rdfs:range cg:Missing .
cg:size a owl:DatatypeProperty ; rdfs:domain cg:Actor ; cg:valuesFrom <vocab/absent> .
cg:weight a owl:DatatypeProperty ; rdfs:domain cg:Actor .
<vocab/list> a skos:ConceptScheme .
<vocab/other> a skos:ConceptScheme .
<vocab/theme/alone> a skos:Concept ; skos:inScheme <vocab/theme> .
<vocab/list/one> a skos:Concept ; skos:inScheme <vocab/list> , <vocab/other> ; skos:notation "two" .
"""
PLANTED = {
    "class_outside_top_classes": "cg:Bare",
    "concept_in_two_schemes": f"{BASE}vocab/list/one",
    "concept_misnamed": f"{BASE}vocab/list/one",
    "concept_without_notation": f"{BASE}vocab/theme/alone",
    "concept_without_scheme": f"{BASE}vocab/theme/alone",
    "concept_without_text": f"{BASE}vocab/list",
    "deprecated_without_replacement": "cg:Twin",
    "duplicate_label": "cg:Bare",
    "import_circle": f"{BASE}def/a",
    "module_outside_root": f"{BASE}def/a",
    "module_without_title": f"{BASE}def/b",
    "note_in_one_language": "cg:Bare",
    "property_without_domain": "cg:link",
    "property_without_values": "cg:weight",
    "term_of_two_kinds": "cg:Bare",
    "term_without_module": "cg:Bare",
    "term_without_text": "cg:Bare",
    "theme_without_european_theme": f"{BASE}vocab/theme/alone",
    "two_texts_in_one_language": f"{BASE}def/a",
    "undeclared_term": "cg:Missing",
    "unknown_code_list": "cg:size",
    "unknown_import": f"{BASE}def/b",
}


@pytest.fixture(scope="module")
def faulty() -> list[Fault]:
    graph = Graph()
    prefixes = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
    return check_hygiene(graph.parse(data=prefixes + FAULTY, format="turtle"))


def test_every_hygiene_check_has_a_planted_fault() -> None:
    assert sorted(hygiene_checks()) == sorted(PLANTED)


@pytest.mark.parametrize("name", PLANTED)
def test_a_hygiene_check_finds_its_planted_fault(name: str, faulty: list[Fault]) -> None:
    found = [fault for fault in faulty if fault.check == name]
    assert PLANTED[name] in {fault.subject for fault in found}
    assert all(fault.message_fr != fault.message_en for fault in found)


# Closed namespace


def test_the_facts_stay_in_the_namespace(facts: Graph) -> None:
    assert check_closed_namespace(facts) == []


def test_a_term_and_a_concept_that_do_not_exist_are_found() -> None:
    graph = Graph()
    graph.add((URIRef(f"{BASE}id/organisation/x"), RDF.type, URIRef(CG + "Organization")))
    graph.add((URIRef(f"{BASE}id/organisation/x"), URIRef(CG + "legalForm"), URIRef(f"{BASE}vocab/legal-form/inc")))
    assert [f.subject for f in check_closed_namespace(graph)] == ["cg:Organization", f"{BASE}vocab/legal-form/inc"]


# Profiles and consistency


@pytest.mark.java
def test_the_ontology_has_no_fault(java: str) -> None:
    """Hygiene, OWL 2 DL, OWL 2 RL, HermiT; with the alignments, hence also without: entailment is monotonic."""
    assert check_all() == []


@pytest.mark.java
def test_the_profile_judge_finds_planted_violations(whole: Graph, java: str) -> None:
    graph = Graph() + whole
    part_of, node = URIRef(CG + "partOf"), BNode()
    graph.add((part_of, RDF.type, OWL.FunctionalProperty))  # not simple: outside DL
    graph.add((URIRef(CG + "Actor"), RDFS.subClassOf, node))  # an existential on the right: outside RL
    for predicate, value in ((RDF.type, OWL.Restriction), (OWL.onProperty, part_of), (OWL.someValuesFrom, OWL.Thing)):
        graph.add((node, predicate, value))
    assert {fault.subject for fault in check_profiles(graph)} == {"OWL 2 DL", "OWL 2 RL"}


def test_the_sample_facts_use_every_class_and_property(whole: Graph, facts: Graph) -> None:
    used = {str(node) for triple in facts for node in triple[1:]}
    assert terms(whole, KINDS) - used == set()


@pytest.mark.java
def test_the_sample_facts_are_consistent(facts: Graph, java: str) -> None:
    assert check_consistency(facts) == []


def test_there_are_contradictions() -> None:
    assert len(CONTRADICTIONS) >= 9


@pytest.mark.java
@pytest.mark.parametrize("file", CONTRADICTIONS, ids=lambda file: file.stem)
def test_a_contradiction_is_caught(file: Path, java: str) -> None:
    assert read_header(file.read_text(encoding="utf-8"), file.name)["why"]
    faults = check_consistency(Graph().parse(file), folders=())
    assert [fault.check for fault in faults] == ["consistency"]


def test_a_malformed_number_is_said_before_any_reasoning() -> None:
    text = f'<{BASE}id/decompte/1> <{CG}votesFor> "vingt-cinq"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger> .'
    faults = check_consistency(Graph().parse(data=text, format="turtle"))
    assert [(fault.check, fault.subject) for fault in faults] == [("literal", "decompte/1")]
    assert "vingt-cinq" in faults[0].say("fr") and "datatype" in faults[0].say("en")


@pytest.mark.java
def test_two_regions_with_different_codes_are_no_contradiction(java: str) -> None:
    text = (HERE / "contradictions" / "two-regions-one-code.ttl").read_text(encoding="utf-8")
    last = text.rindex('"00"')
    graph = Graph().parse(data=f'{text[:last]}"01"{text[last + 4 :]}', format="turtle")
    assert check_consistency(graph, folders=()) == []
    assert len(list(different_territories(graph).subjects(RDF.type, OWL.AllDifferent))) == 1


# A plant for every axiom: a class that the axiom alone makes impossible


def disjoint_pairs(graph: Graph) -> Iterator[tuple[URIRef, URIRef]]:
    for axiom in graph.subjects(RDF.type, OWL.AllDisjointClasses):
        members = graph.value(axiom, OWL.members)
        assert members is not None
        for one, other in combinations(Collection(graph, members), 2):
            yield URIRef(str(one)), URIRef(str(other))


def characteristic(graph: Graph, kind: URIRef) -> list[URIRef]:
    return sorted(URIRef(str(s)) for s in graph.subjects(RDF.type, kind) if str(s).startswith(CG))


class Plants:
    """A graph of classes, one an axiom, each impossible as long as its axiom stands."""

    def __init__(self, axioms: Graph) -> None:
        self.graph = Graph()
        self.names: dict[str, set[str]] = {"disjoint": set(), "functional": set(), "asymmetric": set()}
        self.names |= {"irreflexive": set(), "key": set()}
        for one, other in disjoint_pairs(axioms):
            self.plant("disjoint", f"{one.rpartition('#')[2]}-{other.rpartition('#')[2]}", one, other)
        for term in characteristic(axioms, OWL.FunctionalProperty):
            self.plant("functional", term, self.restrict(term, OWL.minCardinality, Literal(2, datatype=COUNT)))
        for term in characteristic(axioms, OWL.AsymmetricProperty):
            a, b = self.only("a"), self.only("b")
            there = self.restrict(term, OWL.someValuesFrom, self.both(b, self.restrict(term, OWL.someValuesFrom, a)))
            self.plant("asymmetric", term, a, there)
        for term in characteristic(axioms, OWL.IrreflexiveProperty):
            self.plant("irreflexive", term, self.restrict(term, OWL.hasSelf, Literal(True)))
        for owner, keys in axioms.subject_objects(OWL.hasKey):
            self.plant_key(URIRef(str(owner)), URIRef(str(next(iter(Collection(axioms, keys))))))

    def plant(self, kind: str, name: str, *supers: URIRef | BNode) -> None:
        iri = URIRef(f"{PLANT}{kind}-{name.rpartition('#')[2]}")
        self.names[kind].add(str(iri))
        self.graph.add((iri, RDF.type, OWL.Class))
        for one in supers:
            self.graph.add((iri, RDFS.subClassOf, one))

    def plant_key(self, owner: URIRef, key: URIRef) -> None:
        link, one, other = URIRef(f"{PLANT}link"), self.only(f"{owner}1"), self.only(f"{owner}2")
        self.graph.add((link, RDF.type, OWL.ObjectProperty))
        self.graph.add((URIRef(f"{PLANT}{owner}1"), OWL.differentFrom, URIRef(f"{PLANT}{owner}2")))
        keyed = self.both(owner, self.restrict(key, OWL.hasValue, Literal("00")))
        there = self.restrict(link, OWL.someValuesFrom, self.both(other, keyed))
        self.plant("key", owner, one, keyed, there)

    def restrict(self, term: URIRef, kind: URIRef, value: URIRef | BNode | Literal) -> BNode:
        node = BNode()
        for predicate, filler in ((RDF.type, OWL.Restriction), (OWL.onProperty, term), (kind, value)):
            self.graph.add((node, predicate, filler))
        return node

    def both(self, *parts: URIRef | BNode) -> BNode:
        return self.expression(OWL.intersectionOf, *parts)

    def only(self, name: str) -> BNode:
        individual = URIRef(PLANT + name)
        self.graph.add((individual, RDF.type, OWL.NamedIndividual))
        return self.expression(OWL.oneOf, individual)

    def expression(self, kind: URIRef, *parts: URIRef | BNode) -> BNode:
        node = BNode()
        self.graph.add((node, RDF.type, OWL.Class))
        self.graph.add((node, kind, Collection(self.graph, BNode(), list(parts)).uri))
        return node

    @property
    def all(self) -> set[str]:
        return {name for names in self.names.values() for name in names}


COUNT = URIRef("http://www.w3.org/2001/XMLSchema#nonNegativeInteger")


@pytest.mark.java
def test_every_disjointness_functionality_asymmetry_and_key_is_felt(java: str) -> None:
    modules = load_ontology(())
    plants = Plants(modules)
    assert all(plants.names.values())
    verdict = reason(modules + plants.graph)
    assert verdict.consistent
    assert set(verdict.unsatisfiable) == plants.all


@pytest.mark.java
@pytest.mark.parametrize(
    ("kinds", "removed"),
    [
        (["disjoint", "key"], [(RDF.type, OWL.AllDisjointClasses), (OWL.hasKey, None)]),
        (
            ["functional", "asymmetric", "irreflexive"],
            [(RDF.type, kind) for kind in (OWL.FunctionalProperty, OWL.AsymmetricProperty, OWL.IrreflexiveProperty)],
        ),
    ],
)
def test_without_its_axioms_a_plant_goes_uncaught(
    kinds: list[str], removed: list[tuple[URIRef, URIRef | None]], java: str
) -> None:
    modules = load_ontology(())
    plants = Plants(modules)
    for predicate, value in removed:
        assert (None, predicate, value) in modules
        modules.remove((None, predicate, value))
    verdict = reason(modules + plants.graph)
    assert verdict.consistent
    assert set(verdict.unsatisfiable) == plants.all - {name for kind in kinds for name in plants.names[kind]}


# Without Java


def test_without_java_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for check in (check_profiles, check_consistency):
        with pytest.raises(EquipmentMissing, match="default-jdk-headless"):
            check()


def test_a_java_without_a_compiler_is_told_from_a_jdk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    runtime = tmp_path / "java"
    runtime.write_text("#!/bin/sh\necho java.base@17\n")
    runtime.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(EquipmentMissing, match="JDK"):
        check_profiles()
