"""The page of quality, in Markdown, French and English side by side: what each document gives, lacks and announces."""

import re
from collections.abc import Iterable, Iterator, Sequence

from cesergraph.answers import Source
from cesergraph.names import labels_of
from cesergraph.namespaces import ID
from cesergraph.quality import Lack, completeness, lacks, problems_by_document, read_problems
from cesergraph.shapes import Problem
from cesergraph.stats import DocumentCount, count_documents, count_sources
from cesergraph.store import EmbeddedStore
from cesergraph.vocabulary import term_label

_LANGS = ("fr", "en")
_INTRODUCTION = """# Qualité / Quality

Page écrite par / written by `make docs`.

Ce que le graphe tient de chaque document, ce qui y manque, et les préconisations qu'un document annonce sans les
énoncer toutes. Un manque peut être celui du document lui-même : rien n'est inventé pour le combler. Un *avertissement*
porte sur ce qu'on attend de toute chose de ce genre ; une *remarque*, sur ce qui est d'usage.

What the graph holds of each document, what is missing, and the recommendations a document announces without stating
them all. What is missing may be missing in the document itself: nothing is made up to fill the gap. A *warning* is
about what one expects of any such thing; a *remark*, about what is usual.
"""
_DOCUMENTS = (
    "Document",
    "Éléments relevés / Items recorded",
    "Avec passage / With a passage",
    "Avertissements / Warnings",
    "Remarques / Remarks",
)
_SOURCES = ("Autre source / Other source", "Faits / Facts")
_WORKS = (
    "Œuvre / Work",
    "Annoncées / Announced",
    "Énoncées, strictes / Stated, strict",
    "Énoncées, limites / Stated, borderline",
    "Pourquoi / Why",
)
_ELSEWHERE = "## Hors des documents / Outside the documents"
_CLEAN = "Rien n'y manque de ce qu'on en attend. / Nothing that one would expect is missing."


def quality_page(store: EmbeddedStore) -> str:
    """Return the page, made from one version of a store."""
    problems = read_problems(store)
    documents = count_documents(store, problems, "fr")
    by_document = problems_by_document(store, problems)
    labels = labels_of(store, {problem.focus for problem in problems}, "fr")
    parts = [_INTRODUCTION, "## Les documents / The documents\n", *_table(_DOCUMENTS, map(_counts, documents)), ""]
    parts += [*_table(_SOURCES, _other_sources(store, documents)), "", *_announced(store)]
    for document in documents:
        parts += [f"## {_escape(document.label)}\n", f"`{_short(document.iri)}`\n", *_recorded(document)]
        parts += [*_missing(by_document.get(document.iri, ()), labels), ""]
    if None in by_document:
        parts += [f"{_ELSEWHERE}\n", *_missing(by_document[None], labels), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def _counts(document: DocumentCount) -> Sequence[str]:
    share = f"{100 * document.evidenced // document.items} %" if document.items else "–"
    problems = (str(document.problems.get(severity, 0)) for severity in ("Warning", "Info"))
    return document.label, str(document.items), share, *problems


def _other_sources(source: Source, documents: Iterable[DocumentCount]) -> Iterator[Sequence[str]]:
    """Yield the described sources that are no document, with their number of triples."""
    read = {document.iri.rpartition("/")[2] for document in documents}
    for fr, en in zip(count_sources(source, "fr"), count_sources(source, "en"), strict=True):
        if fr.name not in read and fr.label != fr.name:
            yield f"{fr.label} / {en.label}", f"{fr.quads:,}".replace(",", "\N{NO-BREAK SPACE}")


def _announced(source: Source) -> Iterator[str]:
    """Yield the table of what documents announce; nothing where none does."""
    rows = [
        (
            fr.label,
            ", ".join(map(str, fr.announced)),
            str(fr.stated),
            str(fr.borderline),
            " ".join(filter(None, (fr.cause, en.cause))),
        )
        for fr, en in zip(completeness(source, "fr"), completeness(source, "en"), strict=True)
    ]
    if rows:
        yield "## Préconisations annoncées et énoncées / Recommendations announced and stated\n"
        yield from _table(_WORKS, rows)
        yield ""


def _recorded(document: DocumentCount) -> Iterator[str]:
    """Yield one sentence a language: how many things of each class, the most frequent first."""
    ranked = sorted(document.classes.items(), key=lambda one: (-one[1], one[0]))
    for lang, said in (("fr", "Relevé : "), ("en", "Recorded: ")):
        yield said + (", ".join(f"{term_label(kind, lang)} {count}" for kind, count in ranked).lower() or "–") + ".\n"


def _missing(problems: Iterable[Problem], labels: dict[str, str]) -> Iterator[str]:
    """Yield what is missing, one entry a shape, with the things concerned below it."""
    found = lacks(problems)
    if not found:
        yield _CLEAN
    for lack in found:
        yield f"- **{lack.kind.fr} / {lack.kind.en}** ({len(lack.things)}). {_sentences(lack)}"
        for one in lack.things:
            yield f"  - {_escape(labels[one])} (`{_short(one)}`)"


def _sentences(lack: Lack) -> str:
    return " ".join(_escape(lack.problem.say(lang)) for lang in _LANGS)


def _short(iri: str) -> str:
    return iri.removeprefix(ID)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for line in (columns, ["---"] * len(columns), *(map(_escape, row) for row in rows)):
        yield f"| {' | '.join(line)} |"


def _escape(text: str) -> str:
    return re.sub(r"([\\|<>*_`\[\]])", r"\\\1", text)
