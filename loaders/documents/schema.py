"""The JSON Schema of a curated record, made from kinds.toml and the code lists: for editors, and for other tools."""

import json
from typing import Any

from cesergraph.namespaces import BASE
from loaders.documents.forms import FORMS, KEY, PATH, SPAN, Form
from loaders.documents.kinds import HEADER, Field, Kind, kinds, notations, sections


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a curated record."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE}record.schema.json",
        "title": "Relevé d'un document / Record of a document",
        "type": "object",
        "additionalProperties": False,
        "required": [HEADER],
        "properties": {
            HEADER: {"$ref": "#/$defs/header"},
            **{name: _many(_top(kind), f"{kind.fr} / {kind.en}") for name, kind in sections().items()},
        },
        "$defs": {
            "key": _form(KEY),
            "path": _form(PATH),
            "span": _form(SPAN),
            "at": _many(_ref("span"), "passages : début-fin/empreinte / passages: start-end/digest"),
            **{name: _kind(kind) for name, kind in kinds().items()},
            **{f"field-{known.name}": _field(known) for known in _fields()},
            **{f"code-{known.scheme}": {"enum": list(notations(known.scheme))} for known in _fields() if known.scheme},
        },
    }


def schema_text() -> str:
    """Return the JSON Schema as the text of record.schema.json."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _top(kind: Kind) -> dict[str, Any]:
    """Return what an item of a section has besides: a key, and passages where no nested item brings them."""
    evident = any(known.evidence for known in kind.fields.values())
    required = [*(["key"] if kind.classes else []), *([] if evident else ["at"])]
    return {"allOf": [_ref(kind.name), {"required": required}]}


def _many(one: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "anyOf": [one, {"type": "array", "minItems": 1, "items": one}]}


def _form(form: Form) -> dict[str, Any]:
    return {"type": list(form.types), "pattern": f"^({form.pattern})$"}


def _fields() -> list[Field]:
    found = {known.name: known for kind in kinds().values() for known in kind.fields.values()}
    return [found[name] for name in sorted(found)]


def _kind(kind: Kind) -> dict[str, Any]:
    understood: dict[str, Any] = {
        "key": _ref("path" if kind.scope == "global" and kind.name != "header" else "key"),
        "at": _ref("at"),
        "class": {"enum": list(kind.classes)},
    }
    return {
        "description": f"{kind.fr} / {kind.en}",
        "type": "object",
        "additionalProperties": False,
        "required": [*(["key"] if kind.name == "header" else []), *kind.required],
        "properties": {name: understood.get(name) or _ref(f"field-{name}") for name in kind.names},
    }


def _field(known: Field) -> dict[str, Any]:
    description = f"{known.fr} / {known.en}"
    one = _value(known)
    return _many(one, description) if known.many else {"description": description, **one}


def _value(known: Field) -> dict[str, Any]:
    if known.value == "part":
        return _ref(known.kind)
    if known.value == "code":
        return _ref(f"code-{known.scheme}")
    if known.value == "ref":
        return {"anyOf": [_ref("path"), _ref(known.kind)]} if known.kind else _ref("path")
    return _form(FORMS[known.value])
