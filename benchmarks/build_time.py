"""How long a build reads and writes, against Oxigraph's own bulk loaders on the finished N-Quads. Target: 4 times.

Inference and validation are listed, and are no part of the ratio. `python build_time.py build DIR` and
`… bulk FILE DIR` are the measured processes; each prints its seconds.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import BIN, ROOT, RUNS, heading, median, seconds, table

TARGET = 4.0


def build(out: Path) -> dict[str, float]:
    """Build everything; return the seconds of each step."""
    from cesergraph.build import build as build_graph

    return dict(build_graph(out).seconds)


def bulk(file: Path, out: Path) -> dict[str, float]:
    """Load a file with pyoxigraph's bulk loader into a new store; return the seconds."""
    from pyoxigraph import RdfFormat, Store

    start = time.perf_counter()
    store = Store(str(out))
    store.bulk_load(path=str(file), format=RdfFormat.N_QUADS)
    store.flush()
    return {"bulk": time.perf_counter() - start}


def _measured(*words: str | Path) -> dict[str, float]:
    command = [str(word) for word in (BIN / "python", __file__, *words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return {step: float(value) for step, value in json.loads(done.stdout).items()}


def one_run(room: Path) -> dict[str, float]:
    """Build, then load what was built with both loaders; return the seconds of each."""
    measures = _measured("build", room / "store")
    data = room / "all.nq"
    with data.open("wb") as file:
        for source in sorted((room / "store").glob("*/quads/*.nq")):
            file.write(source.read_bytes())
    measures |= _measured("bulk", data, room / "bulk")
    measures["oxigraph load"] = seconds(BIN / "oxigraph", "load", "--location", room / "binary", "--file", data)
    measures["quads"] = data.read_bytes().count(b"\n")
    return measures


def main() -> None:
    """Print the medians and the ratios."""
    heading("Build", __file__)
    runs = []
    for _ in range(RUNS):
        room = Path(tempfile.mkdtemp(prefix="cesergraph-"))
        try:
            runs.append(one_run(room))
        finally:
            shutil.rmtree(room)
    medians = {name: median(run[name] for run in runs) for name in runs[0]}
    medians["load + write"] = median(run["load"] + run["write"] for run in runs)
    quads = int(medians.pop("quads"))
    names = {"bulk": "Oxigraph, `bulk_load`", "oxigraph load": "Oxigraph, `oxigraph load`", "load + write": "**ours**"}
    rows = [[names.get(n, f"build: {n}"), f"{s:.1f}", f"{s / medians['bulk']:.1f}"] for n, s in medians.items()]
    print(table([f"{quads:,} quads, median of {RUNS}", "s", "× `bulk_load`"], rows))
    print(f"\nTarget: ours (load + write) at most {TARGET:.0f} times `bulk_load`.")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build", out]:
            print(json.dumps(build(Path(out))))
        case ["bulk", file, out]:
            print(json.dumps(bulk(Path(file), Path(out))))
        case _:
            main()
