"""What a reader must know before trusting the graph: what its documents lack, and what they announce and do not state.

Completeness is measured by a build and kept as data (W3C DQV) in ``/graph/meta/quality``. What documents lack is
what the shapes found, sorted by document and by kind.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import NamedTuple

import pyoxigraph as ox

from cesergraph.answers import Source
from cesergraph.evidence import select
from cesergraph.identifiers import concept, meta_graph, thing
from cesergraph.names import labels_of
from cesergraph.namespaces import GRAPH, ID, PREFIXES
from cesergraph.nquads import Quad, iri, literal, term, text
from cesergraph.shapes import SEVERITIES, Problem
from cesergraph.store import EmbeddedStore

QUALITY = "quality"
METRIC = thing("indicateur", "preconisations-annoncees-et-enoncees")
_PROLOGUE = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("cg", "dcterms", "dqv", "prov"))
# The graph of a curated document bears its key; two documents may stand in one captured file.
DOCUMENT_GRAPH = f"""GRAPH ?graph {{ ?capture cg:captureOf ?file . }}
  BIND (IRI(CONCAT("{ID}document/", STRBEFORE(STRAFTER(STR(?graph), "{GRAPH}"), "/"))) AS ?document)"""

# Completeness

_READ = "cg:announcedCount cg:captureOf cg:countedKind cg:countedWork cg:force cg:recommendationOf cg:states"
_TAKEN = frozenset(term(curie) for curie in _READ.split())
_COUNTED = f"""{_PROLOGUE}
SELECT ?work ?claim ?announced (COUNT(DISTINCT ?recommendation) AS ?stated) (SAMPLE(?document) AS ?read) WHERE {{
  ?claim cg:countedKind <{concept("counted-kind", "recommendations")}> ;
    cg:announcedCount ?announced ; cg:countedWork ?work .
  OPTIONAL {{
    ?recommendation cg:recommendationOf ?work .
    ?statement cg:states ?recommendation ; cg:force <{concept("force", "strict")}> .
  }}
  OPTIONAL {{
    {DOCUMENT_GRAPH}
    FILTER (?document = ?work)
  }}
}} GROUP BY ?work ?claim ?announced ORDER BY ?work ?announced ?claim
"""
_MEASURED = f"""{_PROLOGUE}
SELECT ?work ?announced ?stated (COUNT(DISTINCT ?recommendation) AS ?borderline) ?cause WHERE {{
  ?measurement dqv:isMeasurementOf <{METRIC}> ; dqv:computedOn ?work ; dqv:value ?stated ;
    prov:wasDerivedFrom/cg:announcedCount ?announced .
  OPTIONAL {{
    ?recommendation cg:recommendationOf ?work .
    ?statement cg:states ?recommendation ; cg:force <{concept("force", "borderline")}> .
  }}
  OPTIONAL {{ ?measurement dcterms:description ?cause . FILTER (LANG(?cause) = "%(lang)s") }}
}} GROUP BY ?work ?announced ?stated ?cause ORDER BY ?work ?announced
"""
_TITLE = {"fr": "Complétude des préconisations", "en": "Completeness of recommendations"}
_METRIC = {
    "fr": "Préconisations strictes relevées, sur celles qu'un document annonce",
    "en": "Strict recommendations found, of those a document announces",
}
_UNREAD = {
    "fr": "L'œuvre elle-même n'a pas été lue : elle n'est connue que par les documents qui en parlent.",
    "en": "The work itself was not read: it is known only through the documents that speak of it.",
}


@dataclass(frozen=True)
class Completeness:
    """How many recommendations of a work are announced, strictly stated, and stated on the borderline.

    Several numbers are announced where documents do not announce the same.
    """

    work: str
    label: str
    announced: tuple[int, ...]
    stated: int
    borderline: int
    cause: str | None


def measure(lines: Iterable[str]) -> list[str]:
    """Return the sorted N-Quads lines of a dqv:QualityMeasurement for each work whose recommendations are counted."""
    taken = "".join(line for line in lines if line.split(" ", 2)[1] in _TAKEN)
    store = ox.Store()
    store.load(taken, format=ox.RdfFormat.N_QUADS)
    rows = store.query(_COUNTED, use_default_graph_as_union=True)
    assert isinstance(rows, ox.QuerySolutions)
    counted = [[getattr(value, "value", None) for value in row] for row in rows]
    quads = [quad for work, claims in groupby(counted, itemgetter(0)) for quad in _measurement(str(work), list(claims))]
    return sorted({quad.line() for quad in [*quads, *(_metric() if quads else ())]})


def _measurement(work: str, claims: Sequence[Sequence[str | None]]) -> Iterator[Quad]:
    node = iri(thing("completude", work.removeprefix(ID).partition("/")[2]))
    announced = sorted({int(str(claim[2])) for claim in claims})
    stated, is_read = int(str(claims[0][3])), claims[0][4] is not None
    yield _say(node, "rdf:type", term("dqv:QualityMeasurement"))
    yield _say(node, "dqv:computedOn", iri(work))
    yield _say(node, "dqv:isMeasurementOf", iri(METRIC))
    yield _say(node, "dqv:value", literal(str(stated), "xsd:nonNegativeInteger"))
    for _, claim, *_ in claims:
        yield _say(node, "prov:wasDerivedFrom", iri(str(claim)))
    for lang in ("fr", "en"):
        yield _say(node, "skos:prefLabel", text(so_many_of(stated, announced, lang), lang))
        if stated < announced[-1] and not is_read:
            yield _say(node, "dcterms:description", text(_UNREAD[lang], lang))


def _metric() -> Iterator[Quad]:
    yield _say(iri(METRIC), "rdf:type", term("dqv:Metric"))
    for lang in ("fr", "en"):
        yield _say(iri(METRIC), "skos:prefLabel", text(_METRIC[lang], lang))
        yield _say(iri(meta_graph(QUALITY)), "dcterms:title", text(_TITLE[lang], lang))


def _say(subject: str, predicate: str, object_: str) -> Quad:
    return Quad(subject, term(predicate), object_, iri(meta_graph(QUALITY)), QUALITY)


def so_many_of(stated: int, announced: Iterable[int], lang: str) -> str:
    """Return both numbers in words.

    >>> so_many_of(6, [25], "fr")
    '6 sur 25'
    """
    of, either = {"fr": (" sur ", " ou "), "en": (" of ", " or ")}[lang]
    return f"{stated}{of}{either.join(map(str, announced))}"


def completeness(source: Source, lang: str) -> list[Completeness]:
    """Return what was measured of each work, by IRI, with labels and causes in a language."""
    rows = select(source, _MEASURED % {"lang": lang})
    labels = labels_of(source, {work.value for work, *_ in rows}, lang)
    found = []
    for work, group in groupby(rows, itemgetter(0)):
        claims = list(group)
        _, _, stated, borderline, cause = claims[0]
        found.append(
            Completeness(
                work=work.value,
                label=labels[work.value],
                announced=tuple(int(announced.value) for _, announced, *_ in claims),
                stated=int(stated.value),
                borderline=int(borderline.value),
                cause=cause.value if cause else None,
            )
        )
    return found


# What is missing


class Kind(NamedTuple):
    """A kind of fault in plain words, and the properties whose shapes find it."""

    key: str
    fr: str
    en: str
    properties: str

    def say(self, lang: str) -> str:
        """Return the words in ``fr`` or ``en``."""
        return self.en if lang == "en" else self.fr


class Lack(NamedTuple):
    """What one shape asks for, and the things that do not give it."""

    kind: Kind
    problem: Problem
    things: tuple[str, ...]


KINDS = (
    Kind("count-differs", "Nombre annoncé autre que relevé", "Announced and found differ", "cg:announcedCount"),
    Kind("figures-disagree", "Chiffres qui ne concordent pas", "Figures that disagree", "cg:value"),
    Kind(
        "no-date",
        "Date ou année manquante",
        "No date or year",
        "dcterms:date dcterms:modified cg:validFrom cg:dueYear cg:vintage",
    ),
    Kind("no-issuer", "Organisme émetteur non dit", "No issuer", "cg:issuedBy"),
    Kind("no-addressee", "Destinataire non dit", "No addressee", "cg:addressing cg:inheritedFrom"),
    Kind("unit-unclear", "Unité ou grandeur peu claire", "Unit or quantity unclear", "cg:unit cg:indicator"),
    Kind(
        "no-identifier",
        "Numéro, identifiant ou adresse manquants",
        "No number, identifier or address",
        "cg:numberInSource dcterms:identifier cg:siren foaf:page",
    ),
    Kind(
        "no-place",
        "Territoire ou lieu non dit",
        "No territory or place",
        "cg:within cg:memberCommune cg:locatedIn cg:administers",
    ),
    Kind(
        "no-party",
        "Acteur concerné non dit",
        "No party",
        "cg:participation cg:funder cg:referralInitiator cg:countFor cg:unitOfBody cg:appealCourt",
    ),
    Kind("other", "Autre précision manquante", "Other detail missing", ""),
)
# A shape judged by SPARQL has no path; this is what it looks at.
_PATHLESS = {
    "cgsh:CountClaim-stated": "cg:announcedCount",
    "cgsh:MeasuredQuantity-oneValue": "cg:value",
    "cgsh:Addressing-inheritedFrom-recommended": "cg:inheritedFrom",
}


def kind_of(shape: str, path: str) -> Kind:
    """Return the kind of fault a shape finds, from the properties on its path."""
    properties = set(re.split(r"[|/^]", path or _PATHLESS.get(shape, "")))
    return next((kind for kind in KINDS if properties & set(kind.properties.split())), KINDS[-1])


def lacks(problems: Iterable[Problem]) -> list[Lack]:
    """Return problems grouped by kind and shape, the gravest and most frequent first, with the things concerned."""
    found = []
    for _, group in groupby(sorted(problems, key=attrgetter("shape")), attrgetter("shape")):
        alike = sorted(group)
        things = tuple(sorted({problem.focus for problem in alike}))
        found.append(Lack(kind_of(alike[0].shape, alike[0].path), alike[0], things))
    return sorted(found, key=lambda one: (SEVERITIES.index(one.problem.severity), -len(one.things), one.problem.shape))


def read_problems(store: EmbeddedStore) -> list[Problem]:
    """Return what validation found when a store was built; raise StoreError where that file is gone."""
    return [Problem(**fields) for fields in json.loads(store.file("problems.json").read_text(encoding="utf-8"))]


def documents_of(source: Source, things: Iterable[str]) -> dict[str, str]:
    """Return the document that describes each thing: of several the first by IRI; none where only a register does."""
    wanted = " ".join(iri(one) for one in sorted(set(things)) if "://" in one and not one.startswith(("_", '"')))
    query = f"""{_PROLOGUE} SELECT ?thing (MIN(STR(?document)) AS ?first) WHERE {{
      {DOCUMENT_GRAPH}
      VALUES ?thing {{ {wanted} }}
      GRAPH ?graph {{ ?thing ?property ?value . }}
    }} GROUP BY ?thing"""
    return {one.value: first.value for one, first in select(source, query)} if wanted else {}


def problems_by_document(source: Source, problems: Iterable[Problem]) -> dict[str | None, list[Problem]]:
    """Return the problems of each document; under None those of things that no document describes."""
    found: dict[str | None, list[Problem]] = {}
    problems = list(problems)
    documents = documents_of(source, (problem.focus for problem in problems))
    for problem in problems:
        found.setdefault(documents.get(problem.focus), []).append(problem)
    return found
