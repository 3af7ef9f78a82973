"""Tolerant reading: what is good goes on, what is bad is said exactly, and every row is counted once."""

import csv
from io import BytesIO
from pathlib import Path

import pytest

from cesergraph.errors import ParameterError, SourceChanged
from cesergraph.sources import (
    BATCH_ROWS,
    Described,
    Loaded,
    Refusal,
    Table,
    card,
    load,
    read_csv,
    recognise,
    rows,
    source_names,
    write_errors,
)

TABLE = Table(source="exemple", name="places", columns=("code", "name"), ignored=("remark",), edition="2026")


def read(data: bytes, table: Table = TABLE) -> list[dict[str, object]]:
    return [row for batch in read_csv(BytesIO(data), table) for row in rows(batch)]


def test_rows_keep_their_line_number_and_their_zeros() -> None:
    found = read(b'code,name,remark\n01,"A\nB",x\n\n02,C,y\n')
    assert [(r["code"], r["name"], r["_row"]) for r in found] == [("01", "A\nB", 3), ("02", "C", 5)]


def test_byte_order_mark_and_delimiter() -> None:
    table = Table(source="exemple", name="places", columns=("code", "name"), delimiter=";", edition="2026")
    assert read(b"\xef\xbb\xbfcode;name\n01;A,B\n", table)[0]["name"] == "A,B"


def test_many_rows_come_in_several_batches() -> None:
    data = b"code,name,remark\n" + b"01,A,x\n" * (BATCH_ROWS + 1)
    sizes = [batch.num_rows for batch in read_csv(BytesIO(data), TABLE)]
    assert sizes == [BATCH_ROWS, 1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"code,nom,remark\n01,A,x\n", "missing column: name"),
        (b"code,name,remark,siren\n01,A,x,1\n", "nothing reads: siren"),
        (b"code,name,name,remark\n01,A,A,x\n", "stands twice: name"),
        (b"", "missing column: code, name, remark"),
        ("code,name,remark\n01,Orléans,x\n".encode("latin-1"), "is not utf-8; save the file as utf-8"),
    ],
)
def test_a_changed_file_is_refused_in_one_sentence(data: bytes, said: str) -> None:
    with pytest.raises(SourceChanged, match=said) as caught:
        read(data)
    assert "exemple" in caught.value.fr and caught.value.fr.endswith(".") and "\n" not in caught.value.fr


def test_every_row_is_accepted_or_refused_once() -> None:
    table = card("territories").tables["regions"]
    good = "\n".join(f"{code},Région {code}," for code in range(11, 27))
    data = f"region,name,chief_town\n{good}\n1,Sans zéro,\n28,Trop,de,champs\n".encode()
    done = load("territories", BytesIO(data), table, "regions.csv")
    assert (done.read, done.accepted, done.refused) == (18, 16, 2)
    assert {r.row for r in done.refusals} == {18, 19}
    stated = {
        quad.subject for quad in done.quads if quad.subject.endswith(">") and "territoire/region/" in quad.subject
    }
    assert len(stated) == 16


def test_row_count_outside_the_cards_bounds_stops_the_load() -> None:
    table = card("territories").tables["regions"]
    with pytest.raises(SourceChanged, match="1 rows read, expected: 18 to 18"):
        load("territories", BytesIO(b"region,name,chief_town\n24,Centre-Val de Loire,45234\n"), table, "regions.csv")


def test_error_file_opens_in_a_spreadsheet(tmp_path: Path) -> None:
    refusal = Refusal(7, "code", "1", "deux chiffres", "two digits", "01")
    done = Loaded(table=TABLE, file="a.csv", read=2, quads=[], refusals=[refusal])
    assert write_errors(tmp_path / "errors.csv", [done]) == 1
    raw = (tmp_path / "errors.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    (row,) = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert (row["row"], row["column"], row["expected"], row["repair"]) == ("7", "code", "two digits", "01")


def test_refusal_says_where_what_and_how_to_mend() -> None:
    refusal = Refusal(7, "code", "1", "deux chiffres", "two digits", "01")
    assert refusal.say("en") == "line 7, code: '1'; expected: two digits. Proposed repair: 01."
    assert refusal.say("fr") == "ligne 7, code : '1' ; attendu : deux chiffres. Réparation proposée : 01."


def test_cards_are_bilingual_and_their_columns_are_told_apart() -> None:
    assert len(source_names()) >= 2
    for name in source_names():
        assert set(card(name).title) == set(card(name).description) == {"fr", "en"}
        for table in card(name).tables.values():
            assert not set(table.columns) & set(table.ignored), table
            assert table.edition or table.suffix != ".csv", table


def test_unknown_source_names_the_nearest() -> None:
    with pytest.raises(ParameterError, match="Did you mean territories"):
        card("territoires")


def test_a_table_is_told_by_its_header(tmp_path: Path) -> None:
    file = tmp_path / "any.csv"
    file.write_text("epci,commune\n200000172,01001\n", encoding="utf-8")
    assert recognise("territories", file).name == "epci_members"
    with pytest.raises(SourceChanged, match=r"reads .*\.csv.* files, not \.txt"):
        recognise("territories", tmp_path / "any.txt")


def test_graph_names_table_and_edition() -> None:
    assert TABLE.graph == "<https://w3id.org/cesergraph/graph/exemple/places-2026>"
    assert Described().quads == []
