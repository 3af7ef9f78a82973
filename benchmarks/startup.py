"""How long `cesergraph --help` takes above bare Python. Target: at most 0.3 s."""

from measure import BIN, heading, median, seconds, table

TARGET = 0.3
TIMES = 9


def main() -> None:
    """Print the medians of interleaved runs."""
    heading("Start-up", __file__)
    commands = {
        "`python -c pass`": (BIN / "python", "-c", "pass"),
        "`python -c 'import click'`": (BIN / "python", "-c", "import click"),
        "`python -c 'import rdflib'`": (BIN / "python", "-c", "import rdflib"),
        "`cesergraph --help`": (BIN / "cesergraph", "--help"),
    }
    for words in commands.values():
        seconds(*words)
    runs = [{name: seconds(*words) for name, words in commands.items()} for _ in range(TIMES)]
    medians = {name: median(run[name] for run in runs) for name in commands}
    bare = medians["`python -c pass`"]
    print(
        table(["command", "s", "above bare Python"], ([n, f"{s:.2f}", f"{s - bare:.2f}"] for n, s in medians.items()))
    )
    print(f"\nTarget: `cesergraph --help` at most {TARGET} s above bare Python.")


if __name__ == "__main__":
    main()
