"""One version, said in several places: all of them agree."""

import re
import tomllib
from pathlib import Path

from rdflib import OWL, Graph, Literal, URIRef

from cesergraph import __version__
from cesergraph.namespaces import BASE
from cesergraph.resources import walk

ROOT = Path(__file__).resolve().parent.parent


def test_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__


def test_citation() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (\S+)$", text, re.MULTILINE) == [__version__]


def test_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    assert headings[:2] == ["Unreleased", __version__]


def test_ontology() -> None:
    """The root module says the version; no other module says one of its own."""
    modules = {name: file for name, file in walk("ontology", ".ttl").items() if "/" not in name}
    assert len(modules) >= 12
    graph = Graph()
    for file in modules.values():
        graph.parse(data=file.read_text(encoding="utf-8"), format="turtle")
    root = URIRef(BASE + "def")
    assert list(graph.subject_objects(OWL.versionInfo)) == [(root, Literal(__version__))]
    assert list(graph.subject_objects(OWL.versionIRI)) == [(root, URIRef(f"{BASE}def/{__version__}"))]
