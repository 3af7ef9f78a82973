"""What is too much to ask, told from the text of a query alone, before a worker is troubled with it.

This is a courtesy: a clear message at once. What passes here and still asks too much is stopped by the limits of the
worker. The counts are those of a scan, not of a parser, and err on the side of the client.
"""

import re

from cesergraph.web.problems import Problem

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
