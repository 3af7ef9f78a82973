"""Read the ``#+`` header of a query, a rule or an example: TOML, one line at a time."""

import tomllib
from typing import Any

from cesergraph.errors import HeaderError

MARK = "#+ "


def read_header(text: str, name: str) -> dict[str, Any]:
    """Return the header as a mapping; a file without one has an empty header. Raise HeaderError."""
    lines = [line.removeprefix(MARK) for line in text.splitlines() if line.startswith(MARK)]
    try:
        return tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        raise HeaderError(
            fr=f"{name} : l'en-tête n'est pas du TOML : {error}.", en=f"{name}: the header is not TOML: {error}."
        ) from error
