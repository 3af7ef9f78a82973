"""What a query gives back, what may be asked, and what every place that can be queried offers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import Protocol, TypeAlias

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    Store,
    Triple,
)

from cesergraph.errors import SyntaxFault

Kind: TypeAlias = OneOf["select", "ask", "graph"]
Term: TypeAlias = NamedNode | BlankNode | Literal | Triple
Row: TypeAlias = tuple[Term | None, ...]


@dataclass(frozen=True)
class Answers:
    """The whole result of one query: rows (select), yes or no (ask), or triples in order (construct, describe)."""

    kind: Kind
    columns: tuple[str, ...] = ()
    rows: Sequence[Row] = ()
    boolean: bool | None = None
    triples: Sequence[Triple] = ()


class Source(Protocol):
    """Anything that answers SPARQL with the union of all named graphs as its default graph."""

    def query(self, text: str) -> Answers:
        """Return the answers to a read query; raise SyntaxFault where it is not one."""
        ...


@dataclass(frozen=True)
class Question:
    """What a query text asks for, and whether it names its own data set (``FROM``)."""

    kind: Kind
    names_graphs: bool


def evaluate(data: Store, text: str) -> Answers:
    """Return what an Oxigraph store answers, its graphs united unless the query says ``FROM``. Raise SyntaxFault."""
    question = examine(text)
    return gather(data.query(text, use_default_graph_as_union=not question.names_graphs))


def gather(result: QuerySolutions | QueryBoolean | QueryTriples) -> Answers:
    """Return an Oxigraph result as Answers."""
    if isinstance(result, QueryBoolean):
        return Answers("ask", boolean=bool(result))
    if isinstance(result, QueryTriples):
        return graph(result)
    names = [variable.value for variable in result.variables]
    return Answers("select", columns=tuple(names), rows=tuple(tuple(row[name] for name in names) for row in result))


def graph(triples: Iterable[Triple]) -> Answers:
    """Return triples as Answers: each once, in the order of their N-Triples lines."""
    return Answers("graph", triples=tuple(sorted(set(triples), key=str)))


def plain(term: Term | None) -> str | None:
    """Return the bare text of a term: an IRI, a lexical form, or None where a variable is unbound."""
    if term is None:
        return None
    return str(term) if isinstance(term, BlankNode | Triple) else term.value


def examine(text: str) -> Question:
    """Return what a query asks for; raise SyntaxFault where it is no read query, or where it has a SERVICE clause.

    Oxigraph calls the address of a SERVICE clause by itself, before anybody could be asked, so such a query must not
    even be tried.
    """
    _refuse_service(text)
    kind = _parse(text)
    if isinstance(kind, SyntaxError | RuntimeError):
        raise _not_a_read_query(text, kind)
    return Question(kind, names_graphs=_has_keyword(text, "from"))


def _parse(text: str) -> Kind | SyntaxError | RuntimeError:
    """Return the kind of a query or what is wrong with it, as told by Oxigraph's own parser on an empty store.

    The result itself goes no further: one that outlives its thread, say in a traceback, cannot be freed.
    """
    try:
        result = Store().query(text)
    except (SyntaxError, RuntimeError) as error:
        return error
    if isinstance(result, QueryTriples):
        return "graph"
    return "ask" if isinstance(result, QueryBoolean) else "select"


def _has_keyword(text: str, word: str) -> bool:
    """Tell whether a word stands in a query as a keyword, not in a string, a comment, an IRI or a name.

    With another word in its place the query still parses, unless it was a keyword. So the parser that will run the
    query decides, and no second reading of SPARQL's rules can differ from it.
    """
    return word in text.lower() and isinstance(_parse(_replace(text, word, "q" * len(word))), SyntaxError)


def _replace(text: str, word: str, by: str) -> str:
    return re.sub(word, by, text, flags=re.IGNORECASE)


def _refuse_service(text: str) -> None:
    if not _has_keyword(text, "service"):
        return
    if isinstance(fault := _parse(_replace(text, r"service(\s+silent)?", "GRAPH")), SyntaxError | RuntimeError):
        raise _not_a_read_query(text, fault)
    raise SyntaxFault(
        fr="La requête contient une clause SERVICE, refusée ici car elle ferait appeler un autre serveur ; "
        "interrogez ce serveur directement.",
        en="The query has a SERVICE clause, refused here because it would call another server; "
        "query that server directly.",
    )


_UPDATE = re.compile(
    r"(?:\s|#[^\n]*\n|PREFIX\s+\S*:\s*<[^>]*>|BASE\s*<[^>]*>)*"
    r"(INSERT|DELETE|LOAD|CLEAR|DROP|CREATE|ADD|MOVE|COPY|WITH)\b",
    re.IGNORECASE,
)
_POSITION = re.compile(r"error at (\d+):(\d+):")
_PREFIXED = re.compile(r"([A-Za-z][\w-]*):\S*\s*\Z")


def _not_a_read_query(text: str, error: SyntaxError | RuntimeError) -> SyntaxFault:
    if update := _UPDATE.match(text):
        word = update[1].upper()
        return SyntaxFault(
            fr=f"La requête écrit ({word}) ; ici on ne fait que lire : SELECT, ASK, CONSTRUCT ou DESCRIBE.",
            en=f"The query writes ({word}); only reading is possible here: SELECT, ASK, CONSTRUCT or DESCRIBE.",
        )
    place = _POSITION.match(str(error))
    if place is None:
        return SyntaxFault(
            fr=f"La requête ne peut pas être exécutée : {error}.", en=f"The query cannot be run: {error}."
        )
    return _malformed(text, int(place[1]), int(place[2]), str(error))


def _malformed(text: str, line: int, column: int, error: str) -> SyntaxFault:
    here = [*text.split("\n"), ""][line - 1]
    rest = here[column - 1 :][:40].strip()
    reason_fr, reason_en = _reason(text, here[: column - 1], error)
    return SyntaxFault(
        fr=f"La requête est mal formée à la ligne {line}, colonne {column}, "
        + (f"devant « {rest} »" if rest else "où la ligne s'arrête")
        + f"{reason_fr}.",
        en=f"The query is malformed at line {line}, column {column}, "
        + (f"before “{rest}”" if rest else "where the line ends")
        + f"{reason_en}.",
    )


def _reason(text: str, before: str, error: str) -> tuple[str, str]:
    """Return the two commonest reasons in words; what else the parser expected is a list of every token there is."""
    if "variable that is unbound" in error:
        return (
            " : une variable du SELECT n'est ni liée ni groupée",
            ": a variable of the SELECT is not bound or grouped",
        )
    prefixed = _PREFIXED.search(before)
    if prefixed and not re.search(rf"PREFIX\s+{prefixed[1]}:", text, re.IGNORECASE):
        return f" : le préfixe {prefixed[1]}: n'est pas déclaré", f": the prefix {prefixed[1]}: is not declared"
    return "", ""
