"""The store is whole or not there: versions, pointer, locks, killed builds, and what a reader is told."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
import servers

from cesergraph import __version__
from cesergraph.errors import ParameterError, StoreError
from cesergraph.search import Row
from cesergraph.store import FORMAT, EmbeddedStore, Manifest, open_store, write_store, writing

mini_store = servers.mini_store
ALL = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o"
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@dataclass(frozen=True)
class Fault:
    severity: str
    message: str = "à revoir"


def line(word: str, graph: str = "x:g") -> str:
    return f'<x:s> <x:p> "{word}" <{graph}> .\n'


def write(path: Path, *words: str) -> Manifest:
    return write_store(path, {"a": [line(word) for word in words]}, search_rows=[], problems=[])


def words(store: EmbeddedStore) -> list[str]:
    return [str(row[2]).strip('"') for row in store.query(ALL).rows]


def names(path: Path) -> set[str]:
    return {entry.name for entry in path.iterdir()}


def test_what_is_written_is_read_back(mini_store: EmbeddedStore) -> None:
    lines = servers.mini_lines()
    assert mini_store.sources() == sorted(lines) == ["essai", "inference", "territories"]
    assert {source: mini_store.quads(source) for source in lines} == lines
    found = mini_store.query("SELECT ?g ?s ?p ?o { GRAPH ?g { ?s ?p ?o } }").rows
    written = {text for source in lines.values() for text in source}
    assert {f"{s} {p} {o} {g} .\n" for g, s, p, o in found} == written
    assert len(found) == len(written) == mini_store.manifest.quads > 30


def test_the_manifest_says_what_is_in_it(tmp_path: Path) -> None:
    graph = "https://w3id.org/cesergraph/graph/a/2026"
    sources = {"a": [line("1", graph), line("2", graph)], "b": [line("2", graph)]}
    faults = [Fault("Warning"), Fault("Info"), Fault("Warning")]
    rows = [Row("x:s", "Étude", "Study", "label", "Étude", None)]
    manifest = write_store(tmp_path, sources, search_rows=rows, problems=faults)
    store = open_store(tmp_path)
    assert store.manifest == manifest
    assert manifest.quads == 2, "a quad that two sources hold counts once"
    assert (manifest.format, manifest.package) == (FORMAT, __version__)
    assert manifest.problems == {"Warning": 2, "Info": 1}
    digests = {source: hashlib.sha256("".join(lines).encode()).hexdigest() for source, lines in sources.items()}
    assert {source: entry.sha256 for source, entry in manifest.sources.items()} == digests
    assert [(entry.quads, entry.editions) for entry in manifest.sources.values()] == [(2, ["2026"]), (1, [])]
    assert [fault["severity"] for fault in json.loads(store.file("problems.json").read_text("utf-8"))] == [
        fault.severity for fault in faults
    ]
    assert "Étude" in store.file("search.sqlite").read_bytes().decode("utf-8", errors="replace")


def test_the_same_quads_give_the_same_bytes(tmp_path: Path) -> None:
    lines = servers.mini_lines()
    for place in ("one", "two"):
        turned = dict(sorted(lines.items(), reverse=place == "two"))
        manifest = write_store(tmp_path / place, turned, search_rows=[], problems=[Fault("Info")])
        assert list(manifest.sources) == sorted(lines)
    one, two = open_store(tmp_path / "one"), open_store(tmp_path / "two")
    assert one.folder.name == two.folder.name == one.manifest.version
    kept = ["manifest.json", "problems.json", "search.sqlite", *(f"quads/{source}.nq" for source in lines)]
    assert all(one.file(name).read_bytes() == two.file(name).read_bytes() for name in kept)
    write(tmp_path / "two", "other")
    assert open_store(tmp_path / "two").manifest.version != one.manifest.version


def test_a_line_given_twice_is_written_once_and_disorder_is_a_bug(tmp_path: Path) -> None:
    assert write(tmp_path, "1", "1", "2").sources["a"].quads == 2
    with pytest.raises(ValueError, match="not sorted"):
        write(tmp_path, "2", "1")
    with pytest.raises(ValueError, match="cannot name a source"):
        write_store(tmp_path, {"../a": []}, search_rows=[], problems=[])
    with pytest.raises(SyntaxError):
        write_store(tmp_path, {"a": ["no quad\n"]}, search_rows=[], problems=[])
    assert words(open_store(tmp_path)) == ["1", "2"], "a build that fails leaves the earlier store"
    assert names(tmp_path) == {"CURRENT", ".lock", open_store(tmp_path).folder.name}


def test_a_reader_keeps_reading_while_a_version_is_written(tmp_path: Path) -> None:
    many = [line(f"{number:05}") for number in range(20_000)]
    write_store(tmp_path, {"a": many}, search_rows=[], problems=[])
    reader = open_store(tmp_path)
    write(tmp_path, "new")
    assert not reader.folder.exists()
    assert len(words(reader)) == len(many), "read for the first time after its files were removed"
    assert words(open_store(tmp_path)) == ["new"]
    with pytest.raises(StoreError, match="a newer version") as error:
        reader.quads("a")
    assert "version plus récente" in error.value.fr


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_version_replaced_while_it_is_opened(moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "old")
    old = open_store(tmp_path).folder

    def interrupted(folder: Path) -> EmbeddedStore:
        if folder == old and moment == "before":
            write(tmp_path, "new")
        opened = EmbeddedStore(folder)
        if folder == old:
            write(tmp_path, "new")
        return opened

    monkeypatch.setattr("cesergraph.store.EmbeddedStore", interrupted)
    assert words(open_store(tmp_path)) == ["new"]


def test_readers_do_not_disturb_each_other(tmp_path: Path) -> None:
    write(tmp_path, "1")
    first, second = open_store(tmp_path), open_store(tmp_path)
    assert words(first) == words(second) == ["1"]


def test_a_source_the_store_does_not_hold(mini_store: EmbeddedStore) -> None:
    with pytest.raises(ParameterError, match="It holds: essai, inference, territories"):
        mini_store.quads("essais")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "pointer-empty": lambda path: (path / "CURRENT").write_text(""),
    "pointer-outside": lambda path: (path / "CURRENT").write_text("../elsewhere"),
    "pointer-not-text": lambda path: (path / "CURRENT").write_bytes(b"\xff\xfe"),
    "pointer-to-nothing": lambda path: (path / "CURRENT").write_text("0123456789abcdef"),
    "manifest-missing": lambda path: (open_store(path).folder / "manifest.json").unlink(),
    "manifest-not-json": lambda path: (open_store(path).folder / "manifest.json").write_text("{"),
    "manifest-list": lambda path: (open_store(path).folder / "manifest.json").write_text("[]"),
    "manifest-short": lambda path: change(path, lambda fields: fields.pop("quads")),
    "manifest-no-format": lambda path: change(path, lambda fields: fields.pop("format")),
    "other-format": lambda path: change(path, lambda fields: fields.update(format=FORMAT + 1, sources="new")),
    "data-missing": lambda path: shutil.rmtree(open_store(path).folder / "oxigraph"),
    "data-empty": lambda path: [file.write_bytes(b"") for file in (open_store(path).folder / "oxigraph").iterdir()],
}


def change(path: Path, act: Callable[[dict[str, object]], object]) -> None:
    file = open_store(path).folder / "manifest.json"
    fields = json.loads(file.read_text("utf-8"))
    act(fields)
    file.write_text(json.dumps(fields))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_said_and_a_build_mends_it(damage: str, tmp_path: Path) -> None:
    write(tmp_path, "1")
    DAMAGES[damage](tmp_path)
    with pytest.raises(StoreError) as error:
        open_store(tmp_path)
    assert "cesergraph build" in error.value.fr and "cesergraph build" in error.value.en
    if damage == "other-format":
        assert f"format de dépôt {FORMAT + 1}," in error.value.fr and f"format {FORMAT + 1}," in error.value.en
    write(tmp_path, "1")
    assert words(open_store(tmp_path)) == ["1"]
    assert len(names(tmp_path)) == 3


@pytest.mark.parametrize("place", ["nowhere", "empty", "file"])
def test_an_absent_store_says_what_to_run(place: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("a file")
    with pytest.raises(StoreError, match="There is no store in") as error:
        open_store(tmp_path / place)
    assert "Il n'y a pas de dépôt" in error.value.fr


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(StoreError, match="Cannot write in") as error:
        write(tmp_path / "file", "1")
    assert "Impossible d'écrire" in error.value.fr


def test_a_build_that_fails_on_the_way_says_so(tmp_path: Path) -> None:
    def full() -> Iterator[str]:
        yield line("1")
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space left"):
        write_store(tmp_path, {"a": full()}, search_rows=[], problems=[])
    assert names(tmp_path) == {".lock"}


SLOW_BUILD = """
import sys
from pathlib import Path
from cesergraph.store import write_store

def lines():
    yield '<x:s> <x:p> "slow" <x:g> .\\n'
    print("writing", flush=True)
    sys.stdin.readline()

write_store(Path(sys.argv[1]), {"a": lines()}, search_rows=[], problems=[])
"""


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input="\n", capture_output=True, text=True, check=False, env=ENVIRONMENT)


@contextmanager
def started(script: str, path: Path) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdin and process.stdout and process.stdout.readline() == "writing\n"
        yield process, process.stdin


def test_two_builds_at_once(tmp_path: Path) -> None:
    write(tmp_path, "old")
    with started(SLOW_BUILD, tmp_path) as (slow, _):
        with pytest.raises(StoreError, match="Another build is writing") as error:
            write(tmp_path, "second")
        assert "Une autre construction écrit" in error.value.fr
        third = run([sys.executable, "-c", SLOW_BUILD, str(tmp_path)])
        assert third.returncode != 0 and "Another build is writing" in third.stderr
        assert words(open_store(tmp_path)) == ["old"], "readers are not held up"
        slow.communicate("\n")
    assert slow.returncode == 0
    assert words(open_store(tmp_path)) == ["slow"]


def test_the_right_to_write_can_be_held_from_reading_on(tmp_path: Path) -> None:
    write(tmp_path, "1")
    with writing(tmp_path):
        write(tmp_path, *words(open_store(tmp_path)), "2")
        other = run([sys.executable, "-c", SLOW_BUILD, str(tmp_path)])
    assert "Another build is writing" in other.stderr
    assert words(open_store(tmp_path)) == ["1", "2"]
    write(tmp_path, "3")


@pytest.mark.slow
def test_a_build_killed_at_any_step_leaves_a_whole_store(tmp_path: Path) -> None:
    done = run([sys.executable, str(Path(__file__).with_name("killed_builds.py")), str(tmp_path)])
    assert done.returncode == 0, done.stderr
    steps = [json.loads(text) for text in done.stdout.splitlines()]
    assert len(steps) > 15
    found = [step["found"] for step in steps]
    assert set(found) == {'"old"', '"new"'} and found == sorted(found, reverse=True), "old up to a step, new from it on"
    for step in steps:
        assert step["whole"], step
        assert len(step["left"]) == 3 and {".lock", "CURRENT"} < set(step["left"]), step


LONG_BUILD = SLOW_BUILD.replace(
    "    print(", "    yield from (f'<x:s> <x:q> \"{number:07}\" <x:g> .\\n' for number in range(300_000))\n    print("
)


def test_a_build_killed_while_oxigraph_loads(tmp_path: Path) -> None:
    write(tmp_path, "old")
    with started(LONG_BUILD, tmp_path) as (slow, orders):
        orders.write("\n")
        orders.flush()
        until = time.monotonic() + 30
        while not (tmp_path / "tmp-build" / "oxigraph").exists() and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        slow.kill()
    assert (tmp_path / "tmp-build" / "all.nq").exists(), "it was killed before the load had ended"
    assert words(open_store(tmp_path)) == ["old"]
    write(tmp_path, "new")
    assert words(open_store(tmp_path)) == ["new"] and len(names(tmp_path)) == 3
