"""Full-text search: an SQLite FTS5 index beside the store.

``find`` looks for names and codes. A hit's score tells how its name met the words: 100 the whole label or code,
90 another whole name; 70 the label's beginning, 60 another name's beginning, 40 all words anywhere, plus up to 9
for the share of the name that the words make up. Ties: the larger territory first, then by IRI.

``search`` looks in everything that is said of a thing and counts what it finds by facet. Things whose names meet
the words come first, scored as by ``find`` with 35 less for a statement (an expression, a situation, a quantity);
then those where the words are spread over names, descriptions, themes and addressees, by BM25.
"""

import json
import re
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox

from cesergraph.errors import ParameterError, StoreError
from cesergraph.facets import DATES, FACETS, FOLLOWED, expand_value, file_things, shorten_value
from cesergraph.namespaces import CG, PREFIXES
from cesergraph.vocabulary import broader_classes, class_named, most_specific, narrower_classes, term_label
from cesergraph.words import Marker, Segment, cut, singular, wanted
from cesergraph.words import fold as fold

LABEL, ALTERNATIVE, AS_WRITTEN, CODE = "label", "alternative name", "name as written", "code"
DESCRIPTION = "description"
KIND, REGION, THEME, ADDRESSEE, YEAR, DOCUMENT = FACETS
_NAMES = (LABEL, ALTERNATIVE, AS_WRITTEN, CODE)
_WORDED = (LABEL, ALTERNATIVE, AS_WRITTEN)
_FIELDS = (*_NAMES, DESCRIPTION, THEME, ADDRESSEE, DOCUMENT, REGION)
SORTS = ("relevance", "label", "recent")

_MATCHED = {
    "skos:prefLabel": LABEL,
    "skos:altLabel": ALTERNATIVE,
    "dcterms:title": ALTERNATIVE,
    "cg:nameAsWritten": AS_WRITTEN,
    "cg:asWritten": AS_WRITTEN,
    "cg:inseeCode": CODE,
    "cg:siren": CODE,
    "skos:notation": CODE,
    "dcterms:identifier": CODE,
    "dcterms:description": DESCRIPTION,
    "skos:definition": DESCRIPTION,
    "skos:scopeNote": DESCRIPTION,
    "cg:announcedTheme": DESCRIPTION,
    "cg:perimeter": DESCRIPTION,
    "cg:referralSubject": DESCRIPTION,
    "cg:decisionReason": DESCRIPTION,
}


def _predicate(curie: str) -> str:
    prefix, _, local = curie.partition(":")
    return f"<{PREFIXES[prefix]}{local}>"


_KINDS = {_predicate(curie): matched for curie, matched in _MATCHED.items()}
_TYPE, _NAMED_THING = _predicate("rdf:type"), _predicate("cg:namedThing")
_ADDRESSING, _RECOMMENDED = _predicate("cg:addressing"), _predicate("cg:recommendationOf")
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@([a-zA-Z-]+))?')
_RANKS = {"Region": 0, "Departement": 1, "Intercommunality": 2, "Commune": 4}
_OTHER = 3
_STATEMENT, _LESS = 3, 35
_STANDINGS = {"Work": 0, "PlanningElement": 1, "Actor": 2, "Territory": 2, "Site": 2, "Occurrence": 2}
_STANDINGS |= {"Expression": _STATEMENT, "Situation": _STATEMENT, "Quantity": _STATEMENT}
_LONGEST, _MOST_WORDS, LARGEST_PAGE = 500, 24, 10_000
_WEIGHED_AT_MOST, _TRIED, _SUGGESTED = 3000, 12, 5
_SHOWN_MATCHES = 2
_ALSO = {"Recommendation": "recommandation", "RecommendedAction": "action recommandée"}
_TERRITORIAL = frozenset({f"{CG}Territory", f"{CG}LocalAuthority"})

_SCHEMA = """
CREATE TABLE thing (id INTEGER PRIMARY KEY, iri TEXT NOT NULL, label TEXT NOT NULL, type TEXT NOT NULL,
                    code TEXT, rank INTEGER NOT NULL, place INTEGER NOT NULL);
CREATE TABLE name (id INTEGER PRIMARY KEY, thing INTEGER NOT NULL, matched TEXT NOT NULL,
                   folded TEXT NOT NULL, words INTEGER NOT NULL);
CREATE VIRTUAL TABLE word USING fts5(folded, content='name', content_rowid='id',
                                     tokenize='unicode61 remove_diacritics 2');
CREATE TABLE said (thing INTEGER NOT NULL, field TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE facet (name TEXT NOT NULL, value TEXT NOT NULL, members BLOB NOT NULL);
CREATE VIRTUAL TABLE everything USING fts5(names, texts, about, content='', tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE term USING fts5vocab('word', 'row');
"""
_SCORE = """
       CASE WHEN name.folded IN (:whole, :code) AND name.matched IN ('label', 'code') THEN 100
            WHEN name.folded = :whole THEN 90
            ELSE min(9, 9.0 * :words / name.words) + CASE
                 WHEN substr(name.folded, 1, length(:whole)) != :whole THEN 40
                 WHEN name.matched = 'label' THEN 70 ELSE 60 END END
"""
_FIND = f"""
SELECT thing.iri, thing.label, thing.type, name.matched, thing.code, {_SCORE} AS score
FROM word JOIN name ON name.id = word.rowid JOIN thing ON thing.id = name.thing
WHERE word MATCH :match %s
ORDER BY score DESC, thing.rank, thing.iri, name.id
"""
_NAMED = (
    f"SELECT name.thing, max({_SCORE}) FROM word JOIN name ON name.id = word.rowid WHERE word MATCH :match GROUP BY 1"
)
_MET = "SELECT rowid FROM everything WHERE everything MATCH :singulars"
_AMONG, _SAID_AMONG = (f"WHERE {column} IN (SELECT value FROM json_each(?))" for column in ("id", "thing"))
_WEIGHED = "SELECT rowid, bm25(everything, 8, 3, 1) FROM everything WHERE everything MATCH :singulars"


class Row(NamedTuple):
    """One name of one thing, as the index holds it; the type is the local name of its narrowest class."""

    iri: str
    label: str
    type: str
    matched: str
    text: str
    code: str | None


class Filed(NamedTuple):
    """One value of one facet of one thing: the value is an IRI, or a year."""

    iri: str
    facet: str
    value: str


@dataclass(frozen=True)
class Hit:
    """One thing found: its label, class, code, and which of its names met the words, how well."""

    iri: str
    label: str
    type: str
    matched: str
    code: str | None
    score: float


def search_rows(lines: Iterable[str]) -> Iterator[Row | Filed]:
    """Yield the rows of the index from N-Quads lines in any order: all that is said of named things, their facets."""
    graph = _Graph()
    for line in lines:
        subject, predicate, rest = line.split(" ", 2)
        if predicate == _TYPE:
            graph.types.setdefault(subject, []).append(rest[1 : rest.index(">")])
        elif predicate in _KINDS:
            graph.said.setdefault(subject, []).append((_KINDS[predicate], *_read_literal(rest)))
        elif predicate == _NAMED_THING:
            graph.uses[subject] = rest[: rest.index(">") + 1]
        elif predicate in FOLLOWED:
            graph.links[predicate].setdefault(subject, []).append(rest[: rest.index(">") + 1])
        elif predicate in DATES and rest[1:5].isdecimal():
            graph.years[predicate].setdefault(subject, []).append(rest[1:5])
    for use, thing in graph.uses.items():
        names = [name for name in graph.said.pop(use, ()) if name[0] in _NAMES]
        graph.said.setdefault(thing, []).extend(names)
    yield from _rows(graph)


Said = tuple[str, str, str]


@dataclass
class _Graph:
    """What the index needs of the lines: of each subject its classes and words, of some predicates the links."""

    types: dict[str, list[str]] = field(default_factory=dict)
    said: dict[str, list[Said]] = field(default_factory=dict)
    uses: dict[str, str] = field(default_factory=dict)
    links: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    years: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))


def _rows(graph: _Graph) -> Iterator[Row | Filed]:
    filed = file_things(graph.links, graph.years, graph.types)
    for subject in sorted(graph.said.keys() & graph.types.keys()):
        iri, kinds = subject[1:-1], {one for one in graph.types[subject] if one.startswith(CG)}
        names = sorted({one for one in graph.said[subject] if one[2]})
        labels = [one for one in names if one[0] == LABEL] or [one for one in names if one[0] in _WORDED]
        if not kinds or not labels:
            continue
        label = min(labels, key=_preference)[2]
        code = next((value for matched, _, value in names if matched == CODE), None)
        kind = most_specific(kinds).removeprefix(CG)
        values = {facet: sorted(of_facet[subject]) for facet, of_facet in filed.items() if subject in of_facet}
        said = {(matched, value) for matched, _, value in names}
        # A commune is not looked for by the name of its region: there are thousands.
        if not broader_classes(CG + kind) & _TERRITORIAL:
            said.update(_said_by_facets(graph, subject, values))
        for matched, value in sorted(said):
            yield Row(iri, label, kind, matched, value, code)
        for facet, found in values.items():
            for value in found:
                yield Filed(iri, facet, value.strip("<>"))


def _said_by_facets(graph: _Graph, subject: str, values: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield the words of a thing's themes, addressees, regions and document, which it is found by."""
    for theme in values.get(THEME, ()):
        for lang in ("fr", "en"):
            if label := term_label(theme[1:-1], lang):
                yield THEME, label
    for actor in chain(values.get(ADDRESSEE, ()), graph.links[_ADDRESSING].get(subject, ())):
        yield from ((ADDRESSEE, name) for matched, _, name in graph.said.get(actor, ()) if matched in _WORDED)
    for region in values.get(REGION, ()):
        yield from ((REGION, name) for matched, _, name in graph.said.get(region, ()) if matched == LABEL)
    for document in graph.links[_RECOMMENDED].get(subject, ()):
        yield from ((DOCUMENT, name) for matched, _, name in graph.said.get(document, ()) if matched == LABEL)


def _read_literal(rest: str) -> tuple[str, str]:
    match = _LITERAL.match(rest)
    if not match:
        return "", ""
    value, lang = match.groups("")
    if "\\" in value:
        (quad,) = ox.parse(f'<x:s> <x:p> "{value}" .', format=ox.RdfFormat.N_TRIPLES)
        value = quad.object.value
    return lang, value


def _preference(name: Said) -> tuple[bool, bool, str]:
    return name[1] != "fr", name[1] != "en", name[2]


def write_index(path: Path, rows: Iterable[Row | Filed]) -> None:
    """Write the index of some rows to a file that is not there yet."""
    things: dict[str, Row] = {}
    said: list[tuple[Row, str]] = []
    filed: list[Filed] = []
    for row in rows:
        if isinstance(row, Filed):
            filed.append(row)
        elif folded := fold(row.text):
            said.append((row, folded))
            things[row.iri] = row
    numbers = {iri: number for number, iri in enumerate(sorted(things, key=lambda iri: _order(things[iri])))}
    with closing(sqlite3.connect(path)) as index:
        index.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        index.executemany("INSERT INTO thing VALUES (?, ?, ?, ?, ?, ?, ?)", _things(things, numbers, said))
        names = (
            (numbers[row.iri], row.matched, folded, folded.count(" ") + 1)
            for row, folded in said
            if row.matched in _NAMES
        )
        index.executemany("INSERT INTO name (thing, matched, folded, words) VALUES (?, ?, ?, ?)", names)
        index.execute("INSERT INTO word (word) VALUES ('rebuild')")
        shown = ((numbers[row.iri], row.matched, row.text) for row, _ in said if row.text not in (row.label, row.code))
        index.executemany("INSERT INTO said VALUES (?, ?, ?)", shown)
        index.execute("CREATE INDEX said_of_thing ON said (thing)")
        index.executemany("INSERT INTO facet VALUES (?, ?, ?)", _members(things, numbers, filed))
        everything = _everything(things, numbers, said)
        index.executemany("INSERT INTO everything (rowid, names, texts, about) VALUES (?, ?, ?, ?)", everything)
        index.execute("INSERT INTO everything (everything) VALUES ('optimize')")
        index.commit()


def _order(row: Row) -> tuple[int, int, str]:
    """What is most looked for comes first: works, plans, actors and territories, then what is stated."""
    return _standing(row.type), _RANKS.get(row.type, _OTHER), row.iri


def is_statement(kind: str) -> bool:
    """Tell whether things of a class are what is stated, not what statements are about."""
    return _standing(kind) == _STATEMENT


@cache
def _standing(kind: str) -> int:
    return max(_STANDINGS.get(one.removeprefix(CG), 0) for one in broader_classes(CG + kind))


def _things(
    things: Mapping[str, Row], numbers: Mapping[str, int], said: Iterable[tuple[Row, str]]
) -> Iterator[tuple[object, ...]]:
    labels = {row.iri: folded for row, folded in said if row.text == row.label}
    places = {iri: place for place, iri in enumerate(sorted(things, key=lambda iri: (labels.get(iri, ""), iri)))}
    for iri, number in numbers.items():
        row = things[iri]
        yield number, iri, row.label, row.type, row.code, _RANKS.get(row.type, _OTHER), places[iri]


def _members(
    things: Mapping[str, Row], numbers: Mapping[str, int], filed: Iterable[Filed]
) -> Iterator[tuple[str, str, bytes]]:
    """Yield for every value of every facet the set of its things: bit n stands for the thing of number n."""
    shelves: dict[tuple[str, str], list[int]] = defaultdict(list)
    for iri, facet, value in filed:
        if iri in numbers:
            shelves[facet, value].append(numbers[iri])
    kinds: dict[str, list[int]] = defaultdict(list)
    for iri, number in numbers.items():
        kinds[things[iri].type].append(number)
    for kind, found in kinds.items():
        for one in broader_classes(CG + kind):
            shelves[KIND, one] += found
    for facet, value in sorted(shelves):
        yield facet, shorten_value(facet, value), _bits(shelves[facet, value], len(numbers))


def _bits(members: Iterable[int], size: int) -> bytes:
    bits = bytearray(size // 8 + 1)
    for number in members:
        bits[number >> 3] |= 1 << (number & 7)
    return bytes(bits)


def _everything(
    things: Mapping[str, Row], numbers: Mapping[str, int], said: Iterable[tuple[Row, str]]
) -> Iterator[tuple[int, str, str, str]]:
    """Yield what is said of each thing: its names; its descriptions; what it is filed under, kind first."""
    names, texts, about = ({iri: "" for iri in numbers} for _ in range(3))
    for row, folded in said:
        column = names if row.matched in _NAMES else texts if row.matched == DESCRIPTION else about
        column[row.iri] += singular(folded) + "\n"
    for iri, number in numbers.items():
        yield number, names[iri], texts[iri], kind_words(things[iri].type) + "\n" + about[iri]


@cache
def kind_words(kind: str) -> str:
    """Return the words that all things of a class are found by, folded and in the singular."""
    labels = [term_label(CG + kind, lang) or "" for lang in ("fr", "en")]
    return singular(fold(" ".join([*labels, _ALSO.get(kind, "")])))


def find(path: Path, words: str, type: str | None = None, limit: int = 20) -> list[Hit]:
    """Return the things whose names hold all the words, the last one as a beginning, best first.

    Raise ParameterError where there is no word or the class is unknown, StoreError where there is no index.
    """
    whole = fold(words)
    if not whole:
        raise _no_word(words)
    kinds = sorted(kind.removeprefix(CG) for kind in narrower_classes(_class(type))) if type else []
    restriction = f"AND thing.type IN ({', '.join(f':k{n}' for n in range(len(kinds)))})" if kinds else ""
    values = _values(whole) | {f"k{n}": kind for n, kind in enumerate(kinds)}
    found: dict[str, Hit] = {}
    with closing(_open(path)) as index:
        for iri, label, kind, matched, code, score in index.execute(_FIND % restriction, values):
            found.setdefault(iri, Hit(iri, label, kind, matched, code, round(score, 2)))
            if len(found) == limit:
                break
    return list(found.values())


def _no_word(words: str) -> ParameterError:
    return ParameterError(
        fr=f"{words!r} ne contient aucun mot ; donnez au moins une lettre ou un chiffre.",
        en=f"{words!r} holds no word; give at least one letter or digit.",
    )


def _values(whole: str) -> dict[str, str | int]:
    """Return what the queries ask for: every word quoted, as it is and in the singular, or all of them as one code."""
    words, opening = wanted(whole)
    code = whole.replace(" ", "") if whole.replace(" ", "").isdecimal() else whole
    match = " ".join(f'"{word}"' for word in words) + ("*" if opening else "")
    singulars = [f'"{singular(word)}"' for word in words]
    if opening:
        singulars[-1] = f'("{opening}"* OR {singulars[-1]})'
    return {
        "whole": whole,
        "code": code,
        "words": whole.count(" ") + 1,
        "match": f'({match}) OR "{code}"',
        "singulars": f'({" AND ".join(singulars)}) OR "{code}"',
    }


def _class(name: str) -> str:
    found = class_named(name)
    if not found:
        raise ParameterError(
            fr=f"{name!r} n'est pas une classe de l'ontologie ; par exemple : Region, Recommendation, Organisation.",
            en=f"{name!r} is not a class of the ontology; for example: Region, Recommendation, Organisation.",
        )
    return found


def _open(path: Path) -> sqlite3.Connection:
    _require(path)
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def _require(path: Path) -> None:
    if not path.is_file():
        raise StoreError(
            fr=f"{path} : l'index de recherche est absent ; refaites le graphe par cesergraph build.",
            en=f"{path}: the search index is missing; make the graph again with cesergraph build.",
        )


class Match(NamedTuple):
    """What met the words: the kind of text it is, and the text, cut around what matched where it is long."""

    field: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Value:
    """One value of a facet: as addresses have it, its IRI (of a year, the year), its label."""

    value: str
    iri: str
    label: str


@dataclass(frozen=True)
class FacetValue(Value):
    """A value to choose from: how many things a reader finds who chooses it, and whether it is chosen."""

    count: int
    selected: bool


@dataclass(frozen=True)
class Found:
    """One thing found: its label with what matched in it, what else matched, and what it is filed under."""

    iri: str
    label: tuple[Segment, ...]
    type: str
    code: str | None
    matches: tuple[Match, ...]
    filed: Mapping[str, tuple[Value, ...]]

    @property
    def name(self) -> str:
        """The label as one text."""
        return "".join(segment.text for segment in self.label)


@dataclass(frozen=True)
class Results:
    """How many things there are, one page of them, and the values of every facet, the chosen and frequent first."""

    total: int
    hits: list[Found]
    facets: Mapping[str, list[FacetValue]]


def search(
    path: Path,
    words: str = "",
    *,
    facets: Mapping[str, Sequence[str]] | None = None,
    page: int = 1,
    size: int = 20,
    sort: str = "relevance",
    lang: str = "fr",
) -> Results:
    """Return the things that hold all the words, the last one as a beginning, and lie in the chosen facets.

    Within a facet any chosen value will do; the values of a facet are counted with the choices of the others.
    ``words`` may be empty: then the facets alone choose, and without them nothing is found but all is counted.
    ``sort`` is one of SORTS. Raise ParameterError where something asked for is out of bounds or unknown,
    StoreError where there is no index.
    """
    whole = _asked(words)
    if sort not in SORTS or page < 1 or not 1 <= size <= LARGEST_PAGE:
        raise ParameterError(
            fr=f"L'ordre est l'un de {', '.join(SORTS)} ; les pages ont un numéro dès 1 et 1 à {LARGEST_PAGE} lignes.",
            en=f"The order is one of {', '.join(SORTS)}; pages are numbered from 1 and have 1 to {LARGEST_PAGE} rows.",
        )
    shelves = _shelves(path)
    chosen = _chosen(facets or {}, shelves)
    with closing(_open(path)) as index:
        ranked = _ranked(index, whole, shelves.statements) if whole else range(shelves.size)
        found = int.from_bytes(_bits(ranked, shelves.size), "little") if whole else (1 << shelves.size) - 1
        unions = {name: _union(shelves.members[name][value] for value in values) for name, values in chosen.items()}
        counts = _count(shelves, found, unions, chosen, lang)
        kept = found
        for union in unions.values():
            kept &= union
        bits = kept.to_bytes(shelves.size // 8 + 1, "little")
        numbers = [one for one in ranked if bits[one >> 3] >> (one & 7) & 1] if whole or chosen else []
        shown = _sorted(numbers, sort, shelves)[(page - 1) * size : page * size]
        return Results(len(numbers), _describe(index, shown, whole, shelves, lang), counts)


def _asked(words: str) -> str:
    """Return the words folded; raise ParameterError where there are too many, or none in what is not empty."""
    whole = fold(words) if len(words) <= _LONGEST else ""
    if len(words) > _LONGEST or whole.count(" ") >= _MOST_WORDS:
        raise ParameterError(
            fr=f"La demande est trop longue ; donnez au plus {_MOST_WORDS} mots et {_LONGEST} caractères.",
            en=f"The search is too long; give at most {_MOST_WORDS} words and {_LONGEST} characters.",
        )
    if words.strip() and not whole:
        raise _no_word(words)
    return whole


@dataclass(frozen=True)
class _Shelves:
    """What of an index is held in memory: as bits the things of each facet's values, and what sorting needs."""

    size: int
    statements: int
    members: Mapping[str, Mapping[str, int]]
    labels: Mapping[str, str]
    places: Sequence[int]


def _shelves(path: Path) -> _Shelves:
    _require(path)
    told = path.stat()
    return _read_shelves(path, told.st_ino, told.st_mtime_ns)


@lru_cache(maxsize=4)
def _read_shelves(path: Path, inode: int, changed: int) -> _Shelves:
    members: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    with closing(_open(path)) as index:
        for name, value, bits in index.execute("SELECT * FROM facet"):
            members[name][value] = int.from_bytes(bits, "little")
        iris = [expand_value(name, value) for name in (REGION, ADDRESSEE, DOCUMENT) for value in members[name]]
        query = f"SELECT iri, label FROM thing WHERE iri IN ({', '.join('?' * len(iris))})"
        labels = dict(index.execute(query, iris))
        places = array("I", (place for (place,) in index.execute("SELECT place FROM thing ORDER BY id")))
    statements = _union(members[KIND].get(kind, 0) for kind in ("Expression", "Situation", "Quantity"))
    first = next(_set_bits(statements), len(places))
    return _Shelves(len(places), first, members, labels, places)


def _chosen(facets: Mapping[str, Sequence[str]], shelves: _Shelves) -> dict[str, list[str]]:
    """Return the chosen values of each facet; raise ParameterError where a facet or value is not there."""
    if unknown := sorted(facets.keys() - set(FACETS)):
        raise ParameterError(
            fr=f"{unknown[0]!r} n'est pas un filtre ; il y a : {', '.join(FACETS)}.",
            en=f"{unknown[0]!r} is no facet; there are: {', '.join(FACETS)}.",
        )
    chosen = {name: list(dict.fromkeys(values)) for name, values in facets.items() if values}
    for name, values in chosen.items():
        for value in values:
            if value not in shelves.members[name]:
                raise ParameterError(
                    fr=f"Le filtre {name} n'a pas de valeur {value!r}.", en=f"Facet {name} has no value {value!r}."
                )
    return chosen


def _union(members: Iterable[int]) -> int:
    union = 0
    for bits in members:
        union |= bits
    return union


def _ranked(index: sqlite3.Connection, whole: str, statements: int) -> list[int]:
    """Return the numbers of the things that hold all the words, best first; statements have numbers of their own."""
    values = _values(whole)
    scores: dict[int, float] = dict(index.execute(_NAMED, values))
    scores |= {number: score - _LESS for number, score in scores.items() if number >= statements}
    met = [number for (number,) in index.execute(_MET, values)]
    weights: dict[int, float] = dict(index.execute(_WEIGHED, values)) if len(met) <= _WEIGHED_AT_MOST else {}
    return sorted(
        {*scores, *met}, key=lambda one: (-scores[one], 0, one) if one in scores else (0, weights.get(one, 0), one)
    )


def _set_bits(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _sorted(numbers: list[int], sort: str, shelves: _Shelves) -> list[int]:
    if sort == "label":
        return sorted(numbers, key=shelves.places.__getitem__)
    if sort == "recent":
        dated = {one: int(year) for year, bits in sorted(shelves.members[YEAR].items()) for one in _set_bits(bits)}
        return sorted(numbers, key=lambda one: -dated.get(one, 0))
    return numbers


def _count(
    shelves: _Shelves, found: int, unions: Mapping[str, int], chosen: Mapping[str, Sequence[str]], lang: str
) -> dict[str, list[FacetValue]]:
    """Return the values of each facet among what was found and chosen by the other facets."""
    counts: dict[str, list[FacetValue]] = {}
    for name, members in shelves.members.items():
        others = found
        for other, union in unions.items():
            if other != name:
                others &= union
        values = []
        for value, bits in members.items():
            count, selected = (bits & others).bit_count(), value in chosen.get(name, ())
            if selected or (count and not (name == KIND and is_top_class(value))):
                values.append(FacetValue(**vars(_value(shelves, name, value, lang)), count=count, selected=selected))
        counts[name] = sorted(values, key=_by_use)
    return counts


def _by_use(one: FacetValue) -> tuple[bool, int, str, str]:
    return not one.selected, -one.count, fold(one.label), one.value


def is_top_class(kind: str) -> bool:
    """Tell whether a class has no broader one of ours: such a kind can be asked for but is not listed."""
    return broader_classes(CG + kind) == {CG + kind}


def _value(shelves: _Shelves, name: str, value: str, lang: str) -> Value:
    iri = expand_value(name, value)
    label = value if name == YEAR else shelves.labels.get(iri) or term_label(iri, lang) or value
    return Value(value, iri, label)


def _describe(
    index: sqlite3.Connection, numbers: Sequence[int], whole: str, shelves: _Shelves, lang: str
) -> list[Found]:
    """Return what a reader is shown of some things."""
    listed = json.dumps(numbers)
    things = {
        row[0]: row[1:] for row in index.execute(f"SELECT id, iri, label, type, code FROM thing {_AMONG}", (listed,))
    }
    said: dict[int, list[tuple[str, str]]] = {number: [] for number in numbers}
    if whole:
        for number, kind, text in index.execute(f"SELECT thing, field, text FROM said {_SAID_AMONG}", (listed,)):
            said[number].append((kind, text))
    filed = _filed(numbers, shelves, lang)
    marker = Marker(whole)
    found = []
    for number in numbers:
        iri, label, kind, code = things[number]
        texts = [(CODE, code or ""), *sorted(said[number], key=_by_field), (KIND, term_label(CG + kind, lang) or "")]
        found.append(Found(iri, marker.mark(label), kind, code, _choose(marker, label, texts), filed[number]))
    return found


def _by_field(said: tuple[str, str]) -> tuple[int, str]:
    return _FIELDS.index(said[0]), said[1]


def _filed(numbers: Sequence[int], shelves: _Shelves, lang: str) -> dict[int, dict[str, tuple[Value, ...]]]:
    among = int.from_bytes(_bits(numbers, shelves.size), "little")
    filed: dict[int, dict[str, tuple[Value, ...]]] = {number: {} for number in numbers}
    for name, members in shelves.members.items():
        for value, bits in members.items() if name != KIND else ():
            for number in _set_bits(bits & among):
                filed[number][name] = (*filed[number].get(name, ()), _value(shelves, name, value, lang))
    return filed


class Record(NamedTuple):
    """All that the index holds of one thing, for an index elsewhere."""

    iri: str
    label: str
    type: str
    code: str | None
    said: tuple[tuple[str, str], ...]
    filed: Mapping[str, tuple[Value, ...]]


def records(path: Path, lang: str = "fr") -> Iterator[Record]:
    """Yield every thing of an index in its order: those most looked for first, statements last."""
    shelves = _shelves(path)
    filed = _filed(range(shelves.size), shelves, lang)
    said: dict[int, list[tuple[str, str]]] = defaultdict(list)
    with closing(_open(path)) as index:
        for number, kind, text in index.execute("SELECT thing, field, text FROM said"):
            said[number].append((kind, text))
        for number, iri, label, kind, code in index.execute("SELECT id, iri, label, type, code FROM thing ORDER BY id"):
            yield Record(iri, label, kind, code, tuple(sorted(said[number], key=_by_field)), filed[number])


def _choose(marker: Marker, label: str, texts: Iterable[tuple[str, str]]) -> tuple[Match, ...]:
    """Return the first texts that meet words which the label and the texts before them do not."""
    told = marker.words_of(label)
    matches: list[Match] = []
    for kind, text in texts if told < marker.words else ():
        met = marker.words_of(text)
        if met - told and len(matches) < _SHOWN_MATCHES:
            told |= met
            matches.append(Match(kind, cut(marker.mark(text))))
    return tuple(matches)


def suggest(path: Path, words: str) -> list[tuple[str, int]]:
    """Return other words that do find something, near the given ones that together find nothing, and how much."""
    every = _asked(words).split()
    with closing(_open(path)) as index:
        tried: dict[str, int] = {}
        for place, word in enumerate(every):
            for other in [*_near_words(index, word), ""]:
                others = " ".join(filter(None, [*every[:place], other, *every[place + 1 :]]))
                if others and len(tried) < _TRIED:
                    tried[others] = len(index.execute(_MET, _values(others)).fetchall())
    return sorted(((text, total) for text, total in tried.items() if total), key=lambda one: -len(one[0]))[:_SUGGESTED]


def _near_words(index: sqlite3.Connection, word: str) -> list[str]:
    """Return words of the index that are spelt like one that is not in it."""
    query = "SELECT term FROM term WHERE term >= :from AND term < :to AND length(term) BETWEEN :least AND :most"
    bounds = {"from": word[0], "to": word[0] + "\U0010ffff", "least": len(word) - 2, "most": len(word) + 2}
    terms = [term for (term,) in index.execute(query, bounds)]
    near = (
        {} if word in terms else {singular(one): one for one in reversed(get_close_matches(word, terms, cutoff=0.75))}
    )
    return list(near.values())[::-1][:2]
