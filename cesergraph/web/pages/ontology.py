"""The documentation of the ontology: what it is, a picture of its classes, and every term with its anchor."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice

import pyoxigraph as ox

from cesergraph.namespaces import BASE, CG, PREFIXES, expand, shorten
from cesergraph.resources import walk
from cesergraph.store import EmbeddedStore
from cesergraph.vocabulary import term_label
from cesergraph.web.documents import FORMATS
from cesergraph.web.site import LANGUAGES, Page, Request, Site, texts
from cesergraph.web.vocabularies import ONTOLOGY, Described, alignments, described, modules, quads, version_path

KINDS = {
    "class": "owl:Class",
    "object": "owl:ObjectProperty",
    "datatype": "owl:DatatypeProperty",
    "annotation": "owl:AnnotationProperty",
}
_TOLD = {
    "superclass": "rdfs:subClassOf",
    "superproperty": "rdfs:subPropertyOf",
    "domain": "rdfs:domain",
    "range": "rdfs:range",
    "codes": "cg:valuesFrom",
    "equivalent": "owl:equivalentClass",
    "equivalent_property": "owl:equivalentProperty",
    "inverse": "owl:inverseOf",
    "replaced": "dcterms:isReplacedBy",
}
_TOLD_OF = {
    "subclass": "rdfs:subClassOf",
    "subproperty": "rdfs:subPropertyOf",
    "properties": "rdfs:domain",
    "pointing": "rdfs:range",
    "inverse": "owl:inverseOf",
}
_TRAITS = ("Functional", "InverseFunctional", "Transitive", "Symmetric", "Asymmetric", "Reflexive", "Irreflexive")
_HEADER = (
    "dcterms:creator", "dcterms:contributor", "dcterms:publisher", "dcterms:created", "dcterms:issued",
    "dcterms:modified", "owl:priorVersion",
)  # fmt: skip
_MAPPED = ("rdfs:subClassOf", "rdfs:subPropertyOf", "owl:equivalentClass", "owl:equivalentProperty", "skos:exactMatch",
           "skos:closeMatch", "skos:broadMatch", "rdfs:seeAlso")  # fmt: skip
_NAMES = {
    "ttl": "Turtle", "jsonld": "JSON-LD", "nt": "N-Triples", "rdf": "RDF/XML", "trig": "TriG", "nq": "N-Quads",
}  # fmt: skip
_EXAMPLES = 3
_ROW, _LETTER, _GAP = 26, 8, 44


@dataclass(frozen=True)
class Term:
    """One term of the ontology: what it says of it, and what the shapes ask of the things of a class.

    ``facts`` are IRIs by the key of a text; ``rules`` are a severity and a sentence each.
    """

    name: str
    kind: str
    module: str
    labels: Mapping[str, str]
    definitions: Mapping[str, str]
    notes: Mapping[str, Sequence[str]]
    facts: Mapping[str, Sequence[str]]
    traits: Sequence[str]
    is_deprecated: bool
    rules: Sequence[tuple[str, str]]

    @property
    def iri(self) -> str:
        """The IRI of the term."""
        return CG + self.name


@dataclass(frozen=True)
class Use:
    """How often the graph uses a term, and a few examples: a thing each of a class, two ends of a property."""

    count: int
    examples: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Tree:
    """A class with the classes in it."""

    name: str
    below: Sequence["Tree"]


@dataclass(frozen=True)
class Picture:
    """A tree of classes drawn from left to right: the names with their places, and the lines between them."""

    width: int
    height: int
    names: Sequence[tuple[int, int, str]]
    lines: Sequence[str]


def make(site: Site, lang: str, request: Request) -> Page:
    """Return the page of the ontology, of a module or of an alignment; raise NotFound."""
    part = request.path.get("part", "")
    path = f"{ONTOLOGY}/{part}" if part else ONTOLOGY
    words, told = texts("ontology", lang), described(path)
    is_whole = path in (ONTOLOGY, version_path())
    iri = BASE + (ONTOLOGY if is_whole else path)
    terms = [term for term in all_terms(lang) if is_whole or term.module == path]
    values = {
        "iri": iri,
        "is_whole": is_whole,
        "heading": told.text(iri, "dcterms:title", lang),
        "about": told.text(iri, "dcterms:description", lang),
        "version": version_path().removeprefix(f"{ONTOLOGY}/"),
        "version_iri": BASE + version_path(),
        "licence": described(ONTOLOGY).values(BASE + ONTOLOGY, "dcterms:license")[0],
        "header": {curie: told.values(iri, curie) for curie in _HEADER},
        "modules": [(BASE + one, *_titles(one, lang)) for one in modules()],
        "trees": [(_tree(top), draw(_tree(top), lang)) for top in _tops()] if is_whole else [],
        "groups": {kind: [term for term in terms if term.kind == kind] for kind in KINDS},
        "uses": _uses(site.store),
        "alignments": [
            (BASE + one, _titles(one, lang)[0], mapped(one)) for one in alignments() if is_whole or one == path
        ],
        "prefixes": sorted(PREFIXES.items()),
        "label": lambda one: site.things.label(one, lang),
        "short": shorten,
        "offered": offered_formats(site, path),
    }
    return Page(
        "ontology.html",
        str(values["heading"]),
        values,
        description=str(values["about"]) or words["summary"],
        jsonld=_header_jsonld(path, iri),
        alternates=[(one.media_type, f"/{path}.{suffix}") for suffix, one in FORMATS.items()],
        styles=("terms.css",),
        scripts=("filter.js",),
    )


def offered_formats(site: Site, path: str) -> list[tuple[str, str, str]]:
    """Return the name, the media type and the address of each format of a document."""
    return [(_NAMES[suffix], one.media_type, site.data(f"/{path}.{suffix}")) for suffix, one in FORMATS.items()]


@cache
def all_terms(lang: str) -> tuple[Term, ...]:
    """Return every term of the ontology, sorted by kind and name; what the shapes ask is in one language."""
    told = described(ONTOLOGY)
    rules = _rules(lang)
    return tuple(
        _term(told, iri, kind, rules.get(iri, ()))
        for kind, curie in KINDS.items()
        for iri in told.subjects("rdf:type", expand(curie))
        if iri.startswith(CG)
    )


def _term(told: Described, iri: str, kind: str, rules: Sequence[tuple[str, str]]) -> Term:
    types = [shorten(one) for one in told.values(iri, "rdf:type")]
    return Term(
        name=iri.removeprefix(CG),
        kind=kind,
        module=next(iter(told.values(iri, "rdfs:isDefinedBy")), "").removeprefix(BASE),
        labels={lang: told.text(iri, "rdfs:label", lang) for lang in LANGUAGES},
        definitions={lang: told.text(iri, "skos:definition", lang) for lang in LANGUAGES},
        notes={lang: told.texts(iri, "skos:scopeNote", lang) for lang in LANGUAGES},
        facts=_facts(told, iri),
        traits=[one for one in _TRAITS if f"owl:{one}Property" in types],
        is_deprecated="true" in told.values(iri, "owl:deprecated"),
        rules=rules,
    )


def _facts(told: Described, iri: str) -> Mapping[str, Sequence[str]]:
    found = {key: told.values(iri, curie) for key, curie in _TOLD.items()}
    for key in ("superclass", "superproperty"):
        found[key] = [one for one in found[key] if one.startswith(CG)]
    for key, curie in _TOLD_OF.items():
        found[key] = sorted({*found.get(key, ()), *told.subjects(curie, iri)})
    found["chain"] = [one for chain in told.lists(iri, "owl:propertyChainAxiom") for one in chain]
    found["key"] = [one for key in told.lists(iri, "owl:hasKey") for one in key]
    found["disjoint"] = sorted(
        {*told.values(iri, "owl:disjointWith"), *told.subjects("owl:disjointWith", iri), *_apart(told).get(iri, ())}
    )
    found["aligned"] = sorted({other for one in alignments() for term, _, other in mapped(one) if term == iri})
    order = ("superclass", "subclass", "superproperty", "subproperty", "domain", "range", "codes", "inverse", "chain",
             "key", "equivalent", "equivalent_property", "disjoint", "properties", "pointing", "aligned",
             "replaced")  # fmt: skip
    return {key: found[key] for key in order if found[key]}


def _apart(told: Described) -> Mapping[str, set[str]]:
    """Return the classes that each class is disjoint with, as sets of disjoint classes tell."""
    found: dict[str, set[str]] = {}
    for node in told.blanks("rdf:type", expand("owl:AllDisjointClasses")):
        for members in told.lists(node, "owl:members"):
            for one in members:
                found.setdefault(one, set()).update(set(members) - {one})
    return found


@cache
def mapped(path: str) -> tuple[tuple[str, str, str], ...]:
    """Return what an alignment says: a term of ours, how it relates (a CURIE), the term of others."""
    statements = {
        (str(quad.subject)[1:-1], shorten(quad.predicate.value), str(quad.object)[1:-1]) for quad in quads(path)
    }
    return tuple(sorted(one for one in statements if one[0].startswith(CG) and one[1] in _MAPPED))


def _titles(path: str, lang: str) -> tuple[str, str]:
    told = described(path)
    return told.text(BASE + path, "dcterms:title", lang), told.text(BASE + path, "dcterms:description", lang)


# The header as JSON-LD


def _header_jsonld(path: str, iri: str) -> Mapping[str, object]:
    """Return what a document says of itself as JSON-LD: nothing that its other formats do not say."""
    header = [quad.triple for quad in quads(path) if quad.subject == ox.NamedNode(iri)]
    told: Mapping[str, object] = json.loads(ox.serialize(sorted(header, key=str), format=ox.RdfFormat.JSON_LD) or b"{}")
    return {"@graph": told} if isinstance(told, list) else told


# What the shapes ask


@cache
def _rules(lang: str) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return the severity and the words of every constraint on a class, errors first."""
    told = Described(_shapes())
    found: dict[str, list[tuple[str, str]]] = {}
    for shape in told.subjects("rdf:type", expand("sh:NodeShape")):
        asked = {rule for one in (shape, *told.values(shape, "sh:property")) for rule in _asked(told, one, lang)}
        for target in told.values(shape, "sh:targetClass"):
            found.setdefault(target, []).extend(asked)
    order = ("Violation", "Warning", "Info")
    return {
        target: sorted(set(rules), key=lambda one: (order.index(one[0]), one[1])) for target, rules in found.items()
    }


def _asked(told: Described, shape: str, lang: str) -> list[tuple[str, str]]:
    severity = next(iter(told.values(shape, "sh:severity")), expand("sh:Violation"))
    return [(severity.removeprefix(PREFIXES["sh"]), words) for words in told.texts(shape, "sh:message", lang)]


def _shapes() -> list[ox.Quad]:
    return [
        quad
        for path, file in walk("shapes", ".ttl").items()
        if "/valid/" not in path and "/invalid/" not in path
        for quad in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE)
    ]


# What the graph uses


@lru_cache(maxsize=4)
def _uses(store: EmbeddedStore) -> Mapping[str, Use]:
    """Return how often the graph uses each class and property of ours."""
    counted = {}
    for query in (
        "SELECT ?term (COUNT(DISTINCT ?thing) AS ?n) { ?thing a ?term } GROUP BY ?term",
        "SELECT ?term (COUNT(*) AS ?n) { ?thing ?term ?end } GROUP BY ?term",
    ):
        for term, number in store.query(query).rows:
            if isinstance(term, ox.NamedNode) and isinstance(number, ox.Literal) and term.value.startswith(CG):
                counted[term.value] = int(number.value)
    return {iri: Use(count, _examples(store.data, ox.NamedNode(iri))) for iri, count in sorted(counted.items())}


def _examples(data: ox.Store, term: ox.NamedNode) -> list[list[str]]:
    things = data.quads_for_pattern(None, ox.NamedNode(expand("rdf:type")), term, None)
    found = [[str(quad.subject)[1:-1]] for quad in islice(things, _EXAMPLES)]
    return found or [
        [str(quad.subject)[1:-1], str(quad.object)[1:-1]]
        for quad in islice(data.quads_for_pattern(None, term, None, None), 1)
        if isinstance(quad.object, ox.NamedNode)
    ]


# The picture


def _tops() -> list[str]:
    told = described(ONTOLOGY)
    return [
        one
        for one in told.subjects("rdf:type", expand("owl:Class"))
        if one.startswith(CG) and not any(up.startswith(CG) for up in told.values(one, "rdfs:subClassOf"))
    ]


@cache
def _tree(iri: str) -> Tree:
    below = described(ONTOLOGY).subjects("rdfs:subClassOf", iri)
    return Tree(iri, [_tree(one) for one in below])


def draw(tree: Tree, lang: str) -> Picture:
    """Return the picture of a tree, its labels in a language."""
    ranks: list[list[str]] = []
    _rank(tree, 0, lang, ranks)
    steps = [0]
    for labels in ranks:
        steps.append(steps[-1] + _LETTER * max(map(len, labels)) + _GAP)
    names: list[tuple[int, int, str]] = []
    lines: list[str] = []
    rows = _place(tree, 0, 0, lang, steps, names, lines)
    return Picture(steps[-1], _ROW * rows, names, lines)


def _rank(tree: Tree, step: int, lang: str, ranks: list[list[str]]) -> None:
    if step == len(ranks):
        ranks.append([])
    ranks[step].append(_name(tree, lang))
    for one in tree.below:
        _rank(one, step + 1, lang, ranks)


def _name(tree: Tree, lang: str) -> str:
    return term_label(tree.name, lang) or ""


def _place(
    tree: Tree,
    step: int,
    row: int,
    lang: str,
    steps: Sequence[int],
    names: list[tuple[int, int, str]],
    lines: list[str],
) -> int:
    """Place a class on the row of the first of those in it, with lines to them; return how many rows they take."""
    name, y = _name(tree, lang), row * _ROW + _ROW // 2
    names.append((steps[step], y, name))
    rows = 0
    for one in tree.below:
        there = (row + rows) * _ROW + _ROW // 2
        next_step = steps[step + 1]
        bend = next_step - _GAP // 2
        start = f"M{steps[step] + _LETTER * len(name) + 6} {y}" if there == y else f"M{bend} {y}V{there}"
        lines.append(f"{start}H{next_step - 6}")
        rows += _place(one, step + 1, row + rows, lang, steps, names, lines)
    return max(rows, 1)
