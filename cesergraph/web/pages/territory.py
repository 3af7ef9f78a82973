"""What the page of a territory tells first: what it lies in and holds, who governs it, its population, its CESER."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import pyoxigraph as ox
from markupsafe import Markup, escape

from cesergraph.namespaces import ID, expand
from cesergraph.web.pages.wording import Words

_MOST = 2_000
_HELD_MOST = 10_000
_WITHIN, _MEMBER, _SEAT = (ox.NamedNode(expand(f"cg:{one}")) for one in ("within", "memberCommune", "seatCommune"))
_WHOLES = (ID + "territoire/region/", ID + "territoire/departement/")


@dataclass(frozen=True)
class Touching:
    """An intercommunality that touches a territory: how many of its communes lie inside, of how many, and its seat."""

    iri: str
    inside: int
    members: int
    seat: bool | None


def section(words: Words, iri: str) -> Mapping[str, object]:
    """Return what fills ``_territory.html``."""
    bodies = words.referring(iri, "cg:administers", _MOST)
    return {
        "within": words.links(_above(words, iri)),
        "groupings": words.links(words.referring(iri, "cg:memberCommune", _MOST)),
        "seat_of": words.links(words.referring(iri, "cg:seatCommune", _MOST)),
        "chief_town": words.links(words.things(iri, "cg:chiefTown")),
        "populations": [_population(words, one) for one in words.referring(iri, "cg:populationOf", _MOST)],
        "bodies": words.links(bodies),
        "assemblies": [
            _assembly(words, one) for body in bodies for one in words.referring(body, "cg:assemblyOf", _MOST)
        ],
        "members": _members(words, iri),
        "whole": _whole(words, iri) if iri.startswith(_WHOLES) else None,
    }


def _above(words: Words, iri: str) -> list[str]:
    """Return the territories that a territory lies in, the nearest first."""
    found: list[str] = []
    while wider := [one for one in words.things(found[-1] if found else iri, "cg:within") if one not in found]:
        found += wider
    return found


def _population(words: Words, iri: str) -> Mapping[str, object]:
    value = words.number(words.first(iri, "cg:populationValue"))
    return {
        "value": words.link_as(iri, Markup(f"<strong>{escape(value)}</strong>")),
        "kind": words.links(words.things(iri, "cg:populationKind")),
        "vintage": words.first(iri, "cg:vintage"),
    }


def _assembly(words: Words, iri: str) -> Mapping[str, object]:
    documents = words.things(iri, "cg:issued")
    recommendations = [one for document in documents for one in words.things(document, "cg:hasRecommendation")]
    return {"link": words.link(iri), "documents": words.links(documents), "recommendations": len(recommendations)}


def _members(words: Words, iri: str) -> list[Markup]:
    return [words.link(one) for one in sorted(words.things(iri, "cg:memberCommune"), key=words.plain)]


def _whole(words: Words, iri: str) -> Mapping[str, object]:
    """Return what a region or department holds, and the intercommunalities that touch it, in the three readings."""
    departements, communes, touching = _held(words.data, iri)
    seats = [one.seat for one in touching if one.seat is not None]
    return {
        "departements": words.links(departements),
        "departements_total": len(departements),
        "communes_total": len(communes),
        "communes_address": words.site.page(f"{words.site.path_of(iri)}?property=%5Ecg:within", words.lang),
        "touching": len(touching),
        "inside": sum(one.inside == one.members for one in touching),
        "seated": sum(seats) if seats else None,
        "touching_rows": [
            (words.link(one.iri), one.inside, one.members)
            for one in sorted(touching, key=lambda one: words.plain(one.iri))
        ],
    }


@lru_cache(maxsize=256)
def _held(data: ox.Store, iri: str) -> tuple[Sequence[str], Sequence[str], Sequence[Touching]]:
    """Return the departments and communes of a territory, and the intercommunalities that touch it.

    Read triple by triple: in SPARQL the same takes minutes, since the engine begins with every commune there is.
    """
    held = _subjects(data, _WITHIN, iri)
    departements = sorted(one for one in held if "/departement/" in one)
    communes = {one for whole in (iri, *departements) for one in _subjects(data, _WITHIN, whole) if "/commune/" in one}
    inside = Counter(epci for one in communes for epci in _subjects(data, _MEMBER, one) if "/epci/" in epci)
    return departements, sorted(communes), [_touching(data, epci, inside[epci], communes) for epci in sorted(inside)]


def _touching(data: ox.Store, epci: str, inside: int, communes: Collection[str]) -> Touching:
    members = {quad.object for quad in data.quads_for_pattern(ox.NamedNode(epci), _MEMBER, None, None)}
    seats = [str(quad.object)[1:-1] for quad in data.quads_for_pattern(ox.NamedNode(epci), _SEAT, None, None)]
    return Touching(epci, inside, len(members), any(seat in communes for seat in seats) if seats else None)


def _subjects(data: ox.Store, predicate: ox.NamedNode, iri: str) -> set[str]:
    quads = islice(data.quads_for_pattern(None, predicate, ox.NamedNode(iri), None), _HELD_MOST)
    return {str(quad.subject)[1:-1] for quad in quads}
