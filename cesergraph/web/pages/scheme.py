"""What the page of a scheme or support trajectory tells first: versions, whom it supported, step by step."""

from collections.abc import Mapping

from cesergraph.web.pages.actor import funding
from cesergraph.web.pages.wording import Words

_MOST = 300


def section(words: Words, iri: str) -> Mapping[str, object]:
    """Return what fills ``_scheme.html``."""
    steps = words.referring(iri, "cg:throughScheme", _MOST)
    trajectories = {one for step in steps for one in words.things(step, "cg:stepOf")}
    if words.referring(iri, "cg:stepOf", 1):
        trajectories.add(iri)
    contexts = words.referring(iri, "cg:inContextOf", _MOST)
    return {
        "operators": words.links(words.things(iri, "cg:operatedBy")),
        "answers": words.links(words.things(iri, "cg:answers")),
        "mobilised": words.links(words.referring(iri, "cg:mobilises", _MOST)),
        "versions": [_version(words, one) for one in _by_year(words, words.referring(iri, "cg:versionOf", _MOST))],
        "trajectories": [_trajectory(words, one, iri) for one in sorted(trajectories)],
        "fundings": [funding(words, one) for one in contexts if "/financement/" in one],
    }


def _by_year(words: Words, versions: list[str]) -> list[str]:
    return sorted(versions, key=lambda one: (words.first(one, "cg:validFrom") or "9999", one))


def _version(words: Words, iri: str) -> Mapping[str, object]:
    return {
        "link": words.link(iri),
        "start": words.first(iri, "cg:validFrom"),
        "end": words.first(iri, "cg:validUntil"),
        "revises": words.links(words.things(iri, "cg:revisionOf")),
        "modality": words.links(words.things(iri, "cg:modality")),
        "note": [words.value(one) for one in words.values(iri, "dcterms:description")],
        "places": words.places(iri, 1),
    }


def _trajectory(words: Words, iri: str, here: str) -> Mapping[str, object]:
    """Return who was supported, through which schemes, in order; ``here`` is the thing whose page it is."""
    steps = words.referring(iri, "cg:stepOf", _MOST)
    return {
        "link": words.link(iri),
        "actor": words.links(words.things(iri, "cg:supportedActor")),
        "note": [words.value(one) for one in words.values(iri, "dcterms:description")],
        "steps": [
            {
                "link": words.link(one),
                "scheme": words.links(words.things(one, "cg:throughScheme")),
                "here": here in words.things(one, "cg:throughScheme"),
                "note": [words.value(note) for note in words.values(one, "dcterms:description")],
                "places": words.places(one, 1),
            }
            for one in sorted(steps, key=lambda one: (int(words.first(one, "cg:stepNumber") or 0), one))
        ],
    }
