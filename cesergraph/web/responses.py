"""How a representation is sent: validators, conditional requests, compression (RFC 9110), and problems told."""

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.responses import Response

from cesergraph.web.documents import HTML
from cesergraph.web.negotiation import accepts, choose, choose_language
from cesergraph.web.problems import MEDIA_TYPE as PROBLEM
from cesergraph.web.problems import Problem
from cesergraph.web.site import Page, Site

_SMALL = 1000
_TAG = re.compile(r'(?:W/)?"([^"]*)"|\*')
_PACKED = ("text/", "application/", "image/svg+xml")


def represent(
    asked: Headers,
    media_type: str,
    write: Callable[[], bytes],
    *,
    state: str,
    modified: float,
    headers: Mapping[str, str],
) -> Response:
    """Return the response with one representation, or 304 where the client holds it; ``write`` runs only if needed.

    ``state`` is all that the bytes depend on, so that the entity tag is known before they are; ``modified`` is in
    seconds since 1970. A compressed representation has a tag of its own.
    """
    packed = media_type.startswith(_PACKED) and accepts(asked.get("accept-encoding", ""), "gzip")
    tag = hashlib.sha256(f"{state}\n{media_type}".encode()).hexdigest()[:24] + ("-gzip" if packed else "")
    told = {"ETag": f'"{tag}"', "Last-Modified": _written(modified), "Cache-Control": "no-cache"}
    told |= headers
    told["Vary"] = ", ".join(filter(None, (told.get("Vary"), "Accept-Encoding")))
    if _is_held(asked, tag, modified):
        return Response(status_code=304, headers=told)
    body = write()
    if packed and len(body) >= _SMALL:
        # Without the name and the time that gzip would write, the same bytes are compressed to the same bytes.
        body = gzip.compress(body, compresslevel=5, mtime=0)
        told["Content-Encoding"] = "gzip"
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    return Response(body, headers=told | {"Content-Type": media_type + charset})


@lru_cache(maxsize=16)
def _written(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


def _is_held(asked: Headers, tag: str, modified: float) -> bool:
    if (tags := asked.get("if-none-match")) is not None:
        return any(match[0] == "*" or match[1] == tag for match in _TAG.finditer(tags))
    try:
        since = parsedate_to_datetime(asked.get("if-modified-since", ""))
        return since.timestamp() >= int(modified)
    except (ValueError, TypeError, OverflowError):
        return False


def tell(site: Site, asked: Headers, problem: Problem, lang: str | None) -> Response:
    """Return the response that tells a problem: a page where the client prefers one, else problem details.

    A page speaks the language of its address; problem details the one that the client prefers.
    """
    headers = {"Vary": "Accept, Accept-Language", "Cache-Control": "no-store"} | problem.headers
    if choose(asked.get("accept", ""), (PROBLEM, "application/json", HTML)) == HTML:
        spoken = lang or choose_language(asked.get("accept-language", ""))
        values = {"status": problem.status, "detail": problem.say(spoken), "suggestions": ()} | problem.members
        page = Page("problem.html", problem.title(spoken), values, status=problem.status, indexed=False)
        body, media_type = site.render(page, spoken, "/"), HTML + "; charset=utf-8"
    else:
        spoken = choose_language(asked.get("accept-language", "")) if lang != "en" else "en"
        body, media_type = problem.as_json(spoken), PROBLEM
    return Response(body, problem.status, headers | {"Content-Type": media_type, "Content-Language": spoken})
