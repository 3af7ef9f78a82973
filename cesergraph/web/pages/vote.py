"""What the page of a vote or session tells first: how each group voted, on what, and when."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from cesergraph.web.pages.wording import Words

_COUNTS = ("cg:votesFor", "cg:votesAgainst", "cg:abstentions", "cg:notVoting")
_MOST = 200


def section(words: Words, iri: str) -> Mapping[str, object]:
    """Return what fills ``_vote.html`` for a vote, or for a session with its votes."""
    return {
        "link": words.link(iri),
        "votes": [vote(words, one) for one in words.referring(iri, "cg:heldDuring", _MOST)]
        or [vote(words, one) for one in [iri] if words.things(one, "cg:count")],
        "facts": [
            (name, words.links(words.things(iri, curie)))
            for name, curie in (("body", "cg:sessionOf"), ("session", "cg:heldDuring"), ("place", "cg:heldAt"))
        ],
    }


def vote(words: Words, iri: str) -> Mapping[str, object]:
    """Return one vote: its outcome, what it was on, each count, and the sums, which no document need state."""
    counts = sorted((_count(words, one) for one in words.things(iri, "cg:count")), key=lambda one: -one.total)
    columns = [[one.numbers[place] for one in counts] for place in range(len(_COUNTS))]
    return {
        "link": words.link(iri),
        "outcome": words.links(words.things(iri, "cg:voteOutcome")),
        "on": words.links(words.things(iri, "cg:decidedOn")),
        "date": [words.value(one) for one in words.values(iri, "dcterms:date")],
        "note": [words.value(one) for one in words.values(iri, "dcterms:description")],
        "counts": counts,
        "most": max((one.total for one in counts), default=0),
        "sums": [None if all(n is None for n in one) else sum(filter(None, one)) for one in columns],
        "places": words.places(iri),
    }


class Count(NamedTuple):
    """The votes of one voter or group: for, against, abstentions, not voting; None where nothing is said."""

    link: Markup
    numbers: Sequence[int | None]
    note: Sequence[Markup]

    @property
    def total(self) -> int:
        """The sum of what is said."""
        return sum(filter(None, self.numbers))

    def bar(self, most: int) -> list[tuple[int, float, float]]:
        """Return the parts of a bar as long as the largest count is 100: which number, where it begins, how wide."""
        parts, start = [], 0.0
        for place, number in enumerate(self.numbers, 1):
            width = 100 * (number or 0) / (most or 1)
            if width:
                parts.append((place, round(start, 2), round(width, 2)))
            start += width
        return parts


def _count(words: Words, iri: str) -> Count:
    written = [words.first(iri, curie) for curie in _COUNTS]
    numbers = [int(one) if one else None for one in written]
    return Count(words.link(iri), numbers, [words.value(one) for one in words.values(iri, "dcterms:description")])
