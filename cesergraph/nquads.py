"""The one fast writer: RDF terms as N-Triples text, checked and escaped, and quads as N-Quads lines.

Everything that enters the graph passes through ``iri``, ``literal`` or ``text``;
``tests/test_nquads.py`` compares them with pyoxigraph's own writer on dirty values.
Source: W3C RDF 1.1 N-Quads (canonical form of literals) and RFC 3987 for the characters of an IRI.
"""

import re
from typing import NamedTuple

from pyoxigraph import NamedNode

from cesergraph.errors import IdentifierError
from cesergraph.namespaces import expand

_LANG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f\ud800-\udfff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


class Quad(NamedTuple):
    """One statement in N-Quads terms, and the key of the record item it was read from."""

    subject: str
    predicate: str
    object: str
    graph: str
    item: str

    def line(self) -> str:
        """Return the quad as one N-Quads line, newline included."""
        return f"{self.subject} {self.predicate} {self.object} {self.graph} .\n"


def iri(value: str) -> str:
    """Return an absolute IRI as an N-Triples term; raise IdentifierError where it is not one.

    >>> iri("https://w3id.org/cesergraph/def")
    '<https://w3id.org/cesergraph/def>'
    """
    try:
        return str(NamedNode(value))
    except ValueError as error:
        raise IdentifierError(
            fr=f"{value!r} n'est pas une IRI absolue sans espace ni caractère réservé.",
            en=f"{value!r} is not an absolute IRI free of blanks and reserved characters.",
        ) from error


def term(curie: str) -> str:
    """Return ``prefix:local`` as an N-Triples IRI term."""
    return iri(expand(curie))


def text(value: str, lang: str) -> str:
    """Return a language-tagged string; raise IdentifierError on a malformed tag.

    >>> text('Région "Centre"', "fr")
    '"Région \\\\"Centre\\\\""@fr'
    """
    if not _LANG.fullmatch(lang):
        raise IdentifierError(fr=f"{lang!r} n'est pas une étiquette de langue.", en=f"{lang!r} is not a language tag.")
    return f'"{_escape(value)}"@{lang}'


def literal(value: str, datatype: str = "xsd:string") -> str:
    """Return a typed literal; the lexical form is the caller's to check.

    >>> literal("24")
    '"24"'
    >>> literal("25", "xsd:integer")
    '"25"^^<http://www.w3.org/2001/XMLSchema#integer>'
    """
    quoted = f'"{_escape(value)}"'
    return quoted if datatype == "xsd:string" else f"{quoted}^^<{expand(datatype)}>"


def _escape(value: str) -> str:
    return _ESCAPED.sub(_escaped, value)


def _escaped(match: re.Match[str]) -> str:
    char = match.group()
    if "\ud800" <= char <= "\udfff":
        raise IdentifierError(
            fr=f"Le texte contient un demi-caractère Unicode isolé (U+{ord(char):04X}).",
            en=f"The text contains a lone surrogate (U+{ord(char):04X}).",
        )
    return _SHORT.get(char, f"\\u{ord(char):04X}")
