"""One site: an open store, its public address, and how its pages are written, by the server and by publish alike.

Every address on a page is made here, so that the same templates serve a live server, a static site, and one that
lives in a folder of another site.
"""

import datetime
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlsplit

import jinja2
from markupsafe import Markup

from cesergraph.answers import Source
from cesergraph.catalogue import Options
from cesergraph.namespaces import BASE, CG, GRAPH, ID, VOCAB
from cesergraph.store import EmbeddedStore
from cesergraph.things import Things

LANGUAGES = ("fr", "en")
_PAGES = "cesergraph.web"
_MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
    "en": "January February March April May June July August September October November December".split(),
}
_SAFE = "/:@!$&'()*+,;=~-._"


@dataclass(frozen=True)
class Request:
    """What a page is asked for: the parts of its path and the values of the query string."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def first(self, name: str, default: str = "") -> str:
        """Return the first value of a name in the query string."""
        return next(iter(self.query.get(name, ())), default)


@dataclass(frozen=True)
class Page:
    """One page before it is written: its template and what fills it."""

    template: str
    title: str
    values: Mapping[str, object]
    description: str = ""
    jsonld: Mapping[str, object] | None = None
    alternates: Sequence[tuple[str, str]] = ()
    styles: Sequence[str] = ()
    scripts: Sequence[str] = ()
    status: int = 200
    indexed: bool = True


@dataclass(frozen=True)
class Site:
    """One site over one version of a store; ``base`` is its public address and ends with a slash."""

    store: EmbeddedStore
    source: Source
    things: Things
    base: str
    static: bool = False
    options: Options = field(default_factory=Options)

    @cached_property
    def root(self) -> str:
        """The path of the site on its host, without the last slash: empty at the top of a host."""
        return urlsplit(self.base).path.rstrip("/")

    def page(self, path: str, lang: str) -> str:
        """Return the address of a page of the site; ``path`` may have a query string or a fragment."""
        path, hash, fragment = path.partition("#")
        path, mark, query = path.partition("?")
        if self.static:
            path += "index.html" if path.endswith("/") else ".html"
        return f"{self.root}{'/en' if lang == 'en' else ''}{path}{mark}{query}{hash}{fragment}"

    def data(self, path: str) -> str:
        """Return the address of something that is not a page and has no language."""
        return self.root + path

    def absolute(self, address: str) -> str:
        """Return an address of this site with its host."""
        return self.base.removesuffix("/").removesuffix(self.root) + address

    def path_of(self, iri: str) -> str:
        """Return the path of the page about an IRI of ours, without language; empty for an IRI of others."""
        if iri.startswith(ID):
            return "/doc/" + quote(iri.removeprefix(ID), safe=_SAFE + "#%")
        if iri.startswith(CG):
            return "/def#" + iri.removeprefix(CG)
        if iri.startswith(BASE + "dataset/"):
            return "/telechargements"
        if iri.startswith((VOCAB, GRAPH)):
            return "/" + quote(iri.removeprefix(BASE), safe=_SAFE + "#%")
        return ""

    def href(self, iri: str, lang: str) -> str:
        """Return where a link to an IRI leads: a page here, the web address itself, or nowhere (empty)."""
        if path := self.path_of(iri):
            return self.page(path, lang)
        return iri if iri.startswith(("https://", "http://")) else ""

    def render(self, page: Page, lang: str, path: str, query: str = "") -> bytes:
        """Return a page as HTML; ``path`` is its address without language, such as ``/recherche``, then its query."""
        writer = self._writers[lang]
        text = writer.get_template(page.template).render(
            page.values,
            title=page.title,
            description=page.description,
            jsonld=_as_script(page.jsonld),
            alternates=page.alternates,
            styles=page.styles,
            scripts=page.scripts,
            indexed=page.indexed,
            page_path=path,
            page_query=f"?{query}" if query else "",
            t=_texts(page.template.removesuffix(".html"), lang),
        )
        return text.encode()

    @cached_property
    def _writers(self) -> Mapping[str, jinja2.Environment]:
        return {lang: self._writer(lang) for lang in LANGUAGES}

    def _writer(self, lang: str) -> jinja2.Environment:
        writer = jinja2.Environment(
            loader=jinja2.PackageLoader(_PAGES, "pages"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        writer.filters.update(number=_NUMBERS[lang], date=_DATES[lang])
        writer.globals.update(
            site=self,
            lang=lang,
            other_lang="en" if lang == "fr" else "fr",
            href=lambda iri: self.href(iri, lang),
            page=lambda path: self.page(path, lang),
            in_lang=self.page,
            data=self.data,
            asset=lambda name: self.data(f"/static/{name}"),
        )
        return writer


Maker = Callable[[Site, str, Request], Page]


@cache
def _texts(name: str, lang: str) -> Mapping[str, Any]:
    """Return the texts of a page over those of all pages, in one language."""
    room = files(_PAGES).joinpath("pages")
    found: dict[str, Any] = {}
    for one in ("base", name):
        file = room.joinpath(f"{one}.toml")
        if file.is_file():
            found |= {key: _in(lang, text) for key, text in tomllib.loads(file.read_text(encoding="utf-8")).items()}
    return found


def _in(lang: str, text: Any) -> Any:
    """Return the French or English of an entry; a table of entries is read in depth."""
    return text[lang] if set(text) == set(LANGUAGES) else {key: _in(lang, one) for key, one in text.items()}


def texts(page: str, lang: str) -> Mapping[str, Any]:
    """Return the texts of a page (the stem of its files) in one language, for makers that need them."""
    return _texts(page, lang)


def _as_script(told: Mapping[str, object] | None) -> Markup | None:
    """Return JSON that no label can break out of a script element with."""
    if told is None:
        return None
    plain = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return Markup(plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def number_in(lang: str) -> Callable[[object], str]:
    """Return the writer of numbers of a language: digits in threes, a decimal comma in French."""
    thousands, point = ("\N{NARROW NO-BREAK SPACE}", ",") if lang == "fr" else (",", ".")

    def write(value: object) -> str:
        whole, _, decimals = str(value).partition(".")
        sign, digits = ("\N{MINUS SIGN}", whole[1:]) if whole.startswith("-") else ("", whole)
        if not digits.isdecimal():
            return str(value)
        return sign + f"{int(digits):,}".replace(",", thousands) + (point + decimals if decimals.strip("0") else "")

    return write


def date_in(lang: str) -> Callable[[object], str]:
    """Return the writer of dates of a language: ``2025-05-12`` is « 12 mai 2025 », ``2025-05`` « mai 2025 »."""
    months = _MONTHS[lang]

    def write(value: object) -> str:
        text = str(value)
        parts = text[:10].split("-")
        if not all(part.isdecimal() for part in parts) or len(parts) > 3 or len(parts[0]) != 4:
            return text
        if len(parts) == 1:
            return parts[0]
        try:
            day = datetime.date(*map(int, [*parts, "1"][:3]))
        except ValueError:
            return text
        number = f"{'1er' if lang == 'fr' and day.day == 1 else day.day} " if len(parts) == 3 else ""
        return f"{number}{months[day.month - 1]} {day.year:04}"

    return write


_NUMBERS = {lang: number_in(lang) for lang in LANGUAGES}
_DATES = {lang: date_in(lang) for lang in LANGUAGES}
