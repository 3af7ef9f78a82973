"""How fast pages of things are served: against Oxigraph's own server answering DESCRIBE, and a plain Starlette hello.

Things are made up, as many of them as asked; each is fetched at random. A page in Turtle is to come no slower than half
as fast as the DESCRIBE, a page in HTML than a third; the slowest of a hundred at most five times the median; and the
ratio is to be the same whatever the number of things. The load comes from wrk (Debian: apt-get install wrk).
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from measure import heading, table

from cesergraph.namespaces import GRAPH, ID, VOCAB
from cesergraph.nquads import Quad, iri, literal, term, text
from cesergraph.store import write_store

SIZES = tuple(map(int, sys.argv[1:])) or (10_000, 1_000_000)
CONNECTIONS = (1, 8)
SECONDS = 5
TARGETS = {"Turtle": 1 / 2, "HTML": 1 / 3}
BIN = Path(sys.executable).parent
GRAPH_OF_ALL = iri(GRAPH + "made-up/1")
HELLO = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def hello(request):
    return PlainTextResponse("hello")

app = Starlette(routes=[Route("/doc/{path:path}", hello)])
"""
SCRIPT = """
math.randomseed(7)
request = function()
    return wrk.format("GET", string.format("{path}", math.random(0, {size} - 1)), {{["Accept"] = "{accept}"}})
end
"""


def describe(number: int) -> list[str]:
    """Return the quads of one made-up organisation."""
    one = iri(f"{ID}organisation/o{number}")
    told = [
        ("rdf:type", term("cg:Organisation")),
        ("rdf:type", term("cg:Actor")),
        ("skos:prefLabel", text(f"Organisation numéro {number}", "fr")),
        ("dcterms:identifier", literal(f"N{number}")),
        ("dcterms:description", text(f"Une organisation, la {number}e, qui n'existe pas.", "fr")),
        ("cg:locatedIn", iri(f"{ID}territoire/region/{number % 18 + 10}")),
        ("cg:legalForm", iri(f"{VOCAB}legal-form/association")),
        ("cg:memberOf", iri(f"{ID}organisation/o{number // 10}")),
    ]
    return [Quad(one, term(curie), value, GRAPH_OF_ALL, "").line() for curie, value in told]


def build(path: Path, size: int) -> Path:
    """Write a store of so many things and return its Oxigraph folder."""
    lines = sorted(line for number in range(size) for line in describe(number))
    manifest = write_store(path, {"made-up": lines}, search_rows=[], problems=[])
    return path / manifest.version / "oxigraph"


@contextmanager
def running(command: Sequence[str], address: str) -> Iterator[None]:
    """Run a server until its address answers, and end it after."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(address)
            yield
        finally:
            process.terminate()


def _wait_for(address: str) -> None:
    for _ in range(1200):
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(address)


def load(address: str, path: str, accept: str, size: int, connections: int) -> tuple[float, float, float]:
    """Return requests a second, and the median and the 99th percentile of the latency in milliseconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT.format(path=path.replace("%", "%%").replace("NUMBER", "%d"), size=size, accept=accept))
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", script.name, address]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told:
        raise RuntimeError(told)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert rate
    return float(rate[1]), _milliseconds(told, "50%"), _milliseconds(told, "99%")


def _milliseconds(told: str, share: str) -> float:
    found = re.search(rf"{share}\s+([\d.]+)(us|ms|s)", told)
    assert found
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def measure(size: int) -> list[list[str]]:
    """Return the rows of one size: every server loaded in turn, twice, the better run kept."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as room, ExitStack() as servers:
        store = Path(room) / "store"
        oxigraph = build(store, size)
        Path(room, "hello.py").write_text(HELLO, encoding="utf-8")
        addresses = {name: f"http://127.0.0.1:{port}" for name, port in (("ox", 7981), ("ours", 7982), ("hello", 7983))}
        serve = [str(BIN / "cesergraph"), "serve", "--store", str(store), "--port", "7982"]
        at = ["--bind", "127.0.0.1:7981", "--union-default-graph"]
        servers.enter_context(
            running([str(BIN / "oxigraph"), "serve-read-only", "--location", str(oxigraph), *at], addresses["ox"])
        )
        servers.enter_context(running(serve, addresses["ours"] + "/robots.txt"))
        hello = [str(BIN / "uvicorn"), "--app-dir", room, "--port", "7983", "--log-level", "error", "hello:app"]
        servers.enter_context(running(hello, addresses["hello"] + "/doc/x"))
        asked = "/query?query=DESCRIBE%20%3C" + ID.replace(":", "%3A").replace("/", "%2F") + "organisation%2FoNUMBER%3E"
        loads = {
            "Oxigraph, DESCRIBE": (addresses["ox"], asked, "text/turtle"),
            "Turtle": (addresses["ours"], "/doc/organisation/oNUMBER.ttl", "text/turtle"),
            "HTML": (addresses["ours"], "/doc/organisation/oNUMBER", "text/html"),
            "Starlette hello": (addresses["hello"], "/doc/oNUMBER", "*/*"),
        }
        rows = []
        for connections in CONNECTIONS:
            runs = [{name: load(*one, size, connections) for name, one in loads.items()} for _ in range(2)]
            best = {name: max(run[name] for run in runs) for name in loads}
            theirs = best["Oxigraph, DESCRIBE"][0]
            for name, (rate, median, slow) in best.items():
                target = f"{TARGETS[name]:.2f}" if name in TARGETS else ""
                figures = [f"{rate:,.0f}", f"{rate / theirs:.2f}", target, f"{median:.2f}", f"{slow / median:.1f}"]
                rows.append([f"{size:,}", str(connections), name, *figures])
        return rows


def main() -> None:
    """Print the table."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing (Debian: apt-get install wrk)")
    heading("Pages of things", __file__)
    columns = ["things", "connections", "what", "requests/s", "× DESCRIBE", "target", "median, ms", "p99 / median"]
    print(table(columns, [row for size in SIZES for row in measure(size)]))
    print("\nTargets: in requests a second against the DESCRIBE; the 99th percentile at most 5 times the median.")


if __name__ == "__main__":
    main()
