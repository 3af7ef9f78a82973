"""Which of the representations on offer a client is sent (RFC 9110, section 12.5).

Kept here in few lines: the libraries that read Accept well bring a whole web framework of their own.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
_RANGE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:/([!#$%&'*+.^_`|~0-9A-Za-z-]+))?")
_LONGEST = 4096


@lru_cache(maxsize=1024)
def choose(accept: str, offered: Sequence[str]) -> str | None:
    """Return the media type to send of those ``offered``, best first, or None where none is acceptable.

    The most specific range decides on each type; the highest quality wins, then the order of the offer. No Accept
    accepts everything; a part of it that cannot be read is passed over, and where nothing is left nothing was said.
    """
    ranges = _read(accept)
    if not ranges:
        return offered[0]
    return _best([_quality(ranges, tuple(one.split(";")[0].split("/"))) for one in offered], offered)


@lru_cache(maxsize=1024)
def accepts(accept: str, coding: str) -> bool:
    """Tell whether an Accept-Encoding header asks for a content coding."""
    ranges = {head: quality for (head, _), quality in _read(accept)}
    return ranges.get(coding, ranges.get("*", 0.0)) > 0


@lru_cache(maxsize=1024)
def choose_language(accept: str) -> str:
    """Return ``fr`` or ``en`` by an Accept-Language header; French where the client does not care."""
    ranges = [((head.partition("-")[0].lower(), ""), quality) for (head, _), quality in _read(accept)]
    qualities = [max((q for (head, _), q in ranges if head == one), default=0.0) for one in ("fr", "en")]
    return _best(qualities, ("fr", "en")) or "fr"


def _best(qualities: Sequence[float], offered: Sequence[str]) -> str | None:
    best = max(qualities)
    return offered[qualities.index(best)] if best > 0 else None


def _read(header: str) -> list[tuple[tuple[str, str], float]]:
    found = []
    for part in header[:_LONGEST].split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((piece[2:].strip() for piece in parameters if piece[:2].lower() == "q="), "1")
        if (match := _RANGE.fullmatch(name)) and _QUALITY.fullmatch(quality):
            found.append(((match[1].lower(), (match[2] or "").lower()), float(quality)))
    return found


def _quality(ranges: Sequence[tuple[tuple[str, str], float]], wanted: tuple[str, ...]) -> float:
    for pattern in (wanted, (wanted[0], "*"), ("*", "*")):
        if matching := [quality for found, quality in ranges if found == pattern]:
            return max(matching)
    return 0.0
