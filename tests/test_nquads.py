"""The fast writer against pyoxigraph's parser and its own writer, on dirty values."""

import doctest

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cesergraph import nquads
from cesergraph.errors import IdentifierError
from cesergraph.namespaces import PREFIXES, expand
from cesergraph.nquads import Quad, iri, literal, term, text

XSD_STRING = expand("xsd:string")
DIRTY = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.text(alphabet=st.sampled_from(list("\"\\\n\r\t\b\f\x00\x1f\x7f\x85  é🜁<>^@.'#{}"))),
    st.text(alphabet=st.sampled_from(["\\", '"', "u", "U", "n", "0", "4", "1"])),
)
REFUSED = '\x00\x01\x1f <>"{}|^`\\\t\n\r'
IRIS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["http://e/", "https://w3id.org/cesergraph/id/", "urn:x:", "mailto:"]),
        st.text(alphabet=st.sampled_from(list("aé/%20?#:@-._~!$&'()*+,;=[]\x7f\ue000")), max_size=20),
    ),
)
TAGS = st.sampled_from(["fr", "en", "fr-fr", "pt-br", "zh-hant", "x-none", "FR", "fr_FR", "", "fr en", "é", "fr-", "1"])


def parsed(line: str) -> ox.Quad:
    quads: list[ox.Quad] = list(ox.parse(line, format=ox.RdfFormat.N_QUADS))
    [quad] = quads
    return quad


def quad_of(obj: str) -> ox.Quad:
    return parsed(Quad("<urn:s>", "<urn:p>", obj, "<urn:g>", "item").line())


@given(DIRTY)
def test_a_string_comes_back_as_it_was(value: str) -> None:
    assert quad_of(literal(value)).object == ox.Literal(value)
    assert quad_of(text(value, "fr")).object == ox.Literal(value, language="fr")


@given(DIRTY, st.sampled_from(["xsd:string", "xsd:date", "xsd:decimal", "rdf:HTML", "xsd:anyURI"]))
def test_a_typed_literal_comes_back_as_it_was(value: str, datatype: str) -> None:
    assert quad_of(literal(value, datatype)).object == ox.Literal(value, datatype=ox.NamedNode(expand(datatype)))


@given(DIRTY)
def test_one_statement_is_one_line(value: str) -> None:
    line = Quad(iri("urn:s"), term("rdfs:label"), text(value, "fr"), iri("urn:g"), "").line()
    assert line.count("\n") == 1
    assert line.endswith(" .\n")


@given(DIRTY)
def test_written_as_the_safe_writer_writes(value: str) -> None:
    """Byte for byte: what sorts, hashes and compares does not depend on which of the two wrote it."""
    for obj in (literal(value), text(value, "fr"), literal(value, "xsd:date")):
        line = Quad("<urn:s>", "<urn:p>", obj, "<urn:g>", "").line()
        assert ox.serialize([parsed(line)], format=ox.RdfFormat.N_QUADS) == line.encode()


@given(IRIS)
def test_an_iri_is_refused_or_comes_back_as_it_was(value: str) -> None:
    """What the safe writer refuses is refused here, row by row: in the store's loader it would stop a whole build."""
    try:
        expected = ox.NamedNode(value)
    except ValueError:
        with pytest.raises(IdentifierError):
            iri(value)
        return
    assert quad_of(iri(value)).object == expected


@pytest.mark.parametrize("char", REFUSED)
def test_a_reserved_character_is_refused_in_an_iri(char: str) -> None:
    for value in (f"http://e/a{char}b", f"http://e/a{char}", f"{char}http://e/a"):
        with pytest.raises(IdentifierError):
            iri(value)


@pytest.mark.parametrize(
    "value", ["", "a", "/id/x", "territoire/region/24", ":x", "1http://e/", "é://x", "_:b0", "http://e/\ud800"]
)
def test_a_relative_or_empty_iri_is_refused(value: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        iri(value)
    assert repr(value) in caught.value.fr
    assert repr(value) in caught.value.en


@given(TAGS, DIRTY)
def test_a_language_tag_is_refused_or_comes_back_as_it_was(tag: str, value: str) -> None:
    try:
        written = text(value, tag)
    except IdentifierError:
        assert tag in ("x-none", "FR", "fr_FR", "", "fr en", "é", "fr-", "1")
        return
    assert quad_of(written).object == ox.Literal(value, language=tag)


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb", "\udc00\ud800"])
def test_half_a_character_is_refused(value: str) -> None:
    for write in (literal, lambda v: text(v, "fr")):
        with pytest.raises(IdentifierError, match="lone surrogate"):
            write(value)


def test_terms() -> None:
    assert term("cg:Region") == f"<{PREFIXES['cg']}Region>"
    with pytest.raises(KeyError):
        term("nope:Region")


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(nquads).attempted > 0
    assert doctest.testmod(nquads).failed == 0
