"""What a client can ask the SPARQL service about itself: SPARQL 1.1 Service Description, in terms of W3C alone."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Triple

from cesergraph.namespaces import GRAPH, expand
from cesergraph.web.documents import LICENCE

SD = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS = "http://www.w3.org/ns/formats/"
_WRITTEN = (
    "SPARQL_Results_JSON SPARQL_Results_XML SPARQL_Results_CSV SPARQL_Results_TSV "
    "Turtle N-Triples RDF_XML JSON-LD TriG N-Quads"
).split()


def describe_service(endpoint: str, graphs: Mapping[str, int]) -> list[Triple]:
    """Return the description of the service at an address, sorted; ``graphs`` counts the triples of each graph."""
    service, dataset, default = (f"{endpoint}#{part}" for part in ("service", "dataset", "default-graph"))
    described = [
        (service, "rdf:type", SD + "Service"),
        (service, SD + "endpoint", endpoint),
        (service, SD + "supportedLanguage", SD + "SPARQL11Query"),
        (service, SD + "feature", SD + "UnionDefaultGraph"),
        *((service, SD + "resultFormat", _FORMATS + name) for name in _WRITTEN),
        (service, SD + "defaultDataset", dataset),
        (dataset, "rdf:type", SD + "Dataset"),
        (dataset, "dcterms:license", LICENCE),
        (dataset, SD + "defaultGraph", default),
        (default, "rdf:type", SD + "Graph"),
        *_named_graphs(endpoint, dataset, graphs),
    ]
    return sorted((_triple(*parts) for parts in described), key=str)


def _named_graphs(endpoint: str, dataset: str, graphs: Mapping[str, int]) -> Iterator[tuple[str, str, str | int]]:
    for iri, count in graphs.items():
        part = quote(iri.removeprefix(GRAPH), safe="/:@-._~!$&'()*+,;=")
        named, graph = f"{endpoint}#named-graph/{part}", f"{endpoint}#graph/{part}"
        yield dataset, SD + "namedGraph", named
        yield named, "rdf:type", SD + "NamedGraph"
        yield named, SD + "name", iri
        yield named, SD + "graph", graph
        yield graph, "rdf:type", SD + "Graph"
        yield graph, "void:triples", count


def _triple(subject: str, predicate: str, end: str | int) -> Triple:
    about = NamedNode(predicate if predicate.startswith("http") else expand(predicate))
    return Triple(NamedNode(subject), about, Literal(end) if isinstance(end, int) else NamedNode(end))
