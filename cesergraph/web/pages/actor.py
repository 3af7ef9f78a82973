"""What the page of an organisation, person or group tells first: mandates, members, relations, what it is asked."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from cesergraph.web.pages.figure import claim
from cesergraph.web.pages.wording import Words

_MOST, _SHOWN = 1_000, 50
_ASSERTED = "/modality/asserted"
Line = tuple[Markup, Markup]


def section(words: Words, iri: str) -> Mapping[str, object]:
    """Return what fills ``_actor.html``."""
    addressed = words.referring(iri, "cg:addressedTo", _MOST)
    through_group = sorted(set(words.referring(iri, "cg:addressedViaGroup", _MOST)) - set(addressed))
    members = [*words.things(iri, "cg:groupMember"), *words.referring(iri, "cg:memberOf", _MOST)]
    return {
        "council": words.links(words.things(iri, "cg:assemblyOf")),
        "assemblies": words.links(words.referring(iri, "cg:assemblyOf", _MOST)),
        "units": words.links(words.referring(iri, "cg:unitOfBody", _MOST)),
        "groups": words.links(words.referring(iri, "cg:groupMember", _MOST)),
        "members": words.links(sorted(set(members))),
        "mandates": _mandates(words, iri),
        "missions": [(words.link(one), words.places(one, 1)) for one in words.referring(iri, "cg:missionOf", _MOST)],
        "relations": _relations(words, iri),
        "addressed": [_asked(words, one) for one in addressed[:_SHOWN]],
        "addressed_total": len(addressed),
        "through_group": [_asked(words, one) for one in through_group[:_SHOWN]],
        "through_group_total": len(through_group),
        "issued": words.links(words.things(iri, "cg:issued")),
        "roles": [_role(words, one) for one in words.referring(iri, "cg:roleHolder", _MOST)],
        "schemes": words.links(words.referring(iri, "cg:operatedBy", _MOST)),
        "fundings": _fundings(words, iri),
        "cooperations": _cooperations(words, iri),
    }


def _mandates(words: Words, iri: str) -> list[Mapping[str, object]]:
    """Return the mandates of a person, or those in the posts of a body."""
    posts = words.referring(iri, "cg:postIn", _MOST)
    mandates = {*words.referring(iri, "cg:mandateHolder", _MOST)}
    mandates |= {one for post in posts for one in words.referring(post, "cg:mandateFor", _MOST)}
    return [
        {
            "holder": words.links(words.things(one, "cg:mandateHolder")),
            "post": words.links(words.things(one, "cg:mandateFor")),
            "bodies": words.links(
                body for post in words.things(one, "cg:mandateFor") for body in words.things(post, "cg:postIn")
            ),
            "places": words.places(one, 1),
        }
        for one in sorted(mandates)
    ]


def _relations(words: Words, iri: str) -> list[tuple[Markup, Sequence[Line]]]:
    """Return the relations of an actor by kind; in each line the other side, or both where the actor is the object."""
    found: dict[tuple[str, bool], list[str]] = {}
    for curie, outward in (("cg:relationFrom", True), ("cg:relationTo", False)):
        for one in words.referring(iri, curie, _MOST):
            found.setdefault((words.first(one, "cg:relationKind"), outward), []).append(one)
    ordered = sorted(found, key=lambda one: (not one[1], words.plain(one[0])))
    return [
        (_kind(words, kind, outward), [_relation(words, one, outward) for one in found[kind, outward]])
        for kind, outward in ordered
    ]


def _kind(words: Words, kind: str, outward: bool) -> Markup:
    this = Markup(f"<em>{escape(words.texts['this'])}</em>")
    return this + " " + words.name(kind) + " …" if outward else "… " + words.name(kind) + " " + this


def _relation(words: Words, iri: str, outward: bool) -> Line:
    other = words.links(words.things(iri, "cg:relationTo" if outward else "cg:relationFrom"))
    modalities = [one for one in words.things(iri, "cg:modality") if not one.endswith(_ASSERTED)]
    told = other + " (" + words.links(modalities) + ")" if modalities else other
    return told, words.places(iri, 1) or words.link(iri)


def _asked(words: Words, iri: str) -> tuple[Markup, Markup, Markup]:
    issuers = [
        body for document in words.things(iri, "cg:recommendationOf") for body in words.things(document, "cg:issuedBy")
    ]
    modes = {mode for one in words.things(iri, "cg:addressing") for mode in words.things(one, "cg:addressingMode")}
    return words.link(iri), words.links(sorted(set(issuers))), words.links(sorted(modes))


def _role(words: Words, iri: str) -> Mapping[str, object]:
    return {
        "kind": words.links(words.things(iri, "cg:roleKind")),
        "document": words.links(words.things(iri, "cg:roleIn")),
        "behalf": words.links(words.things(iri, "cg:onBehalfOf")),
        "places": words.places(iri, 1),
    }


def _fundings(words: Words, iri: str) -> list[Mapping[str, object]]:
    found = {one for curie in ("cg:funder", "cg:beneficiary") for one in words.referring(iri, curie, _MOST)}
    return [funding(words, one) for one in sorted(found)]


def funding(words: Words, iri: str) -> Mapping[str, object]:
    """Return one funding commitment: who gives how much to whom, for what, when."""
    return {
        "link": words.link(iri),
        "amounts": [claim(words, one) for one in words.things(iri, "cg:amountClaim")],
        "funder": words.links(words.things(iri, "cg:funder")),
        "beneficiary": words.links(words.things(iri, "cg:beneficiary")),
        "context": words.links(words.things(iri, "cg:inContextOf")),
        "dates": [words.value(one) for one in words.values(iri, "dcterms:date")],
        "places": words.places(iri, 1),
    }


def _cooperations(words: Words, iri: str) -> list[tuple[Markup, Markup]]:
    """Return the cooperations of an actor, each with the others who take part."""
    found: dict[str, None] = {}
    for participation in words.referring(iri, "cg:participant", _MOST):
        found |= dict.fromkeys(words.things(participation, "cg:participationIn"))
    return [(words.link(one), words.links(participants(words, one, iri))) for one in found]


def participants(words: Words, cooperation: str, but: str) -> list[str]:
    """Return who takes part in a cooperation besides one of them."""
    parts = words.things(cooperation, "cg:participation")
    return sorted({actor for part in parts for actor in words.things(part, "cg:participant")} - {but})
