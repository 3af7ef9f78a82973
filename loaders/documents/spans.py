"""Passages: position and digest as a record writes them, and their text where the corpus is at hand."""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple


class Span(NamedTuple):
    """Python str offsets into the text of a document, and the digest of what stands there ("" if not given)."""

    start: int
    end: int
    digest: str

    def __str__(self) -> str:
        return f"{self.start}-{self.end}/{self.digest}"


def read_span(written: str) -> Span | None:
    """Return ``start-end/digest`` as a span; the digest may be missing; None where the form is another.

    >>> read_span("12-40/0123456789abcdef")
    Span(start=12, end=40, digest='0123456789abcdef')
    """
    found = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})(?:/(.*))?", written)
    return Span(int(found[1]), int(found[2]), found[3] or "") if found else None


def span_digest(text: str) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a passage in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_digest(file: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def line_starts(text: str) -> list[int]:
    """Return the offset at which each line after the first begins."""
    return [match.end() for match in re.finditer("\n", text)]


def passage_path(document: str, span: Span) -> str:
    """Return the id path of a passage of a document."""
    return f"passage/{document}/{span.start}-{span.end}"


def find_document(corpus: Path, sha256: str) -> Path | None:
    """Return the file of a folder that has this SHA-256, or None."""
    for file in sorted(f for f in corpus.rglob("*") if f.is_file()):
        if file_digest(file) == sha256:
            return file
    return None
