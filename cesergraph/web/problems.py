"""What a client is told when its request cannot be met: problem details (RFC 9457), or a page for people."""

import json
from collections.abc import Mapping

from cesergraph.errors import CesergraphError, NotFound, ParameterError, SyntaxFault

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: ("Demande incorrecte", "Bad request"),
    403: ("Refusé", "Refused"),
    404: ("Introuvable", "Not found"),
    405: ("Méthode non admise", "Method not allowed"),
    406: ("Format non proposé", "Format not offered"),
    410: ("Retiré", "Withdrawn"),
    413: ("Demande trop longue", "Request too long"),
    414: ("Adresse trop longue", "Address too long"),
    415: ("Type de contenu inconnu", "Unknown content type"),
    422: ("Réponse trop grande", "Answer too large"),
    500: ("Erreur du serveur", "Server error"),
    503: ("Momentanément indisponible", "Temporarily unavailable"),
}
_STATUSES = {NotFound: 404, ParameterError: 400, SyntaxFault: 400}


class Problem(CesergraphError):
    """A request that cannot be met: an HTTP status, why in both languages, headers, and members for programs."""

    def __init__(
        self,
        status: int,
        *,
        fr: str,
        en: str,
        headers: Mapping[str, str] | None = None,
        kind: str = "about:blank",
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(fr=fr, en=en)
        self.status = status
        self.headers = dict(headers or {})
        self.kind = kind
        self.members = dict(members or {})

    def title(self, lang: str) -> str:
        """Return the short name of the problem in ``fr`` or ``en``."""
        return _TITLES.get(self.status, _TITLES[500])[lang == "en"]

    def as_json(self, lang: str) -> bytes:
        """Return the problem details object."""
        told = {"type": self.kind, "title": self.title(lang), "status": self.status, "detail": self.say(lang)}
        return (json.dumps(told | self.members, ensure_ascii=False) + "\n").encode()


def as_problem(error: CesergraphError) -> Problem:
    """Return the problem that an error of the program is for a client; what it cannot help is a server error.

    The message of a server error is not passed on: it may name files of this machine.
    """
    if isinstance(error, Problem):
        return error
    status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), None)
    return internal() if status is None else Problem(status, fr=error.fr, en=error.en)


def internal() -> Problem:
    """Return what is said of a fault of the server itself: that there is one, and nothing of it."""
    return Problem(
        500,
        fr="Le serveur n'a pas pu répondre ; l'erreur est consignée. Réessayez plus tard.",
        en="The server could not answer; the error is logged. Try again later.",
    )
