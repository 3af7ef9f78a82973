"""How long the named queries take: with their defaults on the embedded store, against raw Oxigraph and rdflib.

A query with a value bound (a code, a name, a document) is to take under 50 ms in the median; one that scans the country
at most 1.2 times raw Oxigraph on the same text. The first, cold call is not counted; rdflib has one call and a limit.
"""

import signal
import statistics
import time
from collections.abc import Callable
from functools import partial
from types import FrameType

from measure import STORE, heading, median, table
from pyoxigraph import QueryBoolean, Store
from rdflib import Dataset

from cesergraph.queries import Query, all_queries
from cesergraph.store import EmbeddedStore, open_store

BOUND_TARGET = 0.050
SCAN_TARGET = 1.2
SCAN_FROM = 0.010  # below 10 ms a query scans no country, and the ratio would tell of its parsing
CALLS = 9
RDFLIB_LIMIT = 30


def interleaved(*calls: Callable[[], object]) -> list[float]:
    """Return the median seconds of several calls, made in turn."""
    for call in calls:
        call()
    runs = [[_seconds(call) for call in calls] for _ in range(CALLS)]
    return [median(times) for times in zip(*runs, strict=True)]


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def is_bound(query: Query) -> bool:
    """Tell whether the defaults of a query bind at least one parameter."""
    return any("UNDEF" not in parameter.default for parameter in query.parameters.values())


def raw(store: Store, text: str) -> object:
    """Run a text on pyoxigraph itself and fetch all it finds."""
    found = store.query(text, use_default_graph_as_union=True)
    return found if isinstance(found, QueryBoolean) else list(found)


def rdflib_times(store: EmbeddedStore, queries: list[Query]) -> dict[str, float]:
    """Return rdflib's seconds for its load and for each query it answers within the limit."""
    start = time.perf_counter()
    data = Dataset(default_union=True)
    for file in sorted((store.folder / "quads").glob("*.nq")):
        data.parse(file, format="nquads")
    took = {"load": time.perf_counter() - start}
    signal.signal(signal.SIGALRM, _give_up)
    for query in queries:
        signal.alarm(RDFLIB_LIMIT)
        try:
            took[query.name] = _seconds(partial(_ask_rdflib, data, query.text))
        except TimeoutError:
            continue
        finally:
            signal.alarm(0)
    return took


def _ask_rdflib(data: Dataset, text: str) -> None:
    list(data.query(text))


def _give_up(number: int, frame: FrameType | None) -> None:
    raise TimeoutError


def _row(query: Query, times: list[float], theirs: float | None) -> list[str]:
    ours, oxigraph = times
    kind = "bound" if is_bound(query) else "scan"
    beside = f"> {RDFLIB_LIMIT * 1000:,}" if theirs is None else f"{theirs * 1000:,.0f}"
    return [f"`{query.name}`", kind, f"{ours * 1000:.1f}", f"{oxigraph * 1000:.1f}", f"{ours / oxigraph:.2f}", beside]


def main() -> None:
    """Print every query with its times, then the two figures that have a target."""
    heading("Named queries", __file__)
    store, queries = open_store(STORE), list(all_queries().values())
    data = Store.read_only(str(store.folder / "oxigraph"))
    times = {q.name: interleaved(partial(q.answers, store), partial(raw, data, q.text)) for q in queries}
    slow = rdflib_times(store, queries)
    header = ["query", "kind", "ours, ms", "raw Oxigraph, ms", "ratio", "rdflib, ms"]
    print(table(header, [_row(q, times[q.name], slow.get(q.name)) for q in queries]))
    bound = [times[q.name][0] * 1000 for q in queries if is_bound(q)]
    scans = [times[q.name] for q in queries if not is_bound(q) and times[q.name][1] >= SCAN_FROM]
    print(f"\nBound: {len(bound)} queries, median {statistics.median(bound):.1f} ms, slowest {max(bound):.1f} ms.")
    print(f"Target: median under {BOUND_TARGET * 1000:.0f} ms.\n")
    if scans:
        total = sum(ours for ours, _ in scans) / sum(oxigraph for _, oxigraph in scans)
        worst = max(ours / oxigraph for ours, oxigraph in scans)
        print(f"Scans over {SCAN_FROM * 1000:.0f} ms: {len(scans)}, together {total:.2f} times raw Oxigraph,", end=" ")
        print(f"at worst {worst:.2f} times.\nTarget: at most {SCAN_TARGET} times.\n")
    print(f"rdflib took {slow['load']:.0f} s to load the same quads.")


if __name__ == "__main__":
    main()
