"""What each thing is filed under: region, theme, addressee, year and document, by following what the graph states.

A value spreads from the thing it is stated of to those that depend on it: a recommendation lies in the region
that the authority administers whose assembly issued its document. What no property leads to stays unknown.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from cesergraph.namespaces import BASE, CG, ID, expand
from cesergraph.vocabulary import broader_classes

FACETS = ("kind", "region", "theme", "addressee", "year", "document")
_STARTS = {
    "kind": CG,
    "region": f"{ID}territoire/region/",
    "theme": f"{BASE}vocab/theme/",
    "addressee": ID,
    "year": "",
    "document": f"{ID}document/",
}


def _terms(curies: str) -> frozenset[str]:
    return frozenset(f"<{expand(curie if ':' in curie else f'cg:{curie}')}>" for curie in curies.split())


# A subject of these lies where the object lies …
_LOCATED = _terms("within memberCommune coversTerritory aboutTerritory locatedIn heldAt administers")
_PLACED = _LOCATED | _terms(
    "populationOf assemblyOf unitOfBody missionOf postIn viaPost mandateFor siteOf issuedBy recommendationOf actionOf"
    " sectionOf addressingOf followUpOf partOf objectiveOf targetOf versionOf inContextOf stepOf quantity roleIn"
    " decidedOn heldDuring sessionOf countOf participationIn relationFrom relationTo countedWork"
)
# … and of these too, unless it says itself where it lies: who runs a scheme of one region may work in several.
_PLACED_ELSE = _terms("operatedBy aboutThing speaker memberOf")
# A subject of these is about what the object is about.
_ABOUT = _terms("actionOf quantity indicator targetQuantity versionOf")
# A subject of these has the year of the object where it has none of its own.
_DATED = _terms("recommendationOf actionOf sectionOf addressingOf followUpOf partOf objectiveOf targetOf countOf")
_EXPRESSION = f"{CG}Expression"
_STATED = _terms("evidencedBy claimedIn")
_DATES = tuple(
    _terms(curie) for curie in ("dcterms:issued", "dcterms:date signedOn", "dcat:startDate prov:startedAtTime")
)
(_SUBJECT,), (_ADDRESSED,), (_PASSAGE,), (_ACTION,), (_RECOMMENDED,), (_SECTION,), (_SETS_OUT,) = map(
    _terms,
    ("dcterms:subject", "addressedTo", "passageOf", "actionOf", "recommendationOf", "sectionOf", "setsOut"),
)
(_ADDRESSEE,), (_ADDRESSING,) = _terms("addressee"), _terms("addressing")
FOLLOWED = (
    _PLACED
    | _PLACED_ELSE
    | _ABOUT
    | _DATED
    | _STATED
    | {_SUBJECT, _ADDRESSED, _ADDRESSEE, _ADDRESSING, _PASSAGE, _SETS_OUT}
)
DATES = frozenset().union(*_DATES)

Links = Mapping[str, Mapping[str, list[str]]]
Filed = dict[str, set[str]]


def shorten_value(facet: str, iri: str) -> str:
    """Return the value of a facet as addresses have it: ``76`` for a region, ``employment`` for a theme."""
    return iri.removeprefix(_STARTS[facet])


def expand_value(facet: str, value: str) -> str:
    """Return the IRI of a value of a facet; a year has none and stays as it is."""
    return _STARTS[facet] + value


def file_things(links: Links, years: Links, types: Mapping[str, Iterable[str]]) -> dict[str, Filed]:
    """Return the values of every facet but the kind, by facet and thing; things and values are N-Quads terms.

    ``links`` gives by predicate of FOLLOWED the objects of each subject, ``years`` by predicate of DATES its years.
    """
    regions = [thing for thing, kinds in types.items() if f"{CG}Region" in kinds]
    stated = _documents_stated(links)
    documents = _join(stated, links.get(_RECOMMENDED, {}), links.get(_SECTION, {}))
    for action, recommendations in links.get(_ACTION, {}).items():
        for one in recommendations:
            documents[action] |= set(links.get(_RECOMMENDED, {}).get(one, ()))
    for document in set().union(*documents.values()):
        documents[document].add(document)
    return {
        "region": _spread({one: {one} for one in regions}, _placed(links)),
        "theme": _spread(_join(links.get(_SUBJECT, {})), _turned(links, _ABOUT)),
        "addressee": _spread(
            _join(links.get(_ADDRESSED, {}), links.get(_ADDRESSEE, {})), _turned(links, frozenset({_ACTION}))
        ),
        "year": _years(links, years, types, stated),
        "document": documents,
    }


def _join(*parts: Mapping[str, Iterable[str]]) -> Filed:
    joined: Filed = defaultdict(set)
    for part in parts:
        for thing, values in part.items():
            joined[thing].update(values)
    return joined


def _placed(links: Links) -> dict[str, list[str]]:
    """Return what lies where each thing lies."""
    located = set().union(*(links[predicate] for predicate in _LOCATED & links.keys()))
    dependants = _turned(links, _PLACED)
    for one, subjects in _turned(links, _PLACED_ELSE).items():
        dependants.setdefault(one, []).extend(subject for subject in subjects if subject not in located)
    return dependants


def _turned(links: Links, predicates: frozenset[str]) -> dict[str, list[str]]:
    """Return the subjects of some predicates by object."""
    turned: dict[str, list[str]] = {}
    for predicate in sorted(predicates & links.keys()):
        for subject, objects in links[predicate].items():
            for one in objects:
                turned.setdefault(one, []).append(subject)
    return turned


def _spread(stated: Filed, dependants: Mapping[str, list[str]], stop: Iterable[str] = ()) -> Filed:
    """Return the values of things and of all that depends on them; what is in ``stop`` takes no other value."""
    seeds: dict[str, list[str]] = {}
    for thing, values in stated.items():
        for value in values:
            seeds.setdefault(value, []).append(thing)
    filed: Filed = {}
    for value, things in seeds.items():
        reached, waiting = set(things), list(things)
        while waiting:
            new = [one for one in dependants.get(waiting.pop(), ()) if one not in reached and one not in stop]
            reached.update(new)
            waiting.extend(new)
        for thing in reached:
            filed.setdefault(thing, set()).add(value)
    return filed


def _documents_stated(links: Links) -> Filed:
    """Return the documents in whose passages each thing is stated."""
    passages = links.get(_PASSAGE, {})
    stated: Filed = {}
    for predicate in sorted(_STATED & links.keys()):
        for thing, found in links[predicate].items():
            if documents := {document for one in found for document in passages.get(one, ())}:
                stated.setdefault(thing, set()).update(documents)
    return stated


def _years(links: Links, years: Links, types: Mapping[str, Iterable[str]], stated: Filed) -> Filed:
    """Return the year of each dated thing, and of the parts of one, of what a dated plan sets out or document says."""
    own: Filed = {}
    for predicates in _DATES:
        found = _join(*(years.get(predicate, {}) for predicate in sorted(predicates)))
        own |= {thing: years for thing, years in found.items() if thing not in own}
    dependants = _turned(links, _DATED)
    for document, plans in links.get(_SETS_OUT, {}).items():
        dependants.setdefault(document, []).extend(plans)
    filed = _spread(own, dependants, stop=own)
    for thing, documents in stated.items():
        if thing not in filed and any(_EXPRESSION in broader_classes(kind) for kind in types.get(thing, ())):
            if told := set().union(*(own.get(one, ()) for one in documents)):
                filed[thing] = told
    return filed
