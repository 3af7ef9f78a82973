"""The ontology and the code lists as the program reads them: one small store, and what is asked of it most."""

from collections.abc import Iterator
from functools import cache

import pyoxigraph as ox

from cesergraph.identifiers import slugify
from cesergraph.namespaces import BASE, CG, expand
from cesergraph.resources import walk

ONTOLOGY_GRAPH = ox.NamedNode(BASE + "def")
_LABELS = [ox.NamedNode(expand("skos:prefLabel")), ox.NamedNode(expand("rdfs:label"))]
_SUBCLASS = ox.NamedNode(expand("rdfs:subClassOf"))
_TYPE = ox.NamedNode(expand("rdf:type"))
_INVERSE = ox.NamedNode(expand("owl:inverseOf"))
_SYMMETRIC = ox.NamedNode(expand("owl:SymmetricProperty"))
_CLASS = ox.NamedNode(expand("owl:Class"))


_FOREIGN = {
    "rdf:type": ("classe", "class"),
    "rdfs:label": ("libellé", "label"),
    "skos:prefLabel": ("nom", "name"),
    "skos:altLabel": ("autre nom", "other name"),
    "skos:notation": ("code", "code"),
    "skos:exactMatch": ("équivalent exact", "exact match"),
    "skos:closeMatch": ("équivalent proche", "close match"),
    "dcterms:title": ("titre", "title"),
    "dcterms:description": ("description", "description"),
    "dcterms:date": ("date", "date"),
    "dcterms:issued": ("date de publication", "date of issue"),
    "dcterms:identifier": ("identifiant", "identifier"),
    "dcterms:subject": ("thème", "theme"),
    "dcterms:source": ("source", "source"),
    "dcterms:publisher": ("éditeur", "publisher"),
    "dc:publisher": ("éditeur", "publisher"),
    "dcterms:license": ("licence", "licence"),
    "dcterms:type": ("genre", "kind"),
    "dcat:landingPage": ("page de présentation", "landing page"),
    "dcat:version": ("version", "version"),
    "foaf:page": ("page", "page"),
    "igeo:codeINSEE": ("code Insee (Insee)", "INSEE code (INSEE)"),
    "schema:sameAs": ("identique à", "same as"),
    "dcat:startDate": ("début", "start"),
    "dcat:endDate": ("fin", "end"),
    "oa:hasSource": ("texte source", "source text"),
    "oa:hasSelector": ("emplacement", "selector"),
    "oa:start": ("début", "start"),
    "oa:end": ("fin", "end"),
    "owl:sameAs": ("identique à", "same as"),
    "prov:startedAtTime": ("commencé le", "started at"),
    "prov:wasDerivedFrom": ("tiré de", "derived from"),
    "dqv:Metric": ("mesure de qualité", "quality metric"),
    "dqv:QualityMeasurement": ("qualité mesurée", "quality measured"),
    "dqv:computedOn": ("mesuré sur", "measured on"),
    "dqv:isMeasurementOf": ("selon", "by the metric"),
    "dqv:value": ("résultat", "result"),
    "prov:endedAtTime": ("terminé le", "ended at"),
}
_FOREIGN_LABELS = {expand(curie): {"fr": fr, "en": en} for curie, (fr, en) in _FOREIGN.items()}


@cache
def vocabulary() -> ox.Store:
    """Return the ontology's modules and code lists, all in the graph ``/def``; it is shared: do not write to it."""
    store = ox.Store()
    for path, file in walk("ontology", ".ttl").items():
        if "/" not in path or path.startswith("codes/"):
            store.load(file.read_bytes(), format=ox.RdfFormat.TURTLE, to_graph=ONTOLOGY_GRAPH)
    return store


@cache
def term_label(iri: str, lang: str) -> str | None:
    """Return the label of a term or concept of ours, or of a borrowed property; None where it has none."""
    if iri in _FOREIGN_LABELS:
        return _FOREIGN_LABELS[iri][lang]
    for predicate in _LABELS:
        for quad in vocabulary().quads_for_pattern(ox.NamedNode(iri), predicate, None):
            if isinstance(quad.object, ox.Literal) and quad.object.language == lang:
                return quad.object.value
    return None


@cache
def broader_classes(iri: str) -> frozenset[str]:
    """Return the classes of ours that contain a class, itself included."""
    found = {iri}
    for quad in vocabulary().quads_for_pattern(ox.NamedNode(iri), _SUBCLASS, None):
        if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(CG):
            found |= broader_classes(quad.object.value)
    return frozenset(found)


@cache
def narrower_classes(iri: str) -> frozenset[str]:
    """Return the classes of ours that lie in a class, itself included."""
    return frozenset(one for one in classes() if iri in broader_classes(one)) | {iri}


@cache
def inverses(iri: str) -> frozenset[str]:
    """Return the properties that say the same the other way round."""
    term, store = ox.NamedNode(iri), vocabulary()
    told = [quad.object for quad in store.quads_for_pattern(term, _INVERSE, None)]
    told += [quad.subject for quad in store.quads_for_pattern(None, _INVERSE, term)]
    if next(store.quads_for_pattern(term, _TYPE, _SYMMETRIC), None):
        told.append(term)
    return frozenset(one.value for one in told if isinstance(one, ox.NamedNode))


@cache
def classes() -> tuple[str, ...]:
    """Return every class of ours, sorted."""
    return tuple(sorted(_classes()))


def _classes() -> Iterator[str]:
    for quad in vocabulary().quads_for_pattern(None, _TYPE, _CLASS):
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(CG):
            yield quad.subject.value


def class_named(name: str) -> str | None:
    """Return the class that a user means: its IRI, its name with or without ``cg:``, its label in French or English."""
    wanted = slugify(name.removeprefix(CG).removeprefix("cg:"))
    for iri in classes():
        names = [iri.removeprefix(CG), term_label(iri, "fr"), term_label(iri, "en")]
        if wanted in [slugify(one) for one in names if one]:
            return iri
    return None


def most_specific(types: set[str]) -> str:
    """Return the narrowest of some classes; ties go to the first by IRI."""
    return min(types, key=lambda one: (-len(broader_classes(one)), one))
