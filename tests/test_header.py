"""The ``#+`` header of a query, a rule or an example."""

import pytest

from cesergraph.errors import HeaderError
from cesergraph.header import read_header
from cesergraph.resources import walk


def test_a_header_is_toml_line_by_line() -> None:
    text = '#+ title.fr = "Conseils"\n# a remark\n#+ columns = ["council"]\nSELECT ?council { }\n'
    assert read_header(text, "x") == {"title": {"fr": "Conseils"}, "columns": ["council"]}


def test_a_code_keeps_its_zero() -> None:
    assert read_header('#+ code = "01"', "x") == {"code": "01"}


@pytest.mark.parametrize("text", ["", "SELECT * { }", "#+no blank", " #+ indented = 1"])
def test_a_file_without_a_header_has_an_empty_one(text: str) -> None:
    assert read_header(text, "x") == {}


def test_a_faulty_header_is_refused_with_the_name_of_the_file() -> None:
    with pytest.raises(HeaderError) as caught:
        read_header("#+ title = Conseils", "councils.rq")
    assert caught.value.en.startswith("councils.rq: the header is not TOML")
    assert caught.value.fr.startswith("councils.rq : l'en-tête n'est pas du TOML")


def test_the_headers_of_ours_are_bilingual() -> None:
    files = walk("queries", ".rq") | walk("ontology", ".rq")
    assert len(files) > 20
    for name, file in files.items():
        header = read_header(file.read_text(encoding="utf-8"), name)
        assert set(header["title"]) == {"fr", "en"}, name
