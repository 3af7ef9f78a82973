"""Every command: help in two languages with an example, data on stdout alone, the exit code of its contract."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cesergraph.cli import cesergraph, main

COMMANDS = sorted(cesergraph.commands)
NAMED = "build check coverage find load publish queries query refresh schema serve show sparql stats validate".split()
Q = "query", "departements_of_a_region"


def run(capsysbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[int, bytes, str]:
    code = main(words)
    out, err = capsysbinary.readouterr()
    return code, out, err.decode()


def test_commands_are_those_of_the_contract() -> None:
    assert COMMANDS == NAMED


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_in_the_language_asked_for(
    command: str, lang: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    code, out, err = run(capsysbinary, command, "--help", "--lang", lang)
    text = out.decode()
    assert (code, err) == (0, "")
    assert text.startswith("Utilisation : " if lang == "fr" else "Usage: ")
    assert ("Exemple" if lang == "fr" else "Example") in text and f"  cesergraph {command}" in text
    assert "--lang" in text


def test_language_is_the_locales_else_french(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert "n'existe pas" in run(capsysbinary, "nope")[2]
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert "No such command" in run(capsysbinary, "nope")[2]
    assert "n'existe pas" in run(capsysbinary, "--lang", "fr", "nope")[2]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["nope"], "nope"),
        (["query"], "NAME"),
        (["query", "departments_of_a_region"], "departements_of_a_region"),
        (["query", "departements_of_a_region", "kode=24"], "region_code"),
        (["query", "departements_of_a_region", "24"], "key=value"),
        (["query", "departements_of_a_region", "region_code=2"], "[0-9]{2}"),
        (["load", "territory", __file__], "territories"),
        (["find", "x", "--endpoint", "http://127.0.0.1:9/"], "local index"),
        (["sparql", "SELECT * WHERE {"], "line"),
        (["sparql", "DROP ALL"], "read"),
        (["sparql", "SELECT * WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"], "SERVICE"),
        (["sparql", "@no-such-file.rq"], "no-such-file.rq"),
        (["show", "no such thing at all"], "no such thing at all"),
        (["query", "departements_of_a_region", "--endpoint", "http://127.0.0.1:9/"], "127.0.0.1:9"),
    ],
)
def test_misuse_is_said_in_one_sentence(
    words: list[str],
    hint: str,
    store_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.setenv("CESERGRAPH_STORE", str(store_path))
    code, out, err = run(capsysbinary, "--lang", "en", *words)
    assert (code, out) == (2, b"")
    assert err.startswith("cesergraph: ") and err.count("\n") == 1 and hint in err


@pytest.mark.parametrize("format", ["table", "csv", "json", "markdown", "parquet"])
def test_query_writes_only_the_format_asked_for(
    format: str, store_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    code, out, err = run(capsysbinary, *Q, "region_code=24", "--format", format, "--store", str(store_path))
    assert (code, err) == (0, "")
    starts = {"csv": b"code,departement,communes\r\n18,Cher", "markdown": b"| code", "parquet": b"PAR1"}
    assert out.startswith(starts.get(format, b""))
    if format == "json":
        found = json.loads(out)
        assert found["head"]["vars"] == ["code", "departement", "communes"]
        assert found["results"]["bindings"][0]["departement"]["value"] == "Cher"


def test_values_may_be_several(store_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    words = (*Q, "region_code=24", "region_code=94", "--format", "csv", "--store", str(store_path))
    assert len(run(capsysbinary, *words)[1].splitlines()) == 1 + 6 + 2


def test_sparql_reads_its_argument_a_file_and_standard_input(store_path: Path, tmp_path: Path) -> None:
    text = "ASK { ?s a <https://w3id.org/cesergraph/def#CESER> }"
    (tmp_path / "q.rq").write_text(text, encoding="utf-8")
    for argument, given in ((text, ""), (f"@{tmp_path / 'q.rq'}", ""), ("-", text)):
        command = [sys.executable, "-c", "import sys; from cesergraph.cli import main; sys.exit(main())"]
        command += ["sparql", argument, "--format", "json", "--store", str(store_path)]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == {"head": {}, "boolean": True}


def test_environment_names_the_store(
    monkeypatch: pytest.MonkeyPatch, store_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("CESERGRAPH_STORE", str(store_path))
    code, out, _ = run(capsysbinary, "find", "provence", "alpes", "--type", "Region", "--format", "csv")
    assert code == 0 and out.splitlines()[1].startswith(b"territoire/region/93,")


def test_show_says_what_and_whence(store_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, _ = run(capsysbinary, "--lang", "en", "show", "territoire/region/24", "--store", str(store_path))
    assert code == 0 and "Centre-Val de Loire" in out.decode() and "INSEE code" in out.decode()


def test_show_why_names_rule_and_premises(store_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    thing = "preconisation/avis-zones-emploi-occitanie-2022/2"
    code, out, _ = run(
        capsysbinary, "--lang", "en", "show", thing, "--why", "--format", "json", "--store", str(store_path)
    )
    assert code == 0 and "property_chain" in out.decode()


def test_stats_and_validate_of_the_store(store_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, _ = run(capsysbinary, "stats", "--format", "csv", "--store", str(store_path))
    assert code == 0 and b"#Commune,Commune (territoire),34969" in out
    code, out, _ = run(capsysbinary, "--lang", "en", "validate", "--format", "json", "--store", str(store_path))
    assert code == 0 and all(p["severity"] != "Violation" for p in json.loads(out))


def test_schema_is_json_schema(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, err = run(capsysbinary, "schema")
    assert (code, err) == (0, "") and "$schema" in json.loads(out)


@pytest.mark.java
def test_check_finds_nothing(java: str, store_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, err = run(capsysbinary, "--lang", "en", "check", "--store", str(store_path))
    assert (code, out) == (0, b"") and "0 fault(s)" in err


def test_queries_are_listed(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, _ = run(capsysbinary, "--lang", "en", "queries", "--tag", "vote", "--format", "csv")
    assert code == 0 and out.splitlines()[0] == b"name,title,parameters,tags" and b"vote_by_voter" in out


@pytest.mark.corpus
def test_coverage_tells_gaps_and_exits_with_one(
    corpus: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    code, out, err = run(capsysbinary, "--lang", "en", "coverage", "--corpus", str(corpus), "--format", "csv")
    assert (code, out.splitlines()) == (0, [b"file,line,place,kind,words"]) and "0 gap(s)" in err
    (tmp_path / "inconnu.txt").write_text("Un texte que personne n'a relevé.", encoding="utf-8")
    code, out, err = run(capsysbinary, "--lang", "en", "coverage", "--corpus", str(tmp_path), "--format", "csv")
    assert code == 1 and b"inconnu.txt,1,0-0,document" in out
