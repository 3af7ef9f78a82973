"""Full-text search of names and codes: an SQLite FTS5 index beside the store.

A hit's score tells how its name met the words: 100 the whole label or code, 90 another whole name;
70 the label's beginning, 60 another name's beginning, 40 all words anywhere, plus up to 9 for the
share of the name that the words make up. Ties: the larger territory first, then by IRI.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox

from cesergraph.errors import ParameterError, StoreError
from cesergraph.namespaces import CG, PREFIXES
from cesergraph.vocabulary import class_named, most_specific, narrower_classes

LABEL, ALTERNATIVE, AS_WRITTEN, CODE = "label", "alternative name", "name as written", "code"

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
}


def _predicate(curie: str) -> str:
    prefix, _, local = curie.partition(":")
    return f"<{PREFIXES[prefix]}{local}>"


_KINDS = {_predicate(curie): matched for curie, matched in _MATCHED.items()}
_TYPE, _NAMED_THING = _predicate("rdf:type"), _predicate("cg:namedThing")
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@([a-zA-Z-]+))?')
_WORD = re.compile(r"[^\W_]+")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae"})
_EMPTY = frozenset("a au aux d de des du en et l la le les of the".split())
_RANKS = {"Region": 0, "Departement": 1, "Intercommunality": 2, "Commune": 4}
_OTHER = 3

_SCHEMA = """
CREATE TABLE thing (id INTEGER PRIMARY KEY, iri TEXT NOT NULL, label TEXT NOT NULL, type TEXT NOT NULL,
                    code TEXT, rank INTEGER NOT NULL);
CREATE TABLE name (id INTEGER PRIMARY KEY, thing INTEGER NOT NULL, matched TEXT NOT NULL,
                   folded TEXT NOT NULL, words INTEGER NOT NULL);
CREATE VIRTUAL TABLE word USING fts5(folded, content='name', content_rowid='id',
                                     tokenize='unicode61 remove_diacritics 2');
"""
_FIND = """
SELECT thing.iri, thing.label, thing.type, name.matched, thing.code,
       CASE WHEN name.folded IN (:whole, :code) AND name.matched IN ('label', 'code') THEN 100
            WHEN name.folded = :whole THEN 90
            ELSE min(9, 9.0 * :words / name.words) + CASE
                 WHEN substr(name.folded, 1, length(:whole)) != :whole THEN 40
                 WHEN name.matched = 'label' THEN 70 ELSE 60 END END AS score
FROM word JOIN name ON name.id = word.rowid JOIN thing ON thing.id = name.thing
WHERE word MATCH :match %s
ORDER BY score DESC, thing.rank, thing.iri, name.id
"""


class Row(NamedTuple):
    """One name of one thing, as the index holds it; the type is the local name of its narrowest class."""

    iri: str
    label: str
    type: str
    matched: str
    text: str
    code: str | None


@dataclass(frozen=True)
class Hit:
    """One thing found: its label, class, code, and which of its names met the words, how well."""

    iri: str
    label: str
    type: str
    matched: str
    code: str | None
    score: float


def fold(text: str) -> str:
    """Return the words of a text without case, accents, ligatures and punctuation, a blank between them.

    >>> fold("L’Œuvre d'Île-de-France")
    'l oeuvre d ile de france'
    """
    if text.isascii():
        return " ".join(_WORD.findall(text.lower()))
    plain = unicodedata.normalize("NFKD", text.translate(_LIGATURES).replace("ʼ", "'")).casefold()
    return " ".join(_WORD.findall("".join(char for char in plain if not unicodedata.combining(char))))


def search_rows(lines: Iterable[str]) -> Iterator[Row]:
    """Yield the rows of the index from N-Quads lines in any order: every name and code of every named thing."""
    types: dict[str, list[str]] = {}
    names: dict[str, list[Name]] = {}
    uses: dict[str, str] = {}
    for line in lines:
        subject, predicate, rest = line.split(" ", 2)
        if predicate == _TYPE:
            types.setdefault(subject, []).append(rest[1 : rest.index(">")])
        elif predicate in _KINDS:
            names.setdefault(subject, []).append((_KINDS[predicate], *_read_literal(rest)))
        elif predicate == _NAMED_THING:
            uses[subject] = rest[: rest.index(">") + 1]
    for use, thing in uses.items():
        names.setdefault(thing, []).extend(names.pop(use, ()))
    for subject in sorted(names.keys() & types.keys()):
        yield from _rows_of(subject[1:-1], types[subject], names[subject])


Name = tuple[str, str, str]


def _read_literal(rest: str) -> tuple[str, str]:
    match = _LITERAL.match(rest)
    if not match:
        return "", ""
    value, lang = match.groups("")
    if "\\" in value:
        (quad,) = ox.parse(f'<x:s> <x:p> "{value}" .', format=ox.RdfFormat.N_TRIPLES)
        value = quad.object.value
    return lang, value


def _rows_of(iri: str, every_type: list[str], every_name: list[Name]) -> Iterator[Row]:
    types = {one for one in every_type if one.startswith(CG)}
    names = sorted({name for name in every_name if name[2]})
    labels = [name for name in names if name[0] == LABEL] or [name for name in names if name[0] != CODE]
    if not types or not labels:
        return
    label = min(labels, key=_preference)[2]
    code = next((value for matched, _, value in names if matched == CODE), None)
    kind = most_specific(types).removeprefix(CG)
    for matched, value in sorted({(matched, value) for matched, _, value in names}):
        yield Row(iri, label, kind, matched, value, code)


def _preference(name: Name) -> tuple[bool, bool, str]:
    return name[1] != "fr", name[1] != "en", name[2]


def write_index(path: Path, rows: Iterable[Row]) -> None:
    """Write the index of some rows to a file that is not there yet."""
    with closing(sqlite3.connect(path)) as index:
        index.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        things: dict[str, tuple[int, str, str, str, str | None, int]] = {}
        index.executemany("INSERT INTO name (thing, matched, folded, words) VALUES (?, ?, ?, ?)", _names(rows, things))
        index.executemany("INSERT INTO thing VALUES (?, ?, ?, ?, ?, ?)", things.values())
        index.execute("INSERT INTO word (word) VALUES ('rebuild')")
        index.commit()


def _names(
    rows: Iterable[Row], things: dict[str, tuple[int, str, str, str, str | None, int]]
) -> Iterator[tuple[int, str, str, int]]:
    for row in rows:
        folded = fold(row.text)
        if not folded:
            continue
        if row.iri not in things:
            rank = _RANKS.get(row.type, _OTHER)
            things[row.iri] = (len(things), row.iri, row.label, row.type, row.code, rank)
        yield things[row.iri][0], row.matched, folded, folded.count(" ") + 1


def find(path: Path, words: str, type: str | None = None, limit: int = 20) -> list[Hit]:
    """Return the things whose names hold all the words, the last one as a beginning, best first.

    Raise ParameterError where there is no word or the class is unknown, StoreError where there is no index.
    """
    whole = fold(words)
    if not whole:
        raise ParameterError(
            fr=f"{words!r} ne contient aucun mot ; donnez au moins une lettre ou un chiffre.",
            en=f"{words!r} holds no word; give at least one letter or digit.",
        )
    kinds = sorted(kind.removeprefix(CG) for kind in narrower_classes(_class(type))) if type else []
    restriction = f"AND thing.type IN ({', '.join(f':k{n}' for n in range(len(kinds)))})" if kinds else ""
    code = whole.replace(" ", "") if whole.replace(" ", "").isdecimal() else whole
    match = f'({_match(whole)}) OR "{code}"'
    values = {"whole": whole, "code": code, "words": whole.count(" ") + 1, "match": match}
    values |= {f"k{n}": kind for n, kind in enumerate(kinds)}
    found: dict[str, Hit] = {}
    with closing(_open(path)) as index:
        for iri, label, kind, matched, code, score in index.execute(_FIND % restriction, values):
            found.setdefault(iri, Hit(iri, label, kind, matched, code, round(score, 2)))
            if len(found) == limit:
                break
    return list(found.values())


def _match(whole: str) -> str:
    """Return the FTS5 expression: every word quoted, articles left out where other words remain."""
    every = whole.split()
    words = [word for word in every if word not in _EMPTY] or every
    return " ".join(f'"{word}"' for word in words) + ("*" if words[-1] == every[-1] else "")


def _class(name: str) -> str:
    found = class_named(name)
    if not found:
        raise ParameterError(
            fr=f"{name!r} n'est pas une classe de l'ontologie ; par exemple : Region, Recommendation, Organisation.",
            en=f"{name!r} is not a class of the ontology; for example: Region, Recommendation, Organisation.",
        )
    return found


def _open(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise StoreError(
            fr=f"{path} : l'index de recherche est absent ; refaites le graphe par cesergraph build.",
            en=f"{path}: the search index is missing; make the graph again with cesergraph build.",
        )
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
