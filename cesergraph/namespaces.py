"""The prefixes of the project, declared once. A test holds every .ttl and .rq file to them."""

BASE = "https://w3id.org/cesergraph/"
ID = BASE + "id/"
GRAPH = BASE + "graph/"
VOCAB = BASE + "vocab/"
CG = BASE + "def#"

PREFIXES: dict[str, str] = {
    "adms": "http://www.w3.org/ns/adms#",
    "cg": CG,
    "cgsh": BASE + "shapes#",
    "cpsv": "http://purl.org/vocab/cpsv#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "eli": "http://data.europa.eu/eli/ontology#",
    "eli-dl": "http://data.europa.eu/eli/eli-draft-legislation-ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "igeo": "http://rdf.insee.fr/def/geo#",
    "m8g": "http://data.europa.eu/m8g/",
    "oa": "http://www.w3.org/ns/oa#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sosa": "http://www.w3.org/ns/sosa/",
    "vann": "http://purl.org/vocab/vann/",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def expand(curie: str) -> str:
    """Return the IRI of ``prefix:local``.

    >>> expand("cg:Region")
    'https://w3id.org/cesergraph/def#Region'
    """
    prefix, _, local = curie.partition(":")
    return PREFIXES[prefix] + local


def shorten(iri: str) -> str:
    """Return ``prefix:local`` for an IRI in a declared namespace, a path below /id/, or the IRI itself.

    >>> shorten("https://w3id.org/cesergraph/def#Region")
    'cg:Region'
    >>> shorten("https://w3id.org/cesergraph/id/territoire/region/24")
    'territoire/region/24'
    """
    if iri.startswith(ID):
        return iri.removeprefix(ID)
    matches = [(prefix, base) for prefix, base in PREFIXES.items() if iri.startswith(base)]
    if not matches:
        return iri
    prefix, base = max(matches, key=lambda match: len(match[1]))
    return f"{prefix}:{iri.removeprefix(base)}"
