"""What the commands print for a reader: the summary of a build, the list of queries, what a search found."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pyoxigraph as ox

from cesergraph.answers import Answers
from cesergraph.formats import write
from cesergraph.namespaces import CG, shorten
from cesergraph.queries import Query
from cesergraph.vocabulary import term_label

if TYPE_CHECKING:
    from cesergraph.build import Summary
    from cesergraph.search import Hit
    from cesergraph.sources import Gap

SEVERITIES = {
    "Violation": {"fr": "violation(s)", "en": "violation(s)"},
    "Warning": {"fr": "avertissement(s)", "en": "warning(s)"},
    "Info": {"fr": "remarque(s)", "en": "remark(s)"},
}
_SHOWN = 20


def build_report(summary: "Summary", out: Path, lang: str) -> str:
    """Return the summary of a build: sources, quads, problems by severity, seconds, what to try next."""
    lines = [_headline(summary, out, lang), ""]
    for name, quads in summary.quads.items():
        rows = summary.read.get(name)
        read = "" if rows is None else _read(rows, summary.files[name], lang)
        lines.append(f"  {name:<14}{quads:>9,}".replace(",", " ") + f" quads{read}")
    lines += ["", _problems(summary, lang), *_violations(summary, lang), _seconds(summary, lang)]
    if summary.manifest:
        lines += ["", _next(lang)]
    return "\n".join(lines)


def _headline(summary: "Summary", out: Path, lang: str) -> str:
    if summary.manifest is None:
        return {
            "fr": "Rien n'est écrit : des violations sont à corriger d'abord ; le graphe précédent est intact.",
            "en": "Nothing was written: violations must be mended first; the former graph is intact.",
        }[lang]
    total = f"{summary.manifest.quads:,}".replace(",", " ")
    return {
        "fr": f"Graphe écrit dans {out} : {total} quads, version {summary.manifest.version}.",
        "en": f"Graph written to {out}: {total} quads, version {summary.manifest.version}.",
    }[lang]


def _read(rows: int, files: int, lang: str) -> str:
    said = f"{rows:,}".replace(",", " ")
    if lang == "en":
        return f"  ({said} rows of {files} file(s))"
    return f"  ({said} lignes de {files} fichier(s))"


def _problems(summary: "Summary", lang: str) -> str:
    counts = {kind: sum(p.severity == kind for p in summary.problems) for kind in SEVERITIES}
    said = ", ".join(f"{count} {SEVERITIES[kind][lang]}" for kind, count in counts.items())
    return f"Validation{' ' if lang == 'fr' else ''}: {said}."


def _violations(summary: "Summary", lang: str) -> list[str]:
    found = [p for p in summary.problems if p.severity == "Violation"]
    return [f"  {shorten(problem.focus)} : {problem.say(lang)}" for problem in found[:_SHOWN]]


def _seconds(summary: "Summary", lang: str) -> str:
    names = {"load": "lecture", "inference": "inférence", "validation": "validation", "write": "écriture"}
    parts = [f"{names[step] if lang == 'fr' else step} {spent:.1f} s" for step, spent in summary.seconds.items()]
    total = sum(summary.seconds.values())
    return {"fr": f"Durée : {total:.1f} s", "en": f"Time: {total:.1f} s"}[lang] + f" ({', '.join(parts)})."


def _next(lang: str) -> str:
    return {
        "fr": "Essayez : cesergraph queries · cesergraph find ceser occitanie · cesergraph show territoire/region/76",
        "en": "Try: cesergraph queries · cesergraph find ceser occitanie · cesergraph show territoire/region/76",
    }[lang]


def list_queries(queries: Sequence[Query], format: str, stream: IO[bytes], lang: str) -> None:
    """Write the named queries: name, title, parameters, tags."""
    rows = [(q.name, q.title[lang], " ".join(q.parameters), " ".join(q.tags)) for q in queries]
    _write_rows(("name", "title", "parameters", "tags"), rows, format, stream, lang)


def list_hits(hits: Iterable["Hit"], format: str, stream: IO[bytes], lang: str) -> None:
    """Write what a search found: identifier, name, class, and the words that matched."""
    rows = [(shorten(hit.iri), hit.label, term_label(CG + hit.type, lang) or hit.type, hit.matched) for hit in hits]
    _write_rows(("id", "label", "type", "matched"), rows, format, stream, lang)


def list_gaps(gaps: Iterable["Gap"], format: str, stream: IO[bytes], lang: str) -> None:
    """Write the places that no record accounts for."""
    rows = [(gap.file, str(gap.line), f"{gap.start}-{gap.end}", gap.kind, gap.text) for gap in gaps]
    _write_rows(("file", "line", "place", "kind", "words"), rows, format, stream, lang)


def _write_rows(
    columns: tuple[str, ...], rows: Sequence[Sequence[str]], format: str, stream: IO[bytes], lang: str
) -> None:
    terms = [tuple(ox.Literal(cell) for cell in row) for row in rows]
    write(Answers(kind="select", columns=columns, rows=terms), format, stream, lang)
