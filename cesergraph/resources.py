"""Where ontology/, shapes/, queries/ and decisions/ are.

A checkout keeps them beside the package, a wheel carries them inside it. The checkout
is looked at first: an editable install leaves a frozen copy in site-packages, and a
frozen copy must never win over the files being edited.
"""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from cesergraph.errors import ResourceNotFound

_CHECKOUT = Path(__file__).resolve().parent.parent


@cache
def folder(kind: str) -> Traversable:
    """Return the folder ``ontology``, ``shapes``, ``queries`` or ``decisions``; raise ResourceNotFound."""
    beside = _CHECKOUT / kind
    if (_CHECKOUT / "pyproject.toml").is_file() and beside.is_dir():
        return beside
    inside = files("cesergraph") / "_data" / kind
    if inside.is_dir():
        return inside
    raise ResourceNotFound(
        fr=f"Le dossier {kind!r} est introuvable : ni à côté du paquet ni dedans ; réinstallez cesergraph.",
        en=f"Folder {kind!r} is missing, both beside the package and inside it; reinstall cesergraph.",
    )


def walk(kind: str, suffix: str) -> dict[str, Traversable]:
    """Return every file below a folder, by its path there without the suffix, sorted."""

    def below(node: Traversable, prefix: str) -> dict[str, Traversable]:
        found: dict[str, Traversable] = {}
        for child in sorted(node.iterdir(), key=lambda c: c.name):
            if child.is_dir():
                found |= below(child, f"{prefix}{child.name}/")
            elif child.name.endswith(suffix):
                found[prefix + child.name.removesuffix(suffix)] = child
        return found

    return below(folder(kind), "")
