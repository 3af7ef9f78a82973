"""The answer to a query as a file: ``/sparql.csv?query=…`` is ``/sparql`` asked for CSV, as a link can ask for it."""

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from cesergraph.answers import Kind
from cesergraph.web.sparql import Sparql

_ROWS: Mapping[str, str] = {
    "csv": "text/csv",
    "json": "application/sparql-results+json",
    "tsv": "text/tab-separated-values",
    "xml": "application/sparql-results+xml",
}
_GRAPHS: Mapping[str, str] = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}
MEDIA_TYPES = {**_ROWS, **_GRAPHS}
NAMES: Mapping[str, str] = {
    "csv": "CSV", "json": "JSON", "tsv": "TSV", "xml": "XML",
    "ttl": "Turtle", "jsonld": "JSON-LD", "nt": "N-Triples", "rdf": "RDF/XML",
}  # fmt: skip


def suffixes(kind: Kind) -> Sequence[str]:
    """Return the suffixes of the formats that an answer of a kind is written in."""
    return tuple(_GRAPHS if kind == "graph" else _ROWS)


class SparqlFile:
    """The application at ``/sparql.csv`` and its like."""

    def __init__(self) -> None:
        self._sparql = Sparql()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the format of the suffix, to be saved as a file; raise HTTPException, Problem."""
        suffix = scope["path_params"]["suffix"]
        if suffix not in MEDIA_TYPES:
            raise HTTPException(404)
        others = [one for one in scope["headers"] if one[0] != b"accept"]
        saved = (b"content-disposition", f'attachment; filename="cesergraph.{suffix}"'.encode())

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                message["headers"] = [*message["headers"], saved]
            await send(message)

        asked = {**scope, "path": "/sparql", "headers": [*others, (b"accept", MEDIA_TYPES[suffix].encode())]}
        await self._sparql(asked, receive, send_named)


ROUTES: list[BaseRoute] = [Route("/sparql.{suffix}", SparqlFile())]
