"""The written form of each kind of value, shared by the reader and the JSON Schema; and its datatype in RDF."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from cesergraph import identifiers, nquads
from cesergraph.errors import IdentifierError


@dataclass(frozen=True)
class Form:
    """How a value is written: a pattern, what it is called, the JSON types an editor may read it as."""

    pattern: str
    fr: str
    en: str
    types: tuple[str, ...] = ("string",)
    holds: Callable[[str], bool] = lambda value: True

    def accepts(self, value: str) -> bool:
        """Tell whether a value is written so."""
        return re.fullmatch(self.pattern, value) is not None and self.holds(value)


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value + "-01-01"[len(value) - 4 :] if len(value) < 10 else value)
    except ValueError:
        return False
    return True


def _is_datetime(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_siren(value: str) -> bool:
    return identifiers.luhn(value)


def _is_iri(value: str) -> bool:
    try:
        nquads.iri(value)
    except IdentifierError:
        return False
    return True


_NUMBERS = ("string", "integer", "number")
FORMS: dict[str, Form] = {
    "text": Form(r"[\s\S]*\S[\s\S]*", "un texte", "a text", _NUMBERS),
    "string": Form(r"[\s\S]*\S[\s\S]*", "un texte", "a text", _NUMBERS),
    "integer": Form(
        r"[0-9]{1,15}", "un nombre entier, en chiffres", "a whole number, in figures", ("string", "integer")
    ),
    "decimal": Form(
        r"-?[0-9]+(\.[0-9]+)?",
        "un nombre en chiffres, sans espace, avec un point décimal",
        "a number in figures, without a blank, with a decimal point",
        _NUMBERS,
    ),
    "date": Form(
        r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?",
        "une date du calendrier : AAAA-MM-JJ, AAAA-MM ou AAAA",
        "a date of the calendar: YYYY-MM-DD, YYYY-MM or YYYY",
        ("string", "integer"),
        _is_date,
    ),
    "datetime": Form(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}",
        "un jour et une heure : AAAA-MM-JJThh:mm:ss",
        "a day and a time: YYYY-MM-DDThh:mm:ss",
        holds=_is_datetime,
    ),
    "year": Form(r"[0-9]{4}", "une année : AAAA", "a year: YYYY", ("string", "integer")),
    "duration": Form(
        r"P([0-9]+Y)?([0-9]+M)?([0-9]+D)?(?<!P)",
        "une durée : P2M, P1Y, P15D",
        "a duration: P2M, P1Y, P15D",
    ),
    "uri": Form(r"https?://\S+", "une adresse web", "a web address", holds=_is_iri),
    "iri": Form(r"https?://\S+", "une adresse web", "a web address", holds=_is_iri),
    "url-or-lost": Form(
        r"lost|https?://\S+",
        "une adresse web, ou lost",
        "a web address, or lost",
        holds=lambda value: value == "lost" or _is_iri(value),
    ),
    "siren": Form(
        r"[0-9]{9}",
        "un SIREN : neuf chiffres dont la clé de Luhn est juste",
        "a SIREN: nine digits with a right Luhn key",
        ("string", "integer"),
        _is_siren,
    ),
    "sha256": Form(r"[0-9a-f]{64}", "un SHA-256 : 64 chiffres hexadécimaux", "a SHA-256: 64 hexadecimal digits"),
}
KEY = Form(
    r"[a-z0-9]+([._-][a-z0-9]+)*",
    "une clé de minuscules sans accent, chiffres, tirets",
    "a key of unaccented small letters, digits, hyphens",
    ("string", "integer", "number"),
)
PATH = Form(
    r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*(/[A-Za-z0-9]+([._-][A-Za-z0-9]+)*)*",
    "une clé de ce relevé ou un chemin d'identifiant comme territoire/region/76",
    "a key of this record or an id path such as territoire/region/76",
    ("string", "integer", "number"),
)
SPAN = Form(
    r"[0-9]{1,9}-[0-9]{1,9}/[0-9a-f]{16}",
    "début-fin/empreinte : deux positions et les 16 premiers chiffres du SHA-256 du passage",
    "start-end/digest: two positions and the first 16 digits of the passage's SHA-256",
)


def date_datatype(value: str) -> str:
    """Return the XSD datatype of a date by its form."""
    return {4: "xsd:gYear", 7: "xsd:gYearMonth", 10: "xsd:date"}[len(value)]
