"""Decisions are applied, recorded, and refused when they no longer fit."""

from pathlib import Path

import pytest

from cesergraph import resources
from cesergraph.errors import DecisionError
from cesergraph.link import Decision, Links, digest_name, read_decisions
from cesergraph.nquads import Quad, iri, term, text

A, B, C = (f"https://w3id.org/cesergraph/id/organisation/{x}" for x in "abc")
SAME = """
- key: a-est-b
  kind: same
  things: [organisation/a, organisation/b]
  author: Une lectrice
  date: 2026-11-25
  reason: Le même organisme sous deux noms.
"""
CORRECTION = """
- key: coquille
  thing: organisation/a
  property: skos:prefLabel
  as_written: 'Assemblee "A"'
  corrected: Assemblée A
  author: Une lectrice
  date: 2026-11-25
  reason: Accent oublié.
"""


def folder(tmp_path: Path, **files: str) -> Path:
    for name, content in files.items():
        (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
    return tmp_path


def label(subject: str, name: str) -> Quad:
    return Quad(iri(subject), term("skos:prefLabel"), text(name, "fr"), iri("https://example.org/g"), "item")


def test_same_merges_into_the_first_and_keeps_the_link(tmp_path: Path) -> None:
    links = Links(read_decisions([folder(tmp_path, identity=SAME)]))
    merged = list(links.apply([label(A, "A"), label(B, "B")]))
    assert [quad.subject for quad in merged] == [iri(A), iri(A)]
    links.check()
    stated = [quad.line() for quad in links.quads()]
    assert any(f"{iri(A)} {term('owl:sameAs')} {iri(B)}" in line for line in stated)
    assert sum("decisionAbout" in line for line in stated) == 2


@pytest.mark.parametrize(("kind", "predicate"), [("different", "owl:differentFrom"), ("unsure", "skos:closeMatch")])
def test_other_kinds_are_stated_and_merge_nothing(tmp_path: Path, kind: str, predicate: str) -> None:
    links = Links(read_decisions([folder(tmp_path, identity=SAME.replace("kind: same", f"kind: {kind}"))]))
    assert [quad.subject for quad in links.apply([label(A, "A"), label(B, "B")])] == [iri(A), iri(B)]
    assert any(quad.predicate == term(predicate) for quad in links.quads())


def test_correction_replaces_and_keeps_what_was_written(tmp_path: Path) -> None:
    links = Links(read_decisions([folder(tmp_path, corrections=CORRECTION)]))
    corrected, written = links.apply([label(A, 'Assemblee "A"')])
    assert corrected.object == '"Assemblée A"@fr'
    assert (written.predicate, written.object) == (term("cg:asWritten"), '"Assemblee \\"A\\""')
    links.check()


def test_decision_about_something_gone_is_refused(tmp_path: Path) -> None:
    links = Links(read_decisions([folder(tmp_path, identity=SAME)]))
    list(links.apply([label(A, "A")]))
    with pytest.raises(DecisionError, match=f"names {B}, which no source describes any more"):
        links.check()


def test_correction_that_corrects_nothing_is_refused(tmp_path: Path) -> None:
    links = Links(read_decisions([folder(tmp_path, corrections=CORRECTION)]))
    list(links.apply([label(A, "Assemblée A")]))
    with pytest.raises(DecisionError, match="no longer stands there"):
        links.check()


def test_chain_of_same_ends_at_one_survivor_and_a_circle_is_refused() -> None:
    def same(key: str, *things: str) -> Decision:
        return Decision(key, "same", things, "x", "2026-11-25", "y")

    links = Links([same("1", A, B), same("2", B, C)])
    assert {quad.subject for quad in links.apply([label(A, "A"), label(B, "B"), label(C, "C")])} == {iri(A)}
    with pytest.raises(DecisionError, match="circle"):
        Links([same("1", A, B), same("2", B, A)])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "identity",
            SAME.replace("  reason: Le même organisme sous deux noms.\n", ""),
            "line 2: fields .* expected: key",
        ),
        ("identity", SAME.replace("kind: same", "kind: idem"), "line 2, kind"),
        ("identity", SAME.replace("2026-11-25", "hier"), "line 2, date"),
        ("identity", SAME.replace("[organisation/a, organisation/b]", "[organisation/a]"), "line 2, things"),
        ("identity", SAME + SAME, "stands twice: a-est-b"),
        ("identity", "- key: [", "identity.yaml is not YAML"),
        ("corrections", "- one\n", "line 1: fields absent"),
    ],
)
def test_malformed_decision_is_said_with_file_and_line(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(DecisionError, match=said):
        read_decisions([folder(tmp_path, **{name: content})])


def test_committed_decisions_are_readable() -> None:
    read_decisions([resources.folder("decisions")])


WITHDRAWN = """
- key: b-remplace-par-a
  kind: withdrawn
  things: [organisation/b, organisation/a]
  author: Une lectrice
  date: 2026-11-25
  reason: Relevé deux fois.
"""


def test_a_withdrawn_thing_is_stated_with_what_replaces_it(tmp_path: Path) -> None:
    links = Links(read_decisions([folder(tmp_path, withdrawals=WITHDRAWN)]))
    assert list(links.apply([label(A, "A")])) == [label(A, "A")]
    links.check()
    stated = [quad.line() for quad in links.quads()]
    assert any(f"{iri(B)} {term('adms:status')}" in line for line in stated)
    assert any(f"{iri(B)} {term('dcterms:isReplacedBy')} {iri(A)}" in line for line in stated)


def test_what_a_source_still_describes_is_not_withdrawn(tmp_path: Path) -> None:
    links = Links(read_decisions([folder(tmp_path, withdrawals=WITHDRAWN)]))
    list(links.apply([label(A, "A"), label(B, "B")]))
    with pytest.raises(DecisionError, match="still describes"):
        links.check()


def test_an_erased_thing_leaves_nothing_but_its_digest(tmp_path: Path) -> None:
    erased = WITHDRAWN.replace("withdrawn", "erased").replace(
        "[organisation/b, organisation/a]", f'["{digest_name(B)}"]'
    )
    links = Links(read_decisions([folder(tmp_path, withdrawals=erased)]))
    links.check()
    stated = "".join(quad.line() for quad in links.quads())
    assert "ni:///sha-256;" in stated and "organisation/b" not in stated
