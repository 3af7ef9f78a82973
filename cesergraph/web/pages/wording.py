"""Things as a page tells them: names, links, values and places, written once and safe to print.

A label may hold anything: it is escaped, and set apart from the text around it (``<bdi>``), so that neither a tag nor
a change of writing direction gets out of it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

import pyoxigraph as ox
from markupsafe import Markup, escape

from cesergraph.evidence import Passage
from cesergraph.identifiers import INFERENCE_GRAPH, META
from cesergraph.namespaces import BASE, GRAPH, ID, PREFIXES, expand
from cesergraph.vocabulary import most_specific
from cesergraph.web.site import Site, date_in, number_in, texts

Term = ox.NamedNode | ox.Literal

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_SHORT, _DIGITS = 56, 12
_XSD = PREFIXES["xsd"]
_NUMBERS = frozenset(_XSD + one for one in ("integer", "decimal", "nonNegativeInteger", "int", "long"))
_DATES = frozenset(_XSD + one for one in ("date", "gYear", "gYearMonth", "dateTime"))
# What tells a thing that has no name of its own, by the type in its IRI.
_TOLD_BY: Mapping[str, Sequence[str]] = {
    kind: tuple(map(expand, curies.split()))
    for kind, curies in {
        "adressage": "cg:addressee cg:addressingMode",
        "capture": "cg:captureOf cg:captureDigest",
        "decompte": "cg:countFor",
        "enonce": "cg:passageOf cg:startLine",
        "mandat": "cg:mandateHolder cg:mandateFor",
        "participation": "cg:participant cg:roleKind",
        "passage": "cg:passageOf cg:startLine",
        "population": "cg:populationValue cg:populationKind cg:vintage",
        "relation": "cg:relationFrom cg:relationKind cg:relationTo",
        "role": "cg:roleHolder cg:roleKind",
    }.items()
}
_META = GRAPH + META + "/"
_LINE, _DIGEST = expand("cg:startLine"), expand("cg:captureDigest")


def seen(text: str) -> str:
    """Return a text in one line without the characters that nobody sees but that turn the text around."""
    return _UNSEEN.sub(" ", text)


def join(parts: Iterable[Markup], by: str = ", ") -> Markup:
    """Return pieces of markup with the same plain characters between them."""
    return Markup(by.join(parts))


def shortened(name: str) -> str:
    """Return a name cut after a word where it is too long to be said again and again."""
    if len(name) <= _SHORT:
        return name
    return name[:_SHORT].rpartition(" ")[0].rstrip(" ,:;") + "…"


class Words:
    """The words of one page in its language; what was read for one link is not read again for the next."""

    def __init__(self, site: Site, lang: str) -> None:
        self.site = site
        self.lang = lang
        self.data = site.store.data
        self.number: Callable[[object], str] = number_in(lang)
        self.date: Callable[[object], str] = date_in(lang)
        self.texts = texts("thing", lang)
        self._links: dict[str, Markup] = {}
        self._chips: dict[tuple[str, ...], Markup] = {}

    def values(self, iri: str, curie: str) -> list[Term]:
        """Return the values of a property of a thing, each once, in order."""
        found = self.data.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(expand(curie)), None, None)
        return sorted({quad.object for quad in found if isinstance(quad.object, Term)}, key=str)

    def things(self, iri: str, curie: str) -> list[str]:
        """Return the things that a property of a thing names, each once, in order."""
        return [one.value for one in self.values(iri, curie) if isinstance(one, ox.NamedNode)]

    def first(self, iri: str, curie: str) -> str:
        """Return the bare text of the first value of a property, empty where there is none."""
        return next((one.value for one in self.values(iri, curie)), "")

    def referring(self, iri: str, curie: str, most: int) -> list[str]:
        """Return up to so many things that name a thing in a property, each once, in order."""
        quads = self.data.quads_for_pattern(None, ox.NamedNode(expand(curie)), ox.NamedNode(iri), None)
        return sorted({str(quad.subject)[1:-1] for quad in islice(quads, most)})

    def plain(self, iri: str) -> str:
        """Return what a thing is called, without markup: its label, else what tells it, else its kind."""
        return " · ".join(text for text, _ in self._parts(iri))

    def name(self, iri: str) -> Markup:
        """Return what a thing is called, each part in its language."""
        return join((self.text(text, language) for text, language in self._parts(iri)), " · ")

    def text(self, text: str, language: str | None) -> Markup:
        """Return a text set apart, with its language where it is not that of the page."""
        mark = f' lang="{escape(language)}"' if language and language != self.lang else ""
        return Markup(f"<bdi{mark}>{escape(text)}</bdi>")

    def link(self, iri: str) -> Markup:
        """Return a link to a thing, in its name; the name alone where there is no address to go to."""
        if iri not in self._links:
            self._links[iri] = self.link_as(iri, self.name(iri))
        return self._links[iri]

    def link_as(self, iri: str, name: Markup) -> Markup:
        """Return a link to a thing in other words than its name."""
        address = self.site.href(iri, self.lang)
        if not address:
            return name
        away = "" if iri.startswith(BASE) else ' rel="external noopener"'
        return Markup(f'<a href="{escape(address)}"{away}>{escape(name)}</a>')

    def links(self, iris: Iterable[str]) -> Markup:
        """Return several links, separated."""
        return join(map(self.link, iris))

    def value(self, term: object) -> Markup:
        """Return a value of a property: a link, a text, a number or a date in the language of the page."""
        if isinstance(term, ox.NamedNode):
            return self.link(term.value)
        assert isinstance(term, ox.Literal)
        kind = term.datatype.value
        if term.language:
            return self.text(term.value, term.language)
        if kind in _NUMBERS:
            return escape(self.number(term.value))
        if kind in _DATES:
            return Markup(f'<time datetime="{escape(term.value)}">{escape(self.date(term.value))}</time>')
        if kind == _XSD + "anyURI" and term.value.startswith(("http://", "https://")):
            return self.link_as(term.value, escape(term.value))
        return self.text(term.value, None)

    def chips(self, graphs: tuple[str, ...], why: str = "") -> Markup:
        """Return which sources say something; what was derived says so, and leads to the rule where there is a way."""
        if graphs not in self._chips:
            self._chips[graphs] = join((self._chip(graph, why) for graph in graphs), " ")
        return self._chips[graphs]

    def _chip(self, graph: str, why: str) -> Markup:
        if graph == INFERENCE_GRAPH:
            word = escape(self.texts["derived"])
            if not why:
                return Markup(f'<span class="chip chip-derived">{word}</span>')
            return Markup(f'<a class="chip chip-derived" href="{escape(why)}">{word}</a>')
        return Markup(f'<a class="chip" href="{escape(self.site.href(graph, self.lang))}">{self.name(graph)}</a>')

    def _source(self, graph: str) -> tuple[str, str | None]:
        """Return the title of the source behind a graph; a graph that describes a source has none of its own."""
        if graph.startswith(_META):
            return self.texts["source_record"], None
        return self.site.things.title(graph, self.lang), "fr"

    def place(self, passage: Passage) -> Markup:
        """Return where a passage stands, as a link to it: document in short, line, offsets."""
        return self.link_as(
            passage.iri, join([*self._short(passage), *self._offsets(passage)]) or self.name(passage.iri)
        )

    def offsets(self, passage: Passage) -> Markup:
        """Return where a passage stands in its document, as a link to it."""
        return self.link_as(passage.iri, join(self._offsets(passage)) or self.name(passage.iri))

    def document(self, passage: Passage) -> str:
        """Return the document that a passage is of; it need not be the one whose file was captured."""
        return next(iter(self.things(passage.iri, "cg:passageOf")), passage.document or "")

    def _short(self, passage: Passage) -> list[Markup]:
        document = self.document(passage)
        if not document:
            return []
        names = [self.plain(document), *(one.value for one in self.values(document, "skos:altLabel"))]
        return [self.text(shortened(min(names, key=len)), "fr")]

    def _offsets(self, passage: Passage) -> list[Markup]:
        told = []
        if passage.line is not None:
            told.append(escape(self.texts["line"].format(n=self.number(passage.line))))
        if passage.start is not None and passage.end is not None:
            told.append(escape(self.texts["offsets"].format(start=passage.start, end=passage.end)))
        return told

    def places(self, iri: str, most: int = 3) -> Markup:
        """Return where the documents attest a thing, the first places of it."""
        return self.places_of(self.site.things.passages(iri), most)

    def places_of(self, found: Sequence[Passage], most: int) -> Markup:
        """Return the first of some places, and how many more there are."""
        told = join(map(self.place, found[:most]), " ; ")
        return told + f" (+{len(found) - most})" if len(found) > most else told

    def _parts(self, iri: str) -> list[tuple[str, str | None]]:
        """Return the parts of a thing's name with their language, None where it has none."""
        if iri.startswith(GRAPH):
            return [self._source(iri)]
        path = iri.removeprefix(ID)
        told_by = _TOLD_BY.get(path.partition("/")[0], ()) if path != iri else ()
        parts = [part for predicate in told_by for part in self._part(iri, predicate)]
        if parts:
            return parts
        label = self.site.things.label(iri, self.lang)
        if path != iri and label == path:
            return [(self._kind(iri) or path, self.lang)]
        return [(label, self._language(iri))]

    def _part(self, iri: str, predicate: str) -> list[tuple[str, str | None]]:
        for quad in self.data.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(predicate), None, None):
            if isinstance(quad.object, ox.NamedNode):
                end = quad.object.value
                return [(self.site.things.label(end, self.lang), self._language(end))]
            if isinstance(quad.object, ox.Literal):
                value = quad.object.value[:_DIGITS] if predicate == _DIGEST else quad.object.value
                number = self.number(value) if quad.object.datatype.value in _NUMBERS else value
                return [(self.texts["line"].format(n=number) if predicate == _LINE else number, None)]
        return []

    def _kind(self, iri: str) -> str:
        """Return the kind of a thing that has no name, empty where that is not said either."""
        kinds = set(self.things(iri, "rdf:type"))
        return self.site.things.label(most_specific(kinds), self.lang) if kinds else ""

    def _language(self, iri: str) -> str | None:
        return "fr" if iri.startswith(ID) else None
