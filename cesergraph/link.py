"""Decisions of people, kept as data: two IRIs that name one thing or not, corrections, preferences, withdrawals.

``decisions/identity.yaml``, ``corrections.yaml``, ``preferences.yaml`` and ``withdrawals.yaml`` hold a list each; every
entry has an author, a date and a reason. Nothing is ever guessed at load time; what a decision says is applied here and
recorded in ``/graph/decision``, so that it can be queried and undone.
"""

import base64
import datetime
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cesergraph.errors import DecisionError
from cesergraph.identifiers import DECISION_GRAPH, concept, thing
from cesergraph.namespaces import ID
from cesergraph.nquads import Quad, iri, literal, term, text

KINDS = ("same", "different", "unsure")
WITHDRAWALS = ("withdrawn", "erased")
WITHDRAWN = "http://purl.org/adms/status/Withdrawn"
_LINK = {"same": "owl:sameAs", "different": "owl:differentFrom", "unsure": "skos:closeMatch"}
_FIELDS = {
    "identity": ("key", "kind", "things", "author", "date", "reason"),
    "corrections": ("key", "thing", "property", "as_written", "corrected", "author", "date", "reason"),
    "preferences": ("key", "claim", "over", "author", "date", "reason"),
    "withdrawals": ("key", "kind", "things", "author", "date", "reason"),
}

_KINDS_OF = {
    "identity": KINDS,
    "corrections": ("correction",),
    "preferences": ("preference",),
    "withdrawals": WITHDRAWALS,
}
_LEAST = {"identity": 2, "corrections": 1, "preferences": 2, "withdrawals": 1}


@dataclass(frozen=True)
class Decision:
    """One recorded decision: what it is about, who took it, when and why."""

    key: str
    kind: str
    things: tuple[str, ...]
    author: str
    date: str
    reason: str
    property: str = ""
    as_written: str = ""
    corrected: str = ""


def read_decisions(rooms: Sequence[Traversable] = ()) -> list[Decision]:
    """Return every decision of the given folders, by key; raise DecisionError (file, line, expected)."""
    found: list[Decision] = []
    for room in rooms:
        for name in _FIELDS:
            file = room.joinpath(f"{name}.yaml")
            if file.is_file():
                found.extend(_decision(name, line, entry) for line, entry in _entries(name, file))
    keys = [decision.key for decision in found]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise DecisionError(
            fr=f"Clé de décision en double : {', '.join(twice)} ; chaque décision a la sienne.",
            en=f"Decision key that stands twice: {', '.join(twice)}; each decision has its own.",
        )
    return sorted(found, key=lambda decision: decision.key)


def _entries(name: str, file: Traversable) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        content: Any = YAML(typ="rt").load(file.read_text(encoding="utf-8")) or []
    except YAMLError as error:
        raise DecisionError(
            fr=f"{name}.yaml n'est pas du YAML : {_one_line(error)}.",
            en=f"{name}.yaml is not YAML: {_one_line(error)}.",
        ) from error
    for position, entry in enumerate(content):
        line = content.lc.item(position)[0] + 1
        fields = set(entry) if isinstance(entry, dict) else set()
        if fields != set(_FIELDS[name]):
            raise DecisionError(
                fr=f"{name}.yaml, ligne {line} : champs {', '.join(sorted(fields)) or 'absents'} ; "
                f"attendu : {', '.join(_FIELDS[name])}.",
                en=f"{name}.yaml, line {line}: fields {', '.join(sorted(fields)) or 'absent'}; "
                f"expected: {', '.join(_FIELDS[name])}.",
            )
        yield line, entry


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _decision(name: str, line: int, entry: dict[str, Any]) -> Decision:
    kind = {"corrections": "correction", "preferences": "preference"}.get(name) or entry["kind"]
    things = {
        "identity": entry.get("things", ()),
        "withdrawals": entry.get("things", ()),
        "corrections": (entry.get("thing"),),
        "preferences": (entry.get("claim"), entry.get("over")),
    }[name]
    date = entry["date"].isoformat() if isinstance(entry["date"], datetime.date) else str(entry["date"])
    faults = [
        ("kind", kind in _KINDS_OF[name], ", ".join(_KINDS_OF[name])),
        ("things", len(things) >= _LEAST[name], f"{_LEAST[name]} path(s)"),
        ("date", _is_date(date), "YYYY-MM-DD"),
        ("author", bool(entry["author"]), "a name"),
        ("reason", bool(entry["reason"]), "a sentence"),
    ]
    for field, right, wanted in faults:
        if not right:
            raise DecisionError(
                fr=f"{name}.yaml, ligne {line}, {field} : valeur inattendue ; attendu : {wanted}.",
                en=f"{name}.yaml, line {line}, {field}: unexpected value; expected: {wanted}.",
            )
    return Decision(
        key=str(entry["key"]),
        kind=str(kind),
        things=tuple(path if path.startswith("ni:") else ID + path for path in map(str, things)),
        author=str(entry["author"]),
        date=date,
        reason=" ".join(str(entry["reason"]).split()),
        property=str(entry.get("property", "")),
        as_written=str(entry.get("as_written", "")),
        corrected=str(entry.get("corrected", "")),
    )


def _is_date(value: str) -> bool:
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        return False
    return True


class Links:
    """The decisions, made ready to be applied to quads as they pass."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self.decisions = decisions
        self._survivor = _survivors(decisions)
        self._corrected = {
            (iri(d.things[0]), term(d.property), _lexical(literal(d.as_written))): d
            for d in decisions
            if d.kind == "correction"
        }
        self._used: set[str] = set()
        self._seen: set[str] = set()
        self._watched = {iri(t) for d in decisions for t in d.things}

    def apply(self, quads: Iterable[Quad]) -> Iterator[Quad]:
        """Yield the quads with survivors in place of the IRIs merged into them, and corrected labels."""
        for quad in quads:
            if quad.subject in self._watched:
                self._seen.add(quad.subject)
            if self._survivor:
                quad = quad._replace(
                    subject=self._survivor.get(quad.subject, quad.subject),
                    object=self._survivor.get(quad.object, quad.object),
                )
            yield from self._correct(quad)

    def _correct(self, quad: Quad) -> Iterator[Quad]:
        decision = self._corrected.get((quad.subject, quad.predicate, _lexical(quad.object)))
        if decision is None:
            yield quad
            return
        self._used.add(decision.key)
        yield quad._replace(object=text(decision.corrected, "fr"))
        yield quad._replace(predicate=term("cg:asWritten"), object=literal(decision.as_written))

    def check(self) -> None:
        """Raise DecisionError where a decision names an IRI that nothing described, or corrects nothing."""
        for decision in self.decisions:
            withdrawn = decision.things[:1] if decision.kind in WITHDRAWALS else ()
            if any(iri(t) in self._seen for t in withdrawn):
                raise DecisionError(
                    fr=f"La décision {decision.key} retire {withdrawn[0]}, qu'une source décrit encore ; ôtez-l'y.",
                    en=f"Decision {decision.key} withdraws {withdrawn[0]}, which a source still describes.",
                )
            gone = [t for t in decision.things if t not in withdrawn and iri(t) not in self._seen]
            if gone:
                raise DecisionError(
                    fr=f"La décision {decision.key} nomme {gone[0]}, que plus aucune source ne décrit ; retirez-la.",
                    en=f"Decision {decision.key} names {gone[0]}, which no source describes any more; remove it.",
                )
            if decision.kind == "correction" and decision.key not in self._used:
                raise DecisionError(
                    fr=f"La décision {decision.key} corrige {decision.as_written!r}, qui n'est plus écrit là.",
                    en=f"Decision {decision.key} corrects {decision.as_written!r}, which no longer stands there.",
                )

    def quads(self) -> Iterator[Quad]:
        """Yield what the decisions themselves state, for ``/graph/decision``."""
        for decision in self.decisions:
            yield from _describe(decision)


def digest_name(thing_iri: str) -> str:
    """Return the name that stands for an erased IRI: its SHA-256 as a ``ni`` URI (RFC 6920), nothing of its words."""
    digest = hashlib.sha256(thing_iri.encode()).digest()
    return "ni:///sha-256;" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _lexical(obj: str) -> str:
    return obj[1 : obj.rindex('"')] if obj.startswith('"') else ""


def _survivors(decisions: Sequence[Decision]) -> dict[str, str]:
    """Map each merged IRI to the first of its ``same`` decision, through chains; raise DecisionError on a circle."""
    direct = {iri(other): iri(d.things[0]) for d in decisions if d.kind == "same" for other in d.things[1:]}
    found: dict[str, str] = {}
    for start in direct:
        end, steps = start, 0
        while end in direct:
            end, steps = direct[end], steps + 1
            if steps > len(direct):
                raise DecisionError(
                    fr=f"Les décisions d'identité tournent en rond autour de {start}.",
                    en=f"The identity decisions run in a circle around {start}.",
                )
        found[start] = end
    return found


def _describe(decision: Decision) -> Iterator[Quad]:
    node, graph = iri(thing("decision", decision.key)), iri(DECISION_GRAPH)

    def say(subject: str, predicate: str, obj: str) -> Quad:
        return Quad(subject, term(predicate), obj, graph, decision.key)

    yield say(node, "rdf:type", term("cg:EditorialDecision"))
    yield say(node, "skos:prefLabel", text(decision.reason, "fr"))
    yield say(node, "cg:decisionKind", iri(concept("decision-kind", decision.kind)))
    yield say(node, "cg:decisionReason", text(decision.reason, "fr"))
    yield say(node, "cg:decidedBy", literal(decision.author))
    yield say(node, "dcterms:date", literal(decision.date, "xsd:date"))
    for path in decision.things:
        yield say(node, "cg:decisionAbout", iri(path))
    if decision.kind in _LINK:
        for other in decision.things[1:]:
            yield say(iri(decision.things[0]), _LINK[decision.kind], iri(other))
    if decision.kind == "withdrawn":
        yield say(iri(decision.things[0]), "adms:status", iri(WITHDRAWN))
        for other in decision.things[1:]:
            yield say(iri(decision.things[0]), "dcterms:isReplacedBy", iri(other))
    if decision.kind == "preference":
        yield say(iri(decision.things[0]), "cg:preferredOver", iri(decision.things[1]))
