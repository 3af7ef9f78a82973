"""What a static host needs in place of a server: redirection rules, and pages for what is not there.

The rules are for w3id.org, whose servers read Apache's ``.htaccess``: a name leads by 303 to the document about it, in
the format that the client accepts. Source: the w3id.org repository's conventions, Apache mod_rewrite.
"""

from collections.abc import Mapping

from cesergraph.web.documents import FORMATS
from cesergraph.web.problems import Problem
from cesergraph.web.site import LANGUAGES, Page, Site

_ACCEPTED = {
    "ttl": "text/turtle|application/x-turtle",
    "jsonld": r"application/ld\+json",
    "rdf": r"application/rdf\+xml",
    "nt": "application/n-triples",
    "trig": "application/trig",
    "nq": "application/n-quads",
}
# A client that accepts pages is a browser, whatever else it accepts.
_PAGE = "RewriteCond %{HTTP_ACCEPT} !text/html"
_NAMED = (
    ("id/(.+)", "doc/$1"),
    ("doc/(.+)", "doc/$1"),
    ("vocab/(.+)", "vocab/$1"),
    ("def", "def"),
    ("def/(.+)", "def/$1"),
)


def static_files(site: Site) -> Mapping[str, bytes]:
    """Return by path what only a static site has: the rules for w3id.org and the page of what is not there."""
    nothing = Problem(404, fr="Il n'y a rien à cette adresse.", en="There is nothing at this address.")
    found = {"/w3id/.htaccess": htaccess(site).encode(), "/w3id/README.md": _README.encode(), "/.nojekyll": b""}
    for lang in LANGUAGES:
        values = {"status": 404, "detail": nothing.say(lang), "suggestions": ()}
        page = Page("problem.html", nothing.title(lang), values, indexed=False)
        found["/404.html" if lang == "fr" else "/en/404.html"] = site.render(page, lang, "/")
    return found


def htaccess(site: Site) -> str:
    """Return the rules that lead the names of w3id.org/cesergraph to a static site."""
    base = site.base.rstrip("/")
    lines = [
        "# Noms de cesergraph : chaque règle mène au document, dans le format accepté (303).",
        "# Names of cesergraph: each rule leads to the document, in the format accepted (303).",
        "Options +FollowSymLinks",
        "RewriteEngine on",
        'Header always set Access-Control-Allow-Origin "*"',
        'Header always merge Vary "Accept"',
        rf"RewriteRule ^(.+\.(?:html|gz|xml|txt|{'|'.join(FORMATS)}))$ {base}/$1 [R=303,NE,L]",
    ]
    for name, target in _NAMED:
        for suffix in FORMATS:
            lines += [
                _PAGE,
                f"RewriteCond %{{HTTP_ACCEPT}} {_ACCEPTED[suffix]}",
                _rule(name, f"{base}/{target}.{suffix}"),
            ]
        lines.append(_rule(name, f"{base}/{target}.html"))
    lines += [
        _rule("graph/(.+)", f"{base}/graph/$1.ttl"),
        _rule("(?:catalogue|dataset/.+)", f"{base}/catalogue.ttl"),
        _rule(r"\.well-known/void", f"{base}/.well-known/void.ttl"),
        _rule("(.*)", f"{base}/$1"),
    ]
    return "\n".join([*lines, ""])


def _rule(name: str, target: str) -> str:
    return f"RewriteRule ^{name}$ {target} [R=303,NE,L]"


_README = """# w3id.org/cesergraph

Rules for the names of cesergraph. To register them: copy this folder as `cesergraph/` into a fork of the w3id.org
repository, add who maintains them, and ask for a pull. Then `curl -IL https://w3id.org/cesergraph/def` answers.
"""
