"""Each competency question is a test on the full graph: on the embedded store, on a server, and in one single graph.

An open question must fail, and is noticed when it no longer does. ``id:`` stands for the namespace of things.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import serving, single_graph

from cesergraph.answers import Source
from cesergraph.endpoint import Endpoint
from cesergraph.errors import ParameterError
from cesergraph.namespaces import ID
from cesergraph.queries import all_queries, get_query
from cesergraph.store import EmbeddedStore

FOLDER = Path(__file__).parent / "competency"
QUESTIONS: dict[str, dict[str, Any]] = {
    p.stem: tomllib.loads(p.read_text(encoding="utf-8")) for p in sorted(FOLDER.glob("CQ-*.toml"))
}
OPEN = pytest.mark.xfail(reason="open question", raises=(AssertionError, ParameterError), strict=True)
CASES = [
    pytest.param(name, case, id=f"{name}-{i}", marks=[OPEN] if question["status"] == "open" else [])
    for name, question in QUESTIONS.items()
    for i, case in enumerate(question["case"], start=1)
]


@pytest.fixture(scope="module")
def server(graph: EmbeddedStore) -> Iterator[Source]:
    """The full graph behind an Oxigraph server."""
    with serving(graph.folder / "oxigraph", "--union-default-graph") as url:
        yield Endpoint(url)


@pytest.fixture(scope="module")
def one_graph(graph: EmbeddedStore) -> Source:
    """The full graph with all its triples in one named graph."""
    return single_graph(graph)


def wanted(case: dict[str, Any], columns: tuple[str, ...]) -> list[dict[str, str | None]]:
    """The rows of a case, with every column and full IRIs."""
    return [{c: _full(row[c]) if c in row else None for c in columns} for row in case["rows"]]


def _full(value: str) -> str:
    return ID + value.removeprefix("id:") if value.startswith("id:") else value


def ask(source: Source, name: str, case: dict[str, Any]) -> None:
    query = get_query(QUESTIONS[name]["query"])
    assert query.run(source, **case["parameters"]) == wanted(case, query.columns), QUESTIONS[name]["question"]["en"]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_question_is_answered(name: str, case: dict[str, Any], graph: EmbeddedStore) -> None:
    ask(graph, name, case)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_server_gives_the_same_answer(name: str, case: dict[str, Any], server: Source) -> None:
    ask(server, name, case)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_one_graph_gives_the_same_answer(name: str, case: dict[str, Any], one_graph: Source) -> None:
    if "GRAPH " in get_query(QUESTIONS[name]["query"]).text:
        pytest.skip("the question is about named graphs")
    ask(one_graph, name, case)


def test_there_are_enough_questions() -> None:
    assert len(QUESTIONS) >= 20
    silent = [name for name, q in QUESTIONS.items() for case in q["case"] if case.get("why", "").startswith("no")]
    assert len(silent) >= 4, "questions whose right answer is none or not stated"


def test_questions_are_numbered_and_bilingual() -> None:
    assert list(QUESTIONS) == [f"CQ-{i:03}" for i in range(1, len(QUESTIONS) + 1)]
    assert all(set(q["question"]) == {"fr", "en"} and q["case"] for q in QUESTIONS.values())
    assert {q["status"] for q in QUESTIONS.values()} <= {"answered", "open"}


def test_every_query_answers_a_question() -> None:
    assert set(all_queries()) <= {q["query"] for q in QUESTIONS.values()}


@pytest.mark.parametrize("name", sorted(all_queries()))
def test_query_as_written_finds_something(name: str, graph: EmbeddedStore) -> None:
    cases = [case for q in QUESTIONS.values() if q["query"] == name for case in q["case"]]
    if not any(case["rows"] for case in cases):
        pytest.skip("the right answer is none")
    assert get_query(name).run(graph), "the values written in the file are its example"
