"""How long the static site of more and more made-up things takes: the cost of one thing is to stay the same."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import BIN, heading, table
from site_time import build

SIZES = tuple(map(int, sys.argv[1:])) or (2_000, 8_000)


def main() -> None:
    """Print the table."""
    heading("Static publication", __file__)
    rows = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as room:
        for size in (1, *SIZES):
            store = Path(room) / f"store-{size}"
            build(store, size)
            words = [str(BIN / "cesergraph"), "publish", "--store", str(store), "--out", f"{room}/site-{size}"]
            before, start = os.times(), time.perf_counter()
            subprocess.run(words, check=True, capture_output=True)
            took, after = time.perf_counter() - start, os.times()
            worked = after.children_user + after.children_system - before.children_user - before.children_system
            rows.append((size, took, worked))
    alone = rows[0][1]
    cells = [
        [f"{size:,}", f"{took:.1f}", f"{worked:.1f}", f"{1000 * (took - alone) / size:.1f}" if size > 1 else ""]
        for size, took, worked in rows
    ]
    print(table(["things", "s", "s of processor", "ms a thing"], cells))
    print(f"\n{os.cpu_count()} cores; each thing is eight files: two pages and six formats of data.")


if __name__ == "__main__":
    main()
