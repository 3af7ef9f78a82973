"""The page of SPARQL: a form for queries of one's own, its answer, the named queries and the prefixes to begin with."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from urllib.parse import quote, urlencode

import pyoxigraph as ox
from markupsafe import Markup

from cesergraph.errors import CesergraphError, ParameterError
from cesergraph.header import MARK
from cesergraph.namespaces import CG, PREFIXES, expand, shorten
from cesergraph.queries import Query, all_queries, get_query
from cesergraph.vocabulary import term_label, vocabulary
from cesergraph.web.problems import as_problem
from cesergraph.web.site import LANGUAGES, Page, Request, Site, texts
from cesergraph.web.sparql_files import NAMES, suffixes
from cesergraph.web.tables import as_table

PATH = "/sparql"
TERMS = "/static-data/terms.json"
_EDITOR = "vendor/codemirror/codemirror.js"
_ENGINE = "vendor/oxigraph/web.js"
_TYPE = ox.NamedNode(expand("rdf:type"))
_KNOWN = ("query", "example", "page")
_FIRST = """PREFIX cg: <https://w3id.org/cesergraph/def#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?region ?name WHERE {
  ?region a cg:Region ; skos:prefLabel ?name .
}
ORDER BY ?name
LIMIT 20
"""


def make(site: Site, lang: str, request: Request) -> Page:
    """Return the page, with the answer to the query in its address; what is wrong is told on it, with its status."""
    words, scripts = texts("sparql", lang), _scripts(site)
    values: dict[str, object] = {
        "first": _FIRST,
        "asked": "",
        "groups": _examples(site, lang),
        "prefixes": PREFIXES,
        "told": _told(site, lang, words),
        "table": None,
        "fault": "",
        "fault_title": "",
        "can_run": bool(scripts) or not site.static,
    }
    status = 200
    if not site.static:
        try:
            values |= _answered(site, lang, request)
        except CesergraphError as error:
            problem = as_problem(error)
            status = problem.status
            values |= {"fault": problem.say(lang), "fault_title": problem.title(lang), "asked": request.first("query")}
    return Page(
        "sparql.html",
        words["title"],
        values,
        description=words["summary"],
        styles=("sparql.css", "answers.css"),
        scripts=scripts,
        status=status,
        indexed=not request.query,
    )


def _scripts(site: Site) -> list[str]:
    """Return the scripts that can work here: some need what ``make web`` brings."""
    room = files("cesergraph.web")
    editor = ["sparql-editor.js"] if room.joinpath(_EDITOR).is_file() else []
    if not site.static:
        return [*editor, "sparql.js"]
    return [*editor, "sparql-static.js"] if room.joinpath(_ENGINE).is_file() else []


def _answered(site: Site, lang: str, request: Request) -> dict[str, object]:
    """Return what fills the part with the answer; nothing where no query is asked. Raise CesergraphError."""
    if odd := sorted(request.query.keys() - {*_KNOWN}):
        raise ParameterError(
            fr=f"Cette page ne connaît pas {', '.join(odd)} ; le jeu de données se dit dans la requête, par FROM.",
            en=f"This page does not know {', '.join(odd)}; the data set is told in the query, by FROM.",
        )
    example = request.first("example")
    text = text_of(get_query(example)) if example else request.first("query")
    if not text.strip():
        return {}
    answers = site.source.query(text)
    table = as_table(site, answers, lang, _number(request.first("page")))
    return {
        "asked": text,
        "table": table,
        "files": [
            (NAMES[one], site.data(f"{PATH}.{one}?{urlencode({'query': text})}")) for one in suffixes(answers.kind)
        ],
        "address": lambda number: site.page(f"{PATH}?{urlencode({'query': text, 'page': number})}", lang),
    }


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else 1


def text_of(query: Query) -> str:
    """Return the text of a named query without its header."""
    return "".join(line for line in query.text.splitlines(keepends=True) if not line.startswith(MARK))


def _examples(site: Site, lang: str) -> Mapping[str, list[tuple[str, str]]]:
    """Return the title and the address of every named query, by its first tag; they open in the form."""
    words = texts("questions", lang)["tags"]
    groups: dict[str, list[tuple[str, str]]] = {tag: [] for tag in words}
    for name, query in all_queries().items():
        asked = f"query={quote(text_of(query), safe='')}" if site.static else f"example={name}"
        groups[query.tags[0]].append((query.title[lang], site.page(f"{PATH}?{asked}", lang)))
    return {words[tag]: sorted(found) for tag, found in groups.items() if found}


def _told(site: Site, lang: str, words: Mapping[str, object]) -> Markup:
    """Return what the scripts are told, as JSON that nothing in it can break out of a script element."""
    told: dict[str, object] = {"lang": lang, "t": words["script"], "terms": site.data(TERMS)}
    if site.static:
        told |= {"root": site.root, "answers": texts("_answers", lang), "prefixes": PREFIXES}
        told |= {name: site.data(f"/static-data/{name}.nq.gz") for name in ("documents", "territories")}
        told["oxigraph"] = site.data(f"/static/{_ENGINE}")
    return Markup(json.dumps(told, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c"))


@cache
def terms_json() -> bytes:
    """Return what the editor proposes: prefixes, the terms of the ontology, those of others in named queries."""
    told = {"prefixes": PREFIXES, "terms": sorted(_terms(), key=lambda term: str(term["name"]))}
    return (json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _terms() -> Iterator[dict[str, object]]:
    """Yield every class and property with its short name, its kind and its labels."""
    for name, kind in (_borrowed() | _own()).items():
        labels = {lang: label for lang in LANGUAGES if (label := term_label(expand(name), lang))}
        if labels:
            yield {"name": name, "kind": kind, "label": labels}


def _own() -> dict[str, str]:
    kinds = {"Class": "class", "ObjectProperty": "property", "DatatypeProperty": "property"}
    return {
        shorten(quad.subject.value): kind
        for owl, kind in kinds.items()
        for quad in vocabulary().quads_for_pattern(None, _TYPE, ox.NamedNode(expand(f"owl:{owl}")))
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(CG)
    }


def _borrowed() -> dict[str, str]:
    curie = re.compile(rf"\b(?:{'|'.join(PREFIXES)}):\w+")
    found = {name for query in all_queries().values() for name in curie.findall(query.text)}
    return {name: "class" if name.partition(":")[2][:1].isupper() else "property" for name in found}
