"""One named query: what it asks, a form for its parameters, and its answer, live."""

import io
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from itertools import islice
from urllib.parse import unquote, urlencode

from pyoxigraph import Literal, NamedNode

from cesergraph.answers import Answers, Term
from cesergraph.errors import CesergraphError, NotFound, ParameterError, ResourceNotFound
from cesergraph.formats import write
from cesergraph.header import MARK
from cesergraph.identifiers import DECISION_GRAPH, INFERENCE_GRAPH, META
from cesergraph.names import resolve
from cesergraph.namespaces import GRAPH, ID, PREFIXES, VOCAB, expand, shorten
from cesergraph.queries import Parameter, Query, all_queries
from cesergraph.resources import walk
from cesergraph.vocabulary import term_label
from cesergraph.web.site import Page, Request, Site, texts
from cesergraph.web.tables import as_table, spreadsheet

FILES: Mapping[str, tuple[str, str]] = {
    "csv": ("text/csv", "csv"),
    "json": ("application/sparql-results+json", "json"),
    "md": ("text/markdown", "markdown"),
}
_NAMES = {"csv": "CSV", "json": "JSON", "md": "Markdown"}
_PAGE, _EXCEL = "page", "excel"
_NAMED_THINGS = 300
_VALUES = 20
_OWN_GRAPHS = (f"{GRAPH}{META}/", INFERENCE_GRAPH, DECISION_GRAPH)
_PREFERRED = NamedNode(expand("skos:prefLabel"))
_DEFAULT = re.compile(r'<([^<>]*)>|"((?:[^"\\]|\\.)*)"(?:@[\w-]+|\^\^\S+)?|(\S+)')
# The columns that hold the last part of the IRI of a code: in which lists it may be.
_CODES: Mapping[str, Sequence[str]] = {
    "answer": ("answer-state",),
    "baseline_status": ("baseline-status",),
    "comparator": ("comparator",),
    "counted": ("counted-kind",),
    "delivery": ("delivery-state",),
    "force": ("force",),
    "form": ("statement-form",),
    "kind": ("epci-kind", "name-kind", "population-kind", "referral-kind", "relation-kind", "target-kind"),
    "modality": ("modality",),
    "mode": ("addressing-mode",),
    "other_unit": ("unit",),
    "outcome": ("vote-outcome",),
    "role": ("role-kind",),
    "stance": ("stance",),
    "status": ("claim-status",),
    "theme": ("theme",),
    "unit": ("unit",),
}
# The columns that hold the name of a term: in which vocabularies it may be, the first that has it.
_TERMS: Mapping[str, Sequence[str]] = {"capacity": ("cg",), "kind": ("dcterms", "cg"), "link": ("cg",)}


Given = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Shown:
    """A value in the form, and what it is called where it is a thing of the graph."""

    value: str
    label: str = ""
    href: str = ""


@dataclass(frozen=True)
class Field:
    """A parameter in the form: its values, and what is wrong with them."""

    parameter: Parameter
    values: Sequence[Shown]
    fault: str


def make(site: Site, lang: str, request: Request) -> Page:
    """Return the page of a named query with its answer, or with what is wrong with its parameters; raise NotFound."""
    query = _query(request.path["name"])
    given, faults = _given(site, query, request.query, lang)
    values: dict[str, object] = {
        "query": query,
        "tags": texts("questions", lang)["tags"],
        "questions": texts("questions", lang)["title"],
        "fields": [
            _field(site, one, given.get(one.name, ()), faults.get(one.name), lang) for one in query.parameters.values()
        ],
        "fault": faults[""].say(lang) if "" in faults else "",
        "columns": _column_names(query, lang),
        "competency": _competency().get(query.name, ()),
        "table": None,
    }
    text = query.text if faults else query.bind(given)
    if not faults:
        values |= _answered(site, lang, query, given, _number(request.first(_PAGE)))
    values["text"] = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(MARK))
    return Page(
        "question.html",
        query.title[lang],
        values,
        description=query.description[lang],
        alternates=[(media_type, f"/questions/{query.name}.{name}") for name, (media_type, _) in FILES.items()],
        styles=("terms.css", "answers.css"),
        status=400 if faults else 200,
        indexed=not request.query,
    )


def _answered(site: Site, lang: str, query: Query, given: Given, page: int) -> dict[str, object]:
    """Return what fills the part of the page with the answer."""
    answers = with_things(site, site.source.query(query.bind(given)))
    table = as_table(site, answers, lang, page)
    here = answers.rows[table.size * (table.page - 1) :][: table.size]
    things = [cell.value for row in here for cell in row if isinstance(cell, NamedNode) and cell.value.startswith(ID)]
    asked = [_iri(value) for one in query.parameters.values() if one.type == "iri" for value in _values(one, given)]
    return {
        "table": table,
        "sources": _sources(site, lang, [*asked, *things]),
        "files": [(_NAMES[name], FILES[name][0], _file(site, query, name, given)) for name in FILES],
        "spreadsheet": "" if site.static else _file(site, query, "csv", {**given, _EXCEL: [lang]}),
        "address": None if site.static else _pages(site.page(f"/questions/{query.name}", lang), given),
    }


def answer_file(site: Site, name: str, query: Given, format: str) -> tuple[str, bytes]:
    """Return the media type and the bytes of the answer to a named query; raise NotFound or ParameterError.

    ``format`` is csv, json or md; CSV with ``excel=fr`` or ``excel=en`` is for a spreadsheet of that language.
    """
    asked = _query(name)
    if format not in FILES:
        raise NotFound(
            fr=f"Pas de réponse au format {format!r} ; il y a : {', '.join(FILES)}.",
            en=f"No answer in the format {format!r}; there are: {', '.join(FILES)}.",
        )
    given, faults = _given(site, asked, query, "fr")
    for fault in faults.values():
        raise ParameterError(fr=fault.fr, en=fault.en)
    answers = asked.answers(site.source, **given)
    media_type, writer = FILES[format]
    if format == "csv" and _EXCEL in query:
        return media_type, spreadsheet(answers, "en" if "en" in query[_EXCEL] else "fr")
    stream = io.BytesIO()
    write(answers, writer, stream, "fr")
    return media_type, stream.getvalue()


def _query(name: str) -> Query:
    if name in all_queries():
        return all_queries()[name]
    near = get_close_matches(name, all_queries(), n=3)
    raise NotFound(
        fr=f"Il n'y a pas de question « {name} »." + (f" Les plus proches : {', '.join(near)}." if near else ""),
        en=f"There is no question “{name}”." + (f" The nearest: {', '.join(near)}." if near else ""),
    )


# Parameters


def _given(site: Site, query: Query, asked: Given, lang: str) -> tuple[Given, Mapping[str, CesergraphError]]:
    """Return the values of a query string, and by parameter what is wrong with them (by "" with the parameters)."""
    given: dict[str, list[str]] = {}
    faults: dict[str, CesergraphError] = {}
    for name in asked:
        values = list(dict.fromkeys(filter(None, map(str.strip, asked[name]))))
        if name in query.parameters and values:
            try:
                given[name] = values
                _limit(name, values)
                given[name] = [_understood(site, query.parameters[name], value, lang) for value in values]
            except (ParameterError, NotFound) as error:
                faults[name] = error
        elif name not in (*query.parameters, _PAGE, _EXCEL):
            try:
                query.bind({name: values})
            except ParameterError as error:
                faults[""] = error
    return given, faults


def _limit(name: str, values: Sequence[str]) -> None:
    """Refuse more values than a person types, since each name among them is looked for; raise ParameterError."""
    if len(values) > _VALUES:
        raise ParameterError(
            fr=f"{name} : {len(values)} valeurs données ; attendu : {_VALUES} au plus.",
            en=f"{name}: {len(values)} values given; expected: {_VALUES} at most.",
        )


def _understood(site: Site, parameter: Parameter, value: str, lang: str) -> str:
    """Return a value that a query takes: as it is, or the thing that an address of this site or a name means."""
    if parameter.type != "iri":
        parameter.term(value)
        return value
    path = value.removeprefix(site.base).removeprefix("en/").removesuffix(".html")
    if value.startswith(site.base) and path.startswith(("doc/", "id/")):
        value = unquote(path.partition("/")[2])
    try:
        parameter.term(value)
    except ParameterError:
        return shorten(resolve(site.source, value, lang))
    return value


def _field(site: Site, parameter: Parameter, given: Sequence[str], fault: CesergraphError | None, lang: str) -> Field:
    values = given or _defaults(parameter)
    if parameter.type != "iri" or fault:
        shown = [Shown(value) for value in values]
    else:
        iris = [(value, _iri(value)) for value in values]
        shown = [Shown(value, site.things.label(iri, lang), site.href(iri, lang)) for value, iri in iris]
    return Field(parameter, shown, fault.say(lang) if fault else "")


def _values(parameter: Parameter, given: Given) -> Sequence[str]:
    return given.get(parameter.name) or _defaults(parameter)


def _defaults(parameter: Parameter) -> list[str]:
    """Return the values that stand in a query, as one would type them."""
    return [
        shorten(match[1]) if match[1] else match[2] if match[2] is not None else match[3]
        for match in _DEFAULT.finditer(parameter.default)
        if match[0] != "UNDEF"
    ]


def _iri(value: str) -> str:
    return _TYPED.term(value)[1:-1]


_TYPED = Parameter("thing", "iri", {"fr": "chose", "en": "thing"})


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else 1


def _pages(address: str, given: Given) -> Callable[[int], str]:
    return lambda number: f"{address}?{urlencode({**given, _PAGE: number}, doseq=True)}"


def _file(site: Site, query: Query, format: str, given: Given) -> str:
    asked = f"?{urlencode(given, doseq=True)}" if given else ""
    return site.data(f"/questions/{query.name}.{format}{asked}")


# The answer


def with_things(site: Site, answers: Answers) -> Answers:
    """Return answers whose words are the things they name, where that is sure.

    The last part of the IRI of a code or of a term is that code or term; a French name that exactly one thing of the
    graph has for its own is that thing. All else stays as it is.
    """
    columns = list(zip(*answers.rows, strict=True)) or [()] * len(answers.columns)
    found = [_meant(site, name, column) for name, column in zip(answers.columns, columns, strict=True)]
    rows = [tuple(map(_in_place, found, row)) for row in answers.rows]
    return replace(answers, rows=rows)


def _in_place(means: Mapping[Literal, NamedNode], cell: Term | None) -> Term | None:
    return means.get(cell, cell) if isinstance(cell, Literal) else cell


def _meant(site: Site, name: str, column: Sequence[Term | None]) -> Mapping[Literal, NamedNode]:
    """Return the thing that each word of a column means."""
    words = {cell for cell in column if isinstance(cell, Literal)}
    named = {word: thing for word in words if word.language == "fr" and (thing := _only_thing(site, word))}
    plain = [word for word in words if not word.language]
    for scheme in _CODES.get(name, ()):
        codes = {word: f"{VOCAB}{scheme}/{word.value}" for word in plain}
        if codes and all(term_label(iri, "fr") for iri in codes.values()):
            return named | {word: NamedNode(iri) for word, iri in codes.items()}
    terms = {word: term for word in plain if (term := _term(word.value, _TERMS.get(name, ())))}
    return named | {word: NamedNode(iri) for word, iri in terms.items()}


def _only_thing(site: Site, name: Literal) -> NamedNode | None:
    found = {quad.subject for quad in islice(site.store.data.quads_for_pattern(None, _PREFERRED, name, None), 20)}
    thing = found.pop() if len(found) == 1 else None
    return thing if isinstance(thing, NamedNode) and thing.value.startswith(ID) else None


def _term(name: str, prefixes: Iterable[str]) -> str | None:
    if not name.isalnum():
        return None
    return next((iri for prefix in prefixes if term_label(iri := PREFIXES[prefix] + name, "fr")), None)


def _sources(site: Site, lang: str, things: Iterable[str]) -> list[tuple[str, str]]:
    """Return the title of each source that speaks of the things of an answer, and the address of one of its graphs."""
    graphs = {
        quad.graph_name.value
        for thing in islice(dict.fromkeys(things), _NAMED_THINGS)
        for quad in site.things.about(thing)
        if isinstance(quad.graph_name, NamedNode)
    }
    told = sorted(one for one in graphs if not one.startswith(_OWN_GRAPHS))
    titled = {site.things.title(one, lang): site.href(one, lang) for one in told}
    return sorted(titled.items())


def _column_names(query: Query, lang: str) -> Mapping[str, str]:
    words = texts("question", lang)["columns"]
    return {name: words.get(f"{query.name}.{name}") or words.get(name, name) for name in query.columns}


@cache
def _competency() -> Mapping[str, Sequence[tuple[str, Mapping[str, str]]]]:
    """Return the competency questions that each query answers; they are kept in a checkout, not in a wheel."""
    try:
        kept = walk("tests/competency", ".toml")
    except ResourceNotFound:
        return {}
    found: dict[str, list[tuple[str, Mapping[str, str]]]] = {}
    for name, file in kept.items():
        told = tomllib.loads(file.read_text(encoding="utf-8"))
        if "query" in told:
            found.setdefault(told["query"], []).append((name, told["question"]))
    return found
