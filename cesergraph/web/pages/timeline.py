"""The dated facts about a thing and about what refers to it, in the order of time."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import pyoxigraph as ox
from markupsafe import Markup

from cesergraph.namespaces import ID, expand
from cesergraph.web.pages.wording import Words

_DATES = frozenset(
    map(
        expand,
        "dcterms:date dcterms:issued dcterms:modified dcat:startDate dcat:endDate prov:startedAtTime prov:endedAtTime "
        "cg:signedOn cg:receivedOn cg:capturedAt cg:validFrom cg:validUntil cg:dueYear".split(),
    )
)
# Only these have dates; of what a thing has by thousands, such as passages, nothing need be read.
_DATED = frozenset(
    f"{ID}{kind}"
    for kind in (
        "annotation capture cible convention decision dispositif document etape evenement financement mandat parcours "
        "relation role saisine seance strategie suite version vote"
    ).split()
)
_READ, _SHOWN = 3_000, 60


class Moment(NamedTuple):
    """One dated fact: its date as written, in words, what kind of date it is, and what it is the date of."""

    date: str
    told: Markup
    property: str
    thing: Markup | None


def timeline(words: Words, iri: str) -> tuple[Sequence[Moment], int]:
    """Return the dated facts about a thing, the earliest first, and how many more there are than are shown."""
    moments = [*_moments(words, iri, None)]
    for other in _dated_neighbours(words, iri):
        moments += _moments(words, other, words.link(other))
    found = sorted(set(moments), key=lambda one: (one.date, one.property, str(one.thing)))
    return found[:_SHOWN], max(0, len(found) - _SHOWN)


def _dated_neighbours(words: Words, iri: str) -> Iterable[str]:
    quads = islice(words.data.quads_for_pattern(None, None, ox.NamedNode(iri), None), _READ)
    found = {quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)}
    return sorted(one for one in found if one[: one.find("/", len(ID))] in _DATED)


def _moments(words: Words, iri: str, thing: Markup | None) -> Iterator[Moment]:
    for quad in words.data.quads_for_pattern(ox.NamedNode(iri), None, None, None):
        if quad.predicate.value in _DATES and isinstance(quad.object, ox.Literal):
            label = words.site.things.label(quad.predicate.value, words.lang)
            yield Moment(quad.object.value, words.value(quad.object), label, thing)
