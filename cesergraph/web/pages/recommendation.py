"""What the page of a recommendation tells first: who says it to whom, how that is known, and what became of it."""

from collections.abc import Mapping

from markupsafe import Markup

from cesergraph.web.pages.wording import Words

_MOST = 100


def section(words: Words, iri: str) -> Mapping[str, object]:
    """Return what fills ``_recommendation.html``."""
    documents = words.things(iri, "cg:recommendationOf")
    statements = words.things(iri, "cg:statedIn") or words.referring(iri, "cg:states", _MOST)
    return {
        "documents": words.links(documents),
        "issuers": words.links(_all(words, documents, "cg:issuedBy") or _all(words, statements, "cg:speaker")),
        "sections": words.links(words.things(iri, "cg:inSection")),
        "territories": words.links(
            _all(words, [iri], "cg:coversTerritory") or _all(words, documents, "cg:coversTerritory")
        ),
        "themes": words.links(words.things(iri, "dcterms:subject")),
        "statements": [_statement(words, one) for one in statements],
        "addressings": [addressing(words, one) for one in words.things(iri, "cg:addressing")],
        "actions": [_action(words, one) for one in _in_order(words, words.referring(iri, "cg:actionOf", _MOST))],
        "instruments": words.links(words.things(iri, "cg:instrument")),
        "examples": words.links(words.things(iri, "cg:citesAsExample")),
        "elaborates": words.links(words.things(iri, "cg:elaborates")),
        "elaborated": words.links(words.referring(iri, "cg:elaborates", _MOST)),
        "follow_ups": [_follow_up(words, one) for one in words.things(iri, "cg:followUp")],
        "answers": words.links(words.referring(iri, "cg:answers", _MOST)),
    }


def _all(words: Words, iris: list[str], curie: str) -> list[str]:
    return sorted({end for iri in iris for end in words.things(iri, curie)})


def _in_order(words: Words, iris: list[str]) -> list[str]:
    return sorted(iris, key=lambda one: (int(words.first(one, "cg:orderNumber") or 0), one))


def addressing(words: Words, iri: str) -> Mapping[str, object]:
    """Return one addressee with how it is known, the wording as written, and where that stands."""
    origin = words.things(iri, "cg:inheritedFrom")
    return {
        "addressee": words.links(words.things(iri, "cg:addressee")),
        "mode": words.links(words.things(iri, "cg:addressingMode")),
        "wordings": [words.value(one) for one in words.values(iri, "cg:asWritten")],
        "places": words.places(iri),
        "note": [words.value(one) for one in words.values(iri, "dcterms:description")],
        "inherited": [addressing(words, one) for one in origin if one != iri],
    }


def _statement(words: Words, iri: str) -> Mapping[str, object]:
    return {
        "place": words.places(iri),
        "quotes": [one.quote for one in words.site.things.passages(iri) if one.quote],
        "force": words.links(words.things(iri, "cg:force")),
        "form": words.links(words.things(iri, "cg:statementForm")),
        "verb": words.first(iri, "cg:speechVerb"),
    }


def _action(words: Words, iri: str) -> tuple[Markup, Markup]:
    return words.link(iri), words.places(iri)


def _follow_up(words: Words, iri: str) -> Mapping[str, object]:
    return {
        "link": words.link(iri),
        "by": words.links(words.things(iri, "cg:followUpBy")),
        "states": words.links([*words.things(iri, "cg:answerState"), *words.things(iri, "cg:deliveryState")]),
        "through": words.links(words.things(iri, "cg:implementedBy")),
        "note": [words.value(one) for one in words.values(iri, "dcterms:description")],
        "places": words.places(iri),
    }
