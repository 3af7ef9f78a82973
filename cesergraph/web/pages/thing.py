"""The page of one thing: what it is, what is said of it and by whom, for a reader who has never heard of RDF."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import groupby

import pyoxigraph as ox
from markupsafe import Markup

from cesergraph.errors import NotFound, ParameterError
from cesergraph.evidence import Passage
from cesergraph.namespaces import CG, GRAPH, ID, PREFIXES, VOCAB, expand, shorten
from cesergraph.quality import read_problems
from cesergraph.shapes import SEVERITIES, Problem
from cesergraph.show import Description, Property
from cesergraph.store import EmbeddedStore
from cesergraph.vocabulary import broader_classes, vocabulary
from cesergraph.web.documents import GRAPH_SUFFIXES, MEDIA_TYPES
from cesergraph.web.maps import locator_map
from cesergraph.web.pages import actor, document, figure, plan, recommendation, scheme, territory, vote
from cesergraph.web.pages.relations import block, grouped, listing_address, main_source, reasons
from cesergraph.web.pages.timeline import timeline
from cesergraph.web.pages.wording import Words, seen
from cesergraph.web.schema_org import as_jsonld, schema_org
from cesergraph.web.site import Page, Request, Site, texts

_LIMIT, _LISTED, _STATIC_LIMIT, _PASSAGES = 10, 50, 200, 20
_Section = Callable[[Words, str], Mapping[str, object]]
_SECTIONS: Mapping[str, tuple[str, _Section]] = {
    CG + name: (stem, section)
    for names, stem, section in (
        ("Recommendation", "recommendation", recommendation.section),
        ("Document", "document", document.section),
        ("Strategy Axis Orientation Measure PlannedAction", "plan", plan.section),
        ("Objective Target MeasuredQuantity Indicator FigureClaim", "figure", figure.section),
        ("Territory", "territory", territory.section),
        ("Actor", "actor", actor.section),
        ("Scheme SupportTrajectory", "scheme", scheme.section),
        ("Session Vote", "vote", vote.section),
    )
    for name in names.split()
}
_TERRITORIES = ("cg:coversTerritory", "cg:within", "cg:locatedIn", "cg:heldAt", "cg:aboutTerritory", "cg:administers")
_EVIDENCED_BY = expand("cg:evidencedBy")
_BIBTEX = re.compile(r"([\\{}%&#_$~^])")


def page(site: Site, lang: str, request: Request) -> Page:
    """Return the page of a thing, or with ``?property=`` that of all values of a property of it.

    Raise NotFound where nothing is said of it, ParameterError where the page or property asked for makes no sense.
    """
    iri = request.path["iri"]
    words = Words(site, lang)
    if asked := request.first("property"):
        return _listing(words, iri, asked, request.first("page", "1"))
    why = request.first("why") == "1"
    described = _describe(site, iri, lang, why=why, limit=_STATIC_LIMIT if site.static else _LIMIT)
    title = seen(words.plain(iri))
    values = _values(words, described, title, why)
    return Page(
        template="thing.html",
        title=title,
        description=_summary(words, described),
        values=values,
        jsonld=as_jsonld(schema_org(iri, site.things.about(iri), lambda one: site.things.label(one, "fr"))),
        alternates=[(media_type, address) for _, media_type, address in _formats(site, iri)],
        styles=["thing.css", "map.css"] if values["map"] else ["thing.css"],
        indexed=not why,
    )


def _describe(site: Site, iri: str, lang: str, *, why: bool = False, limit: int = _LIMIT, page: int = 1) -> Description:
    """Return the description of a thing, of a concept of a code list that nothing uses, or of a graph."""
    try:
        ox.NamedNode(iri)
    except ValueError as error:
        raise NotFound(
            fr=f"« {seen(iri)} » ne peut être l'identifiant de rien.",
            en=f"“{seen(iri)}” cannot be the identifier of anything.",
        ) from error
    try:
        return site.things.describe(iri, lang, why=why, limit=limit, page=page)
    except NotFound:
        if not (iri.startswith(VOCAB) and _definition(iri, lang)) and not _is_graph(site, iri):
            raise
        return Description(iri, None, (), (), (), {})


def _is_graph(site: Site, iri: str) -> bool:
    return iri.startswith(GRAPH) and any(site.store.data.quads_for_pattern(None, None, None, ox.NamedNode(iri)))


def _values(words: Words, described: Description, title: str, why: bool) -> Mapping[str, object]:
    site, iri, lang = words.site, described.iri, words.lang
    path = site.path_of(iri)
    moments, more_moments = timeline(words, iri)
    passages = described.passages[:_PASSAGES]
    return {
        "iri": iri,
        "name": words.name(iri),
        "fragments": _fragments(described),
        "kind": _kind(words, described),
        "groups": grouped(words, described, path),
        "source": words.chips(main_source(described)),
        "parts": _parts(words, described),
        "map": _map(words, iri),
        "moments": moments if len(moments) > 1 else (),
        "more_moments": more_moments,
        "passages": _by_document(words, passages),
        "more_passages": len(described.passages) - len(passages),
        "all_passages": listing_address(words, _EVIDENCED_BY, path, incoming=False),
        "problems": _problems(site, iri, lang),
        "reasons": (lambda explanation: list(reasons(words, explanation))) if why else None,
        "formats": _formats(site, iri),
        "citation": _citation(words, iri, title),
        "bibtex": _bibtex(site, iri, title),
    }


def _by_document(words: Words, passages: Sequence[Passage]) -> list[tuple[Markup, list[tuple[Markup, str | None]]]]:
    """Return passages below the document they are of, each as a link, with its words where the store holds them."""
    found: dict[str, list[tuple[Markup, str | None]]] = {}
    for one in passages:
        found.setdefault(words.document(one), []).append((words.offsets(one), one.quote))
    return [(words.link(document) if document else Markup(), places) for document, places in found.items()]


def _fragments(described: Description) -> list[str]:
    """Return the names of the parts of a thing that have no page but its own, so that a link to one arrives there."""
    values = (value.term.value for one in described.properties for value in one.values)
    return sorted({value.partition("#")[2] for value in values if value.startswith(f"{described.iri}#")})


def _summary(words: Words, described: Description) -> str:
    """Return what a search engine shows below the title: the kind, and the description where there is one."""
    kind = described.labels.get(described.type or "", "")
    told = words.first(described.iri, "dcterms:description")
    return seen(f"{kind}. {told}" if told else kind)[:300]


def _kind(words: Words, described: Description) -> tuple[Markup, str] | None:
    """Return what sort of thing it is, as a link to the term, and the definition of that."""
    if described.iri.startswith(VOCAB):
        return Markup(words.texts["concept"]), _definition(described.iri, words.lang)
    if described.iri.startswith(GRAPH):
        return Markup(words.texts["graph"]), words.texts["graph_is"]
    kind = described.type
    return (words.link(kind), _definition(kind, words.lang)) if kind and kind.startswith(CG) else None


@cache
def _definition(iri: str, lang: str) -> str:
    found = vocabulary().quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(expand("skos:definition")), None)
    told = [one.object for one in found if isinstance(one.object, ox.Literal)]
    return next((one.value for one in told if one.language == lang), "")


def _parts(words: Words, described: Description) -> list[Mapping[str, object]]:
    """Return what the special sections of a thing are filled with: those of its class and of every wider one."""
    kinds = broader_classes(described.type) if described.type else frozenset()
    chosen = dict(_SECTIONS[kind] for kind in kinds if kind in _SECTIONS)
    return [
        {"template": f"_{stem}.html", "t": texts(stem, words.lang), **make(words, described.iri)}
        for stem, make in sorted(chosen.items())
    ]


def _map(words: Words, iri: str) -> Markup | None:
    place = _place(words, iri)
    return locator_map(words.site, place, words.lang) if place else None


def _place(words: Words, iri: str) -> str:
    """Return the territory to show on a map: the thing itself, or the first that it covers or lies in."""
    if iri.startswith(ID + "territoire/"):
        return iri
    return next((place for curie in _TERRITORIES for place in words.things(iri, curie)), "")


@lru_cache(maxsize=1)
def _problems_by_focus(store: EmbeddedStore) -> Mapping[str, Sequence[Problem]]:
    ordered = sorted(read_problems(store), key=lambda one: (one.focus, SEVERITIES.index(one.severity), one.shape))
    return {focus: list(found) for focus, found in groupby(ordered, key=lambda one: one.focus)}


def _problems(site: Site, iri: str, lang: str) -> list[tuple[str, str]]:
    found = _problems_by_focus(site.store).get(iri, ())
    return list(dict.fromkeys((one.severity, one.say(lang)) for one in found))


def _formats(site: Site, iri: str) -> list[tuple[str, str, str]]:
    """Return the suffix, media type and path of every form in which there is a thing."""
    path = site.path_of(iri)
    suffixes = ("html", *GRAPH_SUFFIXES) if site.static and iri.startswith(GRAPH) else MEDIA_TYPES
    return [(suffix, MEDIA_TYPES[suffix], f"{path}.{suffix}") for suffix in suffixes]


def _citation(words: Words, iri: str, title: str) -> str:
    date = f", {words.date(words.site.options.date)}" if words.site.options.date else ""
    return f"{words.texts['quoted'].format(title)}, cesergraph, version {_version(words.site)}{date}. {iri}"


def _bibtex(site: Site, iri: str, title: str) -> str:
    key = re.sub(r"[^a-z0-9]+", "-", shorten(iri).lower()).strip("-")
    fields = {
        "title": "{" + _BIBTEX.sub(r"\\\1", title) + "}",
        "howpublished": rf"\url{{{iri}}}",
        "note": f"cesergraph, version {_version(site)}",
    } | ({"year": site.options.date[:4]} if site.options.date else {})
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{{key},\n{lines}\n}}"


def _version(site: Site) -> str:
    return site.options.version or site.store.manifest.version


def _listing(words: Words, iri: str, asked: str, number: str) -> Page:
    """Return one page of all values of a property; ``^`` before it asks for the things that refer by it."""
    if not re.fullmatch(r"[1-9][0-9]{0,5}", number):
        raise ParameterError(
            fr=f"« {number} » n'est pas un numéro de page ; attendu : un entier à partir de 1.",
            en=f"“{number}” is not a page number; expected: a whole number from 1.",
        )
    page, incoming = int(number), asked.startswith("^")
    one = _property(words, iri, asked.removeprefix("^"), incoming, page)
    last = -(-one.total // _LISTED)
    path = words.site.path_of(iri)
    shown = block(words, one, path, (), incoming=incoming, first=0 if incoming else _LISTED * (page - 1))
    return Page(
        template="thing_values.html",
        title=seen(f"{words.plain(iri)} – {shown.heading}"),
        values={
            "thing": words.link(iri),
            "block": shown,
            "number": page,
            "last": last,
            "address": lambda n: listing_address(words, one.iri, path, incoming=incoming, page=n),
        },
        styles=["thing.css"],
        indexed=False,
    )


def _property(words: Words, iri: str, curie: str, incoming: bool, page: int) -> Property:
    prefix, colon, _ = curie.partition(":")
    wanted = expand(curie) if colon and prefix in PREFIXES else curie
    limit, number = (_LISTED, page) if incoming else (_LISTED * page, 1)
    described = _describe(words.site, iri, words.lang, limit=limit, page=number)
    found = described.incoming if incoming else described.properties
    one = next((one for one in found if one.iri == wanted), None)
    if one is None or one.total <= _LISTED * (page - 1):
        raise NotFound(
            fr=f"« {shorten(iri)} » n'a pas de page {page} pour la propriété « {curie} ».",
            en=f"“{shorten(iri)}” has no page {page} for the property “{curie}”.",
        )
    return one
