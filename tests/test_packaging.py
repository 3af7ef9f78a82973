"""The layers of the code, and the wheel: complete, and at work in a clean environment, from any directory."""

import ast
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import need

ROOT = Path(__file__).resolve().parent.parent
CODE = ("cesergraph", "loaders")
DATA = ("ontology", "shapes", "queries", "decisions")
VENDOR = ROOT / "cesergraph" / "web" / "vendor"


def imports(file: Path) -> Iterator[str]:
    """Yield the module names a Python file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert len(found) > 3, folder
    return found


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_the_core_names_no_loader() -> None:
    """``import loaders`` to list them is all the core may do."""
    for file in modules("cesergraph"):
        assert not [name for name in imports(file) if name.startswith("loaders.")], file


def test_only_the_command_line_imports_the_command_line() -> None:
    for folder in CODE:
        for file in modules(folder):
            if file.name not in ("cli.py", "__main__.py"):
                assert not [name for name in imports(file) if inside(name, "cesergraph.cli", "click")], file


def test_no_loader_imports_another() -> None:
    for file in modules("loaders"):
        own = file.relative_to(ROOT / "loaders").parts[0]
        for name in imports(file):
            assert not name.startswith("loaders.") or name.split(".")[1] == own, (file, name)


def test_nothing_imports_the_tests() -> None:
    for folder in CODE:
        for file in modules(folder):
            assert not [name for name in imports(file) if inside(name, "tests", "conftest", "pytest")], file


def run(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with no more of our environment than it needs; fail with its output where it fails."""
    clean = {name: os.environ[name] for name in os.environ if not name.startswith(("PYTHON", "CESERGRAPH", "VIRTUAL"))}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=clean | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the tree: a build must not write into the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    for name in (*CODE, *DATA):
        shutil.copytree(ROOT / name, place / "tree" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENCE-DONNEES", ".gitignore"):
        shutil.copy(ROOT / name, place / "tree" / name)
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place / "dist", cwd=place / "tree")
    [built] = (place / "dist").glob("*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_the_whole_tree(wheel: Path) -> None:
    tracked = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *CODE, *DATA, cwd=ROOT)
    wanted = {
        name if name.split("/")[0] in CODE else f"cesergraph/_data/{name}"
        for name in tracked.stdout.split("\0")
        if name and (ROOT / name).is_file()
    }
    wanted |= {path.relative_to(ROOT).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == wanted
    for suffix in (
        ".py",
        ".ttl",
        ".rq",
        ".yaml",
        ".csv",
        ".toml",
        ".json",
        ".java",
        ".html",
        ".css",
        ".js",
        "py.typed",
    ):
        assert any(name.endswith(suffix) for name in held), suffix


@pytest.mark.slow
def test_the_wheel_holds_what_the_site_takes_from_npm(wheel: Path) -> None:
    need((VENDOR / "packages.json").is_file(), "what the site takes from npm (make web)")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {f"cesergraph/web/vendor/{name}" for name in ("packages.json", "oxigraph/web_bg.wasm")} <= held
    assert not [name for name in held if "node_modules" in name or "axe" in name.rpartition("/")[2]]


@pytest.mark.slow
def test_the_wheel_names_its_licences_and_no_place(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    text = archive.read(metadata).decode()
    assert "License-File: LICENSE\n" in text
    assert "License-File: LICENCE-DONNEES\n" in text
    assert str(ROOT) not in text


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a clean environment that holds the wheel and what requirements.lock names, nothing else."""
    place = tmp_path_factory.mktemp("clean") / "venv"
    uv = shutil.which("uv")
    if uv:
        run(uv, "venv", "--quiet", "--python", sys.executable, place, cwd=place.parent)
        pip = [uv, "pip", "install", "--quiet", "--python", str(place / "bin" / "python")]
    else:
        run(sys.executable, "-m", "venv", place, cwd=place.parent)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--require-hashes", "-r", ROOT / "requirements.lock", cwd=place.parent)
    run(*pip, "--no-deps", wheel, cwd=place.parent)
    return place / "bin"


@pytest.mark.slow
def test_the_wheel_works_from_any_directory(installed: Path, tmp_path: Path) -> None:
    program = installed / "cesergraph"
    assert "build" in run(program, "--help", cwd=tmp_path).stdout
    listed = json.loads(run(program, "queries", "--format", "json", cwd=tmp_path).stdout)
    assert listed
    run(program, "build", "--only", "documents", "--out", "graph", cwd=tmp_path)
    answer = run(program, "query", "documents_in_the_graph", "--store", "graph", "--format", "csv", cwd=tmp_path)
    assert len(answer.stdout.splitlines()) > 2
    assert "recommendation" in run(program, "schema", cwd=tmp_path).stdout.lower()
    run(installed / "python", "-c", "import cesergraph, loaders; assert 'venv' in cesergraph.__file__", cwd=tmp_path)


@pytest.mark.slow
def test_the_wheel_checks_the_ontology(installed: Path, tmp_path: Path, java: str) -> None:
    run(installed / "cesergraph", "check", cwd=tmp_path, PATH=f"{Path(java).parent}:{os.environ['PATH']}")
