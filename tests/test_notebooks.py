"""Every notebook runs from top to bottom on a real kernel, without a warning, and shows a table and a picture."""

import re
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))
assert NOTEBOOKS, "no notebook was found"
pytestmark = pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)


def cells(notebook: Any, kind: str) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def read(file: Path) -> Any:
    return nbformat.reads(file.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]


def test_its_name_and_place(file: Path) -> None:
    assert re.fullmatch(r"\d\d_[a-z_]+", file.stem)


def test_it_is_stripped_and_has_no_sparql(file: Path) -> None:
    notebook = read(file)
    assert len(cells(notebook, "code")) >= 3
    for cell in cells(notebook, "code"):
        assert not cell.outputs
        assert cell.execution_count is None
        assert not re.search(r"\b(SELECT|CONSTRUCT|ASK|PREFIX|sparql)\b|\.query\(", cell.source)
        assert not re.search(r"\bcesergraph\.\w+ import _", cell.source)


@pytest.mark.slow
def test_it_runs(file: Path, store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings are errors in the kernel, as they are in the tests; what a cell writes to stderr is a fault."""
    monkeypatch.setenv("CESERGRAPH_STORE", str(store_path))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = read(file)
    strict = "import warnings\nwarnings.simplefilter('error')"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(strict))  # type: ignore[no-untyped-call]
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": file.parent}}
    ).execute()
    outputs = [output for cell in cells(notebook, "code") for output in cell.outputs]
    assert not [output for output in outputs if output.output_type in ("error", "stream")]
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert "image/png" in kinds
    tables = [output.data["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert tables
    assert all(table.count("<tr") > 2 for table in tables)
