"""What the page of a figure tells first: every claim about it side by side, and how it moves towards its targets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from cesergraph.namespaces import CG
from cesergraph.web.pages.wording import Words, join

_MOST = 300
_EQUAL = "/comparator/equal"


def section(words: Words, iri: str) -> Mapping[str, object]:
    """Return what fills ``_figure.html``."""
    kinds = frozenset(words.things(iri, "rdf:type"))
    quantities = _quantities(words, iri, kinds)
    targets = _targets(words, iri, kinds, quantities)
    return {
        "quantities": [_quantity(words, one) for one in quantities],
        "targets": [target(words, one) for one in targets],
        "charts": [] if CG + "Indicator" in kinds else list(_charts(words, quantities, targets)),
    }


def _quantities(words: Words, iri: str, kinds: frozenset[str]) -> list[str]:
    """Return the quantities that a claim, quantity, indicator, target or objective is about."""
    if CG + "MeasuredQuantity" in kinds:
        return [iri]
    if CG + "FigureClaim" in kinds:
        return words.things(iri, "cg:quantity")
    if CG + "Indicator" in kinds:
        return words.referring(iri, "cg:indicator", _MOST)
    targets = [iri] if CG + "Target" in kinds else targets_of(words, iri)
    return sorted({one for target in targets for one in words.things(target, "cg:targetQuantity")})


def _targets(words: Words, iri: str, kinds: frozenset[str], quantities: Sequence[str]) -> list[str]:
    if CG + "Target" in kinds:
        return [iri]
    if CG + "Objective" in kinds:
        return targets_of(words, iri)
    return sorted({one for quantity in quantities for one in words.referring(quantity, "cg:targetQuantity", _MOST)})


def targets_of(words: Words, objective: str) -> list[str]:
    """Return the targets of an objective."""
    return words.referring(objective, "cg:targetOf", _MOST)


def _quantity(words: Words, iri: str) -> Mapping[str, object]:
    claims = words.referring(iri, "cg:quantity", _MOST)
    return {
        "link": words.link(iri),
        "about": words.links([*words.things(iri, "cg:aboutThing"), *words.things(iri, "cg:aboutTerritory")]),
        "population": words.links(words.things(iri, "cg:population")),
        "period": words.first(iri, "cg:periodKey"),
        "claims": [claim(words, one) for one in claims],
        "differs": len({_amount(words, one) for one in claims}) > 1,
        "said_twice": len(claims) > 1,
    }


def claim(words: Words, iri: str) -> Mapping[str, object]:
    """Return one claim: what is said, by whom, when, where, on which source, and what it is preferred to."""
    passages = words.site.things.passages(iri)
    documents = sorted({one.document for one in passages if one.document})
    return {
        "link": words.link_as(iri, _amount(words, iri)),
        "written": [words.value(one) for one in words.values(iri, "cg:asWritten")],
        "by": words.links(words.things(iri, "cg:speaker") or _issuers(words, documents)),
        "dates": [words.value(one) for document in documents for one in words.values(document, "dcterms:date")],
        "status": words.links([*words.things(iri, "cg:claimStatus"), *words.things(iri, "cg:modality")]),
        "source": words.links(words.things(iri, "cg:statisticalSource")),
        "places": words.places(iri),
        "preferred": words.links(words.things(iri, "cg:preferredOver")),
        "passed_over": words.links(words.referring(iri, "cg:preferredOver", _MOST)),
        "reasons": _reasons(words, iri),
        "note": [words.value(one) for one in words.values(iri, "dcterms:description")],
    }


def _issuers(words: Words, documents: Sequence[str]) -> list[str]:
    return sorted({body for document in documents for body in words.things(document, "cg:issuedBy")})


def _reasons(words: Words, iri: str) -> list[Markup]:
    """Return why a claim is preferred, or not: the reasons of the decisions about it."""
    decisions = words.referring(iri, "cg:decisionAbout", _MOST)
    return [words.value(reason) for one in decisions for reason in words.values(one, "cg:decisionReason")]


def _amount(words: Words, iri: str) -> Markup:
    """Return the value of a claim with its comparator, upper bound and unit."""
    least, most = words.first(iri, "cg:value"), words.first(iri, "cg:valueMax")
    number = words.number(least) + (f"–{words.number(most)}" if most else "")
    comparators = [one for one in words.things(iri, "cg:comparator") if not one.endswith(_EQUAL)]
    units = words.things(iri, "cg:unit")
    parts = [*map(words.name, comparators), Markup(f"<strong>{escape(number)}</strong>"), *map(words.name, units)]
    return join(parts, " ")


def target(words: Words, iri: str) -> Mapping[str, object]:
    """Return a target: where it starts, what it aims at and by when, in which sense."""
    return {
        "link": words.link(iri),
        "kind": words.links([*words.things(iri, "cg:targetKind"), *words.things(iri, "cg:direction")]),
        "baseline": [claim(words, one) for one in words.things(iri, "cg:baseline")],
        "baseline_status": words.links(words.things(iri, "cg:baselineStatus")),
        "goal": [claim(words, one) for one in words.things(iri, "cg:goalValue")],
        "due": words.first(iri, "cg:dueYear"),
        "bar": _bar(words, iri),
        "places": words.places(iri),
        "note": [words.value(one) for one in words.values(iri, "dcterms:description")],
    }


def _bar(words: Words, iri: str) -> Mapping[str, object] | None:
    """Return how long the bars of baseline, last known value and goal are, where all are in one unit."""
    points = [("baseline", one) for one in words.things(iri, "cg:baseline")[:1]]
    points += [("latest", one) for one in _latest(words, iri)]
    points += [("goal", one) for one in words.things(iri, "cg:goalValue")[:1]]
    units = {unit for _, one in points for unit in words.things(one, "cg:unit")}
    if len(points) < 2 or len(units) != 1 or points[-1][0] != "goal":
        return None
    values = [(name, _value(words, one), _year(words, one)) for name, one in points]
    most = max(abs(value) for _, value, _ in values) or 1.0
    return {
        "rows": [
            {
                "name": name,
                "value": words.number(f"{value:g}"),
                "year": year,
                "width": round(100 * abs(value) / most, 2),
            }
            for name, value, year in values
        ],
        "unit": words.plain(next(iter(units))),
    }


def _latest(words: Words, target: str) -> list[str]:
    """Return the latest observed claim comparable with what a target aims at, if there is one beside the baseline."""
    near = [near for one in words.things(target, "cg:targetQuantity") for near in _comparable(words, one)]
    skipped = {*words.things(target, "cg:baseline"), *words.things(target, "cg:goalValue")}
    claims = [one for quantity in near for one in words.referring(quantity, "cg:quantity", _MOST)]
    observed = [one for one in claims if one not in skipped and not _is_goal(words, one) and _year(words, one)]
    return sorted(observed, key=lambda one: (_year(words, one), one))[-1:]


def _is_goal(words: Words, iri: str) -> bool:
    status = words.first(iri, "cg:claimStatus")
    return status.endswith("/target") or bool(words.referring(iri, "cg:goalValue", 1))


def _comparable(words: Words, quantity: str) -> list[str]:
    return sorted({quantity, *words.things(quantity, "cg:comparableWith")})


def _value(words: Words, iri: str) -> float:
    return float(words.first(iri, "cg:value") or 0)


def _year(words: Words, iri: str) -> str:
    """Return the year that a claim is about, empty where its period is no year."""
    period = next((words.first(one, "cg:periodKey") for one in words.things(iri, "cg:quantity")), "")
    return period if len(period) == 4 and period.isdecimal() else ""


@dataclass(frozen=True)
class Point:
    """One claim on a chart: its place, its year and value in words, whether it is aimed at."""

    x: float
    y: float
    year: str
    value: str
    is_goal: bool


@dataclass(frozen=True)
class Chart:
    """Claims of comparable quantities in one unit, by year, ready to draw in a box of 320 by 160."""

    unit: str
    points: Sequence[Point]
    line: str


def _charts(words: Words, quantities: Sequence[str], targets: Sequence[str]) -> Iterator[Chart]:
    """Yield a chart for each unit in which comparable quantities have values in two years or more."""
    near = sorted({one for quantity in quantities for one in _comparable(words, quantity)})
    claims = {one for quantity in near for one in words.referring(quantity, "cg:quantity", _MOST)}
    due = {goal: words.first(one, "cg:dueYear") for one in targets for goal in words.things(one, "cg:goalValue")}
    by_unit: dict[str, list[tuple[int, float, bool]]] = {}
    for one in sorted(claims | due.keys()):
        year, unit = due.get(one) or _year(words, one), words.first(one, "cg:unit")
        if year and unit:
            by_unit.setdefault(unit, []).append((int(year), _value(words, one), _is_goal(words, one)))
    for unit, told in sorted(by_unit.items()):
        if len({year for year, _, _ in told}) > 1:
            yield _draw(words, words.plain(unit), sorted(set(told)))


def _draw(words: Words, unit: str, told: Sequence[tuple[int, float, bool]]) -> Chart:
    first, last = told[0][0], told[-1][0]
    most = max(value for _, value, _ in told) or 1.0
    points = [
        Point(
            round(40 + 240 * (year - first) / (last - first), 1),
            round(130 - 100 * max(value, 0) / most, 1),
            str(year),
            words.number(f"{value:g}"),
            is_goal,
        )
        for year, value, is_goal in told
    ]
    return Chart(unit, points, " ".join(f"{one.x},{one.y}" for one in points))
