"""What follows from what is stated: ontology/rules/*.rq run to a fixpoint, and why a derived triple holds.

A rule is a CONSTRUCT of one triple template. Its block ``GRAPH </def>`` is matched with the ontology and the
code lists, the rest with what is stated, one triple pattern a line: those lines, filled in, are the premises.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pyoxigraph as ox

from cesergraph.answers import Source
from cesergraph.errors import HeaderError
from cesergraph.evidence import Passage, passages_of, select
from cesergraph.header import read_header
from cesergraph.identifiers import INFERENCE_GRAPH
from cesergraph.namespaces import GRAPH, ID, PREFIXES, expand
from cesergraph.resources import walk
from cesergraph.vocabulary import ONTOLOGY_GRAPH, vocabulary

Pattern = tuple[str, str, str]
Bindings = Mapping[str, str]

_TEMPLATE = re.compile(r"CONSTRUCT \{ (\S+) (\S+) (\S+) \}\nWHERE \{\n(.*)\n\}\n?\Z", re.DOTALL)
_ONTOLOGY_BLOCK = re.compile(rf"  GRAPH {re.escape(str(ONTOLOGY_GRAPH))} \{{\n(.*?)\n  \}}\n", re.DOTALL)
_PATTERN = re.compile(r"^  (\S+) (\S+) (\S+) \.$", re.MULTILINE)
_BODY_TYPE = re.compile(rf"<{ID}organisation/[^>]+> <{PREFIXES['rdf']}type> ")


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule: what it concludes, from what, and how it is told to a reader."""

    name: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    prologue: str
    template: Pattern
    ontology: str
    stated: str
    premises: tuple[Pattern, ...]


@dataclass(frozen=True)
class Premise:
    """One triple a conclusion rests on: who states it and where, or why it holds in its turn."""

    triple: ox.Triple
    graphs: tuple[str, ...]
    passages: tuple[Passage, ...]
    because: "Explanation | None"


@dataclass(frozen=True)
class Explanation:
    """One way in which a derived triple follows: a rule and its premises."""

    rule: Rule
    premises: tuple[Premise, ...]


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule, by name; raise HeaderError where one is not written the way they are read."""
    files = walk("ontology/rules", ".rq")
    return tuple(_read_rule(name, file.read_text(encoding="utf-8")) for name, file in files.items())


def _read_rule(name: str, text: str) -> Rule:
    header = read_header(text, f"{name}.rq")
    match = _TEMPLATE.search(text)
    if not match:
        raise HeaderError(
            fr=f"{name}.rq : attendu : CONSTRUCT {{ un seul triplet }} puis WHERE, chacun sur sa ligne.",
            en=f"{name}.rq: expected: CONSTRUCT {{ one triple }} then WHERE, each on its line.",
        )
    subject, predicate, object_, body = match.groups()
    block = _ONTOLOGY_BLOCK.search(body)
    stated = _ONTOLOGY_BLOCK.sub("", body)
    return Rule(
        name=name,
        title=header["title"],
        description=header["description"],
        prologue="\n".join(line for line in text[: match.start()].splitlines() if line.startswith("PREFIX")),
        template=(_token(subject), _token(predicate), _token(object_)),
        ontology=block[1] if block else "",
        stated=stated,
        premises=tuple((_token(s), _token(p), _token(o)) for s, p, o in _PATTERN.findall(stated)),
    )


def _token(token: str) -> str:
    if token.startswith(("?", "<")):
        return token
    return f"<{expand('rdf:type' if token == 'a' else token)}>"


def infer(lines: Iterable[str], registers: Collection[str] = ()) -> list[str]:
    """Return the N-Quads lines of what follows from some lines and is stated nowhere in them, sorted.

    Of the sources named in ``registers`` only the classes of organisations are taken: what could be
    derived about every territory of the country would double the graph and answers no question.
    """
    marks = tuple(f"<{GRAPH}{source}/" for source in registers)
    taken = (line for line in lines if not line[line.rfind(" <") + 1 :].startswith(marks) or _BODY_TYPE.match(line))
    store = ox.Store()
    facts = ox.parse("".join(taken), format=ox.RdfFormat.N_QUADS)
    store.bulk_extend(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in facts)
    derived: set[ox.Quad] = set()
    while fresh := {quad for rule in rules() for quad in _conclusions(store, rule)}:
        store.extend(fresh)
        derived |= fresh
    return sorted(f"{quad.subject} {quad.predicate} {quad.object} <{INFERENCE_GRAPH}> .\n" for quad in derived)


def _conclusions(store: ox.Store, rule: Rule) -> Iterator[ox.Quad]:
    """Yield what one rule newly concludes; its ontology part comes first, which spares a search of all triples."""
    started = list(_matched_with_ontology(rule, {}))
    if started:
        template, where = " ".join(rule.template), _where(rule, started)
        found = store.query(f"{rule.prologue}\nCONSTRUCT {{ {template} }} WHERE {{ {where} }}")
        assert isinstance(found, ox.QueryTriples)
        quads = (ox.Quad(triple.subject, triple.predicate, triple.object) for triple in found)
        yield from (quad for quad in quads if quad not in store)


def explain(source: Source, subject: str, predicate: str, object_: str) -> list[Explanation]:
    """Return every way in which a triple, given as N-Triples terms, was derived, the shortest first.

    The list is empty for a triple that some graph states, and for one that is not there.
    """
    triple = _parse(subject, predicate, object_)
    return explain_all(source, [triple])[triple]


def explain_all(source: Source, triples: Iterable[ox.Triple]) -> dict[ox.Triple, list[Explanation]]:
    """Return the explanations of many triples, with a number of queries that does not grow with theirs."""
    wanted = sorted(set(triples), key=str)
    trace = _Trace(source, wanted)
    return {triple: trace.explanations(triple) for triple in wanted}


Step = tuple[Rule, tuple[ox.Triple, ...]]


class _Trace:
    """All derivations of some triples, followed back to what is stated, and the shortest proof of each triple."""

    def __init__(self, source: Source, wanted: Sequence[ox.Triple]) -> None:
        self._graphs: dict[ox.Triple, tuple[str, ...]] = {}
        self._steps: dict[ox.Triple, list[Step]] = {}
        frontier = self._look_up(source, wanted)
        while frontier:
            found = _steps_to(source, frontier)
            self._steps |= found
            frontier = self._look_up(source, {p for steps in found.values() for _, premises in steps for p in premises})
        self._best, self._cost = self._shortest()
        stated = [triple for triple in self._graphs if triple not in self._steps]
        self._passages = passages_of(
            source, [t.value for s in stated for t in (s.subject, s.object) if isinstance(t, ox.NamedNode)]
        )

    def _look_up(self, source: Source, triples: Iterable[ox.Triple]) -> list[ox.Triple]:
        """Note which graphs hold the triples; return those among the new ones that are only derived."""
        new = sorted(set(triples) - self._graphs.keys(), key=str)
        self._graphs |= graphs_of(source, new)
        return [triple for triple in new if self._graphs[triple] == (INFERENCE_GRAPH,)]

    def _shortest(self) -> tuple[dict[ox.Triple, Step], dict[ox.Triple, int]]:
        """Return the cheapest last step to each derived triple, and the costs; a circle never gets a cost."""
        best: dict[ox.Triple, Step] = {}
        cost = {triple: 1 for triple in self._graphs if triple not in self._steps}
        changed = True
        while changed:
            changed = False
            for triple, steps in self._steps.items():
                for step in steps:
                    total = 1 + sum(cost.get(premise, 1_000_000) for premise in step[1])
                    if total < cost.get(triple, 1_000_000):
                        best[triple], cost[triple], changed = step, total, True
        return best, cost

    def explanations(self, triple: ox.Triple) -> list[Explanation]:
        """Return the steps to a triple whose premises do not themselves rest on it, the shortest first."""
        sound = [
            (1 + sum(self._cost[premise] for premise in premises), rule, premises)
            for rule, premises in self._steps.get(triple, ())
            if all(premise in self._cost and not self._rests_on(premise, triple) for premise in premises)
        ]
        return [self._explained(rule, premises) for _, rule, premises in sorted(sound, key=lambda one: one[0])]

    def _rests_on(self, triple: ox.Triple, other: ox.Triple) -> bool:
        if triple == other:
            return True
        return triple in self._best and any(self._rests_on(premise, other) for premise in self._best[triple][1])

    def _explained(self, rule: Rule, premises: tuple[ox.Triple, ...]) -> Explanation:
        return Explanation(rule, tuple(self._premise(triple) for triple in premises))

    def _premise(self, triple: ox.Triple) -> Premise:
        step = self._best.get(triple)
        ends = [end.value for end in (triple.subject, triple.object) if isinstance(end, ox.NamedNode)]
        passages = next((self._passages[end] for end in ends if end in self._passages), ())
        return Premise(triple, self._graphs[triple], () if step else passages, self._explained(*step) if step else None)


def graphs_of(source: Source, triples: Sequence[ox.Triple]) -> dict[ox.Triple, tuple[str, ...]]:
    """Return the named graphs that hold each triple, sorted."""
    found: dict[ox.Triple, set[str]] = {triple: set() for triple in triples}
    values = " ".join(f"({t.subject} {t.predicate} {t.object})" for t in triples)
    query = f"SELECT ?s ?p ?o ?g WHERE {{ VALUES (?s ?p ?o) {{ {values} }} GRAPH ?g {{ ?s ?p ?o }} }}"
    for subject, predicate, object_, graph in select(source, query) if values else ():
        found.setdefault(ox.Triple(subject, predicate, object_), set()).add(graph.value)
    return {triple: tuple(sorted(graphs)) for triple, graphs in found.items()}


def _steps_to(source: Source, triples: Sequence[ox.Triple]) -> dict[ox.Triple, list[Step]]:
    """Return the last steps by which each triple can be concluded, sorted."""
    steps: dict[ox.Triple, set[Step]] = {triple: set() for triple in triples}
    for rule in rules():
        ends = filter(None, (_unify(rule.template, triple) for triple in triples))
        started = [bindings for end in ends for bindings in _matched_with_ontology(rule, end)]
        if not started:
            continue
        answers = source.query(f"{rule.prologue}\nSELECT DISTINCT * WHERE {{ {_where(rule, started)} }}")
        for row in answers.rows:
            bindings = {f"?{name}": str(term) for name, term in zip(answers.columns, row, strict=True)}
            premises = tuple(_fill(pattern, bindings) for pattern in rule.premises)
            steps[_fill(rule.template, bindings)].add((rule, premises))
    return {triple: sorted(found, key=lambda one: (one[0].name, str(one[1]))) for triple, found in steps.items()}


def _unify(template: Pattern, triple: ox.Triple) -> Bindings | None:
    """Return what the variables of a template must be to give a triple, or None where it cannot."""
    ends = list(zip(template, map(str, triple), strict=True))
    if any(token != value for token, value in ends if not token.startswith("?")):
        return None
    return {token: value for token, value in ends if token.startswith("?")}


def _matched_with_ontology(rule: Rule, bindings: Bindings) -> Iterator[Bindings]:
    """Yield bindings completed from the ontology; a rule that does not read it leaves them as they are."""
    if not rule.ontology:
        yield bindings
        return
    shared = {name: value for name, value in bindings.items() if f"{name} " in rule.ontology}
    where = f"{_values([shared])} GRAPH {ONTOLOGY_GRAPH} {{ {rule.ontology} }}"
    found = vocabulary().query(f"{rule.prologue}\nSELECT DISTINCT * WHERE {{ {where} }}")
    assert isinstance(found, ox.QuerySolutions)
    names = [str(variable) for variable in found.variables]
    for row in found:
        terms = {name: str(term) for name, term in zip(names, row, strict=True) if isinstance(term, ox.NamedNode)}
        yield {**bindings, **terms}


def _where(rule: Rule, started: Sequence[Bindings]) -> str:
    return f"{_values(started)}\n{rule.stated}"


def _values(rows: Sequence[Bindings]) -> str:
    """Return a VALUES block of rows that bind the same variables."""
    names = sorted(rows[0])
    lines = " ".join("(" + " ".join(row[name] for name in names) + ")" for row in rows)
    return f"VALUES ({' '.join(names)}) {{ {lines} }}" if names else ""


def _fill(pattern: Pattern, bindings: Bindings) -> ox.Triple:
    return _parse(*(bindings.get(token, token) for token in pattern))


def _parse(subject: str, predicate: str, object_: str) -> ox.Triple:
    (quad,) = ox.parse(f"{subject} {predicate} {object_} .", format=ox.RdfFormat.N_TRIPLES)
    return ox.Triple(quad.subject, quad.predicate, quad.object)
