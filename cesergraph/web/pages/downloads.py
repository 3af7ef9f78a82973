"""The page of what can be fetched: dumps, catalogue, addresses for programs, how to cite."""

from cesergraph import __version__
from cesergraph.catalogue import LICENCE, release
from cesergraph.dumps import SETS, dumps_of
from cesergraph.namespaces import BASE
from cesergraph.web.site import Page, Request, Site, texts

_CATALOGUES = ("/catalogue", "/.well-known/void")
_SUFFIXES = (("Turtle", "ttl"), ("JSON-LD", "jsonld"), ("RDF/XML", "rdf"), ("N-Triples", "nt"))


def make(site: Site, lang: str, _: Request) -> Page:
    """Return the page; while the dumps are being written it says so."""
    t = texts("downloads", lang)
    found = dumps_of(site.store)
    version = release(site.store, site.options)
    dumps = found[1].dumps if found else ()
    values = {
        "version": version,
        "date": site.options.date,
        "licence": LICENCE,
        "sets": [(name, [dump for dump in dumps if dump.set == name]) for name in SETS] if found else (),
        "sums": f"/dump/{version}/SHA256SUMS",
        "address": f"/dump/{version}/",
        "figures": found[1] if found else None,
        "catalogues": [(path, [(name, f"{path}.{suffix}") for name, suffix in _SUFFIXES]) for path in _CATALOGUES],
        "base": BASE,
        "examples": _examples(site),
        "citation": f"cesergraph contributors, cesergraph {__version__}, {t['data']} {version}, {BASE}",
    }
    return Page("downloads.html", t["title"], values, description=t["lead"], styles=("downloads.css",))


def _examples(site: Site) -> list[tuple[str, str]]:
    """Return what can be asked by a program, and how; a static site answers no query."""
    own = site.base
    found = [
        ("thing", f"curl -L -H 'Accept: text/turtle' {own}id/territoire/region/24"),
        ("suffix", f"curl {own}doc/territoire/region/24.jsonld"),
        ("terms", f"curl -H 'Accept: text/turtle' {own}def"),
    ]
    if site.static:
        return found[1:2]
    query = "SELECT (COUNT(*) AS ?n) { ?s a <" + BASE + "def#Recommendation> }"
    return [
        *found,
        ("sparql", f"curl {own}sparql --data-urlencode 'query={query}' -H 'Accept: text/csv'"),
        ("graph", f"curl '{own}graph-store?graph={BASE}graph/decision' -H 'Accept: text/turtle'"),
    ]
