"""Every page of the site by its path: one kind of page is a maker, a template and its texts, files of one stem."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from cesergraph.queries import all_queries
from cesergraph.web.pages import (
    downloads,
    home,
    legal,
    map,
    ontology,
    quality,
    question,
    questions,
    search,
    sparql,
    vocabulary,
)
from cesergraph.web.site import Maker, Request
from cesergraph.web.vocabularies import documents, schemes

PAGES: Mapping[str, Maker] = {
    "/": home.make,
    "/carte": map.make,
    "/carte/{view}": map.make,
    "/def": ontology.make,
    "/def/{part:path}": ontology.make,
    "/mentions": legal.make,
    "/qualite": quality.make,
    "/questions": questions.make,
    "/questions/{name}": question.make,
    "/recherche": search.make,
    "/sparql": sparql.make,
    "/telechargements": downloads.make,
    "/vocab": vocabulary.make,
    "/vocab/{scheme}": vocabulary.make,
}

_PARTS: Mapping[str, Callable[[], Iterable[str]]] = {
    "name": lambda: all_queries(),
    "part:path": lambda: (path.removeprefix("def/") for path in documents() if path.startswith("def/")),
    "scheme": lambda: (path.removeprefix("vocab/") for path in schemes()),
    "view": map.other_views,
}


def fixed_pages() -> Iterator[tuple[str, Maker, Request]]:
    """Yield every page that is not about a thing of the graph: its path, its maker and what it is asked for."""
    for pattern, maker in PAGES.items():
        before, brace, part = pattern.partition("{")
        for value in _PARTS[part.removesuffix("}")]() if brace else [""]:
            yield before + value, maker, Request({part.removesuffix("}").partition(":")[0]: value} if brace else {})
