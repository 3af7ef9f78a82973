"""Read one curated record: YAML 1.2 → entries, each checked against kinds.toml, each fault with its line and field.

Every scalar stays the string that was written (codes such as 01 survive); its type comes from its field.
A fault belongs to the item it stands in: that item is not taken, the others are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TypedDict

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cesergraph import identifiers
from cesergraph.errors import IdentifierError
from cesergraph.sources import Refusal
from loaders.documents.expectations import expected
from loaders.documents.forms import FORMS, KEY, PATH, SPAN
from loaders.documents.kinds import HEADER, Field, Kind, kinds, notations, sections
from loaders.documents.spans import Span, read_span
from loaders.documents.yaml_tree import compose, fields_of, line_of, listed, text_of

PLACES = frozenset({"region", "departement", "commune", "outre-mer", "epci", "ept"})


class Entry(TypedDict):
    """One item as it is described: references are id paths, codes are notations, spans are parsed."""

    kind: str
    path: str
    type: str
    at: list[Span]
    values: dict[str, list[str]]
    parts: dict[str, list["Entry"]]


@dataclass
class Item:
    """One item of a section, with its nested items; ``entry`` is None where it has faults."""

    kind: str
    key: str
    line: int
    entry: Entry | None
    faults: list[Refusal]


@dataclass
class Record:
    """One record: its document, the file it was read from, its items, and every passage as written with its line."""

    key: str = ""
    sha256: str = ""
    sha256_line: int = 1
    characters: int = 0
    lines: list[int] = field(default_factory=list)
    file: str = ""
    items: list[Item] = field(default_factory=list)
    spans: list[tuple[int, str]] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether the document says enough of itself for its items to be read."""
        return KEY.accepts(self.key) and FORMS["sha256"].accepts(self.sha256) and self.characters > 0

    @property
    def faults(self) -> list[Refusal]:
        """Every fault of the record, in the order of its lines."""
        return sorted((fault for item in self.items for fault in item.faults), key=lambda fault: fault.row)

    def entries(self) -> Iterator[Entry]:
        """Yield every sound entry, nested ones after the one that holds them."""
        for item in self.items:
            if item.entry is not None:
                yield from _walk(item.entry)


def read_record(data: bytes) -> Record:
    """Return a record with its faults; a file that is not YAML at all is one item with one fault."""
    root = compose(data)
    if isinstance(root, Refusal):
        return Record(items=[Item("", "", root.row, None, [root])])
    return _Reader(root).read()


@cache
def record_keys() -> tuple[str, ...]:
    """Return the keys of the documents whose records come with the package."""
    names = (file.name for file in files("loaders.documents").joinpath("records").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def _walk(entry: Entry) -> Iterator[Entry]:
    yield entry
    for parts in entry["parts"].values():
        for part in parts:
            yield from _walk(part)


def _near(value: str, choices: list[str]) -> str:
    return next(iter(get_close_matches(value, choices, n=1)), "")


class _Reader:
    """Reads one record in two passes: every key first, then every value, so that references may point ahead."""

    def __init__(self, root: MappingNode) -> None:
        self._root = root
        self._record = Record()
        self._faults: list[Refusal] = []
        self._owners: dict[str, Node] = {}
        self._paths: dict[int, str] = {}
        self._keys: dict[tuple[str, str], str] = {}

    def read(self) -> Record:
        tops = self._fields(self._root, "*", "record", [HEADER, *sections()])
        if HEADER not in tops:
            self._fault(self._root, HEADER, "", expected("header"))
        self._close("", "", self._root, None)
        self._read_context(fields_of(tops.get(HEADER)))
        found = [(kinds()["header"], tops[HEADER])] if HEADER in tops else []
        for name, kind in sections().items():
            found += [(kind, node) for node in listed(tops[name])] if name in tops and self._record.known else []
        for kind, node in found:
            self._index(node, kind, "", "")
        for kind, node in found:
            entry = self._entry(node, kind, [])
            self._close(kind.name, text_of(fields_of(node).get("key")), node, entry)
        return self._record

    def _close(self, kind: str, key: str, node: Node, entry: Entry | None) -> None:
        """Make an item of what was read, and of the faults met since the last one; nothing of neither."""
        faults, self._faults = self._faults, []
        if entry is not None or faults:
            self._record.items.append(Item(kind, key, line_of(node), None if faults else entry, faults))

    def _fault(self, node: Node, column: str, value: str, said: tuple[str, str], repair: str = "") -> None:
        self._faults.append(Refusal(line_of(node), column, value, *said, repair))

    def _read_context(self, header: dict[str, Node]) -> None:
        record = self._record
        record.key = text_of(header.get("key"))
        record.sha256 = text_of(header.get("sha256"))
        record.sha256_line = line_of(header["sha256"]) if "sha256" in header else 1
        record.file = text_of(header.get("file"))
        record.lines = [int(offset) for offset in text_of(header.get("lines")).split() if offset.isdecimal()]
        characters = text_of(header.get("characters"))
        record.characters = int(characters) if FORMS["integer"].accepts(characters) else 0

    # keys

    def _index(self, node: Node, kind: Kind, parent: str, default: str) -> None:
        """Give an item and its nested items their paths."""
        fields = fields_of(node)
        key = text_of(fields.get("key")) or default
        path = self._path(kind, key, parent)
        self._paths[id(node)] = path
        if key and path not in self._owners:
            self._owners[path] = node
            self._keys[HEADER if kind.name == "header" else kind.name, key] = path
        base = HEADER if kind.name == "header" else f"{kind.iri}-{key.replace('/', '-')}"
        counted: dict[str, int] = {}
        for known in self._nested(kind, fields):
            below = kinds()[known.kind]
            for child in listed(fields[known.name]):
                counted[below.iri] = counted.get(below.iri, 0) + 1
                number = str(counted[below.iri])
                suffix = number if known.value == "part" else known.name.replace("_", "-")
                self._index(child, below, path, number if below.scope == "parent" else f"{base}-{suffix}")

    def _nested(self, kind: Kind, fields: dict[str, Node]) -> Iterator[Field]:
        for name, known in kind.fields.items():
            if name in fields and (known.value == "part" or (known.kind and isinstance(fields[name], MappingNode))):
                yield known

    def _path(self, kind: Kind, key: str, parent: str) -> str:
        if kind.scope == "global":
            return f"{kind.iri}/{key}"
        return f"{parent}/{key}" if kind.scope == "parent" else f"{kind.iri}/{self._record.key}/{key}"

    def _check_key(self, node: Node, kind: Kind, fields: dict[str, Node]) -> None:
        written = fields.get("key")
        path = self._paths[id(node)]
        if written is None:
            if path.endswith("/") and kind.classes:
                self._fault(node, "key", "", expected("key"))
        elif kind.scope == "global" and kind.name != "header":
            self._check_path(written, "key", path)
        elif not KEY.accepts(text_of(written)):
            self._fault(written, "key", text_of(written), (KEY.fr, KEY.en))
        owner = self._owners.get(path, node)
        if owner is not node:
            self._fault(written or node, "key", path, expected("one key", path=path, line=line_of(owner)))

    # entries

    def _entry(self, node: Node, kind: Kind, inherited: list[Span]) -> Entry | None:
        """Return one item with all its nested ones; None where it is not even a mapping."""
        if not isinstance(node, MappingNode):
            self._fault(node, kind.section or kind.name, text_of(node), expected("item", fr=kind.fr, en=kind.en))
            return None
        fields = self._fields(node, kind.section or kind.name, kind.shown, list(kind.names))
        self._check_key(node, kind, fields)
        at = self._spans(kind, fields, inherited)
        entry = Entry(
            kind=kind.name, path=self._paths[id(node)], type=self._class(kind, fields), at=at, values={}, parts={}
        )
        for known in sorted(kind.fields.values(), key=lambda known: not known.evidence):
            if known.name in fields:
                self._read_field(entry, known, fields[known.name], at)
            if known.evidence and not at:
                at = [span for part in entry["parts"].get(known.name, []) for span in part["at"]]
        self._check_required(node, kind, fields, entry, evident=bool(at))
        return entry

    def _fields(self, node: MappingNode, column: str, kind: str, allowed: list[str]) -> dict[str, Node]:
        """Return the fields of a mapping that it may have; any other, and one that stands twice, is a fault."""
        first: dict[str, Node] = {}
        for key, _ in node.value:
            name = text_of(key)
            if name in first:
                self._fault(key, name, name, expected("once", name=name, line=line_of(first[name])))
            elif name not in allowed:
                near = _near(name, allowed)
                said = expected("near field" if near else "field", kind=kind, names=", ".join(allowed))
                self._fault(key, column, name, said, near)
            first.setdefault(name, key)
        return {name: value for name, value in fields_of(node).items() if name in allowed}

    def _class(self, kind: Kind, fields: dict[str, Node]) -> str:
        if "class" not in fields:
            return kind.classes[0] if kind.classes else ""
        written = text_of(fields["class"])
        if written not in kind.classes:
            said = expected("class", kind=kind.shown, names=", ".join(kind.classes))
            self._fault(fields["class"], "class", written, said, _near(written, list(kind.classes)))
        return written

    def _check_required(self, node: Node, kind: Kind, fields: dict[str, Node], entry: Entry, evident: bool) -> None:
        for name in kind.required:
            if name not in fields and name != "at":
                self._fault(node, name, "", expected("required", name=name, kind=kind.shown))
        if kind.passage:
            if len(entry["at"]) != 1:
                self._fault(node, "at", "", expected("one passage", kind=kind.name))
        elif not evident and "at" not in fields and kind.name != "header":
            self._fault(node, "at", "", expected("evidence"))

    def _spans(self, kind: Kind, fields: dict[str, Node], inherited: list[Span]) -> list[Span]:
        if "at" not in fields:
            return [] if kind.passage else inherited
        return [self._span(node) for node in listed(fields["at"])]

    def _span(self, node: Node) -> Span:
        written = text_of(node)
        span = read_span(written)
        if span is not None:
            self._record.spans.append((line_of(node), written))
        length = self._record.characters
        if span is None or not SPAN.accepts(written):
            self._fault(node, "at", written, expected("span"))
        elif not span.start < span.end <= length:
            self._fault(node, "at", written, expected("inside", length=length))
        return span or Span(0, 0, "")

    def _read_field(self, entry: Entry, known: Field, node: Node, at: list[Span]) -> None:
        if isinstance(node, SequenceNode) and not (known.many and node.value):
            self._fault(node, known.name, "", expected("some values" if known.many else "one value"))
            return
        for one in listed(node):
            if known.value == "part" or (known.kind and isinstance(one, MappingNode)):
                part = self._entry(one, kinds()[known.kind], at)
                if part is not None:
                    entry["parts"].setdefault(known.name, []).append(part)
            else:
                entry["values"].setdefault(known.name, []).append(self._value(known, one))

    def _value(self, known: Field, node: Node) -> str:
        written = text_of(node)
        if not isinstance(node, ScalarNode):
            self._fault(node, known.name, "", expected("plain value"))
        elif known.value == "code":
            allowed = list(notations(known.scheme))
            if written not in allowed:
                self._fault(node, known.name, written, expected("code", scheme=known.scheme), _near(written, allowed))
        elif known.value == "ref":
            return self._resolve(known, node, written)
        elif not FORMS[known.value].accepts(written):
            form = FORMS[known.value]
            self._fault(node, known.name, written, (form.fr, form.en))
        return written

    # references

    def _resolve(self, known: Field, node: Node, written: str) -> str:
        """Return the id path that a reference means: a key of this record first, else a path as written."""
        hits = sorted({path for kind in known.to if (path := self._keys.get((kind, written)))})
        if len(hits) > 1:
            self._fault(node, known.name, written, expected("one path", paths=", ".join(hits)))
        if hits:
            return hits[0]
        types = sorted({kinds()[kind].iri for kind in known.to})
        head, slash, _ = written.partition("/")
        if not slash or head not in identifiers.TYPES:
            keys = sorted({key for kind, key in self._keys if kind in known.to})
            self._fault(node, known.name, written, expected("reference", kinds=_some(known.to)), _near(written, keys))
        elif head not in types:
            self._fault(node, known.name, written, expected("type", types=", ".join(types)))
        else:
            self._check_path(node, known.name, written)
        return written

    def _check_path(self, node: Node, column: str, path: str) -> None:
        """Hold an id path to the official codes, the registry of slugs, or the items of this record."""
        if not PATH.accepts(path):
            self._fault(node, column, path, (PATH.fr, PATH.en))
            return
        head, *rest = path.split("/")
        try:
            if _has_official_code(head, rest):
                return
        except IdentifierError as error:
            self._fault(node, column, path, (error.fr.rstrip("."), error.en.rstrip(".")))
            return
        documents = {self._record.key, *record_keys()}
        if head in {kind.iri for kind in kinds().values() if kind.scope != "global"}:
            if rest[0] == self._record.key and path not in self._owners:
                self._fault(node, column, path, expected("own item"), _near(path, list(self._owners)))
            elif rest[0] not in documents:
                self._fault(node, column, path, expected("other item"))
        elif path not in identifiers.slugs().values() and not (head == HEADER and rest[0] in documents):
            self._fault(node, column, path, expected("slug"), f"{head}:{'/'.join(rest)},{path}")


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) < 10 else "…"


def _has_official_code(head: str, rest: list[str]) -> bool:
    """Tell whether a path is made from an official code; raise IdentifierError where the code is wrong."""
    if len(rest) == 2 and head == "organisation" and rest[0] == "siren":
        identifiers.check_siren(rest[1])
        return True
    if len(rest) == 2 and head == "territoire" and rest[0] == "pays":
        return True
    if len(rest) == 2 and head == "territoire" and rest[0] in PLACES:
        identifiers.territory(rest[0], rest[1])
        return True
    return False
