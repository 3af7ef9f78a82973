"""What a curated record can say: kinds.toml as typed values, and the notations of the code lists it names."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pyoxigraph as ox

from cesergraph.namespaces import PREFIXES, VOCAB
from cesergraph.resources import folder

HEADER = "document"
KEYS = ("key", "at", "class")


@dataclass(frozen=True)
class Field:
    """One field of kinds.toml; ``property`` is empty where the field makes no statement."""

    name: str
    property: str
    value: str
    scheme: str
    to: tuple[str, ...]
    kind: str
    inverse: bool
    many: bool
    evidence: bool
    fr: str
    en: str


@dataclass(frozen=True)
class Kind:
    """One kind of record item."""

    name: str
    section: str
    iri: str
    scope: str
    classes: tuple[str, ...]
    evidence: tuple[str, ...]
    passage: bool
    also: str
    fr: str
    en: str
    required: tuple[str, ...]
    fields: Mapping[str, Field]

    @property
    def shown(self) -> str:
        """The name of the kind in messages."""
        return HEADER if self.name == "header" else self.name

    @property
    def names(self) -> tuple[str, ...]:
        """Every key an item of this kind may have."""
        return (*(key for key in KEYS if key != "class" or len(self.classes) > 1), *self.fields)


@cache
def kinds() -> dict[str, Kind]:
    """Return the kinds of items by name; ``header`` is the record's own document."""
    data = tomllib.loads(files("loaders.documents").joinpath("kinds.toml").read_text(encoding="utf-8"))
    fields = {name: _field(name, entry, data["sets"]) for name, entry in data["fields"].items()}
    found = {name: _kind(name, entry, fields) for name, entry in data["kinds"].items()}
    header = data["kinds"][HEADER] | {
        "section": HEADER,
        "required": data["header"]["required"],
        "fields": [*data["kinds"][HEADER]["fields"], *data["header"]["fields"]],
    }
    return {"header": _kind("header", header, fields), **found}


def sections() -> dict[str, Kind]:
    """Return the kinds that stand in a section of their own, by the key of the section."""
    return {kind.section: kind for name, kind in kinds().items() if kind.section and name != "header"}


def _field(name: str, entry: Mapping[str, Any], sets: Mapping[str, list[str]]) -> Field:
    head, *rest = name.split("_")
    return Field(
        name=name,
        property=entry.get("property", "cg:" + head + "".join(word.capitalize() for word in rest)),
        value=entry["value"],
        scheme=entry.get("scheme", ""),
        to=tuple(kind for member in entry.get("to", []) for kind in sets.get(member, [member])),
        kind=entry.get("kind", ""),
        inverse=entry.get("inverse", False),
        many=entry.get("many", False),
        evidence=entry.get("evidence", False),
        fr=entry["fr"],
        en=entry["en"],
    )


def _kind(name: str, entry: Mapping[str, Any], fields: Mapping[str, Field]) -> Kind:
    own = [field for field in (*entry["required"], *entry["fields"]) if field not in KEYS]
    return Kind(
        name=name,
        section=entry["section"],
        iri=entry["iri"],
        scope=entry["scope"],
        classes=tuple(entry["classes"]),
        evidence=tuple(entry.get("evidence", ["cg:evidencedBy"])),
        passage=entry.get("passage", False),
        also=entry.get("also", ""),
        fr=entry["fr"],
        en=entry["en"],
        required=tuple(entry["required"]),
        fields={field: fields[field] for field in own},
    )


@cache
def notations(scheme: str) -> tuple[str, ...]:
    """Return the notations of one code list of the ontology, sorted."""
    text = folder("ontology").joinpath("codes", f"{scheme}.ttl").read_bytes()
    notation = ox.NamedNode(PREFIXES["skos"] + "notation")
    concepts = f"{VOCAB}{scheme}/"
    return tuple(
        sorted(
            quad.object.value
            for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)
            if quad.predicate == notation
            and isinstance(quad.object, ox.Literal)
            and isinstance(quad.subject, ox.NamedNode)
            and quad.subject.value.startswith(concepts)
        )
    )
