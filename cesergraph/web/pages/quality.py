"""The page of quality: what each source gives and lacks, what documents announce, what they say they do not know."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from cesergraph.namespaces import CG
from cesergraph.quality import Kind, Lack, completeness, lacks, problems_by_document, read_problems
from cesergraph.queries import get_query
from cesergraph.shapes import Problem
from cesergraph.stats import DocumentCount, SourceCount, count_documents, count_sources
from cesergraph.vocabulary import term_label
from cesergraph.web.pages.wording import Words
from cesergraph.web.site import Page, Request, Site, texts

_SEVERITIES = ("Violation", "Warning", "Info")


def make(site: Site, lang: str, _: Request) -> Page:
    """Return the page of quality."""
    t = texts("quality", lang)
    return Page("quality.html", t["title"], _values(site, lang), description=t["lead"], styles=("quality.css",))


# Nothing in it changes while a store is open.
@lru_cache(maxsize=2)
def _values(site: Site, lang: str) -> Mapping[str, object]:
    words = Words(site, lang)
    problems = read_problems(site.store)
    by_document = problems_by_document(site.source, problems)
    documents = count_documents(site.source, problems, lang)
    return {
        "documents": [_document(words, one, by_document.get(one.iri, ())) for one in documents],
        "elsewhere": list(_missing(words, by_document.get(None, ()))),
        "works": list(_works(words)),
        "silences": list(_silences(site)),
        "others": list(_others(site, lang, documents)),
        "items": sum(one.items for one in documents),
        "evidenced": sum(one.evidenced for one in documents),
        "severities": [(name, site.store.manifest.problems.get(name, 0)) for name in _SEVERITIES],
    }


def _document(words: Words, document: DocumentCount, problems: Iterable[Problem]) -> Mapping[str, object]:
    ranked = sorted(document.classes.items(), key=lambda one: (-one[1], one[0]))
    return {
        "key": document.iri.rpartition("/")[2],
        "iri": document.iri,
        "name": document.label,
        "recorded": document.items,
        "evidenced": document.evidenced,
        "problems": [(severity, document.problems.get(severity, 0)) for severity in _SEVERITIES],
        "classes": [(term_label(kind, words.lang) or kind.removeprefix(CG), count) for kind, count in ranked],
        "missing": list(_missing(words, problems)),
    }


def _missing(words: Words, problems: Iterable[Problem]) -> Iterator[Mapping[str, object]]:
    """Yield what is missing by kind, the most frequent first, with what the shapes say of it and the things."""
    kinds: dict[Kind, list[Lack]] = {}
    for lack in lacks(problems):
        kinds.setdefault(lack.kind, []).append(lack)
    counts = {kind: sum(len(lack.things) for lack in alike) for kind, alike in kinds.items()}
    for kind in sorted(kinds, key=lambda kind: (-counts[kind], kind.key)):
        yield {
            "kind": kind.say(words.lang),
            "number": counts[kind],
            "lacks": [_lack(words, lack) for lack in kinds[kind]],
        }


def _lack(words: Words, lack: Lack) -> Mapping[str, object]:
    return {
        "severity": lack.problem.severity,
        "told": lack.problem.say(words.lang),
        "things": [words.link(one) for one in lack.things],
    }


def _works(words: Words) -> Iterator[Mapping[str, object]]:
    for one in completeness(words.site.source, words.lang):
        yield {
            "link": words.link(one.work),
            "announced": one.announced,
            "most": max(one.announced),
            "stated": one.stated,
            "borderline": one.borderline,
            "cause": one.cause,
        }


def _silences(site: Site) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what each document itself says it does not know."""
    rows = get_query("what_documents_do_not_know").run(site.source)
    for document, group in groupby(rows, key=lambda row: str(row["document"])):
        yield document, list(dict.fromkeys(str(row["unknown"]) for row in group))


def _others(site: Site, lang: str, documents: Iterable[DocumentCount]) -> Iterator[SourceCount]:
    """Yield the described sources that are no document, with their number of statements."""
    read = {document.iri.rpartition("/")[2] for document in documents}
    for one in count_sources(site.source, lang):
        if one.name not in read and one.label != one.name:
            yield one
