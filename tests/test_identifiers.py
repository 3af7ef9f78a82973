"""How an IRI is made from an official code, and refused otherwise."""

import doctest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cesergraph import identifiers, namespaces
from cesergraph.errors import DecisionError, IdentifierError
from cesergraph.identifiers import (
    concept,
    graph,
    legal_unit,
    luhn,
    meta_graph,
    slugify,
    slugs,
    territory,
    thing,
)
from cesergraph.namespaces import BASE, ID
from cesergraph.nquads import iri

HEADER = "key,path\n"


def registry(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "slugs.csv"
    file.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("region", "01"),
        ("region", "24"),
        ("departement", "2A"),
        ("departement", "01"),
        ("departement", "976"),
        ("commune", "45234"),
        ("commune", "2B033"),
        ("outre-mer", "987"),
        ("epci", "244500468"),
        ("ept", "200057974"),
    ],
)
def test_official_codes(kind: str, code: str) -> None:
    assert territory(kind, code) == f"{ID}territoire/{kind}/{code}"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("region", "1"),
        ("region", "1.0"),
        ("region", " 24"),
        ("region", "24\n"),
        ("region", "٢٤"),
        ("departement", "2C"),
        ("departement", "2a"),
        ("commune", "4523"),
        ("commune", "1001"),
        ("outre-mer", "87"),
        ("epci", "244500469"),
        ("epci", "24450046"),
        ("ept", ""),
        ("canton", "24"),
    ],
)
def test_a_wrong_code_is_refused(kind: str, code: str) -> None:
    with pytest.raises(IdentifierError) as caught:
        territory(kind, code)
    assert repr(code) in caught.value.en
    assert repr(code) in caught.value.fr


def test_a_legal_unit_has_a_siren() -> None:
    assert legal_unit("234500023") == f"{ID}organisation/siren/234500023"
    for value in ("234500024", "00000000", "0000000000", "23450002x", "000 00 000"):
        with pytest.raises(IdentifierError):
            legal_unit(value)


@given(st.integers(0, 99_999_999), st.integers(0, 8), st.integers(1, 9))
def test_the_luhn_key_catches_one_wrong_digit(body: int, position: int, shift: int) -> None:
    digits = next(f"{body:08d}{key}" for key in range(10) if luhn(f"{body:08d}{key}"))
    wrong = digits[:position] + str((int(digits[position]) + shift) % 10) + digits[position + 1 :]
    assert not luhn(wrong)


@given(st.text(max_size=30))
def test_a_reference_is_refused_or_makes_a_good_iri(ref: str) -> None:
    try:
        made = thing("document", ref)
    except IdentifierError:
        return
    assert iri(made) == f"<{ID}document/{ref}>"


@pytest.mark.parametrize("ref", ["", "/", "a/", "/a", "a//b", "../x", "a b", "é", "a?b", "a#b", "-a", ".a"])
def test_a_malformed_reference_is_refused(ref: str) -> None:
    with pytest.raises(IdentifierError):
        thing("document", ref)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(IdentifierError, match="not a type of thing"):
        thing("machin", "x")


def test_concepts_and_graphs() -> None:
    assert concept("epci-kind", "MET69") == f"{BASE}vocab/epci-kind/MET69"
    assert graph("territories", "communes-2026") == f"{BASE}graph/territories/communes-2026"
    assert meta_graph("documents") == f"{BASE}graph/meta/documents"
    for scheme, notation in (("Epci", "CC"), ("", "CC"), ("epci-kind", ""), ("epci-kind", "a b"), ("epci-kind", "é")):
        with pytest.raises(IdentifierError):
            concept(scheme, notation)
    with pytest.raises(IdentifierError):
        graph("territories", "communes 2026")


@given(st.text(max_size=200))
def test_a_slug_is_plain_or_empty(name: str) -> None:
    slug = slugify(name)
    assert len(slug) <= 80
    if slug:
        assert thing("organisation", slug)
        assert slugify(slug) == slug or slug.split("-")[0] in ("le", "la", "les", "l", "un", "une", "des")


def test_the_registry_of_slugs_is_sound_and_used() -> None:
    found = slugs()
    assert len(found) > 0
    assert all(thing(*path.split("/", 1)) for path in found.values())


def test_a_slug_line(tmp_path: Path) -> None:
    assert slugs(registry(tmp_path, "CESER Occitanie,organisation/ceser-occitanie")) == {
        "CESER Occitanie": "organisation/ceser-occitanie"
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a,organisation/x,extra", "key,type/slug"),
        ("a", "key,type/slug"),
        (",organisation/x", "key,type/slug"),
        ("a,machin/x", "key,type/slug"),
        ("a,organisation/X é", "key,type/slug"),
        ("one,organisation/other", "key already there"),
        ("two,organisation/one", "identifier already taken"),
    ],
)
def test_a_faulty_slug_line_is_refused(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(DecisionError, match=f"line 3.*{reason}"):
        slugs(registry(tmp_path, "one,organisation/one", line))


def test_examples_in_the_docstrings() -> None:
    for module in (identifiers, namespaces):
        assert doctest.testmod(module).attempted > 0
        assert doctest.testmod(module).failed == 0
