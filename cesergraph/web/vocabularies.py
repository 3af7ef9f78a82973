"""The documents of the vocabularies: the ontology, its modules, its alignments, the code lists and their concepts.

Each document has the path of its IRI. The one at ``def`` holds what the ontology imports, every module, and the
alignments, under one header: whoever looks up one term gets all of them, with what they mean in other vocabularies.
The documents of the modules keep their ``owl:imports``, which lead to each other; none imports an alignment.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import pyoxigraph as ox

from cesergraph.errors import NotFound
from cesergraph.namespaces import BASE, expand
from cesergraph.resources import walk
from cesergraph.web.documents import Format, write_rdf

ONTOLOGY = "def"
_ROOT = ox.NamedNode(BASE + ONTOLOGY)
_TYPE, _IMPORTS, _VERSION, _ONTOLOGY, _SEE = (
    ox.NamedNode(expand(curie))
    for curie in ("rdf:type", "owl:imports", "owl:versionIRI", "owl:Ontology", "rdfs:seeAlso")
)
_KINDS = {
    ox.NamedNode(expand(f"owl:{kind}"))
    for kind in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")
}


def documents() -> tuple[str, ...]:
    """Return the path of every document but the concepts': the ontology, its version, its parts, the code lists."""
    return tuple(sorted([ONTOLOGY, version_path(), *_parts(), *schemes()]))


def version_path() -> str:
    """Return the path of the version of the ontology that this program holds, such as ``def/0.1.0``."""
    versions = (quad.object for quad in _file("cesergraph") if quad.predicate == _VERSION)
    return next(one.value.removeprefix(BASE) for one in versions if isinstance(one, ox.NamedNode))


def modules() -> tuple[str, ...]:
    """Return the path of every module that the ontology imports, sorted."""
    imported = (quad.object for quad in _file("cesergraph") if quad.predicate == _IMPORTS)
    return tuple(sorted(one.value.removeprefix(BASE) for one in imported if isinstance(one, ox.NamedNode)))


def alignments() -> tuple[str, ...]:
    """Return the path of every alignment with a vocabulary of others, sorted."""
    return tuple(sorted(path for path in _parts() if path.startswith("def/alignments/")))


@cache
def schemes() -> tuple[str, ...]:
    """Return the path of every code list, sorted."""
    return tuple(sorted(f"vocab/{path.removeprefix('codes/')}" for path in _paths() if path.startswith("codes/")))


_IN_SCHEME = expand("skos:inScheme")


def concepts(path: str) -> list[str]:
    """Return the IRI of every concept of a code list, sorted."""
    return sorted(str(quad.subject)[1:-1] for quad in quads(path) if quad.predicate.value == _IN_SCHEME)


def document(path: str, format: Format) -> bytes:
    """Return the document at the path of an IRI, such as ``def/core`` or ``vocab/force``; raise NotFound."""
    return write_rdf(quads(path), format)


def ontology_document(format: Format) -> bytes:
    """Return the whole ontology."""
    return document(ONTOLOGY, format)


def module_document(name: str, format: Format) -> bytes:
    """Return the version, a module or an alignment by its name below ``def/``; raise NotFound."""
    return document(f"{ONTOLOGY}/{name}", format)


def scheme_document(scheme: str, format: Format) -> bytes:
    """Return a code list with its concepts; raise NotFound."""
    return document(f"vocab/{scheme}", format)


def concept_document(scheme: str, concept: str, format: Format) -> bytes:
    """Return what a code list says of one of its concepts; raise NotFound."""
    return document(f"vocab/{scheme}/{concept}", format)


@cache
def quads(path: str) -> tuple[ox.Quad, ...]:
    """Return the statements of a document, in the graph of its IRI; raise NotFound."""
    told = ox.Dataset(ox.Quad(*triple) for triple in _triples(path))
    # Otherwise each reading would name the blank nodes anew, and the same document would have other bytes.
    told.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    graph = ox.NamedNode(BASE + path)
    return tuple(ox.Quad(one.subject, one.predicate, one.object, graph) for one in told)


def _triples(path: str) -> list[ox.Triple]:
    if path in (ONTOLOGY, version_path()):
        return _declared(_merged())
    if path in _parts():
        return _declared(_file(_parts()[path]))
    if path in schemes():
        return list(_file(f"codes/{path.removeprefix('vocab/')}"))
    scheme, _, _ = path.rpartition("/")
    if scheme in schemes() and (told := _concept(scheme, ox.NamedNode(BASE + path))):
        return told
    raise NotFound(
        fr=f"Il n'y a ni module, ni liste de codes, ni code à l'adresse « {path} ».",
        en=f"There is no module, no code list and no code at the address “{path}”.",
    )


def _merged() -> Iterator[ox.Triple]:
    for path in ("cesergraph", *(_parts()[part] for part in (*modules(), *alignments()))):
        for triple in _file(path):
            is_header = triple.subject != _ROOT and (triple.predicate, triple.object) == (_TYPE, _ONTOLOGY)
            if triple.predicate != _IMPORTS and not is_header:
                yield triple
    for part in (*modules(), *alignments(), *schemes()):
        yield ox.Triple(_ROOT, _SEE, ox.NamedNode(BASE + part))


def _declared(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Return triples and what every term in them is, without which they are not OWL 2 DL (Mapping, 3.1.2)."""
    told = list(triples)
    declared = {one.subject for one in told if one.predicate == _TYPE}
    used = {node for one in told for node in (one.subject, one.predicate, one.object)} - declared
    return told + [one for one in _declarations() if one.subject in used]


@cache
def _declarations() -> tuple[ox.Triple, ...]:
    """Return what each term of ours, and each of others that we use, is."""
    files = [path for path in _paths() if path.startswith("imports/")] + [_parts()[module] for module in modules()]
    return tuple(one for path in files for one in _file(path) if one.predicate == _TYPE and one.object in _KINDS)


def _concept(scheme: str, concept: ox.NamedNode) -> list[ox.Triple]:
    """Return what is said of a concept, and what its list is called."""
    listed = _file(f"codes/{scheme.removeprefix('vocab/')}")
    told = [one for one in listed if one.subject == concept]
    return told + [one for one in listed if one.subject == ox.NamedNode(BASE + scheme)] if told else []


@cache
def _parts() -> Mapping[str, str]:
    """Return the file of each module and alignment, by the path of its IRI."""
    files = (path for path in _paths() if "/" not in path or path.startswith("alignments/"))
    return {f"{ONTOLOGY}/{path}": path for path in files if path != "cesergraph"}


@cache
def _paths() -> tuple[str, ...]:
    return tuple(walk("ontology", ".ttl"))


@cache
def _file(path: str) -> tuple[ox.Triple, ...]:
    text = walk("ontology", ".ttl")[path].read_bytes()
    return tuple(quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE))


class Described:
    """The statements of a document, looked up by what they are about."""

    def __init__(self, told: Iterable[ox.Quad]) -> None:
        self._values: dict[tuple[object, str], list[ox.Quad]] = {}
        self._ends: dict[tuple[str, object], list[str]] = {}
        for quad in sorted(told, key=str):
            self._values.setdefault((quad.subject, quad.predicate.value), []).append(quad)
            if isinstance(quad.subject, ox.NamedNode):
                self._ends.setdefault((quad.predicate.value, quad.object), []).append(quad.subject.value)

    def values(self, subject: str | ox.BlankNode, curie: str) -> list[str]:
        """Return the IRIs and the texts that a property has, sorted."""
        return [one.value for one in self.objects(subject, curie) if not isinstance(one, ox.BlankNode | ox.Triple)]

    def objects(
        self, subject: str | ox.BlankNode, curie: str
    ) -> list[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]:
        """Return the values that a property has, blank nodes too."""
        node = ox.NamedNode(subject) if isinstance(subject, str) else subject
        return [quad.object for quad in self._values.get((node, expand(curie)), ())]

    def texts(self, subject: str, curie: str, lang: str) -> list[str]:
        """Return the texts that a property has in a language."""
        return [
            one.value for one in self.objects(subject, curie) if isinstance(one, ox.Literal) and one.language == lang
        ]

    def text(self, subject: str, curie: str, lang: str) -> str:
        """Return the first text that a property has in a language, else empty."""
        return next(iter(self.texts(subject, curie, lang)), "")

    def subjects(self, curie: str, value: str) -> list[str]:
        """Return what has a property with a value, sorted."""
        return self._ends.get((expand(curie), ox.NamedNode(value)), [])

    def blanks(self, curie: str, value: str) -> list[ox.BlankNode]:
        """Return the blank nodes that have a property with a value."""
        return [
            node
            for (node, predicate), held in self._values.items()
            if isinstance(node, ox.BlankNode) and predicate == expand(curie)
            for quad in held
            if quad.object == ox.NamedNode(value)
        ]

    def lists(self, subject: str | ox.BlankNode, curie: str) -> list[list[str]]:
        """Return the members of each list that a property has."""
        return [self._members(one) for one in self.objects(subject, curie) if isinstance(one, ox.BlankNode)]

    def _members(self, node: ox.BlankNode) -> list[str]:
        found = self.values(node, "rdf:first")
        for rest in self.objects(node, "rdf:rest"):
            if isinstance(rest, ox.BlankNode):
                found += self._members(rest)
        return found


@cache
def described(path: str) -> Described:
    """Return the statements of a document, looked up by what they are about; raise NotFound."""
    return Described(quads(path))
