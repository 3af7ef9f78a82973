"""How much the graph holds: things by class, quads by source, the share of record items with a passage, problems.

The same by document, and the recommendations announced and stated.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import IO

from pyoxigraph import Literal, NamedNode

from cesergraph.answers import Answers, Source
from cesergraph.evidence import select
from cesergraph.formats import write
from cesergraph.identifiers import DECISION_GRAPH, INFERENCE_GRAPH, META
from cesergraph.names import graph_titles, labels_of
from cesergraph.namespaces import CG, GRAPH, PREFIXES, expand
from cesergraph.nquads import iri
from cesergraph.quality import (
    DOCUMENT_GRAPH,
    KINDS,
    QUALITY,
    Completeness,
    completeness,
    kind_of,
    problems_by_document,
    read_problems,
    so_many_of,
)
from cesergraph.shapes import SEVERITIES, Problem
from cesergraph.store import EmbeddedStore
from cesergraph.vocabulary import broader_classes, narrower_classes, term_label

_PROLOGUE = f"PREFIX cg: <{PREFIXES['cg']}>"
_EVIDENCED = "?thing cg:evidencedBy|cg:claimedIn|^cg:states ?passage ."
_ITEMS = ("Situation", "Expression", "Occurrence", "PlanningElement", "Recommendation", "RecommendedAction")
_EXAMPLES, _WIDTH = 3, 40
_Row = tuple[NamedNode | Literal | None, ...]
_OWN_GRAPHS = {INFERENCE_GRAPH: "derived", DECISION_GRAPH: "decided"}
_NO_ITEMS = ("PopulationCount", "Passage", "ExtractionActivity", "EditorialDecision", "Scheme", "Strategy")


@dataclass(frozen=True)
class ClassCount:
    """How many things a class has, and how many of them a passage evidences where they are record items."""

    iri: str
    label: str
    things: int
    evidenced: int | None


@dataclass(frozen=True)
class SourceCount:
    """How many quads come from a source."""

    name: str
    label: str
    quads: int


@dataclass(frozen=True)
class DocumentCount:
    """How many record items a document gives, by class and in all, how many a passage evidences, its problems."""

    iri: str
    label: str
    classes: Mapping[str, int]
    items: int
    evidenced: int
    problems: Mapping[str, int]


@dataclass(frozen=True)
class KindCount:
    """How many problems are of one kind, and what a few of them concern."""

    key: str
    label: str
    problems: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Statistics:
    """The counts of one graph; problems and size are known of an embedded store only."""

    classes: Sequence[ClassCount]
    sources: Sequence[SourceCount]
    documents: Sequence[DocumentCount]
    works: Sequence[Completeness]
    items: int
    evidenced: int
    problems: Mapping[str, int] | None
    kinds: Sequence[KindCount]
    size: int | None

    @property
    def quads(self) -> int:
        """How many quads all sources give together."""
        return sum(source.quads for source in self.sources)


def item_classes() -> frozenset[str]:
    """Return the classes of record items: what a document states, each time with a passage.

    Things that live across documents (organisations, schemes, strategies) and the passages themselves are none,
    nor are the classes that hold such things beside items.
    """
    none = {one for name in _NO_ITEMS for one in narrower_classes(CG + name) | broader_classes(CG + name)}
    return frozenset(one for name in _ITEMS for one in narrower_classes(CG + name)) - none


def statistics(source: Source, lang: str = "fr") -> Statistics:
    """Return the counts of a graph, with labels in a language."""
    store = source if isinstance(source, EmbeddedStore) else None
    problems = read_problems(store) if store else []
    return Statistics(
        classes=_count_classes(source, lang),
        sources=count_sources(source, lang),
        documents=count_documents(source, problems, lang),
        works=completeness(source, lang),
        items=_count_items(source, ""),
        evidenced=_count_items(source, _EVIDENCED),
        problems=store.manifest.problems if store else None,
        kinds=_count_kinds(source, problems, lang),
        size=sum(file.stat().st_size for file in store.folder.rglob("*") if file.is_file()) if store else None,
    )


def _count_classes(source: Source, lang: str) -> list[ClassCount]:
    def counted(where: str) -> dict[str, int]:
        query = f"{_PROLOGUE} SELECT ?class (COUNT(DISTINCT ?thing) AS ?n) WHERE {{ {where} }} GROUP BY ?class"
        return {kind.value: int(n.value) for kind, n in select(source, query) if kind.value.startswith(CG)}

    evidenced, items = counted(f"{_items()} {_EVIDENCED}"), item_classes()
    return [
        ClassCount(kind, term_label(kind, lang) or kind, things, evidenced.get(kind, 0) if kind in items else None)
        for kind, things in sorted(counted("?thing a ?class .").items())
    ]


def count_documents(source: Source, problems: Sequence[Problem], lang: str) -> list[DocumentCount]:
    """Return the counts of each document that was read, by IRI."""

    def found(more: str) -> dict[str, dict[str, str]]:
        query = f"""{_PROLOGUE} SELECT DISTINCT ?document ?thing ?class WHERE {{
          {DOCUMENT_GRAPH}
          OPTIONAL {{ {_values()} GRAPH ?graph {{ ?thing a ?class . }} {more} }}
        }}"""
        things: dict[str, dict[str, str]] = {}
        for document, thing, kind in select(source, query):
            things.setdefault(document.value, {}).update({thing.value: kind.value} if thing else {})
        return things

    items, evidenced, by_document = found(""), found(_EVIDENCED), problems_by_document(source, problems)
    labels = labels_of(source, items, lang)
    return [
        DocumentCount(
            iri=one,
            label=labels[one],
            classes=Counter(items[one].values()),
            items=len(items[one]),
            evidenced=len(evidenced[one]),
            problems=Counter(problem.severity for problem in by_document.get(one, ())),
        )
        for one in sorted(items)
    ]


def _count_kinds(source: Source, problems: Sequence[Problem], lang: str) -> list[KindCount]:
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(kind_of(problem.shape, problem.path).key, []).append(problem.focus)
    examples = {key: sorted(set(things))[:_EXAMPLES] for key, things in found.items()}
    labels = labels_of(source, {one for things in examples.values() for one in things}, lang)
    return [
        KindCount(kind.key, kind.say(lang), len(found[kind.key]), tuple(labels[one] for one in examples[kind.key]))
        for kind in KINDS
        if kind.key in found
    ]


def _values() -> str:
    return f"VALUES ?class {{ {' '.join(map(iri, sorted(item_classes())))} }}"


def _items() -> str:
    return f"{_values()} ?thing a ?class ."


def count_sources(source: Source, lang: str) -> list[SourceCount]:
    """Return the quads of each source, by name, with the title it is described by, if any, else the name."""
    rows = select(source, "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    quads = {graph.value: int(count.value) for graph, count in rows}
    titles = graph_titles(source, quads, lang)
    counts: dict[str, int] = {}
    labels: dict[str, str] = {}
    for graph in sorted(quads):
        parts = graph.removeprefix(GRAPH).split("/")
        name = parts[1] if parts[0] == META else parts[0]
        counts[name] = counts.get(name, 0) + quads[graph]
        if parts[0] != META or name == QUALITY:
            word = _OWN_GRAPHS.get(graph)
            labels.setdefault(name, _WORDS[word][lang] if word else titles[graph])
    return [SourceCount(name, labels.get(name, name), count) for name, count in sorted(counts.items())]


def _count_items(source: Source, more: str) -> int:
    query = f"{_PROLOGUE} SELECT (COUNT(DISTINCT ?thing) AS ?n) WHERE {{ {_items()} {more} }}"
    ((count,),) = select(source, query)
    return int(count.value)


_WORDS = {
    "class": {"fr": "classe", "en": "class"},
    "source": {"fr": "source", "en": "source"},
    "all": {"fr": "ensemble", "en": "all"},
    "document": {"fr": "document", "en": "document"},
    "announced": {"fr": "préconisations annoncées", "en": "recommendations announced"},
    "problem": {"fr": "problème", "en": "problem"},
    "kind": {"fr": "genre de problème", "en": "kind of problem"},
    "items": {"fr": "éléments relevés dans les documents", "en": "items recorded from documents"},
    "derived": {"fr": "déduit par les règles", "en": "derived by the rules"},
    "decided": {"fr": "décidé par des personnes", "en": "decided by people"},
    "quads": {"fr": "quads", "en": "quads"},
    "bytes": {"fr": "taille en octets", "en": "size in bytes"},
    "Violation": {"fr": "violations", "en": "violations"},
    "Warning": {"fr": "avertissements", "en": "warnings"},
    "Info": {"fr": "remarques", "en": "remarks"},
}


def write_statistics(counted: Statistics, format: str, stream: IO[bytes], lang: str) -> None:
    """Write statistics as one table in ``table``, ``csv``, ``json`` or ``markdown``; raise ParameterError.

    Of completeness ``count`` is what documents announce, ``evidenced`` what was found.
    """
    columns = ("section", "name", "label", "count", "evidenced", "share")
    rows = [_row("class", NamedNode(c.iri), c.label, c.things, c.evidenced, lang) for c in counted.classes]
    rows += [_row("source", Literal(s.name), s.label, s.quads, None, lang) for s in counted.sources]
    rows += [_row("document", NamedNode(d.iri), d.label, d.items, d.evidenced, lang) for d in counted.documents]
    rows += _quality_rows(counted, lang)
    totals = [("items", counted.items, counted.evidenced), ("quads", counted.quads, None)]
    totals += [("bytes", counted.size, None)] if counted.size is not None else []
    rows += [_row("all", Literal(name), _WORDS[name][lang], count, part, lang) for name, count, part in totals]
    if counted.problems is not None:
        for severity in SEVERITIES:
            number = counted.problems.get(severity, 0)
            rows.append(_row("problem", Literal(severity), _WORDS[severity][lang], number, None, lang))
    write(Answers(kind="select", columns=columns, rows=rows), format, stream, lang)


def _quality_rows(counted: Statistics, lang: str) -> Iterator[_Row]:
    for work in counted.works:
        said = f"{work.label} ({so_many_of(work.stated, work.announced, lang)})"
        yield _row("announced", NamedNode(work.work), said, max(work.announced), work.stated, lang)
    for severity in SEVERITIES:
        for document in counted.documents:
            if number := document.problems.get(severity):
                yield _row(severity, NamedNode(document.iri), document.label, number, None, lang)
    for kind in counted.kinds:
        examples = " ; ".join(shorten(example, _WIDTH, placeholder=" …") for example in kind.examples)
        yield _row("kind", Literal(kind.key), f"{kind.label} ({examples})", kind.problems, None, lang)


def _row(section: str, name: NamedNode | Literal, label: str, count: int, evidenced: int | None, lang: str) -> _Row:
    share = None if evidenced is None or not count else f"{evidenced / count:.3f}"
    return (
        Literal(_WORDS[section][lang]),
        name,
        Literal(label),
        Literal(count),
        None if evidenced is None else Literal(evidenced),
        None if share is None else Literal(share, datatype=NamedNode(expand("xsd:decimal"))),
    )
