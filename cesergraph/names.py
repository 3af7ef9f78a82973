"""What things are called, and what a name means: labels for many things at once, and the thing behind a name."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from cesergraph.answers import Source
from cesergraph.errors import NotFound, ParameterError
from cesergraph.evidence import select
from cesergraph.identifiers import TYPES
from cesergraph.namespaces import BASE, ID, PREFIXES, expand, shorten
from cesergraph.nquads import iri, literal, text
from cesergraph.search import fold
from cesergraph.vocabulary import most_specific, term_label

NAMES = ("skos:prefLabel", "skos:altLabel", "dcterms:title", "rdfs:label", "cg:nameAsWritten")
CODES = ("cg:inseeCode", "cg:siren", "skos:notation", "dcterms:identifier")
LABELS = ("skos:prefLabel", "dcterms:title", "rdfs:label", "cg:nameAsWritten", "cg:asWritten")
_PROLOGUE = "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("cg", "dcterms", "rdfs", "skos"))
_CANDIDATES, _NEAR, _SCANNED = 10, 5, 500


def labels_of(source: Source, iris: Iterable[str], lang: str) -> dict[str, str]:
    """Return a label for every IRI: of the ontology, else of the graph, else its short form; one query for all."""
    labels = {one: term_label(one, lang) for one in iris}
    unknown = sorted(one for one, label in labels.items() if label is None)
    where = f"?thing ?property ?label . FILTER (?property IN ({', '.join(LABELS)}))"
    return {one: label or "" for one, label in labels.items()} | _best_labels(source, unknown, where, lang)


def graph_titles(source: Source, graphs: Iterable[str], lang: str) -> dict[str, str]:
    """Return the title of the source behind each graph."""
    where = "?thing dcterms:source?/dcterms:title ?label . BIND (dcterms:title AS ?property)"
    return _best_labels(source, sorted(graphs), where, lang)


def _best_labels(source: Source, iris: Sequence[str], where: str, lang: str) -> dict[str, str]:
    best = {one: ((9, 9, ""), shorten(one).removeprefix(BASE)) for one in iris}
    values = f"VALUES ?thing {{ {' '.join(map(iri, iris))} }}"
    query = f"{_PROLOGUE} SELECT ?thing ?property ?label WHERE {{ {values} {where} }}"
    for thing, used, label in select(source, query) if iris else ():
        foreign = (lang, "fr", None).index(label.language) if label.language in (lang, "fr", None) else 3
        key = (foreign, LABELS.index(shorten(used.value)), label.value)
        best[thing.value] = min(best[thing.value], (key, label.value))
    return {one: label for one, (_, label) in best.items()}


def resolve(source: Source, name: str, lang: str = "fr") -> str:
    """Return the IRI that a name, official code, path or short IRI means; raise NotFound or ParameterError.

    Names are compared as written first, then without case and accents.
    """
    written = name.strip()
    head, colon, _ = written.partition(":")
    if re.match(r"(https?|urn):", written):
        return iri(written)[1:-1]
    if colon and head in PREFIXES and " " not in written:
        return iri(expand(written))[1:-1]
    if re.fullmatch(r"[a-z-]+/[\w./-]+", written, re.ASCII) and written.split("/")[0] in {*TYPES, "vocab", "graph"}:
        return (ID if written.split("/")[0] in TYPES else BASE) + written
    found = _named(source, _exactly(written)) or _named(source, _matching(f"^{_pattern(written)}$"))
    if not found:
        raise not_found(source, name, lang)
    if len(found) > 1:
        listed = _listed(source, sorted(found)[:_CANDIDATES], lang)
        raise ParameterError(
            fr=f"« {name} » désigne {len(found)} choses ; donnez l'identifiant de l'une : {listed}.",
            en=f"“{name}” means {len(found)} things; give the identifier of one: {listed}.",
        )
    return next(iter(found))


def _named(source: Source, where: str) -> dict[str, list[str]]:
    """Return the things with some name or code, and which; a use of a name stands for the thing it names."""
    query = f"""{_PROLOGUE} SELECT DISTINCT ?meant ?value WHERE {{ {where}
      OPTIONAL {{ ?thing cg:namedThing ?named . }} BIND (COALESCE(?named, ?thing) AS ?meant) FILTER (isIRI(?meant))
    }} ORDER BY ?meant ?value LIMIT {_SCANNED}"""
    found: dict[str, list[str]] = {}
    for thing, value in select(source, query):
        found.setdefault(thing.value, []).append(value.value)
    return found


def _exactly(name: str) -> str:
    values = f"{literal(name)} {text(name, 'fr')} {text(name, 'en')}"
    filters = f"FILTER (?property IN ({', '.join((*NAMES, *CODES))}))"
    return f"VALUES ?value {{ {values} }} ?thing ?property ?value . {filters}"


def _matching(pattern: str) -> str:
    values = f"VALUES ?property {{ {' '.join(NAMES)} }}"
    return f"{values} ?thing ?property ?value . FILTER (REGEX(STR(?value), {literal(pattern)}, 'i'))"


_VARIANTS = {"a": "aàâä", "c": "cç", "e": "eéèêë", "i": "iîï", "o": "oôö", "u": "uùûü", "y": "yÿ", "n": "nñ"}
_SAME = {letter: f"[{letters}{letters.upper()}]" for letter, letters in _VARIANTS.items()}


def _pattern(words: str) -> str:
    """Return a regular expression that matches the words whatever their accents, ligatures and punctuation."""
    parts = ("".join(_SAME.get(char, char) for char in word) for word in fold(words).split())
    return "[^a-zA-Z0-9]+".join(parts).replace(f"{_SAME['o']}{_SAME['e']}", f"({_SAME['o']}{_SAME['e']}|[œŒ])")


def not_found(source: Source, name: str, lang: str) -> NotFound:
    longest = max(fold(name.rpartition("/")[2]).split(), key=len, default="")
    found = _named(source, _matching(_pattern(longest))) if len(longest) > 2 else {}
    likeness = {
        one: max(SequenceMatcher(None, fold(name), fold(other)).ratio() for other in names)
        for one, names in found.items()
    }
    near = sorted(likeness, key=lambda one: (-likeness[one], one))[:_NEAR]
    listed = _listed(source, near, lang)
    return NotFound(
        fr=f"Rien dans le graphe ne répond à « {name} »" + (f" ; noms proches : {listed}." if near else "."),
        en=f"Nothing in the graph answers to “{name}”" + (f"; near names: {listed}." if near else "."),
    )


def _listed(source: Source, iris: Sequence[str], lang: str) -> str:
    """Return things as ``identifier (label, class)``, in their order."""
    labels = labels_of(source, iris, lang)
    types: dict[str, set[str]] = {}
    query = f"SELECT ?thing ?type WHERE {{ VALUES ?thing {{ {' '.join(map(iri, iris))} }} ?thing a ?type }}"
    for thing, kind in select(source, query) if iris else ():
        types.setdefault(thing.value, set()).add(kind.value)
    kinds = {one: most_specific(found) for one, found in types.items()}
    told = {kind: term_label(kind, lang) or shorten(kind) for kind in kinds.values()}
    return ", ".join(
        f"{shorten(one)} ({labels[one]}, {told[kinds[one]]})" if one in kinds else shorten(one) for one in iris
    )
