"""All named queries, by what they are about."""

from cesergraph.queries import Query, all_queries
from cesergraph.web.site import Page, Request, Site, texts


def make(site: Site, lang: str, request: Request) -> Page:
    """Return the page of all named queries, each under the first of its tags."""
    words = texts("questions", lang)
    groups: dict[str, list[Query]] = {tag: [] for tag in words["tags"]}
    for query in all_queries().values():
        groups[query.tags[0]].append(query)
    values = {
        "groups": {tag: sorted(found, key=lambda one: one.title[lang]) for tag, found in groups.items() if found},
        "total": len(all_queries()),
    }
    return Page(
        "questions.html",
        words["title"],
        values,
        description=words["summary"].format(n=len(all_queries())),
        styles=("terms.css",),
        scripts=("filter.js",),
    )
