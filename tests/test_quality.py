"""Completeness as data, faults by kind and by document, and the page that tells them."""

from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import SH
from small_graphs import GRAPH, Held, lines

from cesergraph.identifiers import meta_graph
from cesergraph.names import labels_of
from cesergraph.quality import (
    KINDS,
    QUALITY,
    completeness,
    documents_of,
    kind_of,
    lacks,
    measure,
    problems_by_document,
    read_problems,
    so_many_of,
)
from cesergraph.quality_page import quality_page
from cesergraph.search import search_rows
from cesergraph.shapes import Problem, path_text, shapes_graph
from cesergraph.stats import count_documents
from cesergraph.store import EmbeddedStore, open_store, write_store

INTEGER = "^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>"
OTHER = GRAPH.replace("avis-essai", "lettre-essai")
COUNT = f"""
id/denombrement/d/{{key}} a cg:CountClaim
id/denombrement/d/{{key}} cg:countedKind vocab/counted-kind/{{kind}}
id/denombrement/d/{{key}} cg:announcedCount "{{count}}"{INTEGER}
id/denombrement/d/{{key}} cg:countedWork id/document/{{work}}
"""
STATED = """
id/preconisation/d/{key} a cg:Recommendation
id/preconisation/d/{key} skos:prefLabel "Ouvrir [plus] de places"@fr
id/preconisation/d/{key} cg:recommendationOf id/document/{work}
id/enonce/d/{key} cg:states id/preconisation/d/{key}
id/enonce/d/{key} cg:force vocab/force/{force}
"""
CAPTURE = """
id/capture/c cg:captureOf id/document/{key}
id/document/{key} skos:prefLabel "Document « {key} »"@fr
"""


def counted(count: int = 25, work: str = "etude", kind: str = "recommendations", key: str = "1") -> str:
    return COUNT.format(count=count, work=work, kind=kind, key=key)


def stated(key: str, work: str = "etude", force: str = "strict") -> str:
    return STATED.format(key=key, work=work, force=force)


LETTER = counted() + stated("1") + stated("2") + stated("3", force="borderline") + stated("4", work="autre")


def held(statements: str) -> Held:
    quads = lines(statements)
    return Held(quads, measure(quads))


# Completeness


def test_a_work_is_measured_by_its_strict_recommendations_and_by_no_other() -> None:
    (found,) = completeness(held(LETTER), "fr")
    assert (found.announced, found.stated, found.borderline) == ((25,), 2, 1)
    assert found.work.endswith("/id/document/etude")


def test_a_work_without_any_recommendation_is_measured_too() -> None:
    (found,) = completeness(held(counted(count=3)), "en")
    assert (found.announced, found.stated) == ((3,), 0)


def test_only_counts_of_recommendations_are_measured() -> None:
    assert measure(lines(counted(kind="themes"))) == []
    assert measure(lines(stated("1"))) == []


def test_two_announcements_of_one_work_make_one_measurement() -> None:
    both = counted(count=13) + counted(count=15, key="2") + stated("1")
    (found,) = completeness(held(both), "fr")
    assert found.announced == (13, 15)
    assert sum("#QualityMeasurement>" in line for line in measure(lines(both))) == 1


@pytest.mark.parametrize(("lang", "said"), [("fr", "6 sur 13 ou 25"), ("en", "6 of 13 or 25")])
def test_a_measurement_says_both_numbers(lang: str, said: str) -> None:
    assert so_many_of(6, [13, 25], lang) == said


def test_a_measurement_names_its_work_its_metric_and_its_source() -> None:
    written = "".join(measure(lines(LETTER)))
    assert f"> <{meta_graph(QUALITY)}> .\n" in written
    assert "/id/completude/etude> <http://www.w3.org/ns/dqv#computedOn> " in written
    assert "dqv#computedOn> <https://w3id.org/cesergraph/id/document/etude>" in written
    assert f'dqv#value> "2"{INTEGER}' in written and "dqv#Metric>" in written
    assert 'prefLabel> "2 sur 25"@fr' in written and 'prefLabel> "2 of 25"@en' in written
    assert "prov#wasDerivedFrom> <https://w3id.org/cesergraph/id/denombrement/d/1>" in written


def test_the_cause_is_told_where_the_work_was_not_read() -> None:
    (unread,) = completeness(held(LETTER), "fr")
    assert unread.cause and unread.cause.startswith("L'œuvre elle-même n'a pas été lue")
    own = LETTER.replace("document/etude", "document/avis-essai") + CAPTURE.format(key="x")
    (read,) = completeness(held(own), "fr")
    assert read.cause is None, "the graph bears the key of the work: it was read"
    (whole,) = completeness(held(counted(count=1) + stated("1")), "fr")
    assert whole.cause is None, "nothing is wanting"


def test_the_same_lines_give_the_same_measurements_in_any_order() -> None:
    quads = lines(LETTER + counted(work="autre", key="9"))
    assert measure(quads) == measure(quads[::-1]) == sorted(measure(quads))


# Kinds of faults

SHAPES = sorted(
    (str(shape).rpartition("#")[2], path_text(shapes_graph(), shapes_graph().value(shape, SH.path)))
    for severity in (SH.Warning, SH.Info)
    for shape in shapes_graph().subjects(SH.severity, severity)
)
OTHERS = {
    "AddresseeGroup-type-recommended",
    "Annotation-hasBody",
    "ExtractionActivity-used",
    "FollowUp-state",
    "Leaflet-concerns",
    "PlanDocument-setsOut-recommended",
    "Post-roleKind",
    "PressRelease-reportsOn",
    "Vote-count-recommended",
}


def test_every_warning_and_remark_is_of_a_kind_in_plain_words() -> None:
    kinds = {shape: kind_of(f"cgsh:{shape}", path).key for shape, path in SHAPES}
    assert {shape for shape, key in kinds.items() if key == "other"} == OTHERS
    assert set(kinds.values()) == {kind.key for kind in KINDS}, "no kind is without a shape"


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ("Document-date", "no-date"),
        ("Document-issuedBy", "no-issuer"),
        ("Recommendation-addressing-recommended", "no-addressee"),
        ("FigureClaim-unit-recommended", "unit-unclear"),
        ("CountClaim-stated", "count-differs"),
        ("MeasuredQuantity-oneValue", "figures-disagree"),
    ],
)
def test_a_shape_is_of_its_kind(shape: str, kind: str) -> None:
    assert kind_of(f"cgsh:{shape}", dict(SHAPES)[shape]).key == kind


def problem(path: str, shape: str, severity: str = "Warning", of: str = "dcterms:date") -> Problem:
    return Problem(f"https://w3id.org/cesergraph/id/{path}", shape, "MinCount", severity, "Il manque.", "Missing.", of)


def test_lacks_are_grouped_the_gravest_and_most_frequent_first() -> None:
    undated = [problem(f"document/{key}", "cgsh:Document-date") for key in ("b", "a", "a")]
    found = lacks([problem("strategie/s", "cgsh:S", "Info"), problem("seance/s", "cgsh:Session-date"), *undated])
    assert [one.problem.shape for one in found] == ["cgsh:Document-date", "cgsh:Session-date", "cgsh:S"]
    assert [thing.rpartition("/")[2] for thing in found[0].things] == ["a", "b"]


# Documents


def test_a_problem_belongs_to_the_first_document_that_describes_its_thing() -> None:
    both = "id/organisation/x a cg:PublicBody"  # and both documents stand in one captured file
    source = Held(
        lines(CAPTURE.format(key="avis-essai") + both),
        lines(CAPTURE.format(key="avis-essai") + both + "\nid/strategie/s a cg:Strategy", OTHER),
        lines("id/territoire/region/53 a cg:Region", "https://w3id.org/cesergraph/graph/territories/2026"),
    )
    ids = ("organisation/x", "strategie/s", "territoire/region/53")
    things = [f"https://w3id.org/cesergraph/id/{path}" for path in ids]
    found = {one.rpartition("/id/")[2]: of.rpartition("/")[2] for one, of in documents_of(source, things).items()}
    assert found == {"organisation/x": "avis-essai", "strategie/s": "lettre-essai"}
    grouped = problems_by_document(source, [problem(path, "cgsh:S") for path in ids])
    assert {str(document).rpartition("/")[2]: len(some) for document, some in grouped.items()} == {
        "avis-essai": 1,
        "lettre-essai": 1,
        "None": 1,
    }
    assert documents_of(source, ['"a literal"', "_:b"]) == {}


# The page


@pytest.fixture
def small(tmp_path: Path) -> EmbeddedStore:
    quads = sorted(lines(LETTER + CAPTURE.format(key="avis-essai")))
    found = [problem("preconisation/d/1", "cgsh:Document-date"), problem("territoire/region/53", "cgsh:Region-name")]
    found = [replace(found[0], message_fr="Il manque une *date*."), found[1]]
    sources = {"avis-essai": quads, "quality": measure(quads)}
    write_store(tmp_path / "store", sources, search_rows=search_rows(quads), problems=found)
    return open_store(tmp_path / "store")


def test_the_page_tells_what_is_there_what_is_missing_and_what_is_announced(small: EmbeddedStore) -> None:
    page = quality_page(small)
    assert "| Document « avis-essai » | 5 | 80 % | 1 | 0 |" in page
    assert "| document/etude | 25 | 2 | 1 | L'œuvre elle-même n'a pas été lue" in page
    assert "Relevé : préconisation 4, nombre annoncé 1.\n" in page
    assert "Recorded: recommendation 4, count claim 1.\n" in page
    assert "- **Date ou année manquante / No date or year** (1). Il manque une \\*date\\*. Missing.\n" in page
    assert "  - Ouvrir \\[plus\\] de places (`preconisation/d/1`)\n" in page
    elsewhere = page.partition("## Hors des documents / Outside the documents\n")[2]
    assert "`territoire/region/53`" in elsewhere


def test_the_page_of_a_clean_document_says_so(tmp_path: Path) -> None:
    quads = sorted(lines(CAPTURE.format(key="avis-essai")))
    write_store(tmp_path / "store", {"avis-essai": quads}, search_rows=[], problems=[])
    page = quality_page(open_store(tmp_path / "store"))
    assert "| Document « avis-essai » | 0 | – | 0 | 0 |" in page
    assert "Rien n'y manque" in page and "annoncées" not in page.partition("## Document «")[0].partition("## Les")[2]


# The full graph


def test_every_problem_of_the_graph_is_of_a_document_that_is_listed(graph: EmbeddedStore) -> None:
    problems = read_problems(graph)
    documents = count_documents(graph, problems, "fr")
    records = {line.split(" ", 1)[0] for line in graph.quads("documents") if "#captureDigest> " in line}
    assert len(documents) >= len(records) > 2
    assert set(problems_by_document(graph, problems)) <= {one.iri for one in documents}
    assert sum(sum(one.problems.values()) for one in documents) == len(problems) > 0
    assert all(one.message_fr != one.message_en for one in problems), "each is said in both languages"


def test_every_counted_work_of_the_graph_is_measured(graph: EmbeddedStore) -> None:
    """The store holds what its documents make measurable: the build has measured."""
    expected = measure([*graph.quads("documents"), *graph.quads("inference")])
    assert expected == (graph.quads(QUALITY) if QUALITY in graph.sources() else [])


def test_the_page_names_each_thing_concerned_once_a_fault(graph: EmbeddedStore) -> None:
    page, problems = quality_page(graph), read_problems(graph)
    labels = labels_of(graph, {one.focus for one in problems}, "fr")
    assert page.count("\n  - ") == len({(one.focus, one.shape) for one in problems}) > 0
    assert all(labels.values())
