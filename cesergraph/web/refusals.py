"""What a client is told whose query gets no answer: why, and what to do about it."""

import json
import signal

from cesergraph.web import worker as far
from cesergraph.web.limits import MEGABYTE, Limits
from cesergraph.web.problems import Problem
from cesergraph.web.worker import Job

MALFORMED, INTERRUPTED = "query-malformed", "query-interrupted"


def refused(letter: bytes, told: bytes, job: Job, limits: Limits) -> Problem:
    """Return the problem that a worker sent in place of an answer."""
    if letter == far.FAULTY:
        fault = json.loads(told)
        return Problem(400, fr=fault.pop("fr"), en=fault.pop("en"), kind=MALFORMED, members=fault)
    if letter == far.UNKNOWN_GRAPH:
        return Problem(404, fr="Ce graphe n'existe pas ici.", en="There is no such graph here.", kind="unknown-graph")
    if letter == far.TOO_MANY_ROWS:
        return Problem(
            422,
            fr=f"La réponse a plus de {job.max_rows} lignes ; ajoutez LIMIT et OFFSET à la requête, ou précisez-la.",
            en=f"The answer has more than {job.max_rows} rows; add LIMIT and OFFSET to the query, or narrow it.",
            kind="too-many-rows",
        )
    if letter == far.TOO_LONG:
        return Problem(
            422,
            fr=f"La réponse a plus de {job.max_bytes} octets ; ajoutez LIMIT et OFFSET à la requête, ou précisez-la.",
            en=f"The answer has more than {job.max_bytes} bytes; add LIMIT and OFFSET to the query, or narrow it.",
            kind="too-many-bytes",
        )
    if letter == far.UNWANTED:
        return not_offered()
    return interrupted()


def not_offered() -> Problem:
    """Return the problem of a client that accepts no format that the answer to its query can have."""
    rows, graphs = list(far.ROW_FORMATS), list(far.GRAPH_FORMATS)
    return Problem(
        406,
        fr="Aucun des formats acceptés ne convient à cette requête. "
        f"SELECT et ASK : {', '.join(rows)}. CONSTRUCT et DESCRIBE : {', '.join(graphs)}.",
        en="None of the accepted formats suits this query. "
        f"SELECT and ASK: {', '.join(rows)}. CONSTRUCT and DESCRIBE: {', '.join(graphs)}.",
        headers={"Vary": "Accept"},
        members={"variants": rows + graphs},
    )


def died(how: int, limits: Limits) -> Problem:
    """Return the problem of a query whose worker ended in a way that ``subprocess`` gives this number."""
    if how in (-signal.SIGABRT, far.OUT_OF_MEMORY):
        return _later(
            "query-memory",
            f"La requête demande plus que les {limits.memory // MEGABYTE} Mo de mémoire qu'elle a ; précisez-la.",
            f"The query needs more than the {limits.memory // MEGABYTE} MB of memory it has; narrow it.",
            round(limits.seconds),
        )
    if how == -signal.SIGXCPU:
        return too_slow(limits)
    if how in (-signal.SIGSEGV, -signal.SIGBUS):
        return _later(
            "query-crash",
            "La requête est trop imbriquée pour être évaluée ; simplifiez-la.",
            "The query is nested too deeply to be evaluated; simplify it.",
            round(limits.seconds),
        )
    return interrupted()


def too_slow(limits: Limits) -> Problem:
    """Return the problem of a query that has had its time."""
    return _later(
        "query-timeout",
        f"La requête n'a pas abouti en {limits.seconds:g} secondes ; précisez-la, ou téléchargez les données.",
        f"The query did not finish in {limits.seconds:g} seconds; narrow it, or download the data.",
        round(limits.seconds),
    )


def crowded(limits: Limits) -> Problem:
    """Return the problem of a query that finds no worker."""
    return _later(
        "too-many-queries",
        "Trop de requêtes attendent en ce moment ; réessayez dans un instant.",
        "Too many queries are waiting now; try again in a moment.",
        round(limits.seconds),
    )


def no_room(limits: Limits) -> Problem:
    """Return the problem of an answer that there is no room for, beside those that clients are reading."""
    return _later(
        "too-many-downloads",
        "Trop de grandes réponses sont en cours d'envoi ; réessayez plus tard.",
        "Too many large answers are being sent; try again later.",
        round(limits.download_seconds),
    )


def interrupted() -> Problem:
    """Return the problem of a query that was ended by no fault of its own."""
    return _later(INTERRUPTED, "La requête a été interrompue ; réessayez.", "The query was interrupted; try again.", 1)


def _later(kind: str, fr: str, en: str, seconds: int) -> Problem:
    return Problem(503, fr=fr, en=en, kind=kind, headers={"Retry-After": str(max(1, seconds))})
