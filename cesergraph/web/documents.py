"""The representations of a thing in RDF: what is said of it, what its neighbours are called, who says so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyoxigraph as ox

from cesergraph.namespaces import BASE, ID, PREFIXES, expand
from cesergraph.things import Things
from cesergraph.web.schema_org import schema_org

LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence"
DATASET = BASE + "dataset/cesergraph"


@dataclass(frozen=True)
class Format:
    """One way to write RDF: the suffix of its addresses, its media type, and whether it keeps named graphs."""

    suffix: str
    media_type: str
    rdf: ox.RdfFormat

    @property
    def keeps_graphs(self) -> bool:
        """Whether statements stay in their graphs; JSON-LD is written without, as most of its readers expect."""
        return self.rdf in (ox.RdfFormat.TRIG, ox.RdfFormat.N_QUADS)


HTML = "text/html"
FORMATS: Mapping[str, Format] = {
    one.suffix: one
    for one in (
        Format("ttl", "text/turtle", ox.RdfFormat.TURTLE),
        Format("jsonld", "application/ld+json", ox.RdfFormat.JSON_LD),
        Format("nt", "application/n-triples", ox.RdfFormat.N_TRIPLES),
        Format("rdf", "application/rdf+xml", ox.RdfFormat.RDF_XML),
        Format("trig", "application/trig", ox.RdfFormat.TRIG),
        Format("nq", "application/n-quads", ox.RdfFormat.N_QUADS),
    )
}
MEDIA_TYPES: Mapping[str, str] = {"html": HTML} | {one.suffix: one.media_type for one in FORMATS.values()}
SUFFIXES: Mapping[str, str] = {media_type: suffix for suffix, media_type in MEDIA_TYPES.items()}
OFFERED = tuple(SUFFIXES)

# A graph may be large: as files it is written once with its name and once without.
GRAPH_SUFFIXES = ("ttl", "nq")

_node = ox.NamedNode
_TYPE, _TOPIC, _LICENSE, _IN_DATASET = map(
    _node, map(expand, ("rdf:type", "foaf:primaryTopic", "dcterms:license", "void:inDataset"))
)
_DOCUMENT, _LICENCE, _DATASET = map(_node, (expand("foaf:Document"), LICENCE, DATASET))


def thing_document(things: Things, iri: str) -> list[ox.Quad]:
    """Return the quads of the document about a thing; empty where nothing is said of it, not even by others.

    Besides the statements about the thing: the names of what they mention, the sources of their graphs, the same in
    the terms of schema.org, and the licence. What is said of the document itself stands in a graph of its own name.
    """
    told = things.about(iri)
    if not told and not things.exists(iri):
        return []
    about = _node(document_iri(iri))
    itself = [(_TYPE, _DOCUMENT), (_TOPIC, _node(iri)), (_LICENSE, _LICENCE), (_IN_DATASET, _DATASET)]
    described = [ox.Triple(about, predicate, end) for predicate, end in itself]
    described += schema_org(iri, told, lambda one: things.label(one, "fr"))
    added = [ox.Quad(one.subject, one.predicate, one.object, about) for one in described]
    return [*told, *things.surroundings(iri, told), *added]


def document_iri(iri: str) -> str:
    """Return the IRI of the document about a thing; other IRIs of ours are documents themselves."""
    return BASE + "doc/" + iri.removeprefix(ID) if iri.startswith(ID) else iri


def write_rdf(quads: Iterable[ox.Quad | ox.Triple], format: Format) -> bytes:
    """Return quads in a format, each once and in order, so that the same quads give the same bytes."""
    if format.keeps_graphs:
        held = sorted({one if isinstance(one, ox.Quad) else _as_quad(one) for one in quads}, key=_by_graph)
        return ox.serialize(held, format=format.rdf, prefixes=_prefixes(held, format)) or b""
    told = sorted({one.triple if isinstance(one, ox.Quad) else one for one in quads}, key=str)
    return ox.serialize(told, format=format.rdf, prefixes=_prefixes(told, format)) or b""


def _as_quad(one: ox.Triple) -> ox.Quad:
    return ox.Quad(one.subject, one.predicate, one.object)


def _by_graph(quad: ox.Quad) -> tuple[str, str]:
    return str(quad.graph_name), str(quad)


def _prefixes(statements: Sequence[ox.Quad] | Sequence[ox.Triple], format: Format) -> dict[str, str] | None:
    """Return the prefixes that some statements need, in the order of their names; the formats of lines take none."""
    if format.rdf in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS):
        return None
    used = {_prefix(one.predicate.value) for one in statements}
    used |= {_prefix(one.object.value) for one in statements if isinstance(one.object, ox.NamedNode)}
    return {prefix: PREFIXES[prefix] for prefix in sorted(filter(None, used))}


@lru_cache(maxsize=100_000)
def _prefix(iri: str) -> str | None:
    return _BY_NAMESPACE.get(iri[: max(iri.rfind("#"), iri.rfind("/")) + 1])


_BY_NAMESPACE = {base: prefix for prefix, base in PREFIXES.items()}
