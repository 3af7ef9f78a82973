"""Any SPARQL 1.1 endpoint in place of the embedded store, with the same answers."""

import ast
from http.client import HTTPException
from urllib.error import HTTPError

from pyoxigraph import QueryBoolean, QueryResultsFormat, RdfFormat, Triple, parse, parse_query_results
from SPARQLWrapper import JSON, POST, TURTLE, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

from cesergraph.answers import Answers, Kind, examine, gather, graph
from cesergraph.errors import EndpointError

_SOME_STATEMENT = "ASK { ?s ?p ?o }"
_STATEMENT_OUTSIDE = (
    "ASK { { SELECT ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } } LIMIT 100 } FILTER NOT EXISTS { ?s ?p ?o } }"
)


class Endpoint:
    """A SPARQL endpoint whose default graph is the union of its named graphs.

    What ``FROM`` means is left to the endpoint: Oxigraph's server ignores it once its default graph is the union.
    """

    def __init__(self, url: str, timeout: int = 60) -> None:
        if not url.startswith(("http://", "https://")):
            raise EndpointError(
                fr=f"{url!r} n'est pas l'adresse d'un service SPARQL ; attendu : http://… ou https://….",
                en=f"{url!r} is not the address of a SPARQL endpoint; expected: http://… or https://….",
            )
        self.url = url
        self.timeout = timeout
        self._united = False

    def query(self, text: str) -> Answers:
        """Return the answers to a read query; raise SyntaxFault, or EndpointError where the endpoint fails."""
        kind = examine(text).kind
        if not self._united:
            self._check_union()
            self._united = True
        return self._ask(text, kind)

    def _check_union(self) -> None:
        if self._ask(_STATEMENT_OUTSIDE, "ask").boolean:
            raise EndpointError(
                fr=f"{self.url} : le graphe par défaut n'est pas l'union des graphes nommés ; réglez le service ainsi "
                "(Oxigraph : --union-default-graph).",
                en=f"{self.url}: the default graph is not the union of the named graphs; set the endpoint so "
                "(Oxigraph: --union-default-graph).",
            )
        if not self._ask(_SOME_STATEMENT, "ask").boolean:
            raise EndpointError(
                fr=f"{self.url} : le service répond mais ne contient aucune donnée ; chargez-y le graphe.",
                en=f"{self.url}: the endpoint answers but holds no data; load the graph into it.",
            )

    def _ask(self, text: str, kind: Kind) -> Answers:
        media_type, body = self._post(text, kind)
        if (found := _read_answers(media_type, body, kind)) is not None:
            return found
        wanted = "RDF" if kind == "graph" else "SPARQL Query Results JSON"
        raise EndpointError(
            fr=f"{self.url} : la réponse n'est pas du {wanted} ({media_type}) : {_first_line(body)!r}.",
            en=f"{self.url}: the answer is not {wanted} ({media_type}): {_first_line(body)!r}.",
        )

    def _post(self, text: str, kind: Kind) -> tuple[str, bytes]:
        """Return the media type and the body of the answer; raise EndpointError."""
        client = SPARQLWrapper(self.url)
        client.setMethod(POST)
        client.setTimeout(self.timeout)
        client.setOnlyConneg(True)
        client.setReturnFormat(TURTLE if kind == "graph" else JSON)
        client.setQuery(text)
        client.queryType = "CONSTRUCT" if kind == "graph" else kind.upper()
        try:
            response = client.query().response
            return response.headers.get_content_type(), response.read()
        except HTTPError as error:
            raise self._refused(error.code, error.read()) from error
        except SPARQLWrapperException as error:
            # SPARQLWrapper has read the body and keeps it only as text in its message.
            reply = str(error).partition("Response:\n")[2]
            status = error.__context__.code if isinstance(error.__context__, HTTPError) else 0
            raise self._refused(status, ast.literal_eval(reply) if reply else b"") from error
        except (OSError, HTTPException) as error:
            raise EndpointError(
                fr=f"{self.url} ne répond pas ({_reason(error)}) ; vérifiez l'adresse et que le service tourne.",
                en=f"{self.url} does not answer ({_reason(error)}); check the address and that the endpoint is up.",
            ) from error

    def _refused(self, status: int, body: bytes) -> EndpointError:
        said = _first_line(body)
        return EndpointError(
            fr=f"{self.url} : le service refuse (HTTP {status})" + (f" : {said}." if said else "."),
            en=f"{self.url}: the endpoint refuses (HTTP {status})" + (f": {said}." if said else "."),
        )


def _read_answers(media_type: str, body: bytes, kind: Kind) -> Answers | None:
    """Return the answers in a body, None where they are not of this kind.

    Nothing is raised here: an Oxigraph result in a traceback may outlive its thread, and then cannot be freed.
    """
    try:
        if kind == "graph":
            format = RdfFormat.from_media_type(media_type) or RdfFormat.TURTLE
            return graph(Triple(q.subject, q.predicate, q.object) for q in parse(body, format=format))
        found = parse_query_results(body, format=QueryResultsFormat.JSON)
        return gather(found) if isinstance(found, QueryBoolean) == (kind == "ask") else None
    except SyntaxError:
        return None


def _first_line(body: bytes) -> str:
    lines = body[:2000].decode("utf-8", errors="replace").strip().splitlines()
    return lines[0].strip()[:200].rstrip(".") if lines else ""


def _reason(error: OSError | HTTPException) -> str:
    return str(getattr(error, "reason", error)) or type(error).__name__
