"""What the page of a document tells first: its outline, recommendations, votes, figures, people and captured files."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from cesergraph.namespaces import PREFIXES
from cesergraph.web.pages.vote import vote
from cesergraph.web.pages.wording import Words
from cesergraph.web.site import texts

_MOST, _FIGURES = 500, 60
_FIGURES_IN = f"""PREFIX cg: <{PREFIXES["cg"]}>
SELECT DISTINCT ?claim WHERE {{ ?passage cg:passageOf <%s> . ?claim cg:claimedIn ?passage ; cg:value ?value }}
ORDER BY ?claim"""


class Branch(NamedTuple):
    """A thing in an outline, with what lies below it."""

    link: Markup
    below: Sequence["Branch"]


def section(words: Words, iri: str) -> Mapping[str, object]:
    """Return what fills ``_document.html``."""
    recommendations = words.things(iri, "cg:hasRecommendation") or words.referring(iri, "cg:recommendationOf", _MOST)
    figures = _figures(words, iri)
    return {
        "outline": outline(words, iri),
        "recommendations": [
            (words.link(one), words.links(words.things(one, "cg:addressedTo")))
            for one in _numbered(words, recommendations)
        ],
        "announced": [_announced(words, one) for one in words.referring(iri, "cg:countedWork", _MOST)],
        "completeness": [_measured(words, one) for one in words.referring(iri, "dqv:computedOn", _MOST)],
        "votes": [vote(words, one) for one in words.referring(iri, "cg:decidedOn", _MOST)],
        "votes_t": texts("vote", words.lang),
        "figures": [(words.link(one), words.places(one, 1)) for one in figures[:_FIGURES]],
        "figures_total": len(figures),
        "roles": [_role(words, one) for one in words.referring(iri, "cg:roleIn", _MOST)],
        "captures": [
            (
                words.link(one),
                words.first(one, "cg:captureDigest"),
                [words.value(when) for when in words.values(one, "cg:capturedAt")],
            )
            for one in words.referring(iri, "cg:captureOf", _MOST)
        ],
    }


def outline(words: Words, document: str) -> list[Branch]:
    """Return the sections of a document as a tree, in the order of the document."""
    sections = _numbered(words, words.referring(document, "cg:sectionOf", _MOST))
    above = {one: [part for part in words.things(one, "cg:partOf") if part in sections] for one in sections}
    below: dict[str | None, list[str]] = {}
    for one in sections:
        # All wholes of a section are stated; the nearest lies itself in most of the others.
        below.setdefault(max(above[one], key=lambda whole: len(above[whole]), default=None), []).append(one)

    def branches(whole: str | None) -> list[Branch]:
        return [Branch(words.link(one), branches(one)) for one in below.get(whole, ())]

    return branches(None)


def _numbered(words: Words, iris: Sequence[str]) -> list[str]:
    return sorted(iris, key=lambda one: (int(words.first(one, "cg:orderNumber") or 0), one))


def _announced(words: Words, iri: str) -> tuple[Markup, Markup, Markup]:
    number = Markup(" ").join(words.value(one) for one in words.values(iri, "cg:announcedCount"))
    return words.link(iri), number, words.places(iri, 1)


def _measured(words: Words, iri: str) -> tuple[str, list[str]]:
    told = [one for one in words.values(iri, "dcterms:description") if getattr(one, "language", None) == words.lang]
    return words.plain(iri), [one.value for one in told]


def _figures(words: Words, iri: str) -> list[str]:
    if not words.referring(iri, "cg:passageOf", 1):
        return []
    return [str(row[0])[1:-1] for row in words.site.source.query(_FIGURES_IN % iri).rows]


def _role(words: Words, iri: str) -> Mapping[str, object]:
    return {
        "holder": words.links(words.things(iri, "cg:roleHolder")),
        "kind": words.links(words.things(iri, "cg:roleKind")),
        "behalf": words.links(words.things(iri, "cg:onBehalfOf")),
        "written": [words.value(one) for one in words.values(iri, "cg:asWritten")],
        "places": words.places(iri, 1),
    }
