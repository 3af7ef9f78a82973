"""The words of a text: folded so that accents, case and ligatures do not matter, and those that were looked for."""

import re
import unicodedata
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae"})
_EMPTY = frozenset("a au aux d de des du en et l la le les of the".split())
_PLURAL = re.compile(r"(?<=[^\W_]{3})[sx]\b")
_LONGEST, _BEFORE = 180, 60


def fold(text: str) -> str:
    """Return the words of a text without case, accents, ligatures and punctuation, a blank between them.

    >>> fold("L’Œuvre d'Île-de-France")
    'l oeuvre d ile de france'
    """
    if text.isascii():
        return " ".join(_WORD.findall(text.lower()))
    plain = unicodedata.normalize("NFKD", text.translate(_LIGATURES).replace("ʼ", "'")).casefold()
    return " ".join(_WORD.findall("".join(char for char in plain if not unicodedata.combining(char))))


def singular(words: str) -> str:
    """Return folded words without the mark of the plural, so that either form finds the other."""
    return _PLURAL.sub("", words)


def wanted(whole: str) -> tuple[list[str], str]:
    """Return the words without articles, where others remain, and the last if it may be the beginning of one."""
    every = whole.split()
    words = [word for word in every if word not in _EMPTY] or every
    return words, words[-1] if words and words[-1] == every[-1] else ""


class Segment(NamedTuple):
    """A piece of text, and whether it met a word that was looked for."""

    text: str
    matched: bool


class Marker:
    """Finds the words that were looked for in texts as they are written."""

    def __init__(self, whole: str) -> None:
        words, self._opens = wanted(whole)
        self.words = {singular(word) for word in words}
        if whole.replace(" ", "").isdecimal():
            self.words.add(whole.replace(" ", ""))

    def _met(self, token: str) -> set[str]:
        parts = fold(token).split()
        met = self.words.intersection(map(singular, parts))
        if self._opens and any(part.startswith(self._opens) for part in parts):
            met.add(singular(self._opens))
        return met

    def mark(self, text: str) -> tuple[Segment, ...]:
        """Return the text in segments that did or did not meet a word."""
        segments: list[Segment] = []
        end = 0
        for token in _TOKEN.finditer(text) if self.words else ():
            if self._met(token[0]):
                segments += [Segment(text[end : token.start()], False), Segment(token[0], True)]
                end = token.end()
        return tuple(segment for segment in [*segments, Segment(text[end:], False)] if segment.text)

    def words_of(self, text: str) -> set[str]:
        """Return which of the words that were looked for a text meets."""
        return {word for token in _TOKEN.findall(text) for word in self._met(token)} if self.words else set()


def cut(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Return a long text from a little before its first match on."""
    if sum(len(segment.text) for segment in segments) <= _LONGEST:
        return segments
    first, *others = segments
    if not first.matched and len(first.text) > _BEFORE:
        first = Segment("…" + first.text[-_BEFORE:].partition(" ")[2], False)
    kept, left = [], _LONGEST
    for segment in (first, *others):
        if len(segment.text) > left:
            kept.append(Segment(segment.text[:left].rpartition(" ")[0] + "…", False))
            break
        kept.append(segment)
        left -= len(segment.text)
    return tuple(kept)
