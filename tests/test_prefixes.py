"""Prefixes are declared once, in namespaces.py: every Turtle and SPARQL file of ours uses them with that meaning."""

import re

import pytest

from cesergraph.namespaces import BASE, ID, PREFIXES, expand, shorten
from cesergraph.resources import walk

FILES = {
    f"{kind}/{name}{suffix}": file
    for kind in ("ontology", "shapes", "queries", "decisions")
    for suffix in (".ttl", ".rq")
    for name, file in walk(kind, suffix).items()
}
_DECLARED = re.compile(r"^\s*@?prefix\s+([\w-]*):\s*<([^>]*)>", re.IGNORECASE | re.MULTILINE)
_BASE = re.compile(r"^\s*@?base\s+<([^>]*)>", re.IGNORECASE | re.MULTILINE)
_STRING = re.compile(r'"""((?:[^"\\]|\\.|"(?!""))*)"""|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'')
_IRI_OR_COMMENT = re.compile(r"<[^<>\s]*>|#[^\n]*")
_USED = re.compile(r"(?<![\w:?$@-])([A-Za-z][\w-]*):(?!/)")


def parts(text: str) -> list[str]:
    """Return a file without its strings, then each of its long strings: those hold SPARQL with its own prefixes."""
    return [_STRING.sub('""', text), *(long for long in _STRING.findall(text) if long)]


def used(text: str) -> set[str]:
    """Return the prefixes a text uses, outside of declarations, strings, IRIs and comments."""
    return set(_USED.findall(_IRI_OR_COMMENT.sub(" ", _STRING.sub('""', _DECLARED.sub(" ", text)))))


def test_all_kinds_of_files_are_found() -> None:
    for kind in ("ontology/", "shapes/", "queries/"):
        assert sum(name.startswith(kind) for name in FILES) >= 12, kind
    assert any(name.startswith("ontology/codes/") for name in FILES)
    assert any(name.startswith("ontology/rules/") for name in FILES)


@pytest.mark.parametrize("name", FILES)
def test_declarations(name: str) -> None:
    """Declared as in namespaces.py, each once, none in vain; the base, where there is one, is ours."""
    for part in parts(FILES[name].read_text(encoding="utf-8")):
        declared = _DECLARED.findall(part)
        assert declared == sorted(set(declared)), "each once, in alphabetical order"
        assert dict(declared) == {prefix: PREFIXES[prefix] for prefix, _ in declared}
        assert {prefix for prefix, _ in declared} == used(part)
        assert set(_BASE.findall(part)) <= {BASE, ID}


def test_used_reads_names_only() -> None:
    text = 'PREFIX org: <http://x/>\ncg:X dcterms:t "skos:not" ; a <http://sh:80/x> . # owl:no\n?x^^xsd:date STR(oa:)'
    assert used(text) == {"cg", "dcterms", "xsd", "oa"}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_expand_and_shorten_are_inverse(prefix: str) -> None:
    assert shorten(expand(f"{prefix}:x")) == f"{prefix}:x"


def test_no_two_prefixes_for_one_namespace() -> None:
    assert len(set(PREFIXES.values())) == len(PREFIXES)
