"""The named queries of queries/: what they say of themselves, and how they are run."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, Self

from pyoxigraph import Literal, NamedNode

from cesergraph.answers import Answers, Source, plain
from cesergraph.errors import HeaderError, IdentifierError, ParameterError
from cesergraph.header import read_header
from cesergraph.identifiers import thing
from cesergraph.namespaces import PREFIXES, expand
from cesergraph.resources import walk

Row = dict[str, str | None]
TYPES = ("string", "text", "iri", "integer", "date")
_LANGUAGES = {"fr", "en"}
_REQUIRED, _OPTIONAL = {"title", "description", "columns"}, {"parameters", "tags"}
_VALUES = re.compile(r"VALUES\s+\?(\w+)\s*\{([^}]*)\}", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True)
class Parameter:
    """One ``VALUES ?name { … }`` line of a query whose values may be replaced."""

    name: str
    type: str
    label: Mapping[str, str]
    pattern: str | None = None
    default: str = ""

    def term(self, value: str) -> str:
        """Return a value as a SPARQL term; raise ParameterError where it is not one of this type."""
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise ParameterError(
                fr=f"{self.name} = {value!r} : attendu : {self.label['fr']}, de la forme {self.pattern}.",
                en=f"{self.name} = {value!r}: expected: {self.label['en']}, of the form {self.pattern}.",
            )
        try:
            return _ESCAPE.sub(_harmless, str(_as_term(self.type, value)))
        except (ValueError, IdentifierError) as error:
            raise ParameterError(
                fr=f"{self.name} = {value!r} : attendu : {self.label['fr']} ({_EXPECTED[self.type]['fr']}).",
                en=f"{self.name} = {value!r}: expected: {self.label['en']} ({_EXPECTED[self.type]['en']}).",
            ) from error


# An engine may resolve code points before it reads strings (SPARQL 1.1, 19.2). rdflib then takes the second backslash
# of "\\u0022" for the start of a code point, a quotation mark that ends the string, and reads eight digits after \u.
# So no escaped backslash stands before a bare u here, and every code point has its eight digits.
_ESCAPE = re.compile(r"\\\\([uU])|\\u([0-9A-F]{4})|\\.")


def _harmless(match: re.Match[str]) -> str:
    after_backslash, control = match.groups()
    if after_backslash:
        return rf"\\\U{ord(after_backslash):08X}"
    return rf"\U0000{control}" if control else match[0]


_EXPECTED = {
    "string": {"fr": "un texte", "en": "a text"},
    "text": {"fr": "un texte français", "en": "a French text"},
    "iri": {
        "fr": "un identifiant comme territoire/region/24, un nom préfixé ou une IRI complète",
        "en": "an identifier such as territoire/region/24, a prefixed name or a full IRI",
    },
    "integer": {"fr": "un entier", "en": "an integer"},
    "date": {"fr": "une date AAAA-MM-JJ", "en": "a date YYYY-MM-DD"},
}


def _as_term(type: str, value: str) -> Literal | NamedNode:
    if type == "iri":
        return _as_iri(value)
    if type == "string":
        return Literal(value)
    if type == "text":
        return Literal(value, language="fr")
    pattern = _INTEGER if type == "integer" else _DATE
    if not pattern.fullmatch(value):
        raise ValueError(value)
    if type == "date":
        date.fromisoformat(value)
    return Literal(value, datatype=NamedNode(expand(f"xsd:{type}")))


def _as_iri(value: str) -> NamedNode:
    prefix, colon, _ = value.partition(":")
    if colon and prefix in PREFIXES:
        return NamedNode(expand(value))
    if _SCHEME.match(value):
        return NamedNode(value)
    kind, _, ref = value.partition("/")
    return NamedNode(thing(kind, ref))


@dataclass(frozen=True)
class Query:
    """One .rq file: its header, and text that runs as it stands."""

    name: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    parameters: Mapping[str, Parameter]
    columns: tuple[str, ...]
    tags: tuple[str, ...]
    text: str

    @classmethod
    def read(cls, name: str, text: str) -> Self:
        """Return a query from the text of its file; raise HeaderError where the header is not as it must be."""
        header = read_header(text, name)
        _check_header(name, header)
        parameters = header.get("parameters", {})
        defaults = [(match[1], " ".join(match[2].split())) for match in _VALUES.finditer(text)]
        return cls(
            name=name,
            title=header["title"],
            description=header["description"],
            parameters={key: _parameter(name, key, entry, defaults) for key, entry in parameters.items()},
            columns=tuple(header["columns"]),
            tags=tuple(header.get("tags", ())),
            text=text,
        )

    def bind(self, values: Mapping[str, str | Sequence[str]]) -> str:
        """Return the text with the given values in their VALUES lines; raise ParameterError."""
        lines = {name: self._line(name, given) for name, given in values.items()}
        # In one pass: a value that itself looks like a VALUES line must not be taken for one.
        return _VALUES.sub(lambda match: lines.get(match[1], match[0]), self.text)

    def _line(self, name: str, given: str | Sequence[str]) -> str:
        if name not in self.parameters:
            near = get_close_matches(name, self.parameters, n=1)
            raise ParameterError(
                fr=f"{self.name} ne prend pas de paramètre {name!r}. Il prend : {_listed(self.parameters, 'rien')}."
                + _near(near, "fr"),
                en=f"{self.name} takes no parameter {name!r}. It takes: {_listed(self.parameters, 'none')}."
                + _near(near, "en"),
            )
        values = [given] if isinstance(given, str) else given
        if not values:
            raise ParameterError(
                fr=f"{name} : attendu : au moins une valeur ; sans le paramètre, celle de la requête vaut.",
                en=f"{name}: expected: at least one value; without the parameter the query's own holds.",
            )
        terms = dict.fromkeys(self.parameters[name].term(value) for value in values)
        return f"VALUES ?{name} {{ {' '.join(terms)} }}"

    def answers(self, source: Source, /, **values: str | Sequence[str]) -> Answers:
        """Return what a source answers with the given values; raise ParameterError."""
        return source.query(self.bind(values))

    def run(self, source: Source, /, **values: str | Sequence[str]) -> list[Row]:
        """Return the rows as plain text by column, in the order the query asks for; raise ParameterError."""
        found = self.answers(source, **values)
        return [dict(zip(found.columns, map(plain, row), strict=True)) for row in found.rows]


def _check_header(name: str, header: Mapping[str, Any]) -> None:
    odd = sorted(_REQUIRED ^ (set(header) - _OPTIONAL))
    odd += [key for key in ("title", "description") if key in header and set(header[key]) != _LANGUAGES]
    if odd:
        raise HeaderError(
            fr=f"{name} : l'en-tête doit dire title et description (.fr et .en) et columns, au besoin parameters "
            f"et tags, et rien d'autre ; à revoir : {', '.join(odd)}.",
            en=f"{name}: the header must have title and description (.fr and .en) and columns, where needed "
            f"parameters and tags, and nothing else; see to: {', '.join(odd)}.",
        )


def _parameter(query: str, name: str, entry: Mapping[str, Any], defaults: Sequence[tuple[str, str]]) -> Parameter:
    default = [values for variable, values in defaults if variable == name]
    known = {"type", "pattern", "label"}
    if not set(entry) <= known or entry.get("type") not in TYPES or set(entry.get("label", ())) != _LANGUAGES:
        raise HeaderError(
            fr=f"{query} : le paramètre {name} doit dire type ({', '.join(TYPES)}), label.fr, label.en, "
            "et au besoin pattern.",
            en=f"{query}: parameter {name} must have type ({', '.join(TYPES)}), label.fr, label.en, "
            "and where needed pattern.",
        )
    if len(default) != 1:
        raise HeaderError(
            fr=f"{query} : le paramètre {name} a {len(default)} lignes VALUES ?{name} {{ … }}, attendu : une.",
            en=f"{query}: parameter {name} has {len(default)} lines VALUES ?{name} {{ … }}, expected: one.",
        )
    return Parameter(name, entry["type"], entry["label"], entry.get("pattern"), default[0])


def _listed(names: Mapping[str, object], none: str) -> str:
    return ", ".join(names) or none


def _near(names: Sequence[str], lang: str) -> str:
    if not names:
        return ""
    return f" Vouliez-vous dire {names[0]} ?" if lang == "fr" else f" Did you mean {names[0]}?"


@cache
def all_queries() -> dict[str, Query]:
    """Return every named query by name, sorted."""
    return {name: Query.read(name, file.read_text(encoding="utf-8")) for name, file in walk("queries", ".rq").items()}


def get_query(name: str) -> Query:
    """Return a query by name; raise ParameterError where there is none, with the nearest names."""
    try:
        return all_queries()[name]
    except KeyError:
        near = get_close_matches(name, all_queries(), n=3, cutoff=0.4)
        hint_fr = f" Les plus proches : {', '.join(near)}." if near else ""
        hint_en = f" The nearest: {', '.join(near)}." if near else ""
        raise ParameterError(
            fr=f"Aucune requête {name!r}.{hint_fr} Toutes : « cesergraph queries ».",
            en=f"No query named {name!r}.{hint_en} All of them: “cesergraph queries”.",
        ) from None
