"""Things by class, quads by source, the share of record items with a passage; the same by document, and its faults."""

import csv
import io
import json
from pathlib import Path

import pytest
from small_graphs import GRAPH, PLAN, Held, lines

from cesergraph.errors import ParameterError
from cesergraph.inference import infer
from cesergraph.namespaces import CG
from cesergraph.quality import measure
from cesergraph.search import search_rows
from cesergraph.shapes import Problem
from cesergraph.stats import Statistics, item_classes, statistics, write_statistics
from cesergraph.store import EmbeddedStore, open_store, write_store

STATED = lines(
    PLAN
    + f"""
id/enonce/d/1 a cg:RecommendationStatement
id/enonce/d/1 cg:states id/preconisation/d/1
id/preconisation/d/1 a cg:Recommendation
id/chiffre/d/1 a cg:FigureClaim
id/chiffre/d/1 cg:claimedIn id/passage/d/12-34
id/organisation/x a cg:CESER
<{GRAPH}> dcterms:source dataset/d
dataset/d dcterms:title "Avis d'essai"@fr
"""
)
META = lines("dataset/d dcterms:license <https://e.org/l>", "https://w3id.org/cesergraph/graph/meta/avis-essai")
REGISTER = lines("id/territoire/region/53 a cg:Region", "https://w3id.org/cesergraph/graph/territories/2026")


def test_items_are_what_documents_state_and_nothing_else() -> None:
    names = {kind.removeprefix(CG) for kind in item_classes()}
    assert {"Recommendation", "FigureClaim", "Relation", "DocumentRole", "Vote", "NameUse", "Measure"} <= names
    assert not names & {"Organisation", "CESER", "Passage", "RecommendationStatement", "PopulationCount", "Scheme"}
    assert not names & {"EditorialDecision", "Strategy", "Document", "Region"}


def test_counts_and_shares() -> None:
    found = statistics(Held(STATED, META, REGISTER, infer(STATED)))
    classes = {one.iri.removeprefix(CG): (one.things, one.evidenced) for one in found.classes}
    assert classes["Measure"] == (1, 1)
    assert classes["Axis"] == (1, 0)
    assert classes["PlanningElement"] == (2, None), "strategies are in it, which are no items"
    assert classes["Recommendation"] == (1, 1), "the statement of a recommendation is its passage"
    assert classes["FigureClaim"] == (1, 1)
    assert classes["CESER"] == classes["Organisation"] == (1, None)
    assert (found.items, found.evidenced) == (4, 3), "an item of several classes counts once"
    assert next(one.label for one in found.classes if one.iri == CG + "Measure") == "Mesure"


def test_quads_are_counted_by_source_with_its_description() -> None:
    found = statistics(Held(STATED, META, REGISTER, infer(STATED)))
    sources = {one.name: (one.label, one.quads) for one in found.sources}
    assert sources["avis-essai"] == ("Avis d'essai", len(STATED) + len(META))
    assert sources["territories"][1] == len(REGISTER)
    assert sources["inference"][1] == len(infer(STATED)) > 0
    assert found.quads == sum(one.quads for one in found.sources)
    assert found.problems is None and found.size is None, "an endpoint tells neither"


def test_an_embedded_store_tells_its_problems_and_size(tmp_path: Path) -> None:
    quads = {"avis-essai": sorted(STATED), "inference": infer(STATED)}
    problem = Problem("https://e.org/x", "cgsh:Axis-evidencedBy", "MinCount", "Warning", "Sans passage.", "No passage.")
    write_store(tmp_path, quads, search_rows=search_rows(STATED), problems=[problem, problem])
    found = statistics(open_store(tmp_path), "en")
    assert found.problems is not None and found.problems["Warning"] == 2
    assert found.size is not None and found.size > 1_000
    table = written(found, "csv", "en")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(table))}
    assert rows["Warning"]["count"] == "2" and rows["Violation"]["count"] == "0"
    assert rows["bytes"]["label"] == "size in bytes"


COUNTED = lines(
    """
id/capture/c cg:captureOf id/document/avis-essai
id/document/avis-essai skos:prefLabel "Avis d'essai"@fr
id/denombrement/d/1 cg:countedKind vocab/counted-kind/recommendations
id/denombrement/d/1 cg:announcedCount "25"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>
id/denombrement/d/1 cg:countedWork id/document/etude
id/preconisation/d/1 cg:recommendationOf id/document/etude
id/enonce/d/1 cg:force vocab/force/strict
"""
)


def test_counts_by_document_problems_in_plain_words_and_completeness(tmp_path: Path) -> None:
    stated = sorted({*STATED, *COUNTED})
    thing = "https://w3id.org/cesergraph/id/document/avis-essai"
    undated = Problem(thing, "cgsh:Document-date", "MinCount", "Warning", "Sans date.", "No date.", "dcterms:date")
    quads = {"avis-essai": stated, "inference": infer(stated), "quality": measure(stated)}
    write_store(tmp_path, quads, search_rows=search_rows(stated), problems=[undated])
    found = statistics(open_store(tmp_path))
    (document,) = found.documents
    assert (document.iri, document.items, document.evidenced, document.problems) == (thing, 4, 3, {"Warning": 1})
    rows = [tuple(row.values()) for row in csv.DictReader(io.StringIO(written(found, "csv")))]
    assert ("document", thing, "Avis d'essai", "4", "3", "0.750") in rows
    assert ("avertissements", thing, "Avis d'essai", "1", "", "") in rows
    assert ("genre de problème", "no-date", "Date ou année manquante (Avis d'essai)", "1", "", "") in rows
    work = "https://w3id.org/cesergraph/id/document/etude"
    assert ("préconisations annoncées", work, "document/etude (1 sur 25)", "25", "1", "0.040") in rows
    source = next(one for one in found.sources if one.name == "quality")
    assert source.label == "Complétude des préconisations"


def test_the_documents_of_the_graph_hold_all_its_items(graph: EmbeddedStore) -> None:
    found = statistics(graph)
    assert sum(one.items for one in found.documents) == found.items > 100
    assert sum(one.evidenced for one in found.documents) == found.evidenced
    assert found.problems is not None
    assert sum(one.problems for one in found.kinds) == sum(found.problems.values()) > 0


def written(found: Statistics, format: str, lang: str = "fr") -> str:
    stream = io.BytesIO()
    write_statistics(found, format, stream, lang)
    return stream.getvalue().decode()


def test_every_format_holds_the_counts() -> None:
    found = statistics(Held(STATED, infer(STATED)))
    assert "0.750" in written(found, "table") and "éléments relevés" in written(found, "table")
    assert "| classe | cg:Measure | Mesure | 1 | 1 | 1.000 |" in written(found, "markdown")
    answers = json.loads(written(found, "json"))
    (items,) = [row for row in answers["results"]["bindings"] if row["name"]["value"] == "items"]
    assert (items["count"]["value"], items["evidenced"]["value"]) == ("4", "3")
    assert items["count"]["datatype"].endswith("#integer")
    with pytest.raises(ParameterError):
        written(found, "pdf")


def test_an_empty_graph_is_counted_too() -> None:
    found = statistics(Held())
    assert (found.classes, found.sources, found.items, found.evidenced) == ([], [], 0, 0)
    assert "0" in written(found, "table")
