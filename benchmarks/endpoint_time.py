"""How fast the SPARQL endpoint answers, against Oxigraph's own HTTP server, and what a million rows cost in memory.

A small query is to take at most 1.5 times what Oxigraph's server takes. The memory of the web process is to stay flat
while a million rows go through it.
"""

import subprocess
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from measure import BIN, heading, table
from site_time import CONNECTIONS, SECONDS, build, load, running

from cesergraph.namespaces import ID

SIZE = 130_000  # things of eight statements: a million rows
TARGET = 1.5
_ONE = quote(f"SELECT ?p ?o {{ <{ID}organisation/oNUMBER> ?p ?o }}", safe="")
QUERIES = {
    "asked again": "ASK%7B%3Fs%20%3Fp%20%3Fo%7D",
    "one thing, a new query each time": _ONE,
}


def resident(pid: int) -> float:
    """Return how many megabytes of a process are in memory."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def million_rows(address: str, pid: int) -> tuple[float, float, float]:
    """Return the bytes of a million rows in megabytes, and the memory of the web process before and after."""
    before = resident(pid)
    asked = f"{address}/sparql?query=SELECT%20%3Fs%20%3Fp%20%7B%3Fs%20%3Fp%20%3Fo%7D%20LIMIT%20999999"
    request = urllib.request.Request(asked, headers={"Accept": "text/csv"})
    size = 0
    with urllib.request.urlopen(request, timeout=120) as answer:
        while chunk := answer.read(1 << 20):
            size += len(chunk)
    return size / 1_000_000, before, resident(pid)


def main() -> None:
    """Print the tables."""
    heading("SPARQL endpoint", __file__)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as room, ExitStack() as servers:
        store = Path(room) / "store"
        oxigraph = build(store, SIZE)
        ours, theirs = "http://127.0.0.1:7986", "http://127.0.0.1:7987"
        at = ["--bind", "127.0.0.1:7987", "--union-default-graph"]
        servers.enter_context(
            running([str(BIN / "oxigraph"), "serve-read-only", "--location", str(oxigraph), *at], theirs)
        )
        serve = [str(BIN / "cesergraph"), "serve", "--store", str(store), "--port", "7986"]
        servers.enter_context(running(serve, f"{ours}/robots.txt"))
        pid = int(subprocess.run(["pgrep", "-of", "serve.*--port 7986"], capture_output=True, text=True).stdout)
        rows = []
        for connections in CONNECTIONS:
            for name, query in QUERIES.items():
                runs = [
                    (
                        load(theirs, f"/query?query={query}", "application/sparql-results+json", SIZE, connections),
                        load(ours, f"/sparql?query={query}", "application/sparql-results+json", SIZE, connections),
                    )
                    for _ in range(2)
                ]
                best = [max(rate for rate, _, _ in found) for found in zip(*runs, strict=True)]
                ratio = f"{best[0] / best[1]:.2f}"
                rows.append([name, str(connections), f"{best[0]:,.0f}", f"{best[1]:,.0f}", ratio, f"{TARGET}"])
        print(table(["query", "connections", "Oxigraph, requests/s", "ours, requests/s", "times", "target"], rows))
        size, before, after = million_rows(ours, pid)
        print(f"\nA million rows ({size:.0f} MB of CSV): the web process went from {before:.0f} to {after:.0f} MB.")
        print(f"Each load took {SECONDS} s, the better of two is shown.")


if __name__ == "__main__":
    main()
