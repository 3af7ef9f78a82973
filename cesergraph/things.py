"""Reading one thing straight from an open Oxigraph store, for pages that must come at once.

It tells what ``show`` tells through SPARQL, in the same Description, without the price of a query: a page takes a
tenth of a millisecond where its queries take five. What only some pages need, the rules behind a derived statement
and the pages of a thing that thousands refer to, is still asked in SPARQL.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

import pyoxigraph as ox

from cesergraph.answers import Source
from cesergraph.errors import NotFound
from cesergraph.evidence import Passage
from cesergraph.identifiers import DECISION_GRAPH
from cesergraph.link import WITHDRAWN, digest_name
from cesergraph.names import LABELS, graph_titles
from cesergraph.namespaces import BASE, CG, expand, shorten
from cesergraph.show import (
    LIMIT,
    Description,
    Property,
    Term,
    Value,
    describe_thing,
    order,
    rank,
)
from cesergraph.vocabulary import most_specific, term_label

_HUB = 500
_KEPT_LABELS, _KEPT_GRAPHS, _KEPT_HUBS = 100_000, 10_000, 200
_TYPE = ox.NamedNode(expand("rdf:type"))
_LABELS = [ox.NamedNode(expand(curie)) for curie in LABELS]
_EVIDENCE = frozenset(map(expand, ("cg:evidencedBy", "cg:claimedIn")))
_STATES = ox.NamedNode(expand("cg:states"))
_PASSAGES = frozenset(map(expand, ("cg:Passage", "cg:RecommendationStatement")))
_SOURCE, _CAPTURE_OF, _START, _END, _EXACT, _LINE, _DIGEST = (
    expand(curie)
    for curie in (
        "oa:hasSource", "cg:captureOf", "oa:start", "oa:end", "oa:exact", "cg:startLine",
        "cg:spanDigest",
    )
)  # fmt: skip
_SAME, _STATUS = ox.NamedNode(expand("owl:sameAs")), ox.NamedNode(expand("adms:status"))
_WITHDRAWN, _DECISIONS = ox.NamedNode(WITHDRAWN), ox.NamedNode(DECISION_GRAPH)
_ORIGIN = ox.NamedNode(expand("dcterms:source"))
_PROVENANCE = frozenset(
    map(
        expand,
        (
            "rdf:type", "dcterms:source", "dcterms:title", "dcterms:publisher", "dc:publisher", "dcterms:license",
            "dcat:version", "dcat:landingPage",
        ),
    )
)  # fmt: skip
_Key = TypeVar("_Key")
_Kept = TypeVar("_Kept")


class _Recent(OrderedDict[_Key, _Kept]):
    """What was made last, up to so many; makers run in several threads, and to make a value twice does no harm."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: _Key, value: _Kept) -> _Kept:
        self[key] = value
        if len(self) > self._most:
            self.popitem(last=False)
        return value


class Things:
    """One open store, read thing by thing; nothing is written, and any thread may ask."""

    def __init__(self, data: ox.Store, source: Source) -> None:
        self._data = data
        self._source = source
        self._labels: _Recent[tuple[str, str], str] = _Recent(_KEPT_LABELS)
        self._titles: _Recent[tuple[str, str], str] = _Recent(_KEPT_GRAPHS)
        self._named: _Recent[ox.NamedNode, tuple[ox.Quad, ...]] = _Recent(_KEPT_LABELS)
        self._origins: _Recent[ox.NamedNode, tuple[ox.Quad, ...]] = _Recent(_KEPT_GRAPHS)
        self._hubs: _Recent[tuple[str, str, int, int], Description] = _Recent(_KEPT_HUBS)

    def exists(self, iri: str) -> bool:
        """Tell whether any statement is about a thing or refers to it."""
        node = ox.NamedNode(iri)
        return any(
            next(self._data.quads_for_pattern(*pattern), None) is not None
            for pattern in ((node, None, None, None), (None, None, node, None))
        )

    def survivor(self, iri: str) -> str | None:
        """Return the thing that another IRI was merged into by a decision; None where it was not."""
        found = self._data.quads_for_pattern(None, _SAME, ox.NamedNode(iri), _DECISIONS)
        return next((str(quad.subject)[1:-1] for quad in found), None)

    def is_withdrawn(self, iri: str) -> bool:
        """Tell whether a decision has withdrawn a thing; what is said of it then is the decision alone."""
        return any(self._data.quads_for_pattern(ox.NamedNode(iri), _STATUS, _WITHDRAWN, _DECISIONS))

    def is_erased(self, iri: str) -> bool:
        """Tell whether a thing was erased, so that nothing but the digest of its IRI is left."""
        return self.exists(digest_name(iri))

    def label(self, iri: str, lang: str) -> str:
        """Return what a thing or term is called: in the language asked for, else in French, else its short form."""
        return self._labels.get((iri, lang)) or self._labels.keep((iri, lang), self._find_label(iri, lang))

    def labels(self, iris: Iterable[str], lang: str) -> dict[str, str]:
        """Return the labels of several things."""
        return {iri: self.label(iri, lang) for iri in iris}

    def title(self, graph: str, lang: str) -> str:
        """Return the title of the source behind a graph."""
        kept = self._titles.get((graph, lang))
        return kept or self._titles.keep((graph, lang), graph_titles(self._source, [graph], lang)[graph])

    def _find_label(self, iri: str, lang: str) -> str:
        if term := term_label(iri, lang):
            return term
        best = min(
            (
                (_foreign(quad.object.language, lang), _LABELS.index(quad.predicate), quad.object.value)
                for quad in self._names(ox.NamedNode(iri))
                if isinstance(quad.object, ox.Literal)
            ),
            default=None,
        )
        return best[2] if best else shorten(iri).removeprefix(BASE)

    def _names(self, node: ox.NamedNode) -> tuple[ox.Quad, ...]:
        """Return what a thing is called: by its preferred names, where it has none by all others."""
        kept = self._named.get(node)
        if kept is None:
            preferred, *others = _LABELS
            found = list(self._data.quads_for_pattern(node, preferred, None, None))
            if not found:
                found = [quad for one in others for quad in self._data.quads_for_pattern(node, one, None, None)]
            kept = self._named.keep(node, tuple(found))
        return kept

    def about(self, iri: str) -> list[ox.Quad]:
        """Return the quads about a thing and about the parts that are fragments of it, such as a passage's position."""
        told: list[ox.Quad] = []
        seen, open_ends = {iri}, [iri]
        while open_ends:
            for quad in self._data.quads_for_pattern(ox.NamedNode(open_ends.pop()), None, None, None):
                told.append(quad)
                end = quad.object.value if isinstance(quad.object, ox.NamedNode) else ""
                if end.startswith(f"{iri}#") and end not in seen:
                    seen.add(end)
                    open_ends.append(end)
        return told

    def surroundings(self, iri: str, told: Sequence[ox.Quad]) -> list[ox.Quad]:
        """Return the names of what some quads mention, and where the graphs that hold them come from."""
        ends = {quad.object for quad in told if isinstance(quad.object, ox.NamedNode)} - {ox.NamedNode(iri)}
        graphs = {quad.graph_name for quad in told if isinstance(quad.graph_name, ox.NamedNode)}
        return [quad for end in ends for quad in self._names(end)] + [
            quad for graph in graphs for quad in self._origin(graph)
        ]

    def _origin(self, graph: ox.NamedNode) -> tuple[ox.Quad, ...]:
        kept = self._origins.get(graph)
        if kept is None:
            sources = [q.object for q in self._data.quads_for_pattern(graph, _ORIGIN, None, None)]
            nodes = [graph, *(one for one in sources if isinstance(one, ox.NamedNode))]
            found = (quad for node in nodes for quad in self._data.quads_for_pattern(node, None, None, None))
            kept = self._origins.keep(graph, tuple(quad for quad in found if quad.predicate.value in _PROVENANCE))
        return kept

    def describe(
        self, iri: str, lang: str = "fr", *, why: bool = False, limit: int = LIMIT, page: int = 1
    ) -> Description:
        """Return what the graph says of a thing, as ``show`` does; raise NotFound where it says nothing."""
        if why:
            return describe_thing(self._source, iri, lang=lang, why=True, limit=limit, page=page)
        node = ox.NamedNode(iri)
        incoming = list(islice(self._data.quads_for_pattern(None, None, node, None), _HUB + 1))
        if len(incoming) > _HUB:
            key = (iri, lang, limit, page)
            asked = self._hubs.get(key)
            return asked or self._hubs.keep(key, describe_thing(self._source, iri, lang=lang, limit=limit, page=page))
        outgoing = list(self._data.quads_for_pattern(node, None, None, None))
        if not outgoing and not incoming:
            raise NotFound(
                fr=f"Rien dans le graphe ne répond à « {shorten(iri)} ».",
                en=f"Nothing in the graph answers to “{shorten(iri)}”.",
            )
        return _Describing(self, node, lang).describe(outgoing, incoming, limit, page)

    def passages(self, iri: str) -> tuple[Passage, ...]:
        """Return the passages that evidence a thing, in the order of the documents; a passage evidences itself."""
        node = ox.NamedNode(iri)
        found = {str(quad.subject)[1:-1]: None for quad in self._data.quads_for_pattern(None, _STATES, node, None)}
        for predicate, value in self._values(iri):
            if predicate in _EVIDENCE:
                found[value] = None
            elif predicate == _TYPE.value and value in _PASSAGES:
                found[iri] = None
        return tuple(sorted(map(self._passage, found), key=lambda one: (one.document or "", one.start or 0, one.iri)))

    def _passage(self, iri: str) -> Passage:
        facts = dict(self._values(iri))
        for part in {value for _, value in self._values(iri) if value.startswith(f"{iri}#")}:
            facts |= self._values(part)
        document = dict(self._values(facts[_SOURCE])).get(_CAPTURE_OF) if _SOURCE in facts else None
        start, end, line = (int(facts[one]) if one in facts else None for one in (_START, _END, _LINE))
        return Passage(iri, document, start, end, line, facts.get(_DIGEST), facts.get(_EXACT))

    def _values(self, iri: str) -> list[tuple[str, str]]:
        """Return every property of a thing with the bare text of its value."""
        return [
            (quad.predicate.value, quad.object.value)
            for quad in self._data.quads_for_pattern(ox.NamedNode(iri), None, None, None)
            if isinstance(quad.object, ox.NamedNode | ox.Literal)
        ]


def _foreign(language: str | None, lang: str) -> int:
    return (lang, "fr", None).index(language) if language in (lang, "fr", None) else 3


class _Describing:
    """One description in the making."""

    def __init__(self, things: Things, node: ox.NamedNode, lang: str) -> None:
        self._things = things
        self._node = node
        self._lang = lang
        self._labels: dict[str, str] = {}

    def describe(self, outgoing: Iterable[ox.Quad], incoming: Iterable[ox.Quad], limit: int, page: int) -> Description:
        out = _group((quad.predicate.value, quad.object, quad.graph_name) for quad in outgoing)
        into = _group((quad.predicate.value, quad.subject, quad.graph_name) for quad in incoming)
        types = {term.value for term in out.get(_TYPE.value, {}) if isinstance(term, ox.NamedNode)}
        kind = most_specific({one for one in types if one.startswith(CG)} or types) if types else None
        self._label(self._node.value)
        if kind:
            self._label(kind)
        return Description(
            iri=self._node.value,
            type=kind,
            properties=tuple(self._properties(out, limit, 1, evidence=False)),
            incoming=tuple(self._properties(into, limit, page, evidence=True)),
            passages=self._things.passages(self._node.value),
            labels=self._labels,
        )

    def _properties(
        self, found: Mapping[str, Mapping[Term, list[str]]], limit: int, page: int, *, evidence: bool
    ) -> Iterator[Property]:
        for predicate in sorted(found, key=rank):
            ends = sorted(found[predicate], key=order)
            values = [self._value(end, found[predicate][end], evidence) for end in ends[limit * (page - 1) :][:limit]]
            if values:
                yield Property(predicate, self._label(predicate), len(ends), tuple(values))

    def _value(self, end: Term, graphs: list[str], evidence: bool) -> Value:
        for graph in graphs:
            self._labels.setdefault(graph, self._things.title(graph, self._lang))
        is_thing = isinstance(end, ox.NamedNode)
        label = self._label(end.value) if is_thing else end.value
        passages = self._things.passages(end.value) if evidence and is_thing else ()
        return Value(end, label, tuple(sorted(graphs)), passages, ())

    def _label(self, iri: str) -> str:
        label = self._things.label(iri, self._lang)
        self._labels[iri] = label
        return label


def _group(ends: Iterable[tuple[str, object, object]]) -> dict[str, dict[Term, list[str]]]:
    """Return the graphs that hold each value of each property; blank nodes and quoted triples are passed over."""
    found: dict[str, dict[Term, list[str]]] = {}
    for predicate, end, graph in ends:
        if isinstance(end, ox.NamedNode | ox.Literal) and isinstance(graph, ox.NamedNode):
            found.setdefault(predicate, {}).setdefault(end, []).append(graph.value)
    return found
