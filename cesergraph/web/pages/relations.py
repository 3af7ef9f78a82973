"""The statements about a thing as a reader takes them in: by meaning, each property in words, with its sources."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple
from urllib.parse import urlencode

import pyoxigraph as ox
from markupsafe import Markup, escape

from cesergraph.identifiers import INFERENCE_GRAPH
from cesergraph.inference import Explanation
from cesergraph.namespaces import CG, expand, shorten
from cesergraph.show import Description, Property, Value
from cesergraph.vocabulary import inverses, term_label
from cesergraph.web.pages.wording import Words

# The first group that names a property holds it; what no group names is told with the rest.
_GROUPS = {
    "identity": """rdf:type skos:prefLabel skos:altLabel dcterms:title cg:inseeCode igeo:codeINSEE cg:siren
        dcterms:identifier skos:notation cg:numberInSource cg:asWritten cg:nameAsWritten foaf:page owl:sameAs
        schema:sameAs skos:exactMatch skos:closeMatch owl:differentFrom""",
    "actors": """cg:speaker cg:mandateHolder cg:mandateFor cg:roleHolder cg:postIn cg:viaPost cg:onBehalfOf cg:memberOf
        cg:groupMember cg:partnerOf cg:assemblyOf cg:unitOfBody cg:missionOf cg:participant cg:participation
        cg:participationIn cg:relationFrom cg:relationTo cg:supportedActor cg:followUpBy cg:decidedBy cg:sessionOf
        cg:referralInitiator cg:referredTo cg:countFor cg:appealCourt dcterms:publisher dc:publisher""",
    "recommendations": """cg:addressedTo cg:addressing cg:addressingOf cg:addressee cg:addressedViaGroup
        cg:defaultAddressing cg:inheritedFrom cg:hasRecommendation cg:recommendationOf cg:actionOf cg:followUp
        cg:followUpOf cg:instrument cg:citesAsExample cg:elaborates cg:answers cg:implementedBy""",
    "plans": """cg:objectiveOf cg:hasObjective cg:targetOf cg:hasTarget cg:mobilises cg:inContextOf cg:setsOut
        cg:operatedBy cg:versionOf cg:hasVersion cg:revisionOf cg:succeeds cg:succeededBy cg:stepOf cg:throughScheme
        cg:funder cg:beneficiary""",
    "figures": """cg:quantity cg:indicator cg:aboutThing cg:population cg:shareOf cg:comparableWith cg:unit cg:value
        cg:valueMax cg:baseline cg:goalValue cg:targetQuantity cg:amountClaim cg:statisticalSource cg:preferredOver
        cg:countedWork cg:countedKind cg:announcedCount""",
    "places": """cg:within cg:memberCommune cg:seatCommune cg:chiefTown cg:coversTerritory cg:locatedIn cg:heldAt
        cg:aboutTerritory cg:administers cg:populationOf cg:siteOf""",
    "parts": """cg:directPartOf cg:hasDirectPart cg:partOf cg:hasPart dcterms:isPartOf cg:sectionOf cg:inSection
        cg:segmentOf cg:directSegmentOf cg:orderNumber cg:stepNumber""",
    "documents": """cg:issuedBy cg:issued cg:cites cg:reportsOn cg:approves cg:annexOf cg:legalBasis cg:appealAgainst
        cg:roleIn cg:decidedOn cg:heldDuring cg:count cg:countOf cg:gaveRiseTo cg:positionOn cg:concerns
        dcterms:source""",
    "names": "cg:namedThing",
    "evidence": """cg:evidencedBy cg:claimedIn cg:statedIn cg:states cg:passageOf cg:contains cg:captureOf
        cg:captureDigest cg:spanDigest cg:startLine oa:hasSource oa:hasSelector oa:hasTarget oa:hasBody oa:start oa:end
        oa:exact cg:decisionAbout prov:wasDerivedFrom dqv:computedOn""",
}
# What evidences a thing has a section of its own on the page.
_PASSAGES = frozenset(map(expand, ("cg:evidencedBy", "cg:claimedIn")))
_GROUP = {expand(curie): name for name, curies in _GROUPS.items() for curie in curies.split()}
_ORDER = ("identity", "said", *list(_GROUPS)[1:-2], "rest", *list(_GROUPS)[-2:])
_PLACES = 2


class Row(NamedTuple):
    """One value of a property with its places and, where they differ, its sources; and why it was derived."""

    told: Markup
    why: Sequence[Explanation]


class Block(NamedTuple):
    """One property, in either direction; ``more`` leads to all its values, ``chips`` to the sources that all have."""

    heading: str
    term: str
    total: int
    rows: Sequence[Row]
    chips: Markup
    more: str


class Group(NamedTuple):
    """Blocks of one meaning, under a heading of the page's texts."""

    name: str
    blocks: Sequence[Block]


def main_source(described: Description) -> tuple[str, ...]:
    """Return the graphs that say most of the statements of a description, so that they need be named only once."""
    every = [value.graphs for one in (*described.properties, *described.incoming) for value in one.values]
    counted = Counter(graphs for graphs in every if graphs != (INFERENCE_GRAPH,))
    return min(counted, key=lambda graphs: (-counted[graphs], graphs), default=())


def grouped(words: Words, described: Description, path: str) -> list[Group]:
    """Return all statements of a description in groups; what is said both ways is told once."""
    usual = main_source(described)
    found: dict[str, list[Block]] = {}
    for incoming, properties in ((False, described.properties), (True, described.incoming)):
        other = described.properties if incoming else described.incoming
        for one in properties:
            is_told_below = one.iri in _PASSAGES and not incoming
            if not is_told_below and not _is_mirrored(one, other, incoming):
                group = _GROUP.get(one.iri) or ("rest" if incoming else "said")
                found.setdefault(group, []).append(block(words, one, path, usual, incoming=incoming))
    return [Group(name, found[name]) for name in _ORDER if name in found]


def _is_mirrored(one: Property, other: Sequence[Property], incoming: bool) -> bool:
    """Tell whether a property says only what its inverse says, on the other side: it is symmetric, or derived.

    Where both are derived, the one that the thing itself has is kept.
    """
    stands_for = inverses(one.iri)
    if incoming and one.iri in stands_for:
        return any(mirror.iri == one.iri for mirror in other)
    return _is_derived(one) and any(
        mirror.iri in stands_for and (incoming or not _is_derived(mirror)) for mirror in other
    )


def _is_derived(one: Property) -> bool:
    return all(value.graphs == (INFERENCE_GRAPH,) for value in one.values)


def block(words: Words, one: Property, path: str, usual: tuple[str, ...], *, incoming: bool, first: int = 0) -> Block:
    """Return one property in words, its values from the given one on; the usual source is not named again."""
    values = one.values[first:]
    shared = len({value.graphs for value in values}) == 1
    why = "" if words.site.static else words.site.page(f"{path}?why=1#statements", words.lang)
    rows = [_row(words, value, why, shared or value.graphs == usual) for value in values]
    return Block(
        heading=heading(words, one, incoming),
        term=words.site.href(one.iri, words.lang) if one.iri.startswith(CG) else "",
        total=one.total,
        rows=rows,
        chips=words.chips(values[0].graphs, why) if shared and values[0].graphs != usual else Markup(),
        more=listing_address(words, one.iri, path, incoming=incoming) if one.total > len(rows) else "",
    )


def _row(words: Words, value: Value, why: str, is_told: bool) -> Row:
    is_place = bool(value.passages) and value.passages[0].iri == value.term.value
    told = words.place(value.passages[0]) if is_place else words.value(value.term)
    if not is_told:
        told += Markup(" ") + words.chips(value.graphs, why)
    if value.passages and not is_place:
        told += Markup(f" <small>{words.places_of(value.passages, _PLACES)}</small>")
    return Row(told, value.why)


def listing_address(words: Words, predicate: str, path: str, *, incoming: bool, page: int = 1) -> str:
    """Return the address of the page of all values of a property; empty on a static site, which has no such pages."""
    if words.site.static:
        return ""
    asked = {"property": ("^" if incoming else "") + shorten(predicate)} | ({"page": str(page)} if page > 1 else {})
    return words.site.page(f"{path}?{urlencode(asked, safe=':')}", words.lang)


def heading(words: Words, one: Property, incoming: bool) -> str:
    """Return a property in words, seen from the thing in hand."""
    told: Mapping[str, str] = words.texts["incoming" if incoming else "outgoing"]
    label = one.label
    if incoming:
        label = _backwards(one.iri, words.lang) or f"← {label}"
    return told.get(_key(one.iri), label)


@cache
def _key(iri: str) -> str:
    """Return what a property is called in the texts of the page."""
    return shorten(iri).replace(":", "-").removeprefix("cg-")


@cache
def _backwards(iri: str, lang: str) -> str | None:
    return next(filter(None, (term_label(one, lang) for one in sorted(inverses(iri)))), None)


def reasons(words: Words, explanation: Explanation) -> Iterator[Markup]:
    """Yield the premises of a derived statement as sentences, those of what was derived in its turn after it."""
    for premise in explanation.premises:
        subject, predicate, object_ = premise.triple
        label = words.site.things.label(predicate.value, words.lang)
        sentence = Markup(f"{_end(words, subject)} — <em>{escape(label)}</em> — {_end(words, object_)}")
        where = words.places_of(premise.passages, _PLACES)
        yield sentence + Markup(f" <small>{where}</small>") if where else sentence
        if premise.because:
            yield from reasons(words, premise.because)


def _end(words: Words, term: object) -> Markup:
    return words.value(term) if isinstance(term, ox.NamedNode | ox.Literal) else words.text(str(term), None)
