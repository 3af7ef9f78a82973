"""The page of notices: licences, personal data, accessibility, whom to write to where that was said."""

from cesergraph.catalogue import LICENCE
from cesergraph.sources import card, source_names
from cesergraph.web.site import Page, Request, Site, texts


def make(site: Site, lang: str, _: Request) -> Page:
    """Return the page; a contact stands on it only where the publisher gave one."""
    t = texts("legal", lang)
    names = {LICENCE: t["open_licence"]}
    sources = [
        (one.title[lang], one.publisher, names.get(one.licence, one.licence), one.licence, one.url)
        for one in map(card, source_names())
    ]
    return Page("legal.html", t["title"], {"sources": sources, "contact": site.options.contact}, description=t["lead"])
