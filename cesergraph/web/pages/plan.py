"""What the page of a strategy or of its parts tells first: where it stands, what it holds, objectives and schemes."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from cesergraph.web.pages.document import Branch
from cesergraph.web.pages.figure import target, targets_of
from cesergraph.web.pages.wording import Words
from cesergraph.web.site import texts

_MOST, _WHOLE = 300, 500


def section(words: Words, iri: str) -> Mapping[str, object]:
    """Return what fills ``_plan.html``."""
    held: list[str] = []
    tree = _branches(words, iri, held)
    return {
        "above": [words.link(one) for one in _above(words, iri)],
        "tree": tree,
        "count": len(held),
        "objectives": _objectives(words, [iri]),
        "lower_objectives": _objectives(words, held),
        "schemes": _schemes(words, [iri, *held]),
        "answers": words.links(words.things(iri, "cg:answers")),
        "documents": words.links(words.referring(iri, "cg:setsOut", _MOST)),
        "acts": words.links(words.referring(iri, "cg:approves", _MOST)),
        "figure_t": texts("figure", words.lang),
    }


def _above(words: Words, iri: str) -> list[str]:
    """Return the wholes that a thing lies in, the widest first."""
    found: list[str] = []
    while (wider := words.things(found[0] if found else iri, "cg:directPartOf")) and wider[0] not in found:
        found.insert(0, wider[0])
    return found


def _branches(words: Words, iri: str, held: list[str]) -> list[Branch]:
    """Return the parts of a thing as a tree, and note each in ``held``; a plan has no more parts than can be read."""
    parts = words.referring(iri, "cg:directPartOf", _MOST)
    found = []
    for one in sorted(parts, key=lambda one: (int(words.first(one, "cg:orderNumber") or 0), one)):
        if len(held) < _WHOLE and one not in held:
            held.append(one)
            found.append(Branch(words.link_as(one, _numbered(words, one)), _branches(words, one, held)))
    return found


def _numbered(words: Words, iri: str) -> Markup:
    number = words.first(iri, "cg:numberInSource")
    return escape(f"{number}. ") + words.name(iri) if number else words.name(iri)


def _objectives(words: Words, wholes: Sequence[str]) -> list[Mapping[str, object]]:
    """Return the objectives of some parts of a plan with their targets."""
    return [
        {
            "link": words.link(one),
            "of": words.link(whole),
            "targets": [target(words, aim) for aim in targets_of(words, one)],
        }
        for whole in wholes
        for one in words.referring(whole, "cg:objectiveOf", _MOST)
    ]


def _schemes(words: Words, wholes: list[str]) -> list[tuple[Markup, Markup]]:
    """Return the schemes that some parts mobilise, each with those parts."""
    found: dict[str, list[str]] = {}
    for whole in wholes:
        for scheme in words.things(whole, "cg:mobilises"):
            found.setdefault(scheme, []).append(whole)
    named = sorted(found, key=lambda one: words.plain(one).casefold())
    return [(words.link(one), words.links(some for some in found[one] if some != wholes[0])) for one in named]
