"""The questions of the home page, each with what its named query answers on the store at hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sin

import pyoxigraph as ox

from cesergraph.identifiers import concept
from cesergraph.namespaces import ID, expand
from cesergraph.queries import Row, get_query
from cesergraph.web.site import Site

_LABEL = ox.NamedNode(expand("skos:prefLabel"))
_BARS = 6
_VOTES = ("for", "against", "abstentions")
_INNER, _OUTER, _SPACE, _MOST_ROWS, _MOST_SEATS = 34.0, 96.0, 10.5, 6, 500


@dataclass(frozen=True)
class Name:
    """What something is called, and the address of its page; no address where the name alone does not settle it."""

    text: str
    address: str


@dataclass(frozen=True)
class Seat:
    """One voice in a half circle, and how it was cast."""

    x: float
    y: float
    vote: str


@dataclass(frozen=True)
class Card:
    """One question: its query, the thing it is about, and what the template needs to show the answer."""

    query: str
    subject: Name | None
    values: Mapping[str, object]


@dataclass(frozen=True)
class _Question:
    """A query, how its answer is shown, and the thing that the question in home.toml is about, by its parameter."""

    query: str
    show: Callable[["_Names", Sequence[Row]], Mapping[str, object]]
    parameter: str = ""
    subject: str = ""


class _Names:
    """The things of a store by their French label."""

    def __init__(self, site: Site, lang: str) -> None:
        self._site = site
        self.lang = lang

    def of(self, label: str | None, kind: str = "") -> Name:
        """Return a name with its address where one thing alone of ours, of a type if one is given, has it."""
        if label is None:
            return Name("", "")
        found = self._site.store.data.quads_for_pattern(None, _LABEL, ox.Literal(label, language="fr"), None)
        things = {quad.subject.value for quad in found if isinstance(quad.subject, ox.NamedNode)}
        own = [one for one in things if one.startswith(f"{ID}{kind}")]
        return Name(label, self._site.href(own[0], self.lang) if len(own) == 1 else "")

    def at(self, iri: str) -> Name:
        """Return the name of a thing."""
        return Name(self._site.things.label(iri, "fr"), self._site.href(iri, self.lang))

    def concept(self, scheme: str, notation: str | None) -> str:
        """Return the label of a code in the language of the page."""
        return self._site.things.label(concept(scheme, notation), self.lang) if notation else ""

    def unit(self, notation: str | None) -> str:
        """Return how a unit is written after a number."""
        return "%" if notation == "percent" else self.concept("unit", notation)


def answered(site: Site, lang: str) -> list[Card]:
    """Return the questions that have an answer, in order."""
    names, cards = _Names(site, lang), []
    for question in _QUESTIONS:
        given = {question.parameter: question.subject} if question.parameter else {}
        if rows := get_query(question.query).run(site.source, **given):
            subject = names.at(ID + question.subject) if question.subject else None
            cards.append(Card(question.query, subject, question.show(names, rows)))
    return cards


def _vote(names: _Names, rows: Sequence[Row]) -> Mapping[str, object]:
    voters = [(names.of(row["voter"]), *(int(row[vote] or 0) for vote in _VOTES)) for row in rows]
    sums = {vote: sum(int(row[vote] or 0) for row in rows) for vote in _VOTES}
    return {"voters": voters, "sums": sums, "seats": half_circle(sums)}


def half_circle(votes: Mapping[str, int]) -> list[Seat]:
    """Return a seat for each vote, in rows of a half circle from left to right: for, abstentions, against.

    There is none where nobody voted, or more than can be told apart.
    """
    total = sum(votes.values())
    if not 0 < total <= _MOST_SEATS:
        return []
    places = sorted(_places(total), key=lambda place: -place[0])
    cast = [vote for vote in ("for", "abstentions", "against") for _ in range(votes[vote])]
    return [
        Seat(round(100 + radius * cos(angle), 1), round(100 - radius * sin(angle), 1), vote)
        for (angle, radius), vote in zip(places, cast, strict=True)
    ]


def _places(total: int) -> list[tuple[float, float]]:
    """Return the angle and the radius of each seat; a row has seats in proportion to its length."""
    rows = next(rows for rows in range(1, total + 1) if sum(_room(rows)) >= total or rows == _MOST_ROWS)
    radii = _radii(rows)
    seats = [int(total * radius / sum(radii)) for radius in radii]
    for index in range(total - sum(seats)):
        seats[-1 - index % rows] += 1
    return [
        (pi * place / (count - 1) if count > 1 else pi / 2, radius)
        for radius, count in zip(radii, seats, strict=True)
        for place in range(count)
    ]


def _radii(rows: int) -> list[float]:
    return [_OUTER - (_OUTER - _INNER) * row / max(rows - 1, 1) for row in reversed(range(rows))]


def _room(rows: int) -> list[int]:
    return [int(pi * radius / _SPACE) for radius in _radii(rows)]


def _addressees(names: _Names, rows: Sequence[Row]) -> Mapping[str, object]:
    bars = [(names.of(row["addressee"]), int(row["recommendations"] or 0)) for row in rows]
    return {"bars": bars[:_BARS], "most": max(count for _, count in bars), "more": len(bars[_BARS:])}


def _announced(names: _Names, rows: Sequence[Row]) -> Mapping[str, object]:
    return {
        "works": [
            (
                names.of(row["work"], "document/"),
                int(row["announced"]),
                int(row["strict"] or 0),
                int(row["borderline"] or 0),
            )
            for row in rows
            if row["announced"]
        ]
    }


def _actions(names: _Names, rows: Sequence[Row]) -> Mapping[str, object]:
    return {"steps": [names.of(row["action"]) for row in rows]}


def _routes(names: _Names, rows: Sequence[Row]) -> Mapping[str, object]:
    return {
        "routes": [
            (names.concept("referral-kind", row["kind"]), names.of(row["initiator"]), row["subject"] or "")
            for row in rows
        ]
    }


def _amounts(names: _Names, rows: Sequence[Row]) -> Mapping[str, object]:
    return {
        "amounts": [
            (row["as_written"] or "", names.of(row["commitment"]))
            for row in sorted(rows, key=lambda row: row["period"] is None)
        ]
    }


def _follow_up(names: _Names, rows: Sequence[Row]) -> Mapping[str, object]:
    return {
        "follow_ups": [
            (
                names.of(row["recommendation"]),
                names.of(row["by"]),
                names.concept("answer-state", row["answer"]),
                names.of(row["implemented_by"]),
            )
            for row in rows
        ]
    }


def _figures(names: _Names, rows: Sequence[Row]) -> Mapping[str, object]:
    dated = sorted(rows, key=lambda row: (row["period"] is None, row["period"] or ""))
    return {
        "figures": [
            (names.of(row["quantity"]), row["value"], names.unit(row["unit"]), row["status"] == "target")
            for row in dated
        ],
        "most": max(float(row["value"] or 0) for row in rows),
    }


_QUESTIONS = (
    _Question("vote_by_voter", _vote, "document", "document/deliberation-dap-25-01-01"),
    _Question("addressees_by_number_of_recommendations", _addressees),
    _Question("recommendations_announced_and_stated", _announced),
    _Question(
        "actions_of_a_recommendation", _actions, "recommendation", "preconisation/avis-zones-emploi-occitanie-2022/5"
    ),
    _Question("follow_up_of_recommendations", _follow_up),
    _Question("amounts_of_a_scheme", _amounts, "scheme", "dispositif/cap-asso-centre-val-de-loire"),
    _Question("referral_routes_of_a_body", _routes, "body", "organisation/ceser-provence-alpes-cote-d-azur"),
    _Question("figures_of_an_indicator", _figures, "indicator", "indicateur/part-ess-emploi-prive"),
)
