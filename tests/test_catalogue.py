"""The catalogue, judged by the shapes of SEMIC for DCAT-AP 3.0.1, and the counts of VoID against the store."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import servers
from pyshacl import validate
from rdflib.compare import isomorphic
from rdflib.term import Node

from cesergraph.answers import Answers
from cesergraph.catalogue import CATALOGUE, DATASET, DOCUMENTS, Options, catalogue, datasets, void
from cesergraph.dumps import Figures, ensure_dumps
from cesergraph.namespaces import BASE, GRAPH, ID, PREFIXES, expand, shorten
from cesergraph.store import EmbeddedStore

mini_store = servers.mini_store
HERE = "https://donnees.example/cesergraph/"
FULL = Options(version="1.2.0", date="2026-11-25", contact="mailto:equipe@donnees.example")
SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
Triples = Sequence[ox.Triple]


@pytest.fixture(scope="module")
def figures(graph: EmbeddedStore) -> Figures:
    return ensure_dumps(graph)[1]


@pytest.fixture(scope="module")
def full(graph: EmbeddedStore, figures: Figures) -> Triples:
    return catalogue(graph, HERE, FULL, figures)


def as_rdflib(triples: Iterable[ox.Triple]) -> rdflib.Graph:
    return rdflib.Graph().parse(data="".join(f"{triple} .\n" for triple in triples), format="nt")


def findings(triples: Iterable[ox.Triple], shapes: Path) -> Counter[tuple[str, str]]:
    """Return what the shapes find, counted by severity and path."""
    _, report, _ = validate(as_rdflib(triples), shacl_graph=str(shapes))
    assert isinstance(report, rdflib.Graph)
    return Counter(
        (str(report.value(one, SH.resultSeverity)).removeprefix(SH), shorten(str(report.value(one, SH.resultPath))))
        for one in report.subjects(rdflib.RDF.type, SH.ValidationResult)
    )


@pytest.mark.parametrize("options", [Options(), FULL], ids=["bare", "full"])
@pytest.mark.parametrize("static", [False, True], ids=["live", "static"])
def test_the_catalogue_conforms_to_dcat_ap(
    judges: Path, graph: EmbeddedStore, figures: Figures, options: Options, static: bool
) -> None:
    shapes = judges / "dcat-ap-3.0.1" / "shapes.ttl"
    assert findings(catalogue(graph, HERE, options, figures, static=static), shapes) == {}
    assert findings(catalogue(graph, HERE, options, None, static=static), shapes) == {}


@pytest.mark.parametrize(
    "subject, path",
    [
        (CATALOGUE, "dcterms:title"),
        (CATALOGUE, "dcterms:description"),
        (CATALOGUE, "dcterms:publisher"),
        (DATASET, "dcterms:title"),
        (DOCUMENTS, "dcterms:description"),
        (BASE + "dataset/territories", "dcterms:description"),
        (DATASET + "#nq", "dcat:accessURL"),
        (DATASET + "#sparql", "dcat:endpointURL"),
        (DATASET + "#nq-sha256", "http://spdx.org/rdf/terms#checksumValue"),
        (DATASET + "#project", "foaf:name"),
    ],
)
def test_the_judge_sees_what_is_taken_away(judges: Path, full: Triples, subject: str, path: str) -> None:
    predicate = path if path.startswith("http") else expand(path)
    less = [one for one in full if (str(one.subject), str(one.predicate)) != (f"<{subject}>", f"<{predicate}>")]
    assert len(less) < len(full)
    assert ("Violation", path) in findings(less, judges / "dcat-ap-3.0.1" / "shapes.ttl")


def test_the_judge_sees_what_is_put_wrongly(judges: Path, full: Triples) -> None:
    node, shapes = ox.NamedNode, judges / "dcat-ap-3.0.1" / "shapes.ttl"
    license, size = node(expand("dcterms:license")), node(expand("dcat:byteSize"))
    for predicate, wrong in ((license, ox.Literal("free")), (size, ox.Literal("many"))):
        assert findings([*full, ox.Triple(node(DATASET + "#nq"), predicate, wrong)], shapes)


def test_what_is_recommended_is_there_unless_nobody_said_it(judges: Path, full: Triples) -> None:
    """Left: what would be made up, and where a publisher is not known (the annotations of several hands)."""
    found = findings(full, judges / "dcat-ap-3.0.1" / "shapes_recommended.ttl")
    assert {severity for severity, _ in found} == {"Warning"}
    assert {path for _, path in found} == {
        "http://data.europa.eu/r5r/availability",  # how long an address stays is a promise
        "dcterms:publisher",  # of the annotations of several hands
        "dcterms:temporal",  # no source says as a whole what time it covers
        "dcterms:type",  # the publishers' kinds and the licence's, in tables of the EU
        "dcat:bbox",  # of France, whose IRI says it
        "dcat:centroid",
        "dcat:contactPoint",  # of the publishers of the sources
    }
    assert found["Warning", "dcterms:publisher"] == 1


@pytest.mark.parametrize("format", ["turtle", "xml", "json-ld"])
def test_a_harvester_reads_the_same_in_every_format(full: Triples, format: str) -> None:
    written = {"turtle": ox.RdfFormat.TURTLE, "xml": ox.RdfFormat.RDF_XML, "json-ld": ox.RdfFormat.JSON_LD}[format]
    content = ox.serialize(full, format=written, prefixes=PREFIXES)
    assert content is not None
    assert isomorphic(rdflib.Graph().parse(data=content, format=format), as_rdflib(full))


def test_what_a_harvester_shows_is_there_in_both_languages(full: Triples) -> None:
    """data.gouv.fr takes dcterms:description and dcat:keyword before all else."""
    told = as_rdflib(full)
    listed = set(told.objects(rdflib.URIRef(CATALOGUE), rdflib.URIRef(expand("dcat:dataset"))))
    assert len(listed) >= 8
    for dataset in listed:
        for path in ("dcterms:description", "dcat:keyword"):
            values = list(told.objects(dataset, rdflib.URIRef(expand(path))))
            assert {value.language for value in values if isinstance(value, rdflib.Literal)} == {"fr", "en"}, dataset
        assert list(told.objects(dataset, rdflib.URIRef(expand("dcat:distribution")))), dataset
    languages: dict[tuple[str, str], list[str]] = {}
    for one in full:
        if isinstance(one.object, ox.Literal) and one.object.language:
            languages.setdefault((str(one.subject), str(one.predicate)), []).append(one.object.language)
    assert all(found == sorted(found, reverse=True) for found in languages.values())  # fr, then en


def test_every_loaded_source_is_told_with_what_it_says_of_itself(graph: EmbeddedStore, full: Triples) -> None:
    told = as_rdflib(full)
    listed = {str(one) for one in told.objects(rdflib.URIRef(CATALOGUE), rdflib.URIRef(expand("dcat:dataset")))}
    described = {
        str(row[0])[1:-1] for row in graph.query(f"SELECT DISTINCT ?d {{ ?d a <{expand('dcat:Dataset')}> }}").rows
    }
    assert len(described) > 6 and described | {DATASET, DOCUMENTS} == listed == {*datasets(graph.data), DATASET}
    for path in ("dcterms:title", "dcterms:description", "dcterms:license", "dcterms:publisher", "dcat:version"):
        rows = graph.query(f"SELECT ?d ?o {{ ?d a <{expand('dcat:Dataset')}> ; <{expand(path)}> ?o }}").rows
        said = {(str(one), str(end)) for one, end in rows if str(one) != f"<{DOCUMENTS}>"}
        kept = {(str(one.subject), str(one.object)) for one in full if str(one.predicate) == f"<{expand(path)}>"}
        assert said and said <= kept, path


def test_names_are_ours_and_only_addresses_are_the_site_s(full: Triples) -> None:
    assert not [one for one in full if isinstance(one.subject, ox.BlankNode) or isinstance(one.object, ox.BlankNode)]
    addresses = {str(one.predicate)[1:-1] for one in full if str(one.object).startswith(f"<{HERE}")}
    assert {shorten(one) for one in addresses} == {
        "dcat:accessURL",
        "dcat:downloadURL",
        "dcat:endpointDescription",
        "dcat:endpointURL",
        "dcat:landingPage",
        "foaf:homepage",
    }
    downloads = [str(one.object) for one in full if str(one.predicate) == f"<{expand('dcat:downloadURL')}>"]
    assert len(downloads) > 8 and all(one.startswith(f"<{HERE}") for one in downloads)


def test_nothing_is_told_that_nobody_said(graph: EmbeddedStore, figures: Figures) -> None:
    told = "".join(map(str, catalogue(graph, HERE, Options(), figures)))
    for word in ("contactPoint", "issued", "modified", "accrualPeriodicity", "temporal", "availability", "mailto"):
        assert word not in told, word
    assert graph.manifest.version in told
    static = "".join(map(str, catalogue(graph, HERE, Options(), figures, static=True)))
    assert "DataService" in told and "DataService" not in static and f"{HERE}graph/" not in static
    assert "sparqlEndpoint" not in "".join(map(str, void(graph, HERE, Options(), figures, static=True)))
    assert "Distribution" not in "".join(map(str, catalogue(graph, HERE, Options(), None, static=True)))


def test_dumps_are_told_with_their_size_and_digest(full: Triples, figures: Figures) -> None:
    told = as_rdflib(full)
    checksum = rdflib.URIRef("http://spdx.org/rdf/terms#checksum")
    value = rdflib.URIRef("http://spdx.org/rdf/terms#checksumValue")
    for dump in figures.dumps:
        address = rdflib.URIRef(f"{HERE}dump/1.2.0/{dump.name}")
        (one,) = told.subjects(rdflib.URIRef(expand("dcat:downloadURL")), address)
        assert int(str(told.value(one, rdflib.URIRef(expand("dcat:byteSize"))))) == dump.bytes
        assert str(told.value(told.value(one, checksum), value)) == dump.sha256
        assert str(told.value(one, rdflib.URIRef(expand("dcat:mediaType")))).endswith(dump.media_type)
        (dataset,) = told.subjects(rdflib.URIRef(expand("dcat:distribution")), one)
        assert str(dataset).endswith(f"/{dump.set}")


def number(answers: Answers) -> int:
    ((found,),) = answers.rows
    assert isinstance(found, ox.Literal)
    return int(found.value)


def counted(store: EmbeddedStore, query: str) -> dict[str, int]:
    return {str(one)[1:-1]: int(count.value) for one, count in store.query(query).rows if isinstance(count, ox.Literal)}


def test_void_counts_what_the_store_holds(graph: EmbeddedStore, figures: Figures) -> None:
    told = as_rdflib(void(graph, HERE, FULL, figures))
    dataset = rdflib.URIRef(DATASET)

    def said(subject: Node, path: str) -> int:
        return int(str(told.value(subject, rdflib.URIRef(expand(path)))))

    def parts(kind: str, size: str) -> dict[str, int]:
        found = told.objects(dataset, rdflib.URIRef(expand(f"void:{kind}Partition")))
        return {str(told.value(one, rdflib.URIRef(expand(f"void:{kind}")))): said(one, size) for one in found}

    distinct = "SELECT DISTINCT ?s ?p ?o { ?s ?p ?o }"
    assert said(dataset, "void:triples") == number(graph.query(f"SELECT (COUNT(*) AS ?n) {{ {{ {distinct} }} }}"))
    for path, what in (("void:distinctSubjects", "?s"), ("void:distinctObjects", "?o"), ("void:properties", "?p")):
        query = f"SELECT (COUNT(DISTINCT {what}) AS ?n) {{ ?s ?p ?o }}"
        assert said(dataset, path) == number(graph.query(query)), path
    named = f'SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), "{ID}")) }}'
    assert said(dataset, "void:entities") == number(graph.query(named))
    by_property = counted(graph, f"SELECT ?p (COUNT(*) AS ?n) {{ {{ {distinct} }} }} GROUP BY ?p")
    assert parts("property", "void:triples") == by_property and len(by_property) > 50
    by_class = counted(graph, "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c")
    assert parts("class", "void:entities") == by_class and said(dataset, "void:classes") == len(by_class) > 20
    by_graph = counted(graph, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    subsets = [str(one) for one in told.objects(dataset, rdflib.URIRef(expand("void:subset")))]
    in_graphs = [one for one in subsets if one.startswith(GRAPH)]
    assert {one: said(rdflib.URIRef(one), "void:triples") for one in in_graphs} == by_graph
    assert sum(by_graph.values()) == graph.manifest.quads


def test_void_counts_the_links_to_insee(graph: EmbeddedStore, figures: Figures) -> None:
    told = as_rdflib(void(graph, HERE, FULL, figures))
    (links,) = told.subjects(rdflib.URIRef(expand("void:linkPredicate")), rdflib.URIRef(expand("owl:sameAs")))
    query = f"""SELECT (COUNT(*) AS ?n) {{ {{ SELECT DISTINCT ?s ?o {{ ?s <{expand("owl:sameAs")}> ?o
        FILTER(STRSTARTS(STR(?o), "http://id.insee.fr/")) }} }} }}"""
    assert int(str(told.value(links, rdflib.URIRef(expand("void:triples"))))) == number(graph.query(query)) > 30_000
    target = told.value(links, rdflib.URIRef(expand("void:objectsTarget")))
    assert str(told.value(target, rdflib.URIRef(expand("void:uriSpace")))) == "http://id.insee.fr/"


def test_void_gives_examples_and_addresses_that_are_there(graph: EmbeddedStore, figures: Figures) -> None:
    triples = void(graph, HERE, FULL, figures)
    ends: dict[str, list[str]] = {path: [] for path in ("void:exampleResource", "void:dataDump", "void:sparqlEndpoint")}
    for one in triples:
        assert not isinstance(one.subject, ox.BlankNode) and not isinstance(one.object, ox.BlankNode)
        if (path := shorten(str(one.predicate)[1:-1])) in ends:
            ends[path].append(str(one.object)[1:-1])
    assert len(ends["void:exampleResource"]) == 3
    for iri in ends["void:exampleResource"]:
        assert list(graph.data.quads_for_pattern(ox.NamedNode(iri), None, None, None)), iri
    assert ends["void:sparqlEndpoint"] == [f"{HERE}sparql"]
    names = {dump.name for dump in figures.dumps if dump.set == "cesergraph"}
    assert {one.removeprefix(f"{HERE}dump/1.2.0/") for one in ends["void:dataDump"]} == names


def test_a_small_store_has_a_catalogue_too(mini_store: EmbeddedStore, judges: Path) -> None:
    _, figures = ensure_dumps(mini_store)
    told = catalogue(mini_store, HERE, Options(), figures)
    assert findings(told, judges / "dcat-ap-3.0.1" / "shapes.ttl") == {}
    assert told == catalogue(mini_store, HERE, Options(), figures) and datasets(mini_store.data) == [DOCUMENTS]
    assert void(mini_store, HERE, Options(), figures)
