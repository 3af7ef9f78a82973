"""What is published, told to catalogues: DCAT-AP 3 (SEMIC, 3.0.1) and VoID (W3C note of 2011), as triples.

The catalogue holds the whole graph, the documents alone, and every loaded source as a dataset of its own. IRIs are ours
(``/dataset/…``); the addresses to fetch from are below the base of the site, the one thing here that is not data. What
nobody said is not told: a contact, a date, how often it changes, what time it covers, how long it stays. A site serves
one version, told by ``dcat:version``: as a dataset of its own a harvester would take it twice. There are no blank
nodes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import pyoxigraph as ox

from cesergraph.dumps import Dump, Figures
from cesergraph.namespaces import BASE, GRAPH, ID, PREFIXES, shorten
from cesergraph.sources import card, source_names
from cesergraph.store import EmbeddedStore

LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
CATALOGUE, DATASET, DOCUMENTS = BASE + "catalogue", BASE + "dataset/cesergraph", BASE + "dataset/documents"
PROJECT = BASE + "dataset/cesergraph#project"
_EU = "http://publications.europa.eu/resource/authority/"
_SPDX, _VCARD = "http://spdx.org/rdf/terms#", "http://www.w3.org/2006/vcard/ns#"
_PREFIXES = PREFIXES | {"spdx": _SPDX, "vcard": _VCARD}
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_PROTOCOL = "https://www.w3.org/TR/sparql11-protocol/"
_FILE_TYPES = {"nq": "N_QUADS", "trig": "RDF_TRIG", "ttl": "RDF_TURTLE", "jsonld": "JSON_LD"}
_TITLES = {
    DATASET: (
        "cesergraph : ce que disent et décident les assemblées régionales françaises",
        "cesergraph: what French regional assemblies say and decide",
    ),
    DOCUMENTS: ("cesergraph : les documents relevés", "cesergraph: the curated documents"),
}
_DESCRIPTIONS = {
    DATASET: (
        "Acteurs, territoires, politiques et préconisations en données liées : préconisations des CESER et leurs "
        "destinataires, stratégies des Régions avec leurs mesures et objectifs, chiffres, votes et coopérations, "
        "chaque énoncé relié au passage du document qui l'atteste, et les territoires des registres publics.",
        "Actors, territories, policies and recommendations as linked data: recommendations of the CESERs and whom "
        "they address, strategies of the Regions with their measures and objectives, figures, votes and cooperation, "
        "each statement linked to the passage of the document that evidences it, and the territories of public "
        "registers.",
    ),
    DOCUMENTS: (
        "Le graphe sans les registres de territoires : ce que les documents énoncent, les décisions éditoriales et "
        "ce qui s'en déduit.",
        "The graph without the registers of territories: what the documents state, the editorial decisions and what "
        "follows from them.",
    ),
}
_KEYWORDS = {
    "fr": ("CESER", "région", "préconisation", "avis", "politique publique", "économie sociale et solidaire"),
    "en": ("CESER", "region", "recommendation", "opinion", "public policy", "social economy"),
}
_REGISTER_KEYWORDS = {
    "fr": ("territoire", "région", "département", "commune", "intercommunalité"),
    "en": ("territory", "region", "département", "commune", "intercommunality"),
}
_THEMES = {
    "GOVE": ("Gouvernement et secteur public", "Government and public sector"),
    "REGI": ("Régions et villes", "Regions and cities"),
    "SOCI": ("Population et société", "Population and society"),
}
_LANGUAGES, _COUNTRY = ("FRA", "ENG"), "country/FRA"


@dataclass(frozen=True)
class Options:
    """What only the publisher knows, None where it was not said: release version and date, contact, validity."""

    version: str | None = None
    date: str | None = None
    contact: str | None = None
    security_expires: str | None = None


def _iri(curie: str) -> ox.NamedNode:
    prefix, _, local = curie.partition(":")
    return ox.NamedNode(_PREFIXES[prefix] + local)


def _node(iri: str) -> ox.NamedNode:
    return ox.NamedNode(iri)


def _both(texts: tuple[str, str]) -> list[ox.Literal]:
    return [ox.Literal(text, language=lang) for text, lang in zip(texts, ("fr", "en"), strict=True)]


def _typed(value: object, datatype: str) -> ox.Literal:
    return ox.Literal(str(value), datatype=_iri(f"xsd:{datatype}"))


class _Telling:
    """Triples in the making."""

    def __init__(self) -> None:
        self.triples: list[ox.Triple] = []

    def say(self, subject: str, facts: Mapping[str, object]) -> None:
        """Add facts by short property; a text is an IRI, a list holds several values, None is nothing."""
        for curie, values in facts.items():
            for value in values if isinstance(values, list | tuple) else [values]:
                if value is not None:
                    end = _node(value) if isinstance(value, str) else value
                    self.triples.append(ox.Triple(_node(subject), _iri(curie), end))  # type: ignore[arg-type]

    def ordered(self) -> list[ox.Triple]:
        """Return each triple once; of a text in both languages, the French comes first."""
        return sorted(set(self.triples), key=_order)


def _order(triple: ox.Triple) -> tuple[str, str, bool, str]:
    is_french = isinstance(triple.object, ox.Literal) and triple.object.language == "fr"
    return str(triple.subject), str(triple.predicate), not is_french, str(triple.object)


def catalogue(
    store: EmbeddedStore, base: str, options: Options, figures: Figures | None, *, static: bool = False
) -> list[ox.Triple]:
    """Return the DCAT-AP catalogue, in order; distributions are told once the dumps are there to be fetched.

    A static site has no SPARQL service, and no address that gives the content of one graph.
    """
    told = _Telling()
    sources = [source for source in datasets(store.data) if source != DOCUMENTS]
    told.say(
        CATALOGUE,
        {
            "rdf:type": _iri("dcat:Catalog").value,
            "dcterms:title": _both(("Catalogue de cesergraph", "Catalogue of cesergraph")),
            "dcterms:description": _both(_DESCRIPTIONS[DATASET]),
            "dcterms:publisher": PROJECT,
            "dcterms:license": LICENCE,
            "dcterms:language": [f"{_EU}language/{one}" for one in _LANGUAGES],
            "dcterms:spatial": _EU + _COUNTRY,
            "dcterms:issued": _date(options),
            "dcterms:modified": _date(options),
            "dcat:themeTaxonomy": f"{_EU}data-theme",
            "foaf:homepage": base,
            "dcat:dataset": [DATASET, DOCUMENTS, *sources],
        },
    )
    _tell_vocabulary(told, base)
    for dataset, name in ((DATASET, "cesergraph"), (DOCUMENTS, "documents")):
        _tell_dataset(told, store, base, options, dataset)
        for dump in figures.dumps if figures else ():
            if dump.set == name:
                _tell_dump(told, store, base, options, dataset, dump)
    for source in sources:
        _tell_source(told, store.data, source)
        if not static:
            for graph in _graphs(store.data, source):
                _tell_graph(told, base, options, source, graph)
    for service, facts in _services(base) if not static else ():
        _tell_service(told, options, service, facts)
    return told.ordered()


def datasets(data: ox.Store) -> list[str]:
    """Return the IRIs of the datasets that the catalogue tells, beside the whole graph: documents, loaded sources."""
    quads = data.quads_for_pattern(None, _iri("rdf:type"), _iri("dcat:Dataset"), None)
    return sorted({DOCUMENTS, *(quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode))})


def release(store: EmbeddedStore, options: Options) -> str:
    """Return the version that the dumps are published under: the one given, else the digest of the quads."""
    return options.version or store.manifest.version


def _tell_vocabulary(told: _Telling, base: str) -> None:
    """Say of each IRI of others what class it has, so that a reader without their tables can check ours."""
    told.say(PROJECT, {"rdf:type": _iri("foaf:Agent").value, "foaf:name": ox.Literal("cesergraph contributors")})
    told.say(LICENCE, {"rdf:type": _iri("dcterms:LicenseDocument").value})
    told.say(base, {"rdf:type": _iri("foaf:Document").value})
    told.say(_EU + _COUNTRY, {"rdf:type": _iri("dcterms:Location").value})
    for one in _LANGUAGES:
        told.say(f"{_EU}language/{one}", {"rdf:type": _iri("dcterms:LinguisticSystem").value})
    for one, labels in _THEMES.items():
        told.say(f"{_EU}data-theme/{one}", {"rdf:type": _iri("skos:Concept").value, "skos:prefLabel": _both(labels)})
    scheme = {"rdf:type": _iri("skos:ConceptScheme").value, "dcterms:title": ox.Literal("Data theme", language="en")}
    told.say(f"{_EU}data-theme", scheme)


def _date(options: Options) -> ox.Literal | None:
    return _typed(options.date, "date") if options.date else None


def _keywords(words: Mapping[str, Sequence[str]]) -> list[ox.Literal]:
    return [ox.Literal(word, language=lang) for lang, chosen in words.items() for word in chosen]


def _common(options: Options) -> dict[str, object]:
    return {
        "rdf:type": _iri("dcat:Dataset").value,
        "dcterms:publisher": PROJECT,
        "dcterms:license": LICENCE,
        "dcterms:language": [f"{_EU}language/{one}" for one in _LANGUAGES],
        "dcterms:spatial": _EU + _COUNTRY,
        "dcterms:accessRights": f"{_EU}access-right/PUBLIC",
        "dcat:theme": [f"{_EU}data-theme/{one}" for one in _THEMES],
        "dcat:keyword": _keywords(_KEYWORDS),
        "dcterms:issued": _date(options),
    }


def _tell_dataset(told: _Telling, store: EmbeddedStore, base: str, options: Options, dataset: str) -> None:
    told.say(
        dataset,
        _common(options)
        | {
            "dcterms:title": _both(_TITLES[dataset]),
            "dcterms:description": _both(_DESCRIPTIONS[dataset]),
            "dcterms:identifier": ox.Literal(dataset),
            "dcat:version": ox.Literal(release(store, options)),
            "dcat:landingPage": f"{base}telechargements",
            "dcterms:conformsTo": BASE + "def",
        },
    )
    told.say(f"{base}telechargements", {"rdf:type": _iri("foaf:Document").value})
    told.say(BASE + "def", {"rdf:type": _iri("dcterms:Standard").value})
    told.say(f"{_EU}access-right/PUBLIC", {"rdf:type": _iri("dcterms:RightsStatement").value})
    if options.contact:
        contact = f"{dataset}#contact"
        told.say(dataset, {"dcat:contactPoint": contact})
        kind = "vcard:hasEmail" if options.contact.startswith("mailto:") else "vcard:hasURL"
        name = ox.Literal("cesergraph")
        told.say(contact, {"rdf:type": _iri("vcard:Kind").value, "vcard:fn": name, kind: options.contact})


def _tell_dump(told: _Telling, store: EmbeddedStore, base: str, options: Options, dataset: str, dump: Dump) -> None:
    one = f"{dataset}#{dump.suffix}"
    address = _address(store, base, options, dump)
    told.say(dataset, {"dcat:distribution": one})
    told.say(
        one,
        {
            "rdf:type": _iri("dcat:Distribution").value,
            "dcterms:title": _both((f"{dump.suffix}, compressé", f"{dump.suffix}, compressed")),
            "dcterms:description": _both(
                (f"Tout le jeu en {dump.media_type}.", f"The whole set in {dump.media_type}.")
            ),
            "dcat:accessURL": address,
            "dcat:downloadURL": address,
            "dcat:mediaType": _MEDIA_TYPES + dump.media_type,
            "dcat:compressFormat": _MEDIA_TYPES + "application/gzip",
            "dcterms:format": f"{_EU}file-type/{_FILE_TYPES[dump.suffix]}",
            "dcat:byteSize": _typed(dump.bytes, "nonNegativeInteger"),
            "dcterms:license": LICENCE,
            "dcterms:issued": _date(options),
            "spdx:checksum": f"{one}-sha256",
        },
    )
    told.say(
        f"{one}-sha256",
        {
            "rdf:type": _SPDX + "Checksum",
            "spdx:algorithm": _SPDX + "checksumAlgorithm_sha256",
            "spdx:checksumValue": _typed(dump.sha256, "hexBinary"),
        },
    )
    told.say(_SPDX + "checksumAlgorithm_sha256", {"rdf:type": _SPDX + "ChecksumAlgorithm"})
    _tell_format(told, dump.suffix, dump.media_type)
    told.say(_MEDIA_TYPES + "application/gzip", {"rdf:type": _iri("dcterms:MediaType").value})


def _tell_format(told: _Telling, suffix: str, media_type: str) -> None:
    told.say(f"{_EU}file-type/{_FILE_TYPES[suffix]}", {"rdf:type": _iri("dcterms:MediaTypeOrExtent").value})
    told.say(_MEDIA_TYPES + media_type, {"rdf:type": _iri("dcterms:MediaType").value})


def _address(store: EmbeddedStore, base: str, options: Options, dump: Dump) -> str:
    return f"{base}dump/{release(store, options)}/{dump.name}"


def _services(base: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield what a live site answers by program: queries, and documents about one thing."""
    yield (
        "sparql",
        {
            "dcterms:title": _both(("Service SPARQL de cesergraph", "SPARQL endpoint of cesergraph")),
            "dcterms:description": _both(
                ("Interroge tout le graphe, en lecture seule.", "Queries the whole graph, for reading only.")
            ),
            "dcat:endpointURL": f"{base}sparql",
            "dcat:endpointDescription": f"{base}sparql",
            "dcterms:conformsTo": _PROTOCOL,
            "dcat:keyword": ox.Literal("SPARQL"),
        },
    )
    yield (
        "linked-data",
        {
            "dcterms:title": _both(("Données liées de cesergraph", "Linked data of cesergraph")),
            "dcterms:description": _both(
                (
                    "L'adresse de chaque chose donne sa page, ou ses données dans le format demandé.",
                    "The address of each thing gives its page, or its data in the format asked for.",
                )
            ),
            "dcat:endpointURL": f"{base}id/",
            "dcat:endpointDescription": f"{base}telechargements",
            "dcterms:conformsTo": BASE + "def",
            "dcat:keyword": _both(("données liées", "linked data")),
        },
    )


def _tell_service(told: _Telling, options: Options, name: str, facts: Mapping[str, object]) -> None:
    service = f"{DATASET}#{name}"
    told.say(CATALOGUE, {"dcat:service": service})
    told.say(
        service,
        {
            **facts,
            "rdf:type": _iri("dcat:DataService").value,
            "dcat:servesDataset": DATASET,
            "dcterms:publisher": PROJECT,
            "dcterms:license": LICENCE,
            "dcterms:accessRights": f"{_EU}access-right/PUBLIC",
            "dcat:theme": [f"{_EU}data-theme/{one}" for one in _THEMES],
            "dcat:contactPoint": f"{DATASET}#contact" if options.contact else None,
        },
    )
    told.say(_PROTOCOL, {"rdf:type": _iri("dcterms:Standard").value})


_KEPT = ("dcterms:title", "dcterms:description", "dcterms:license", "dcterms:publisher", "dcat:version")


def _said(data: ox.Store, subject: str, curie: str) -> list[ox.NamedNode | ox.Literal]:
    quads = data.quads_for_pattern(_node(subject), _iri(curie), None, None)
    return [quad.object for quad in quads if isinstance(quad.object, ox.NamedNode | ox.Literal)]


def _tell_source(told: _Telling, data: ox.Store, source: str) -> None:
    """Say of a loaded source what the graph says of it, and who publishes it."""
    registers = {f"{BASE}dataset/{name}" for name in source_names() if card(name).register}
    told.say(
        source,
        {
            "rdf:type": _iri("dcat:Dataset").value,
            "dcterms:identifier": ox.Literal(source),
            "dcterms:spatial": _EU + _COUNTRY,
            "dcterms:isPartOf": DATASET,
            "dcterms:accessRights": f"{_EU}access-right/PUBLIC",
            "dcat:theme": [f"{_EU}data-theme/{one}" for one in _THEMES],
            "dcat:keyword": _keywords(_REGISTER_KEYWORDS if source in registers else _KEYWORDS),
        },
    )
    told.say(source, {curie: _said(data, source, curie) for curie in _KEPT})
    for publisher in _said(data, source, "dcterms:publisher"):
        names = _said(data, publisher.value, "skos:prefLabel")
        told.say(publisher.value, {"rdf:type": _iri("foaf:Agent").value, "foaf:name": names})
    for number, name in enumerate(_said(data, source, "dc:publisher"), start=1):
        agent = f"{source}#publisher-{number}"
        told.say(source, {"dcterms:publisher": agent})
        told.say(agent, {"rdf:type": _iri("foaf:Agent").value, "foaf:name": ox.Literal(name.value)})
    for page in _said(data, source, "dcat:landingPage"):
        told.say(source, {"dcat:landingPage": page.value})
        told.say(page.value, {"rdf:type": _iri("foaf:Document").value})


def _graphs(data: ox.Store, source: str) -> list[str]:
    """Return the graphs of a source: a document is one, a register has one for each edition of each of its tables."""
    if source.startswith(GRAPH):
        return [source]
    quads = data.quads_for_pattern(None, _iri("dcterms:source"), _node(source), None)
    return sorted({quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)})


def _tell_graph(told: _Telling, base: str, options: Options, source: str, graph: str) -> None:
    one, name = f"{graph}#ttl", graph.removeprefix(GRAPH)
    address = f"{base}graph/{name}.ttl"
    told.say(source, {"dcat:distribution": one})
    told.say(
        one,
        {
            "rdf:type": _iri("dcat:Distribution").value,
            "dcterms:title": ox.Literal(name),
            "dcterms:description": _both((f"Le graphe {name} en Turtle.", f"Graph {name} in Turtle.")),
            "dcat:accessURL": address,
            "dcat:downloadURL": address,
            "dcat:mediaType": _MEDIA_TYPES + "text/turtle",
            "dcterms:format": f"{_EU}file-type/{_FILE_TYPES['ttl']}",
            "dcterms:license": LICENCE,
            "dcterms:issued": _date(options),
        },
    )
    _tell_format(told, "ttl", "text/turtle")


def void(
    store: EmbeddedStore, base: str, options: Options, figures: Figures, *, static: bool = False
) -> list[ox.Triple]:
    """Return the VoID description of the whole graph, in order; its counts are those of the dumps."""
    told = _Telling()
    about = BASE + ".well-known/void"
    told.say(
        about, {"rdf:type": _iri("void:DatasetDescription").value, "foaf:topic": DATASET, "foaf:primaryTopic": DATASET}
    )
    dumps = [dump for dump in figures.dumps if dump.set == "cesergraph"]
    told.say(
        DATASET,
        {
            "rdf:type": _iri("void:Dataset").value,
            "dcterms:title": _both(_TITLES[DATASET]),
            "dcterms:description": _both(_DESCRIPTIONS[DATASET]),
            "dcterms:license": LICENCE,
            "dcterms:publisher": PROJECT,
            "foaf:homepage": base,
            "void:sparqlEndpoint": None if static else f"{base}sparql",
            "void:uriSpace": ox.Literal(ID),
            "void:triples": _typed(figures.triples, "integer"),
            "void:entities": _typed(figures.entities, "integer"),
            "void:distinctSubjects": _typed(figures.subjects, "integer"),
            "void:distinctObjects": _typed(figures.objects, "integer"),
            "void:classes": _typed(len(figures.classes), "integer"),
            "void:properties": _typed(len(figures.properties), "integer"),
            "void:exampleResource": _examples(store.data),
            "void:vocabulary": _vocabularies(figures),
            "void:dataDump": [_address(store, base, options, dump) for dump in dumps],
            "void:feature": [f"http://www.w3.org/ns/formats/{one}" for one in ("N-Quads", "TriG", "Turtle", "JSON-LD")],
        },
    )
    _tell_parts(told, "class", "void:entities", figures.classes)
    _tell_parts(told, "property", "void:triples", figures.properties)
    for graph, count in figures.graphs.items():
        told.say(DATASET, {"void:subset": graph})
        told.say(graph, {"rdf:type": _iri("void:Dataset").value, "void:triples": _typed(count, "integer")})
    for predicate, hosts in figures.links.items():
        for host, count in hosts.items():
            _tell_links(told, predicate, host, count)
    return told.ordered()


def _tell_parts(told: _Telling, kind: str, size: str, counts: Mapping[str, int]) -> None:
    for iri, count in counts.items():
        part = f"{DATASET}#{kind}-{quote(shorten(iri), safe='/:')}"
        told.say(DATASET, {f"void:{kind}Partition": part})
        told.say(part, {f"void:{kind}": iri, size: _typed(count, "integer")})


def _tell_links(told: _Telling, predicate: str, host: str, count: int) -> None:
    """Say how many links of one kind lead to the things of others below one address."""
    there = f"{DATASET}#{urlsplit(host).netloc}"
    links = f"{there}-{shorten(predicate)}"
    told.say(there, {"rdf:type": _iri("void:Dataset").value, "void:uriSpace": ox.Literal(host)})
    told.say(DATASET, {"void:subset": links})
    told.say(
        links,
        {
            "rdf:type": _iri("void:Linkset").value,
            "void:linkPredicate": predicate,
            "void:subjectsTarget": DATASET,
            "void:objectsTarget": there,
            "void:triples": _typed(count, "integer"),
        },
    )


_EXAMPLES = ("territoire/region/24", "document/sress-cvl-2025", "organisation/ceser-occitanie-pyrenees-mediterranee")


def _examples(data: ox.Store) -> list[str]:
    return [ID + one for one in _EXAMPLES if next(data.quads_for_pattern(_node(ID + one), None, None, None), None)]


def _vocabularies(figures: Figures) -> list[str]:
    terms = {*figures.classes, *figures.properties}
    return sorted(base for base in PREFIXES.values() if any(term.startswith(base) for term in terms))
