"""What robots and programs look for: robots.txt, the map of the site, who to tell of a weakness, and the news."""

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from cesergraph.catalogue import release
from cesergraph.errors import ParameterError
from cesergraph.evidence import select
from cesergraph.identifiers import DECISION_GRAPH
from cesergraph.namespaces import BASE, PREFIXES
from cesergraph.web.site import LANGUAGES, Site

_MOST = 20_000
_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def robots(site: Site) -> bytes:
    """Return robots.txt (RFC 9309): pages may be visited, queries and searches may not."""
    # The star changes nothing, but some readers take a question mark at the end for nothing.
    kept_out = ("/sparql?query=", "/en/sparql?query=", "/graph-store", "/recherche?*", "/en/recherche?*")
    lines = ["User-agent: *", *(f"Disallow: {site.root}{path}" for path in kept_out), "Allow: /"]
    return "\n".join([*lines, "", f"Sitemap: {site.absolute(site.data('/sitemap.xml'))}", ""]).encode()


def security(site: Site) -> bytes | None:
    """Return security.txt (RFC 9116), None unless the publisher said whom to write to and until when it holds.

    Raise ParameterError where one of the two is missing or not as it must be.
    """
    contact, expires = site.options.contact, site.options.security_expires
    if expires is None:
        return None
    if contact is None or not contact.startswith(("mailto:", "https://")):
        raise ParameterError(
            fr="security.txt demande un contact, mailto:… ou https://… (--contact).",
            en="security.txt needs a contact, mailto:… or https://… (--contact).",
        )
    if not _DAY.fullmatch(expires):
        raise ParameterError(
            fr=f"{expires!r} n'est pas la date jusqu'à laquelle security.txt vaut ; attendu : AAAA-MM-JJ.",
            en=f"{expires!r} is not the date until which security.txt holds; expected: YYYY-MM-DD.",
        )
    address = site.absolute(site.data("/.well-known/security.txt"))
    lines = [
        f"Contact: {contact}",
        f"Expires: {expires}T00:00:00Z",
        "Preferred-Languages: fr, en",
        f"Canonical: {address}",
    ]
    return "\n".join([*lines, ""]).encode()


def sitemaps(site: Site, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the index of the site's map and its parts: every page in French, its English one beside it.

    Source: the Sitemaps protocol 0.9, at most 50,000 addresses in a part.
    """
    parts = [tuple(part) for part in _batches(sorted(paths), _MOST)]
    names = [f"/sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    index = "".join(f"<sitemap><loc>{escape(site.absolute(site.data(name)))}</loc></sitemap>\n" for name in names)
    yield "/sitemap.xml", f'{_XML}<sitemapindex xmlns="{_SITEMAP}">\n{index}</sitemapindex>\n'.encode()
    for name, part in zip(names, parts, strict=True):
        urls = "".join(_url(site, path) for path in part)
        head = f'<urlset xmlns="{_SITEMAP}" xmlns:xhtml="http://www.w3.org/1999/xhtml">'
        yield name, f"{_XML}{head}\n{urls}</urlset>\n".encode()


def _batches(paths: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    return (paths[start : start + most] for start in range(0, len(paths), most))


def _url(site: Site, path: str) -> str:
    addresses = {lang: site.absolute(site.page(path, lang)) for lang in LANGUAGES}
    others = "".join(
        f'<xhtml:link rel="alternate" hreflang="{lang}" href={quoteattr(address)}/>'
        for lang, address in addresses.items()
    )
    changed = f"<lastmod>{site.options.date}</lastmod>" if site.options.date else ""
    return f"<url><loc>{escape(addresses['fr'])}</loc>{changed}{others}</url>\n"


_DECISIONS = f"""
PREFIX cg: <{PREFIXES["cg"]}> PREFIX dcterms: <{PREFIXES["dcterms"]}> PREFIX skos: <{PREFIXES["skos"]}>
SELECT ?decision ?date ?reason ?author WHERE {{
  GRAPH <{DECISION_GRAPH}> {{ ?decision dcterms:date ?date ; cg:decisionReason ?reason ; cg:decidedBy ?author . }}
}} ORDER BY DESC(?date) ?decision LIMIT 100
"""


def feed(site: Site) -> bytes:
    """Return the news as an Atom feed (RFC 4287): the release, where it is dated, and the editorial decisions.

    An event stream of editions (LDES) would need a date for each; the graph knows none for most documents, and nothing
    here reads a clock.
    """
    rows = [[one.value for one in row] for row in select(site.source, _DECISIONS)]
    news = [(*row, site.absolute(site.href(row[0], "fr"))) for row in rows]
    if site.options.date:
        version = release(site.store, site.options)
        page = site.absolute(site.page("/telechargements", "fr"))
        news.insert(0, (f"{BASE}dump/{version}", site.options.date, f"Version {version}", "cesergraph", page))
    entries = "".join(
        f"<entry><id>{escape(iri)}</id><title>{escape(title)}</title><updated>{date}T00:00:00Z</updated>"
        f"<author><name>{escape(author)}</name></author><link href={quoteattr(address)}/></entry>\n"
        for iri, date, title, author, address in news
    )
    latest = max((date for _, date, _, _, _ in news), default="1970-01-01")
    own = quoteattr(site.absolute(site.data("/feed.atom")))
    return (
        f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr">\n<id>{BASE}feed</id>'
        f"<title>cesergraph : versions et décisions éditoriales</title><updated>{latest}T00:00:00Z</updated>"
        f'<link rel="self" href={own}/><link href={quoteattr(site.base)}/>\n{entries}</feed>\n'
    ).encode()
