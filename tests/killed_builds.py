"""Kill a build at every step it takes, and report what a reader finds and what the next build leaves.

Run by test_store.py as a process of its own: each build is a fork of it, and a fork must not inherit the
threads of an open store. Prints one JSON object a step.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import filelock  # noqa: F401  (imported before the steps are counted)

from cesergraph.store import open_store, write_store

STEPS = {"open", "os.mkdir", "os.rename", "os.rmdir", "sqlite3.connect"}


def build(path: Path, word: str) -> None:
    """Write a store whose only statement holds a word."""
    write_store(path, {"a": [f'<x:s> <x:p> "{word}" <x:g> .\n']}, search_rows=[], problems=[])


def forked(action: Callable[[], None]) -> int:
    """Return the exit status of a fork that did something; negative: the signal that killed it."""
    child = os.fork()
    if child == 0:
        action()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def build_until(path: Path, last: int) -> None:
    """Build and be killed just before a step."""
    seen = 0

    def watch(event: str, arguments: object) -> None:
        nonlocal seen
        if event in STEPS:
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    build(path, "new")


def report(path: Path, step: int) -> None:
    """Print what a reader finds now, and what is left after one more build."""
    store = open_store(path)
    (row,) = store.query("SELECT ?o { ?s ?p ?o }").rows
    whole = store.quads("a") == [f"<x:s> <x:p> {row[0]} <x:g> .\n"]
    build(path, "newest")
    left = sorted(entry.name for entry in path.iterdir())
    print(json.dumps({"step": step, "found": str(row[0]), "whole": whole, "left": left}), flush=True)


def main(room: Path) -> None:
    """Kill at step one, two, three … until a build comes to its end."""
    forked(lambda: build(room / "first", "old"))
    for step in range(1, 1000):
        path = room / str(step)
        shutil.copytree(room / "first", path)
        status = forked(lambda path=path, step=step: build_until(path, step))  # type: ignore[misc]
        assert status in (0, -signal.SIGKILL), status
        assert forked(lambda path=path, step=step: report(path, step)) == 0  # type: ignore[misc]
        shutil.rmtree(path)
        if status == 0:
            break


if __name__ == "__main__":
    main(Path(sys.argv[1]))
