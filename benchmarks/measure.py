"""fresh processes, medians, the machine, a table. Each script prints its part of RESULTS.md."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / "cesergraph.store"
BIN = Path(sys.executable).parent
RUNS = 3


def seconds(*words: str | Path) -> float:
    """Return how long a command takes in a fresh process; raise CalledProcessError where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    start = time.perf_counter()
    subprocess.run([str(word) for word in words], check=True, capture_output=True, env=environment, cwd=ROOT)
    return time.perf_counter() - start


def median(values: Iterable[float]) -> float:
    """Return the median of some measures."""
    return statistics.median(values)


def machine() -> str:
    """Return one line on what the figures were measured on."""
    versions = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start, {versions}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, its first column to the left."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def heading(title: str, script: str) -> None:
    """Print the head of a part of RESULTS.md: title, command, machine."""
    print(f"\n## {title}\n\n`.venv/bin/python benchmarks/{Path(script).name}`: {machine()}\n")
