"""What the graph says of one thing: its names, properties and what refers to it, each with its sources.

A description takes the same few queries whatever the size of the thing: labels, graphs and passages are
asked for all at once, and what refers to the thing comes by pages.
"""

import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any, Self, TypeAlias

import pyoxigraph as ox
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cesergraph.answers import Source, graph
from cesergraph.errors import ParameterError
from cesergraph.evidence import Passage, passages_of, select
from cesergraph.formats import write
from cesergraph.identifiers import INFERENCE_GRAPH
from cesergraph.inference import Explanation, Premise, explain_all, graphs_of
from cesergraph.names import CODES, NAMES, graph_titles, labels_of, not_found, resolve
from cesergraph.namespaces import BASE, CG, PREFIXES, expand, shorten
from cesergraph.nquads import iri
from cesergraph.vocabulary import inverses, most_specific

Term: TypeAlias = ox.NamedNode | ox.Literal

LIMIT = 20
_WIDE, _PLACES = 160, 2
_TYPE = PREFIXES["rdf"] + "type"
_FIRST = [expand(curie) for curie in ("rdf:type", *NAMES, *CODES)]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True)
class Value:
    """One value of a property: the term, its label, the graphs that hold it, its passages, why it was derived."""

    term: Term
    label: str
    graphs: tuple[str, ...]
    passages: tuple[Passage, ...]
    why: tuple[Explanation, ...]


@dataclass(frozen=True)
class Property:
    """One property of a thing, outgoing or incoming: how many values there are, and those of the page asked for."""

    iri: str
    label: str
    total: int
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Description:
    """All that is told of one thing; labels are in the language asked for where there is one."""

    iri: str
    type: str | None
    properties: tuple[Property, ...]
    incoming: tuple[Property, ...]
    passages: tuple[Passage, ...]
    labels: Mapping[str, str]


def describe_thing(
    source: Source, name: str, *, lang: str = "fr", why: bool = False, limit: int = LIMIT, page: int = 1
) -> Description:
    """Return what the graph says of a thing given by IRI, path below /id/, official code or exact name.

    Raise NotFound where nothing is meant, with the nearest names, and ParameterError where several things are.
    """
    thing = ox.NamedNode(resolve(source, name, lang))
    rows = select(source, f"SELECT DISTINCT ?p ?o WHERE {{ {thing} ?p ?o . FILTER (!isBlank(?o)) }}")
    outgoing = {ox.Triple(thing, predicate, value): value for predicate, value in rows}
    totals = _count_incoming(source, thing)
    if not outgoing and not totals:
        raise not_found(source, name, lang)
    incoming = _page_of_incoming(source, thing, sorted(totals), limit, page)
    facts = _Facts.gather(source, thing, [*outgoing, *incoming], lang, why)
    types = {value.value for predicate, value in rows if predicate.value == _TYPE}
    counts = Counter(predicate.value for predicate, _ in rows)
    return Description(
        iri=thing.value,
        type=most_specific({one for one in types if one.startswith(CG)} or types) if types else None,
        properties=facts.properties(outgoing, counts, limit),
        incoming=facts.properties(incoming, totals, limit),
        passages=facts.passages.get(thing.value, ()),
        labels=facts.labels,
    )


def _count_incoming(source: Source, thing: ox.NamedNode) -> dict[str, int]:
    query = f"SELECT ?p (COUNT(DISTINCT ?s) AS ?n) WHERE {{ ?s ?p {thing} }} GROUP BY ?p"
    return {predicate.value: int(count.value) for predicate, count in select(source, query)}


def _page_of_incoming(
    source: Source, thing: ox.NamedNode, predicates: Sequence[str], limit: int, page: int
) -> dict[ox.Triple, Term]:
    """Return one page of each property, so that no property hides the others."""
    bounds = f"ORDER BY ?s LIMIT {limit} OFFSET {limit * (page - 1)}"
    wheres = [f"VALUES ?p {{ {iri(one)} }} ?s ?p {thing} . FILTER (isIRI(?s))" for one in predicates]
    parts = [f"{{ SELECT DISTINCT ?s ?p WHERE {{ {where} }} {bounds} }}" for where in wheres]
    query = f"SELECT ?s ?p WHERE {{ {' UNION '.join(parts)} }}"
    return {ox.Triple(subject, p, thing): subject for subject, p in (select(source, query) if parts else ())}


@dataclass(frozen=True)
class _Facts:
    """What is asked at once for all the triples of a description."""

    graphs: Mapping[ox.Triple, tuple[str, ...]]
    reasons: Mapping[ox.Triple, Sequence[Explanation]]
    labels: Mapping[str, str]
    passages: Mapping[str, tuple[Passage, ...]]

    @classmethod
    def gather(cls, source: Source, thing: ox.NamedNode, triples: Sequence[ox.Triple], lang: str, why: bool) -> Self:
        graphs = graphs_of(source, triples)
        reasons = explain_all(source, [one for one in triples if graphs[one] == (INFERENCE_GRAPH,)]) if why else {}
        premises = [premise for found in reasons.values() for one in found for premise in _all_premises(one)]
        told = [thing, *(end for triple in [*triples, *(one.triple for one in premises)] for end in triple)]
        held = {graph for some in [*graphs.values(), *(one.graphs for one in premises)] for graph in some}
        labels = labels_of(source, {end.value for end in told if isinstance(end, ox.NamedNode)}, lang)
        passages = passages_of(source, [thing.value, *(str(triple.subject)[1:-1] for triple in triples)])
        return cls(graphs, reasons, labels | graph_titles(source, held, lang), passages)

    def properties(
        self, triples: Mapping[ox.Triple, Term], totals: Mapping[str, int], limit: int
    ) -> tuple[Property, ...]:
        """Return triples as properties, names and codes first; each triple comes with the end that is its value."""
        found: dict[str, list[Value]] = {}
        for triple, end in sorted(triples.items(), key=lambda one: (rank(one[0].predicate.value), order(one[1]))):
            label = self.labels[end.value] if isinstance(end, ox.NamedNode) else end.value
            passages = self.passages.get(end.value, ()) if end == triple.subject else ()
            why = tuple(self.reasons.get(triple, ()))
            value = Value(end, label, self.graphs[triple], passages, why)
            found.setdefault(triple.predicate.value, []).append(value)
        return tuple(
            Property(name, self.labels[name], totals[name], tuple(values[:limit])) for name, values in found.items()
        )


def rank(predicate: str) -> tuple[int, str]:
    """Return the place of a property in a description: its class, names and codes first, then by IRI."""
    return (_FIRST.index(predicate) if predicate in _FIRST else len(_FIRST)), predicate


def order(term: Term) -> str:
    """Return what the values of a property are sorted by; IRIs as SPARQL sorts them, which pages rely on."""
    return term.value if isinstance(term, ox.NamedNode) else str(term)


def _all_premises(explanation: Explanation) -> Iterator[Premise]:
    for premise in explanation.premises:
        yield premise
        if premise.because:
            yield from _all_premises(premise.because)


def write_description(description: Description, format: str, stream: IO[bytes], lang: str) -> None:
    """Write a description as ``text``, ``json`` or ``turtle``; raise ParameterError on another format."""
    if format == "text":
        _print(as_text(description, lang), stream)
    elif format == "json":
        stream.write((json.dumps(as_json(description), ensure_ascii=False, indent=2) + "\n").encode())
    elif format == "turtle":
        write(graph(_triples(description)), format, stream, lang)
    else:
        raise ParameterError(
            fr=f"{format!r} n'est pas un format de show ; attendu : text, json, turtle.",
            en=f"{format!r} is not a format of show; expected: text, json, turtle.",
        )


def _print(told: Group, stream: IO[bytes]) -> None:
    """Print to a terminal in its width and colours, elsewhere in wide plain lines."""
    if stream.isatty():
        wrapper = io.TextIOWrapper(stream, encoding="utf-8", write_through=True)
        Console(file=wrapper).print(told)
        wrapper.detach()
        return
    plain = io.StringIO()
    Console(file=plain, width=_WIDE, color_system=None).print(told)
    stream.write("".join(f"{line.rstrip()}\n" for line in plain.getvalue().splitlines()).encode())


def _triples(description: Description) -> Iterator[ox.Triple]:
    thing = ox.NamedNode(description.iri)
    for one in description.properties:
        yield from (ox.Triple(thing, ox.NamedNode(one.iri), value.term) for value in one.values)
    for one in description.incoming:
        yield from (
            ox.Triple(value.term, ox.NamedNode(one.iri), thing)
            for value in one.values
            if isinstance(value.term, ox.NamedNode)
        )


def as_json(description: Description) -> dict[str, Any]:
    """Return a description as plain mappings and lists."""
    kind = description.type
    return {
        "iri": description.iri,
        "label": description.labels[description.iri],
        "type": {"iri": kind, "label": description.labels[kind]} if kind else None,
        "evidence": [_passage_as_json(passage) for passage in description.passages],
        "properties": [_property_as_json(one) for one in description.properties],
        "incoming": [_property_as_json(one) for one in description.incoming],
        "graphs": {
            graph: description.labels[graph]
            for graph in sorted(
                {g for one in (*description.properties, *description.incoming) for v in one.values for g in v.graphs}
            )
        },
    }


def _property_as_json(one: Property) -> dict[str, Any]:
    return {
        "iri": one.iri,
        "label": one.label,
        "total": one.total,
        "values": [_value_as_json(value) for value in one.values],
    }


def _value_as_json(value: Value) -> dict[str, Any]:
    term = value.term
    told: dict[str, Any] = {"iri": term.value, "label": value.label}
    if isinstance(term, ox.Literal):
        told = {"value": term.value} | ({"lang": term.language} if term.language else {"datatype": term.datatype.value})
    told["graphs"] = list(value.graphs)
    if value.passages:
        told["evidence"] = [_passage_as_json(passage) for passage in value.passages]
    if value.why:
        told["why"] = [_explanation_as_json(one) for one in value.why]
    return told


def _passage_as_json(passage: Passage) -> dict[str, Any]:
    told = {name: getattr(passage, name) for name in ("iri", "document", "start", "end", "digest", "quote")}
    return {name: value for name, value in told.items() if value is not None}


def _explanation_as_json(explanation: Explanation) -> dict[str, Any]:
    rule = explanation.rule
    return {
        "rule": rule.name,
        "title": dict(rule.title),
        "description": dict(rule.description),
        "premises": [
            {
                "triple": [str(end) for end in premise.triple],
                "graphs": list(premise.graphs),
                "evidence": [_passage_as_json(passage) for passage in premise.passages],
                "because": _explanation_as_json(premise.because) if premise.because else None,
            }
            for premise in explanation.premises
        ],
    }


_WORDS = {
    "incoming": {"fr": "Ce qui s'y rapporte", "en": "What refers to it"},
    "passages": {"fr": "Passages", "en": "Passages"},
    "why": {"fr": "Pourquoi", "en": "Why"},
    "derived": {"fr": "déduit", "en": "derived"},
    "others": {"fr": "{n} autre(s) façon(s) de le déduire", "en": "{n} other way(s) to derive it"},
    "of": {"fr": "{shown} sur {total}", "en": "{shown} of {total}"},
}


def as_text(description: Description, lang: str) -> Group:
    """Return a description laid out for a reader, what is said both ways only once."""
    description, labels = _without_mirrors(description), description.labels
    kind = f" — {labels[description.type]}" if description.type else ""
    parts: list[Any] = [_line(labels[description.iri] + kind, "bold"), _line(description.iri), Text()]
    parts.append(_as_table(description.properties, labels, lang, ""))
    if description.incoming:
        parts += [Text(), _line(_WORDS["incoming"][lang], "bold"), Text()]
        parts.append(_as_table(description.incoming, labels, lang, "← "))
    if description.passages:
        parts += [Text(), _line(_WORDS["passages"][lang], "bold"), Text()]
        parts += [Padding(_passage_as_text(passage), (0, 0, 0, 2)) for passage in description.passages]
    reasons = list(_reasons(description, lang))
    if reasons:
        parts += [Text(), _line(_WORDS["why"][lang], "bold"), Text(), *reasons]
    return Group(*parts)


def _without_mirrors(description: Description) -> Description:
    """Leave out a property that is only derived where its inverse stands on the other side; stated ones stay."""
    stated = {one.iri for one in description.incoming if not _is_derived(one)}
    properties = tuple(p for p in description.properties if not (_is_derived(p) and inverses(p.iri) & stated))
    kept = {one.iri for one in properties}
    incoming = tuple(p for p in description.incoming if not (_is_derived(p) and inverses(p.iri) & kept))
    return replace(description, properties=properties, incoming=incoming)


def _is_derived(one: Property) -> bool:
    return all(value.graphs == (INFERENCE_GRAPH,) for value in one.values)


def _as_table(properties: Iterable[Property], labels: Mapping[str, str], lang: str, mark: str) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for one in properties:
        heading = mark + one.label
        if one.total > len(one.values):
            heading += f" ({_WORDS['of'][lang].format(shown=len(one.values), total=one.total)})"
        for value in one.values:
            told = _line(_told(value.term, labels))
            for passage in value.passages[:_PLACES]:
                told.append("\n").append(_line(passage.place(), "dim"))
            if len(value.passages) > _PLACES:
                told.append(f" … (+{len(value.passages) - _PLACES})", "dim")
            table.add_row(_line(heading), told, _line(_sources(value.graphs, labels, lang), "dim"))
            heading = ""
    return table


def _told(term: Any, labels: Mapping[str, str]) -> str:
    if isinstance(term, ox.Literal):
        return f"{term.value} @{term.language}" if term.language else term.value
    label, short = labels[term.value], shorten(term.value)
    return label if term.value.startswith((CG, BASE + "vocab/")) or label == short else f"{label} ({short})"


def _sources(graphs: Iterable[str], labels: Mapping[str, str], lang: str) -> str:
    return ", ".join(_WORDS["derived"][lang] if one == INFERENCE_GRAPH else labels[one] for one in graphs)


def _line(words: str, style: str = "") -> Text:
    """Return words in one line, without what a terminal would obey."""
    return Text(_CONTROL.sub(" ", words), style)


def _passage_as_text(passage: Passage) -> Text:
    return _line(passage.place() + (f" « {passage.quote} »" if passage.quote else ""))


def _reasons(description: Description, lang: str) -> Iterator[Tree]:
    """Yield the shortest explanation of each derived triple as a tree that ends in what is stated."""
    labels, thing = description.labels, ox.NamedNode(description.iri)
    for properties, is_incoming in ((description.properties, False), (description.incoming, True)):
        for one in properties:
            for value in (value for value in one.values if value.why):
                ends = (value.term, one.iri, thing) if is_incoming else (thing, one.iri, value.term)
                tree = Tree(_line(_sentence(ends[0], one.iri, ends[2], labels)))
                _grow(tree, value.why[0], labels, lang)
                if len(value.why) > 1:
                    tree.add(_line(_WORDS["others"][lang].format(n=len(value.why) - 1), "dim"))
                yield tree


def _grow(tree: Tree, explanation: Explanation, labels: Mapping[str, str], lang: str) -> None:
    branch = tree.add(_line(f"{explanation.rule.title[lang]} ({explanation.rule.name})", "italic"))
    for premise in explanation.premises:
        subject, predicate, object_ = premise.triple
        where = f" — {_sources(premise.graphs, labels, lang)}" if premise.graphs else ""
        leaf = branch.add(_line(_sentence(subject, predicate.value, object_, labels) + where))
        for passage in premise.passages:
            leaf.add(_passage_as_text(passage))
        if premise.because:
            _grow(leaf, premise.because, labels, lang)


def _sentence(subject: Any, predicate: str, object_: Any, labels: Mapping[str, str]) -> str:
    return f"{_told(subject, labels)} · {labels[predicate]} · {_told(object_, labels)}"
