"""Where in the documents a thing is evidenced: the passages, with their place and the digest of their words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cesergraph.answers import Source
from cesergraph.namespaces import PREFIXES, shorten
from cesergraph.nquads import iri

_PASSAGES = f"""
PREFIX cg: <{PREFIXES["cg"]}>
PREFIX oa: <{PREFIXES["oa"]}>
SELECT DISTINCT ?thing ?passage ?document ?start ?end ?line ?digest ?quote WHERE {{
  {{ VALUES ?thing {{ %(things)s }} ?thing cg:evidencedBy|cg:claimedIn|^cg:states ?passage . }}
  UNION {{ VALUES ?thing {{ %(things)s }} ?thing a cg:Passage . BIND (?thing AS ?passage) }}
  UNION {{ VALUES ?thing {{ %(things)s }} ?thing a cg:RecommendationStatement . BIND (?thing AS ?passage) }}
  OPTIONAL {{ ?passage oa:hasSource ?capture . ?capture cg:captureOf ?document . }}
  OPTIONAL {{ ?passage oa:hasSelector ?position . ?position oa:start ?start ; oa:end ?end . }}
  OPTIONAL {{ ?passage cg:startLine ?line . }}
  OPTIONAL {{ ?passage cg:spanDigest ?digest . }}
  OPTIONAL {{ ?passage oa:hasSelector ?words . ?words oa:exact ?quote . }}
}}
ORDER BY ?thing ?document ?start ?passage
"""


@dataclass(frozen=True)
class Passage:
    """One span of a document's captured text; the quotation is there only in a store built with the corpus."""

    iri: str
    document: str | None
    start: int | None
    end: int | None
    line: int | None
    digest: str | None
    quote: str | None

    def place(self) -> str:
        """Return the document, the line, the offsets and the digest, all in a row."""
        document = shorten(self.document or self.iri)
        line = f" l. {self.line}" if self.line is not None else ""
        span = f" {self.start}–{self.end}" if self.start is not None else ""
        return f"{document}{line}{span}" + (f" [{self.digest}]" if self.digest else "")


def select(source: Source, query: str) -> Sequence[tuple[Any, ...]]:
    """Return the rows of a SELECT query whose own words settle what kind of term each column holds."""
    return source.query(query).rows


def passages_of(source: Source, things: Iterable[str]) -> dict[str, tuple[Passage, ...]]:
    """Return the passages that evidence each thing, in the order of the documents; a passage evidences itself."""
    wanted = " ".join(iri(thing) for thing in sorted(set(things)))
    found: dict[str, dict[str, Passage]] = {}
    for row in select(source, _PASSAGES % {"things": wanted}) if wanted else ():
        thing, passage, document, start, end, line, digest, quote = (getattr(term, "value", None) for term in row)
        is_placed = start is not None and end is not None
        place = (int(start or 0), int(end or 0)) if is_placed else (None, None)
        number = None if line is None else int(line)
        told = Passage(str(passage), document, place[0], place[1], number, digest, quote)
        found.setdefault(str(thing), {}).setdefault(told.iri, told)
    return {thing: tuple(passages.values()) for thing, passages in found.items()}
