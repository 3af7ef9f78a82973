"""The documentation says what is so: answers, commands, names of files, and the same in both languages."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cesergraph.cli import cesergraph

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "LISEZMOI.md")
PAGES = [*READMES, "CONTRIBUTING.md", *(f"docs/decisions/{file.name}" for file in (ROOT / "docs/decisions").iterdir())]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def outline(text: str) -> list[str]:
    """Return the structure of a page: headings by level, code blocks by language, commands, rows, links to files."""
    marks = re.compile(r"^(#+ |```\w+|\$ .*|\| `.*?` \||\*\*\d\. |- )|(\]\([A-Z]+[\w-]*\))", re.MULTILINE)
    other = {"](README.md)": "](other)", "](LISEZMOI.md)": "](other)"}
    return [other.get(found[0], found[0]) for found in marks.finditer(text)]


def test_both_languages_have_the_same_parts() -> None:
    parts = outline(read("README.md"))
    assert parts.count("## ") >= 7
    assert parts.count("```console") == 5
    assert outline(read("LISEZMOI.md")) == parts


@pytest.mark.slow
def test_what_the_program_writes_is_up_to_date(store_path: Path) -> None:
    """Answers in the READMEs, the pages of commands and of quality, the picture: `make docs` renews them."""
    words = [sys.executable, str(ROOT / "docs" / "renew.py"), "--check", "--store", str(store_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_make_graph_asks_the_questions_of_the_readme() -> None:
    asked = re.findall(r"^\t\$\(call ask,([^,]*),[^,]*\)$", read("Makefile"), re.MULTILINE)
    assert len(asked) == 5
    for name in READMES:
        assert re.findall(r"^\$ cesergraph (.*)$", read(name), re.MULTILINE) == asked


def test_the_page_of_quality_tells_of_every_document() -> None:
    records = {file.stem for file in (ROOT / "loaders/documents/records").glob("*.yaml")}
    assert records
    assert set(re.findall(r"^`document/(.*)`$", read("docs/quality.md"), re.MULTILINE)) == records


def test_every_command_is_documented() -> None:
    documented = re.findall(r"^## (.*)$", read("docs/commands.md"), re.MULTILINE)
    assert documented == ["cesergraph", *cesergraph.commands]


def test_every_command_named_exists() -> None:
    for name in PAGES:
        named = set(re.findall(r"\bcesergraph ([a-z]+)(?= |`|$)", " ".join(re.findall(r"`[^`\n]+`", read(name)))))
        assert named <= {*cesergraph.commands}, name


@pytest.mark.parametrize("name", PAGES)
def test_links_and_paths_lead_somewhere(name: str) -> None:
    text = read(name)
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / name).parent / target).exists(), target
    folders = "benchmarks|cesergraph|decisions|docs|loaders|notebooks|ontology|queries|shapes|tests"
    for target in re.findall(rf"`((?:{folders})/[\w./-]*)`", text):
        assert (ROOT / target).exists() or "NNN" in target, target


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE))
    assert {"graph", "test", "check", "bench", "notebook", "lock", "clean", "help"} <= targets
    for name in PAGES:
        assert set(re.findall(r"`?make ([a-z]+)", " ".join(re.findall(r"`[^`\n]+`", read(name))))) <= targets, name


def test_each_recipe_is_short_and_ends_in_a_proof() -> None:
    recipes = read("CONTRIBUTING.md").split("\n## ")[1:]
    assert len(recipes) == 7
    for recipe in recipes:
        steps = re.findall(r"^(\d+)\. (.*)$", recipe, re.MULTILINE)
        assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
        assert len(steps) < 10
        assert steps[-1][1].startswith("Proof: `"), recipe


@pytest.mark.parametrize("file", sorted((ROOT / "docs/decisions").iterdir()), ids=lambda file: file.stem)
def test_a_decision_has_three_parts(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith(f"# {file.stem[:4]}. ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Situation", "Choice", "What it costs"]


def test_no_lock_file_names_a_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert not re.search(r"https?:|index-url|find-links|file:", read(name)), name


def test_both_lock_files_hold_the_same_versions() -> None:
    runtime, dev = (
        set(re.findall(r"^\S+==\S+", read(f"requirements{kind}.lock"), re.MULTILINE)) for kind in ("", "-dev")
    )
    assert runtime
    assert runtime < dev
