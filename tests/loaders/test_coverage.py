"""Every number, date, acronym, proper name and bullet of a text is in a span or in a skip, or it is told."""

from pathlib import Path

import pytest

from cesergraph.sources import committed_files
from loaders.documents.coverage import find_gaps
from loaders.documents.records import read_record
from loaders.documents.spans import file_digest

TEXT = """Lettre d'essai
La fabrique de Vauxbrun compte douze ateliers et 1 250 adhérents depuis le 3 mars 2021.
- une puce que personne ne relève
- une autre, avec le SIGLE
Voir https://exemple.test/2024/ABC pour la suite.
"""


def corpus(tmp_path: Path) -> Path:
    (tmp_path / "essai.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def record(tmp_path: Path, *spans: str) -> bytes:
    """A record of the text that takes some of its words, each by a skip."""
    skips = "".join(
        f"  - at: {TEXT.index(words)}-{TEXT.index(words) + len(words)}/0123456789abcdef\n    reason: essai\n"
        for words in spans
    )
    head = f"document:\n  key: essai\n  class: Newsletter\n  label: Essai\n  characters: {len(TEXT)}\n"
    head += f"  sha256: {file_digest(tmp_path / 'essai.txt')}\n  at: 0-14/0123456789abcdef\n"
    return f"{head}skips:\n{skips}".encode()


def told(tmp_path: Path, *spans: str) -> list[tuple[int, str, str]]:
    room = corpus(tmp_path)
    return [(gap.line, gap.kind, gap.text) for gap in find_gaps([record(tmp_path, *spans)], room)]


def test_each_kind_of_place_is_told_with_its_line(tmp_path: Path) -> None:
    assert told(tmp_path, "Voir") == [
        (2, "name", "Vauxbrun"),
        (2, "number", "douze"),
        (2, "number", "1 250"),
        (2, "date", "3 mars 2021"),
        (3, "bullet", "- une puce que personne ne relève"),
        (4, "bullet", "- une autre, avec le SIGLE"),
        (4, "acronym", "SIGLE"),
    ]


def test_a_span_accounts_for_what_lies_inside_it(tmp_path: Path) -> None:
    taken = ("Vauxbrun compte douze ateliers et 1 250 adhérents", "le 3 mars 2021", "une puce", "avec le SIGLE")
    assert told(tmp_path, *taken) == []


def test_half_a_number_is_not_accounted_for(tmp_path: Path) -> None:
    taken = ("Vauxbrun compte douze ateliers et 1", "le 3 mars 2021", "une puce", "avec le SIGLE")
    assert told(tmp_path, *taken) == [(2, "number", "1 250")]


def test_a_document_without_a_record_is_a_gap_itself(tmp_path: Path) -> None:
    (gap,) = find_gaps([], corpus(tmp_path))
    assert (gap.kind, gap.file) == ("document", "essai.txt")


@pytest.mark.corpus
def test_nothing_of_the_five_documents_is_left_out(corpus: Path) -> None:
    records = [file.read_bytes() for _, file in committed_files("documents")]
    assert len({read_record(content).sha256 for content in records}) == 5
    assert [f"{gap.file} l. {gap.line}: {gap.text}" for gap in find_gaps(records, corpus)] == []
