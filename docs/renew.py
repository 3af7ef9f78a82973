"""Remake what the program writes into the documentation: answers in the READMEs, commands, quality, a picture.

`make docs` calls it. With `--check` nothing is written: stale files are named, and the exit code is 1.
"""

import argparse
import io
import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from cesergraph.quality_page import quality_page
from cesergraph.store import open_store

ROOT = Path(__file__).resolve().parent.parent
READMES = {"fr": "LISEZMOI.md", "en": "README.md"}
WIDTH = 100
PICTURED = ("query vote_by_voter", "query addressees_by_number_of_recommendations")
PROGRAM = (sys.executable, "-c", "import sys; from cesergraph.cli import main; sys.exit(main())")
_BLOCK = re.compile(r"(?<=```console\n)(.*?)(?=```)", re.DOTALL)
_ASKED = re.compile(r"^\$ cesergraph (.*)$", re.MULTILINE)


def environment(lang: str, store: Path) -> dict[str, str]:
    """Return what the program sees of its surroundings: a language, a store, a width."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CESERGRAPH_", "LC_"))}
    return kept | {"LC_ALL": f"{lang}_FR.UTF-8", "CESERGRAPH_STORE": str(store), "COLUMNS": str(WIDTH), "TERM": "xterm"}


def answer(words: str, lang: str, store: Path) -> str:
    """Return what a command writes into a pipe; raise CalledProcessError where it fails."""
    command = [*PROGRAM, *shlex.split(words)]
    done = subprocess.run(command, env=environment(lang, store), capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout


def on_a_terminal(words: str, lang: str, store: Path) -> str:
    """Return what a command writes on a terminal, colours and frames included."""
    reader, terminal = pty.openpty()
    command = [*PROGRAM, *shlex.split(words)]
    with subprocess.Popen(command, env=environment(lang, store), stdout=terminal, cwd=ROOT):
        os.close(terminal)
        chunks: list[bytes] = []
        while chunk := _read(reader):
            chunks.append(chunk)
    os.close(reader)
    return b"".join(chunks).decode().replace("\r\n", "\n")


def _read(reader: int) -> bytes:
    try:
        return os.read(reader, 65536)
    except OSError:  # Linux says so, instead of an empty read, when the other side has closed
        return b""


def readme(text: str, lang: str, store: Path) -> str:
    """Return a README with each of its console blocks answered anew."""

    def answered(block: re.Match[str]) -> str:
        return "\n".join(f"$ cesergraph {words}\n{answer(words, lang, store)}" for words in _ASKED.findall(block[1]))

    return _BLOCK.sub(answered, text)


def commands(store: Path) -> str:
    """Return the page of all commands: the help of each, in French and in English."""
    listed = re.findall(r"^  ([a-z]+)  ", answer("--help --lang en", "en", store), re.MULTILINE)
    parts = ["# Commandes / Commands\n\nPage écrite par / written by `make docs`.\n"]
    for name in ("", *listed):
        parts.append(f"\n## {name or 'cesergraph'}\n")
        parts += [f"\n```text\n{answer(f'{name} --help', lang, store)}```\n" for lang in READMES]
    return "".join(parts)


def picture(store: Path) -> str:
    """Return a picture of a terminal with a few answers, as SVG that fetches no font."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for words in PICTURED:
        console.print(Text(f"$ cesergraph {words}", style="bold"))
        console.print(Text.from_ansi(on_a_terminal(words, "fr", store)))
    svg = console.export_svg(title="cesergraph", unique_id="cesergraph")
    return re.sub(r"\s*@font-face \{.*?\}|<!--.*?-->\s*", "", svg, flags=re.DOTALL).rstrip() + "\n"


def pages(store: Path) -> Iterator[tuple[Path, str]]:
    """Yield every page the program writes, with its text as of now."""
    for lang, name in READMES.items():
        yield ROOT / name, readme((ROOT / name).read_text(encoding="utf-8"), lang, store)
    yield ROOT / "docs" / "answers.svg", picture(store)
    yield ROOT / "docs" / "commands.md", commands(store)
    yield ROOT / "docs" / "quality.md", quality_page(open_store(store))


def main() -> int:
    """Write the pages, or with ``--check`` name those that differ; return 1 where there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--store", type=Path, default=ROOT / "cesergraph.store")
    options = parser.parse_args()
    stale = [(f, text) for f, text in pages(options.store) if not f.is_file() or f.read_text(encoding="utf-8") != text]
    for file, text in stale:
        print(file.relative_to(ROOT))
        if not options.check:
            file.write_text(text, encoding="utf-8")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
