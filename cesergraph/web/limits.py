"""How much a query may take, and what is too much already by its text, before a worker is troubled with it.

The look at the text is a courtesy: a clear message at once. What passes it and still asks too much is stopped by the
worker's limits. The counts are those of a scan, not of a parser, and err on the side of the client.
"""

import os
import re
from dataclasses import dataclass

from cesergraph.web.problems import Problem

MEGABYTE = 1 << 20
BYTES, DEPTH, OPERATORS, PATTERNS = 16_384, 64, 50, 100

# Each alternative takes what it began, closed or not, and never gives any of it back (``*+``): the scan is linear.
_QUOTED = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\\?\Z)'
    r"|'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\\?\Z)"
    r'|"(?:[^"\\\n\r]|\\.)*+"?'
    r"|'(?:[^'\\\n\r]|\\.)*+'?"
    r"|<[^<>\"{}|^`\\\x00-\x20]*+>"
    r"|#[^\n\r]*+",
    re.DOTALL,
)
_BRACKET = re.compile(r"<<|>>|[(){}\[\]]")
_OPENING = frozenset(("(", "{", "[", "<<"))
_OPERATOR = re.compile(r"\^\^|\|\||[/|^*+]|(?<=[\w:>)])\?")
_PATTERN_END = re.compile(r"[.;](?=[\s{}\[\]?<_:]|\Z)")


@dataclass(frozen=True)
class Limits:
    """How much a query may take, how many may run and wait, and how much may lie ready for slow clients."""

    seconds: float = 10.0
    memory: int = 768 * MEGABYTE
    rows: int = 1_000_000
    bytes: int = 128 * MEGABYTE
    graph_bytes: int = 512 * MEGABYTE
    workers: int = max(2, os.cpu_count() or 2)
    queue: int = 16
    queue_seconds: float = 10.0
    spool: int = 2048 * MEGABYTE
    download_seconds: float = 600.0


def refuse_excess(query: str) -> None:
    """Raise Problem where a query is longer, deeper or wider than any that is answered here."""
    if len(query) > BYTES or len(query.encode()) > BYTES:
        raise Problem(
            413,
            fr=f"La requête est trop longue ; au plus {BYTES} octets.",
            en=f"The query is too long; at most {BYTES} bytes.",
            kind="query-too-long",
        )
    bare = _QUOTED.sub(" ", query)
    if _depth(bare) > DEPTH:
        raise _too_complex(
            f"La requête est imbriquée trop profondément ; au plus {DEPTH} niveaux de parenthèses ou d'accolades.",
            f"The query is nested too deeply; at most {DEPTH} levels of brackets or braces.",
        )
    if len(bare) > OPERATORS and sum(found not in ("^^", "||") for found in _OPERATOR.findall(bare)) > OPERATORS:
        raise _too_complex(
            f"La requête a trop d'opérateurs de chemin ou de calcul (/ | ^ * + ?) ; au plus {OPERATORS}.",
            f"The query has too many path or arithmetic operators (/ | ^ * + ?); at most {OPERATORS}.",
        )
    if len(bare) > PATTERNS and len(_PATTERN_END.findall(bare)) > PATTERNS:
        raise _too_complex(
            f"La requête a trop de motifs de triplets ; au plus {PATTERNS}.",
            f"The query has too many triple patterns; at most {PATTERNS}.",
        )


def _too_complex(fr: str, en: str) -> Problem:
    return Problem(400, fr=fr, en=en, kind="query-too-complex")


def _depth(bare: str) -> int:
    depth = deepest = 0
    for bracket in _BRACKET.findall(bare):
        depth += 1 if bracket in _OPENING else -1
        deepest = max(deepest, depth)
    return deepest
