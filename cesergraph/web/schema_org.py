"""What is said of a thing, in the terms of schema.org: for search engines, on its page and in its RDF alike.

A class or property of ours is mapped only where schema.org means the same or something wider; what has no match is
left out. Each statement is one that the graph makes of the thing itself, so it has no blank nodes and no neighbours.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import pyoxigraph as ox

from cesergraph.namespaces import BASE, CG, ID, PREFIXES, expand
from cesergraph.vocabulary import broader_classes, most_specific

_SCHEMA = PREFIXES["schema"]
_TYPE = ox.NamedNode(expand("rdf:type"))
_STRING = expand("xsd:string")
_CLASSES = {
    expand(ours): theirs
    for ours, theirs in {
        "cg:AddresseeGroup": "Audience",
        "cg:Organisation": "Organization",
        "cg:PublicBody": "GovernmentOrganization",
        "cg:Person": "Person",
        "cg:Territory": "AdministrativeArea",
        "cg:Country": "Country",
        "cg:Site": "Place",
        "cg:Work": "CreativeWork",
        "cg:Report": "Report",
        "cg:Study": "Report",
        "cg:Opinion": "Report",
        "cg:LegalAct": "Legislation",
        "cg:Passage": "Quotation",
        "cg:Annotation": "Comment",
        "cg:MediaSegment": "Clip",
        "cg:Scheme": "GovernmentService",
        "cg:Session": "Event",
        "cg:Vote": "Event",
        "cg:ConcertationEvent": "Event",
        "cg:FigureClaim": "Observation",
        "cg:PopulationCount": "Observation",
        "cg:MeasuredQuantity": "StatisticalVariable",
        "skos:Concept": "DefinedTerm",
        "skos:ConceptScheme": "DefinedTermSet",
        "dcat:Dataset": "Dataset",
    }.items()
}
_ANYTHING = {
    "skos:prefLabel": "name",
    "dcterms:title": "name",
    "skos:altLabel": "alternateName",
    "dcterms:description": "description",
    "skos:definition": "description",
    "dcterms:identifier": "identifier",
    "cg:siren": "identifier",
    "cg:inseeCode": "identifier",
    "foaf:page": "sameAs",
    "owl:sameAs": "sameAs",
    "schema:sameAs": "sameAs",
    "skos:exactMatch": "sameAs",
}
_WORK = {
    "cg:issuedBy": "publisher",
    "cg:recommendationOf": "isPartOf",
    "cg:actionOf": "isPartOf",
    "cg:sectionOf": "isPartOf",
    "cg:partOf": "isPartOf",
    "cg:passageOf": "isPartOf",
    "cg:segmentOf": "isPartOf",
    "cg:hasPart": "hasPart",
    "cg:hasRecommendation": "hasPart",
    "cg:concerns": "about",
    "cg:coversTerritory": "spatialCoverage",
    "cg:cites": "citation",
    "dcterms:date": "dateCreated",
    "dcterms:issued": "datePublished",
    "dcterms:modified": "dateModified",
    "dcterms:subject": "about",
    "dcterms:publisher": "publisher",
    "dcterms:license": "license",
    "dcterms:source": "isBasedOn",
    "dcat:version": "version",
}
_ORGANISATION = {
    "cg:assemblyOf": "parentOrganization",
    "cg:unitOfBody": "parentOrganization",
    "cg:partOf": "parentOrganization",
    "cg:hasPart": "subOrganization",
    "cg:memberOf": "memberOf",
    "cg:administers": "areaServed",
    "cg:coversTerritory": "areaServed",
    "cg:locatedIn": "location",
}
_PLACE = {"cg:within": "containedInPlace", "cg:locatedIn": "containedInPlace", "cg:memberCommune": "containsPlace"}
_EVENT = {
    "dcterms:date": "startDate",
    "dcat:startDate": "startDate",
    "dcat:endDate": "endDate",
    "prov:startedAtTime": "startDate",
    "prov:endedAtTime": "endDate",
    "cg:heldAt": "location",
    "cg:sessionOf": "organizer",
    "cg:heldDuring": "superEvent",
    "cg:partOf": "superEvent",
    "cg:hasPart": "subEvent",
    "cg:concerns": "about",
    "cg:decidedOn": "about",
}
_OBSERVATION = {
    "cg:value": "value",
    "cg:valueMax": "maxValue",
    "cg:quantity": "variableMeasured",
    "cg:populationOf": "observationAbout",
    "cg:populationValue": "value",
}
_SERVICE = {"cg:operatedBy": "provider", "cg:coversTerritory": "areaServed"}
_TERM = {"skos:notation": "termCode", "skos:inScheme": "inDefinedTermSet"}
_WORKS = ("CreativeWork", "Report", "Legislation", "Quotation", "Comment", "Clip", "Dataset")
_ORGANISATIONS = ("Organization", "GovernmentOrganization")
_OF_CLASS: dict[str, dict[str, str]] = (
    dict.fromkeys(_WORKS, _WORK)
    | dict.fromkeys(_ORGANISATIONS, _ORGANISATION)
    | dict.fromkeys(("AdministrativeArea", "Country", "Place"), _PLACE)
    | {
        "Person": {"cg:memberOf": "memberOf"},
        "GovernmentService": _SERVICE,
        "Event": _EVENT,
        "Observation": _OBSERVATION,
        "DefinedTerm": _TERM,
    }
)
# Concepts are told in words too, since a search engine does not follow the link to one.
_IN_WORDS = {kind: {"dcterms:subject": "keywords"} for kind in (*_WORKS, *_ORGANISATIONS, "Event")} | {
    "Observation": {"cg:unit": "unitText"}
}


def schema_org(iri: str, quads: Sequence[ox.Quad], label: Callable[[str], str]) -> list[ox.Triple]:
    """Return what some quads say of a thing, in the terms of schema.org; ``label`` gives a concept's French name."""
    node = ox.NamedNode(iri)
    own = [quad for quad in quads if quad.subject == node]
    kind = _class_of(frozenset(str(quad.object)[1:-1] for quad in own if quad.predicate == _TYPE))
    mapped, in_words = _properties(kind)
    found = {
        ox.Triple(node, _TYPE, ox.NamedNode(_SCHEMA + kind)),
        ox.Triple(node, ox.NamedNode(_SCHEMA + "url"), ox.NamedNode(_page_of(iri))),
    }
    for quad in own:
        if isinstance(quad.object, ox.BlankNode | ox.Triple):
            continue
        if theirs := mapped.get(quad.predicate.value):
            found.add(ox.Triple(node, theirs, quad.object))
        if (theirs := in_words.get(quad.predicate.value)) and isinstance(quad.object, ox.NamedNode):
            found.add(ox.Triple(node, theirs, ox.Literal(label(quad.object.value), language="fr")))
    return sorted(found, key=str)


def as_jsonld(triples: Sequence[ox.Triple]) -> dict[str, object]:
    """Return triples about one thing as one JSON-LD object, which says those triples and no other."""
    told: dict[str, list[object]] = {}
    for triple in triples:
        if triple.predicate == _TYPE:
            continue
        told.setdefault(triple.predicate.value.removeprefix(_SCHEMA), []).append(_as_value(triple.object))
    (kind,) = (str(one.object)[1:-1].removeprefix(_SCHEMA) for one in triples if one.predicate == _TYPE)
    subject = str(triples[0].subject)[1:-1]
    values = {name: some[0] if len(some) == 1 else some for name, some in told.items()}
    # Not "https://schema.org" as context: what stands there gives the terms their older http:// names.
    return {"@context": {"@vocab": _SCHEMA}, "@id": subject, "@type": kind, **values}


def _as_value(term: object) -> object:
    if isinstance(term, ox.NamedNode):
        return {"@id": term.value}
    assert isinstance(term, ox.Literal)
    if term.language:
        return {"@value": term.value, "@language": term.language}
    if term.datatype.value == _STRING:
        return term.value
    return {"@value": term.value, "@type": term.datatype.value}


def _page_of(iri: str) -> str:
    return BASE + "doc/" + iri.removeprefix(ID) if iri.startswith(ID) else iri


@cache
def _class_of(types: frozenset[str]) -> str:
    """Return the schema.org class of a thing: that of its narrowest class that has one."""
    wider = {one for kind in types for one in (broader_classes(kind) if kind.startswith(CG) else {kind})}
    known = wider & _CLASSES.keys()
    return _CLASSES[most_specific(known)] if known else "Thing"


@cache
def _properties(kind: str) -> tuple[Mapping[str, ox.NamedNode], Mapping[str, ox.NamedNode]]:
    """Return what properties become for a class of schema.org: those taken as they are, those told in words."""
    mapped, in_words = _ANYTHING | _OF_CLASS.get(kind, {}), _IN_WORDS.get(kind, {})
    return _expanded(mapped), _expanded(in_words)


def _expanded(properties: Mapping[str, str]) -> dict[str, ox.NamedNode]:
    return {expand(ours): ox.NamedNode(_SCHEMA + theirs) for ours, theirs in properties.items()}
