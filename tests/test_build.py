"""Bad input, two builds at once, a build killed: one clear sentence, the right exit code, the earlier store intact."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cesergraph.cli import main
from cesergraph.resources import folder
from cesergraph.store import open_store

RECORDS = folder("decisions").joinpath("..", "loaders", "documents", "records")
RECORD = "plaquette-ceser-paca-2024.yaml"
COMMAND = [sys.executable, "-c", "import sys; from cesergraph.cli import main; sys.exit(main())"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the documents alone, which builds in seconds."""
    path = tmp_path_factory.mktemp("built") / "store"
    assert main(["build", "--only", "documents", "--out", str(path)]) == 0
    return path


@pytest.fixture
def store(built: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(built, tmp_path / "store")
    return tmp_path / "store"


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence that ends a failed command."""
    *_, last = capsys.readouterr().err.strip().splitlines()
    assert last.startswith("cesergraph: ") and last.rstrip().endswith((".", ".)")), last
    return last


def run(*words: str) -> int:
    return main(["--lang", "en", *words])


FAULTS = {
    "wrong code": ("referral_kind: mandatory", "referral_kind: mandatry", "mandatory"),
    "unknown key": ("  publisher_nobody: x\n", "", ""),
    "duplicate identifier": ("  - key: conseillers-encart", "  - key: conseillers-texte", "conseillers-texte"),
    "position outside the text": ("1515-1525/9ab244651b3a6c65", "9515-9525/9ab244651b3a6c65", "1840"),
    "span without its digest": ("1515-1525/9ab244651b3a6c65", "1515-1525", "1515-1525"),
    "reference to nothing": ("legal_basis: loi-1972-07-05", "legal_basis: loi-1927-07-05", "loi-1972-07-05"),
}


def broken(tmp_path: Path, old: str, new: str) -> Path:
    """A folder with one record that differs from ours in one place."""
    text = (RECORDS / RECORD).read_text(encoding="utf-8")
    room = tmp_path / "records"
    room.mkdir()
    changed = text.replace(old, new, 1) if old in text else text.replace("documents:\n", f"documents:\n{old}", 1)
    assert changed != text
    (room / RECORD).write_text(changed, encoding="utf-8")
    return room


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_record_is_said_with_file_line_field_and_expectation(
    fault: str, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = open_store(store).manifest
    old, new, hint = FAULTS[fault]
    room = broken(tmp_path, old if fault != "unknown key" else "  - publisher_nobody: x\n", new)
    assert run("build", "--only", "documents", "--records", str(room), "--out", str(store)) == 2
    message = said(capsys)
    assert RECORD in message and "line " in message and "expected" in message and hint in message
    assert open_store(store).manifest == before


@pytest.mark.corpus
def test_record_is_checked_against_its_document(
    store: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("build", "--only", "documents", "--corpus", str(corpus), "--out", str(store)) == 0
    quoted = "SELECT ?q WHERE { ?s <http://www.w3.org/ns/oa#exact> ?q }"
    assert open_store(store).query(quoted).rows, "with the corpus at hand the quotations are there"
    before = open_store(store).manifest
    room = broken(tmp_path, "1515-1525/9ab244651b3a6c65", "1516-1525/9ab244651b3a6c65")
    command = ["build", "--only", "documents", "--corpus", str(corpus), "--records", str(room), "--out", str(store)]
    assert run(*command) == 2
    assert "1516-1525" in said(capsys)
    other = tmp_path / "corpus"
    shutil.copytree(corpus, other)
    (file,) = other.glob("002_*.txt")
    file.chmod(0o644)
    file.write_text(file.read_text(encoding="utf-8") + "x", encoding="utf-8")
    capsys.readouterr()
    assert run("build", "--only", "documents", "--corpus", str(other), "--out", str(store)) == 2
    assert "sha256" in said(capsys)
    assert open_store(store).manifest == before


REGIONS = RECORDS.joinpath("..", "..", "territories", "tables", "regions.csv").read_text(encoding="utf-8")
HEADER = REGIONS.splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (REGIONS.replace("name", "nom", 1), "header has changed"),
        (REGIONS.encode("latin-1"), "is not utf-8"),
        (f"{HEADER}24,Centre-Val de Loire,\n", "1 rows read, expected: 18 to 18"),
    ],
)
def test_table_that_is_not_what_its_card_says(
    content: str | bytes, hint: str, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = open_store(store).manifest
    file = tmp_path / "regions.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert run("load", "territories", str(file), "--store", str(store)) == 2
    assert hint in said(capsys)
    assert open_store(store).manifest == before


def test_bad_rows_go_to_the_error_file_and_the_good_ones_are_loaded(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = open_store(store).quads("documents")
    file, errors = tmp_path / "regions.csv", tmp_path / "errors.csv"
    file.write_text(REGIONS.replace("\n01,", "\n1,"), encoding="utf-8")
    assert run("load", "territories", str(file), "--errors", str(errors), "--store", str(store)) == 0
    said_all = capsys.readouterr().err
    assert "18 rows read, 17 taken, 1 refused" in said_all and str(errors) in said_all
    assert ",01" in errors.read_text(encoding="utf-8-sig"), "the repair is proposed"
    after = open_store(store)
    assert after.quads("documents") == documents, "another source is untouched"
    assert sum(" <https://w3id.org/cesergraph/def#Region> " in line for line in after.quads("territories")) == 17


def test_loading_a_table_again_replaces_it_and_nothing_else(store: Path, tmp_path: Path) -> None:
    file, other = tmp_path / "regions.csv", tmp_path / "wikidata.csv"
    file.write_text(REGIONS.replace(",Guadeloupe,", ",Une,"), encoding="utf-8")
    codes = [line[:2] for line in REGIONS.splitlines()[1:]]
    other.write_text("region,item\n" + "".join(f"{code},Q1{code}\n" for code in codes), encoding="utf-8")
    for table in (file, other):
        assert run("load", "territories", str(table), "--store", str(store)) == 0
    wikidata = [line for line in open_store(store).quads("territories") if "/graph/territories/wikidata-" in line]
    file.write_text(REGIONS.replace(",Guadeloupe,", ",Autre,"), encoding="utf-8")
    assert run("load", "territories", str(file), "--store", str(store)) == 0
    lines = open_store(store).quads("territories")
    assert not any('"Une"@fr' in line for line in lines) and any('"Autre"@fr' in line for line in lines)
    assert [line for line in lines if "/graph/territories/wikidata-" in line] == wikidata != []


def test_loading_one_record_replaces_that_document_only(store: Path) -> None:
    before = open_store(store).manifest
    assert run("load", "documents", str(RECORDS / RECORD), "--store", str(store)) == 0
    assert open_store(store).manifest.sources == before.sources


def test_turtle_with_a_syntax_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "faulty.ttl"
    file.write_text("@prefix cg: <https://w3id.org/cesergraph/def#> .\ncg:a cg:b\ncg:c cg:d", encoding="utf-8")
    assert run("validate", str(file)) == 2
    assert "faulty.ttl" in (message := said(capsys)) and "line 3" in message


def test_violation_exits_with_one_and_writes_nothing(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = open_store(store).manifest
    room = broken(tmp_path, "    referral_kind: mandatory\n", "")
    code = run("build", "--only", "documents", "--records", str(room), "--out", str(store))
    out, err = capsys.readouterr()
    assert code in (1, 2) and ("Nothing was written" in out or "referral_kind" in err)
    assert open_store(store).manifest == before


def test_store_of_another_version(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = open_store(store).folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 0}))
    assert run("stats", "--store", str(store)) == 2
    assert "store format 0" in said(capsys)


def test_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("find", "x", "--store", str(tmp_path / "none")) == 2
    assert "cesergraph build" in said(capsys)


def start_build(store: Path) -> subprocess.Popen[str]:
    command = [*COMMAND, "--lang", "en", "build", "--out", str(store)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_lock(store: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a build has begun to read: its first line on stderr comes after the lock is taken."""
    assert process.stderr is not None
    assert "Reading" in process.stderr.readline()


def test_two_builds_at_once(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = open_store(store).manifest
    with start_build(store) as first:
        wait_for_lock(store, first)
        assert run("build", "--only", "documents", "--out", str(store)) == 2
        assert "Another build is writing" in said(capsys)
        first.kill()
    assert open_store(store).manifest == before


@pytest.mark.parametrize("seconds", [0.0, 1.0, 4.0])
def test_killed_build_leaves_the_earlier_store(seconds: float, store: Path) -> None:
    before = open_store(store).manifest
    with start_build(store) as process:
        wait_for_lock(store, process)
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
    assert open_store(store).manifest == before
    assert run("build", "--only", "documents", "--out", str(store)) == 0, "nothing of the killed build is in the way"
    assert not [entry for entry in store.iterdir() if entry.name.startswith("tmp-")]


def test_same_input_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert main(["build", "--only", "documents", "--out", str(again)]) == 0
    first, second = open_store(built), open_store(again)
    assert first.manifest == second.manifest
    for name in ("manifest.json", "problems.json"):
        assert first.file(name).read_bytes() == second.file(name).read_bytes()
    assert all(first.quads(source) == second.quads(source) for source in first.manifest.sources)
