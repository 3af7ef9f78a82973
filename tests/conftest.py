"""What all tests share: the equipment, and what its absence means."""

import os
import shutil
from pathlib import Path

import pytest

from cesergraph.cli import main
from cesergraph.store import EmbeddedStore, open_store

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("CESERGRAPH_SHARED", ROOT.parent / "shared"))
IN_CI = os.environ.get("CI") == "true"


def need(present: bool, what: str) -> None:
    """Skip a test whose equipment is missing, and say what to install; in CI that is a failure."""
    if present:
        return
    if IN_CI:
        pytest.fail(f"missing in CI: {what}")
    pytest.skip(f"missing: {what}")


@pytest.fixture(scope="session")
def java() -> str:
    """The Java launcher; the tests that use it need a JDK (Debian: default-jdk-headless)."""
    found = shutil.which("java")
    need(
        found is not None and shutil.which("javac") is not None, "a JDK (Debian: apt-get install default-jdk-headless)"
    )
    return str(found)


def _shared(name: str) -> Path:
    need((SHARED / name).is_dir(), f"the folder {name} of shared/ beside the checkout (or set CESERGRAPH_SHARED)")
    return SHARED / name


@pytest.fixture(scope="session")
def judges() -> Path:
    """Test data of W3C and SEMIC."""
    return _shared("judges")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The five documents."""
    return _shared("corpus")


@pytest.fixture(scope="session")
def registers() -> Path:
    """Real register files, as published."""
    return _shared("registers")


@pytest.fixture(scope="session")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole graph, built once a session by the command itself."""
    path = tmp_path_factory.mktemp("graph") / "store"
    assert main(["build", "--out", str(path)]) == 0
    return path


@pytest.fixture(scope="session")
def graph(store_path: Path) -> EmbeddedStore:
    """The whole graph, open."""
    return open_store(store_path)
