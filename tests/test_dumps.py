"""The dumps: what is in them, that nothing of a clock is, and that another parser reads the same graph from them."""

import gzip
import hashlib
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import servers
from servers import mini_lines

from cesergraph.dumps import FOLDER, FORMATS, SETS, SUMS, Dump, Figures, dumps_of, ensure_dumps, pack
from cesergraph.errors import StoreError
from cesergraph.namespaces import GRAPH, ID, expand
from cesergraph.store import EmbeddedStore, open_store, write_store

mini_store = servers.mini_store
RDFLIB = {"nq": "nquads", "trig": "trig", "ttl": "turtle", "jsonld": "json-ld"}
# What is hard to write: each of these texts stands in a literal of the store below.
ODD = [
    'say "hi"',
    "a\\b",
    "line\nline\ttab",
    "<x> <y> .",
    "œuvre — 🏛",
    " <https://w3id.org/cesergraph/graph/fake> .",
    "",
]


def new_store(path: Path) -> EmbeddedStore:
    """Return the mini graph with odd literals, links to others and a triple of two graphs, in a store of its own."""
    lines = mini_lines()
    graph = ox.NamedNode(GRAPH + "essai/odd")
    region = ox.NamedNode(ID + "territoire/region/24")
    odd = [ox.Quad(region, ox.NamedNode(expand("skos:altLabel")), ox.Literal(text), graph) for text in ODD]
    odd += [ox.Quad(one.subject, one.predicate, ox.Literal(one.object.value, language="fr"), graph) for one in odd]  # type: ignore[union-attr]
    there = [ox.NamedNode("http://id.insee.fr/geo/region/24"), ox.NamedNode(ID + "territoire/region/01")]
    odd += [ox.Quad(region, ox.NamedNode(expand("owl:sameAs")), one, graph) for one in there]
    lines["essai"] = sorted({*lines["essai"], *(f"{quad} .\n" for quad in odd)})
    write_store(path, lines, search_rows=[], problems=[])
    return open_store(path)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedStore:
    return new_store(tmp_path_factory.mktemp("dumps") / "store")


def lines_of(store: EmbeddedStore, name: str) -> set[str]:
    """Return the lines of a set, read from the store itself."""
    return {
        line for source in store.sources() if name == SETS[0] or source != "territories" for line in store.quads(source)
    }


def without_graph(lines: set[str]) -> set[str]:
    return {line[: line.rindex(" <")] + " .\n" for line in lines}


def dump_named(figures: Figures, name: str, suffix: str) -> Dump:
    (found,) = [dump for dump in figures.dumps if (dump.set, dump.suffix) == (name, suffix)]
    return found


def canonical(quads: ox.Dataset) -> set[str]:
    quads.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {f"{quad} .\n" for quad in quads}


def digest(lines: set[str]) -> str:
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def read_with_rdflib(content: bytes, suffix: str) -> set[str]:
    data = rdflib.Dataset()
    data.parse(data=content, format=RDFLIB[suffix])
    text = data.serialize(format="nquads")
    return {f"{quad} .\n" for quad in ox.parse(text, format=ox.RdfFormat.N_QUADS)}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_two_parsers_read_the_graph_of_the_store(store: EmbeddedStore, name: str, suffix: str) -> None:
    folder, figures = ensure_dumps(store)
    dump = dump_named(figures, name, suffix)
    content = gzip.decompress((folder / dump.name).read_bytes())
    expected = lines_of(store, name)
    assert len(expected) > 20 and any("🏛" in line for line in expected)
    if suffix == "ttl":
        expected = without_graph(expected)
    quads = list(ox.parse(content, format=FORMATS[suffix][1]))
    assert len(quads) == len(expected)
    read = canonical(ox.Dataset(quads))
    assert digest(read) == digest(expected)
    assert read_with_rdflib(content, suffix) == expected


def test_the_documents_are_all_but_the_registers(store: EmbeddedStore) -> None:
    folder, figures = ensure_dumps(store)
    content = gzip.decompress((folder / dump_named(figures, "documents", "nq").name).read_bytes()).decode()
    assert "/graph/essai/" in content and "/graph/inference>" in content and "/graph/territories/" not in content


def test_a_set_is_packed_where_it_is_wanted(store: EmbeddedStore, tmp_path: Path) -> None:
    found = {}
    for name in ("documents", "territories", "cesergraph"):
        pack(store, name, tmp_path / name)
        found[name] = set(gzip.decompress((tmp_path / name).read_bytes()).decode().splitlines())
    assert found["documents"] and found["territories"] and not found["documents"] & found["territories"]
    assert found["documents"] | found["territories"] == found["cesergraph"]


def test_the_same_quads_give_the_same_bytes(store: EmbeddedStore, tmp_path: Path) -> None:
    folder, _ = ensure_dumps(store)
    again, _ = ensure_dumps(new_store(tmp_path / "store"))
    names = sorted(file.name for file in folder.iterdir())
    assert len(names) == len(SETS) * len(FORMATS) + 2
    for name in names:
        assert (folder / name).read_bytes() == (again / name).read_bytes(), name
        if name.endswith(".gz"):
            head = (folder / name).read_bytes()[:10]
            assert head[3] == 0 and head[4:8] == bytes(4)  # RFC 1952: no name, no time


def test_sizes_and_digests_are_those_of_the_files(store: EmbeddedStore) -> None:
    folder, figures = ensure_dumps(store)
    assert len(figures.dumps) == len(SETS) * len(FORMATS)
    for dump in figures.dumps:
        content = (folder / dump.name).read_bytes()
        assert (dump.bytes, dump.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    checked = subprocess.run(["sha256sum", "-c", SUMS], cwd=folder, capture_output=True, text=True, check=True)
    assert checked.stdout.count(": OK") == len(figures.dumps)


def test_what_is_counted_is_what_is_there(store: EmbeddedStore) -> None:
    _, figures = ensure_dumps(store)
    quads = list(ox.parse("".join(lines_of(store, SETS[0])), format=ox.RdfFormat.N_QUADS))
    triples = {(str(quad.subject), str(quad.predicate), str(quad.object)) for quad in quads}
    assert figures.quads == len(quads) == store.manifest.quads > figures.triples == len(triples)
    assert figures.subjects == len({subject for subject, _, _ in triples})
    assert figures.objects == len({end for _, _, end in triples})
    assert figures.entities == len({subject for subject, _, _ in triples if subject.startswith(f"<{ID}")})
    assert sum(figures.properties.values()) == len(triples)
    assert figures.properties[expand("skos:altLabel")] == 2 * len(ODD)
    assert figures.classes[expand("cg:Recommendation")] == 2  # said of one of them in two graphs
    assert sum(figures.graphs.values()) == len(quads) and figures.graphs[GRAPH + "inference"] == 2
    assert figures.links == {expand("owl:sameAs"): {"http://id.insee.fr/": 1}}
    assert figures.properties[expand("owl:sameAs")] == 2  # the other one leads to a thing of ours


def test_they_are_written_once(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    assert dumps_of(store) is None
    said: list[str] = []
    folder, figures = ensure_dumps(store, lambda fr, en: said.append(en))
    assert len(said) == len(figures.dumps) and "cesergraph.nq.gz" in said[0]
    (folder / SUMS).write_text("kept")
    assert ensure_dumps(store, lambda fr, en: said.append(en)) == (folder, figures) == dumps_of(store)
    assert (folder / SUMS).read_text() == "kept" and len(said) == len(figures.dumps)


def test_who_comes_at_the_same_time_waits(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    said: list[str] = []
    found: list[tuple[Path, Figures]] = []
    threads = [
        threading.Thread(target=lambda: found.append(ensure_dumps(store, lambda fr, en: said.append(en))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(said) == len(SETS) * len(FORMATS)


def test_what_a_killed_run_left_is_no_dump(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    (tmp_path / "store" / "tmp-dumps").mkdir()
    (tmp_path / "store" / "tmp-dumps" / "half.gz").write_text("half")
    assert dumps_of(store) is None
    folder, _ = ensure_dumps(store)
    assert not (folder / "half.gz").exists() and not (tmp_path / "store" / "tmp-dumps").exists()


def test_a_version_that_is_gone_leaves_nothing_behind(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    shutil.rmtree(store.folder / "quads")
    with pytest.raises(StoreError, match="newer version"):
        ensure_dumps(store)
    assert dumps_of(store) is None and not (tmp_path / "store" / "tmp-dumps").exists()
    shutil.rmtree(store.folder)
    with pytest.raises(StoreError):
        ensure_dumps(store)


def test_a_place_that_takes_no_files_is_said(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    (tmp_path / "store" / ".dumps.lock").mkdir()
    with pytest.raises(StoreError, match="Cannot write the files to download") as raised:
        ensure_dumps(store)
    assert "Impossible d'écrire" in raised.value.fr


def test_the_program_writes_them_in_a_process_of_its_own(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    command = [sys.executable, "-m", "cesergraph.dumps", str(store.folder)]
    subprocess.run(command, check=True)
    assert dumps_of(store) is not None
    shutil.rmtree(store.folder / FOLDER)
    shutil.rmtree(store.folder / "quads")
    failed = subprocess.run(command, capture_output=True, text=True)
    assert failed.returncode == 1 and "Traceback" not in failed.stderr and "plus récente" in failed.stderr


def test_the_whole_graph_comes_back_from_its_dumps(graph: EmbeddedStore) -> None:
    folder, figures = ensure_dumps(graph)
    expected = lines_of(graph, SETS[0])
    assert figures.quads == graph.manifest.quads == len(expected) > 400_000
    for suffix in ("nq", "trig", "jsonld"):
        content = gzip.decompress((folder / f"cesergraph.{suffix}.gz").read_bytes())
        assert {f"{quad} .\n" for quad in ox.parse(content, format=FORMATS[suffix][1])} == expected, suffix
    content = gzip.decompress((folder / "cesergraph.ttl.gz").read_bytes())
    triples = [f"{triple} .\n" for triple in ox.parse(content, format=ox.RdfFormat.TURTLE)]
    assert len(triples) == figures.triples and set(triples) == without_graph(expected)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="Linux tells how much memory was taken")
def test_writing_them_takes_little_memory(graph: EmbeddedStore, tmp_path: Path) -> None:
    version = tmp_path / "store" / graph.folder.name
    shutil.copytree(graph.folder, version, ignore=shutil.ignore_patterns(FOLDER, "search.sqlite"))
    program = (
        "import sys; from cesergraph.dumps import main; main(sys.argv[1:]); print(open('/proc/self/status').read())"
    )
    done = subprocess.run([sys.executable, "-c", program, str(version)], capture_output=True, text=True, check=True)
    (peak,) = re.findall(r"VmHWM:\s*(\d+) kB", done.stdout)
    assert int(peak) < 200 * 1024  # the graph in memory takes three times as much
