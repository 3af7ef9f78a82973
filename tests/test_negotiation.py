"""Which representation a client is sent, by RFC 9110, section 12.5."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cesergraph.web.negotiation import accepts, choose, choose_language

OFFERED = ("text/html", "text/turtle", "application/ld+json", "application/n-triples")
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
RDFLIB = "application/rdf+xml,text/rdf+n3;q=0.9,application/xhtml+xml;q=0.5, text/turtle;q=0.7, */*;q=0.1"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("text/turtle", "text/turtle"),
        ("TEXT/Turtle", "text/turtle"),
        (FIREFOX, "text/html"),
        (RDFLIB, "text/turtle"),
        ("text/*", "text/html"),
        ("text/*;q=0.5, application/ld+json;q=0.4", "text/html"),
        ("text/html;q=0.2, text/turtle;q=0.9", "text/turtle"),
        ("text/html;q=0, */*", "text/turtle"),
        ("text/*, text/html;q=0.1", "text/turtle"),
        ("text/*;q=0.1, text/turtle;q=0.3, */*;q=0.9", "application/ld+json"),
        ("application/ld+json;profile=x;q=0.9, text/turtle;q=0.8", "application/ld+json"),
        ("text/turtle ; q=0.5, text/html;q=0.4", "text/turtle"),
        ("text/turtle;q=1.000", "text/turtle"),
        ("image/png", None),
        ("text/html;q=0", None),
        ("*/*;q=0", None),
    ],
)
def test_the_best_type_is_chosen(accept: str, expected: str | None) -> None:
    assert choose(accept, OFFERED) == expected


@pytest.mark.parametrize(
    "accept", [";;;", ",", "text", "text/", "/turtle", "text/turtle;q=2", "q=0.5", "\x00/\x00", "a" * 9999]
)
def test_what_cannot_be_read_asks_for_nothing(accept: str) -> None:
    assert choose(accept, OFFERED) in ("text/html", None)


@given(st.text())
def test_no_header_breaks_it(accept: str) -> None:
    assert choose(accept, OFFERED) in (*OFFERED, None)
    assert choose_language(accept) in ("fr", "en")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "fr"),
        ("en-GB,en;q=0.9", "en"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("de", "fr"),
        ("de,en;q=0.5", "en"),
        ("en;q=0.5,fr;q=0.5", "fr"),
        ("en;q=0", "fr"),
    ],
)
def test_french_unless_english_is_preferred(accept: str, expected: str) -> None:
    assert choose_language(accept) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [("", False), ("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("*", True), ("gzip;q=0, *", False)],
)
def test_compression_only_where_it_is_accepted(accept: str, expected: bool) -> None:
    assert accepts(accept, "gzip") is expected
