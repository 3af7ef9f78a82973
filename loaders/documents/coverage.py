"""What a document holds that no record accounts for: numbers, dates, acronyms, proper names, bullets outside all spans.

A record accounts for a place by a span of one of its items, or by a ``skip`` with its reason.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from cesergraph.sources import Gap
from loaders.documents.records import read_record
from loaders.documents.spans import file_digest, read_span

_WORDS = (
    "deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingt|trente|quarante|"
    "cinquante|soixante|cents?|mille|millions?|milliards?"
)
_MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_BULLET = re.compile(r"^[ \t]*(?:[-*•·–→]|\d{1,2}[.)])[ \t]+\S.*$", re.MULTILINE)
_KINDS = {
    "date": re.compile(rf"\b\d{{1,2}}(?:er)? (?:{_MONTHS})(?: \d{{4}})?|\b(?:{_MONTHS}) \d{{4}}\b", re.IGNORECASE),
    "number": re.compile(rf"\d+(?:[.,\u00a0\u202f ]?\d+)*|\b(?:{_WORDS})\b", re.IGNORECASE),
    "acronym": re.compile(r"\b(?:[A-ZÀ-Ý]\.?){2,}[A-Z0-9À-Ý]*\b"),
    # A capital after a small letter or a comma: not one that a sentence, a heading or a bullet merely begins with.
    "name": re.compile(
        r"(?<=[a-zà-ÿ,'’] )[A-ZÀ-Ý][a-zà-ÿ]+(?:[- ][A-ZÀ-Ý][a-zà-ÿ]+)*|(?<=[dlDL]['’])[A-ZÀ-Ý][a-zà-ÿ]+"
    ),
}
_HREF = re.compile(r"https?://[^\s)>\]]+|www\.[^\s)>\]]+")


def find_gaps(records: Sequence[bytes], corpus: Path) -> list[Gap]:
    """Return what lies in no span of a record, file by file in the order of the text.

    A file of the corpus that no record was made from is one gap by itself.
    """
    spans: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for content in records:
        record = read_record(content)
        found = (read_span(written) for _, written in record.spans)
        spans[record.sha256].extend((span.start, span.end) for span in found if span)
    gaps: list[Gap] = []
    for file in sorted(path for path in corpus.iterdir() if path.is_file()):
        digest = file_digest(file)
        if digest in spans:
            gaps.extend(_gaps_of(file.name, file.read_text(encoding="utf-8"), _merged(spans[digest])))
        else:
            gaps.append(Gap(file.name, 1, 0, 0, "document", file.name))
    return gaps


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans that overlap or touch."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _gaps_of(name: str, text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Gap]:
    starts = [start for start, _ in spans]
    newlines = [match.start() for match in re.finditer("\n", text)]
    for start, end, kind in _places(text):
        before = bisect_right(starts, start) - 1
        inside = before >= 0 and spans[before][1] >= end
        # A bullet is accounted for where a span takes up some of its words: its mark is no fact.
        touched = kind == "bullet" and any(s < end and e > start for s, e in spans)
        if not inside and not touched:
            line = bisect_right(newlines, start) + 1
            yield Gap(name, line, start, end, kind, " ".join(text[start:end].split())[:60])


def _places(text: str) -> list[tuple[int, int, str]]:
    """Every place that must be accounted for; what stands in a link is none, nor a number inside a date."""
    apart = [match.span() for pattern in (_HREF, _KINDS["date"]) for match in pattern.finditer(text)]
    found = [(*match.span(), "bullet") for match in _BULLET.finditer(text)]
    found += [(*match.span(), "date") for match in _KINDS["date"].finditer(text)]
    for kind in ("number", "acronym", "name"):
        places = (match.span() for match in _KINDS[kind].finditer(text))
        found += [(s, e, kind) for s, e in places if not any(start < e and end > s for start, end in apart)]
    return sorted(found)
