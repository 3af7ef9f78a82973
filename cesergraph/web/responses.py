"""How a representation is sent: validators, conditional requests, compression (RFC 9110), and problems told."""

import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from threading import Lock

from starlette.datastructures import Headers
from starlette.responses import Response

from cesergraph.web.documents import HTML
from cesergraph.web.negotiation import accepts, choose, choose_language
from cesergraph.web.problems import MEDIA_TYPE as PROBLEM
from cesergraph.web.problems import Problem
from cesergraph.web.site import Page, Site

_SMALL = 1000
_MOST_KEPT = 64_000_000
_GZIP = b"\x1f\x8b"
_TAG = re.compile(r'(?:W/)?"([^"]*)"|\*')
_PACKED_ALREADY = "application/gzip"
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

    ``state`` is all that the bytes depend on, so that the entity tag is known before they are, and bytes once written
    are kept for the next client; ``modified`` is in seconds since 1970. A compressed representation has its own tag.
    """
    tag, packed = _tag(asked, media_type, state)
    told = {"ETag": f'"{tag}"', "Last-Modified": _written(modified), "Cache-Control": "no-cache"}
    told |= headers
    told["Vary"] = ", ".join(filter(None, (told.get("Vary"), "Accept-Encoding")))
    if _is_held(asked, tag, modified):
        return Response(status_code=304, headers=told)
    body = _KEPT.get(tag) or _KEPT.keep(tag, _pack(write()) if packed else write())
    if packed and body.startswith(_GZIP):
        told["Content-Encoding"] = "gzip"
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    return Response(body, headers=told | {"Content-Type": media_type + charset})


def is_kept(asked: Headers, media_type: str, state: str) -> bool:
    """Tell whether ``represent`` would answer without writing anything."""
    return _tag(asked, media_type, state)[0] in _KEPT


def _tag(asked: Headers, media_type: str, state: str) -> tuple[str, bool]:
    """Return the entity tag of what will be sent, and whether it will be compressed."""
    packed = media_type.startswith(_PACKED) and media_type != _PACKED_ALREADY
    packed = packed and accepts(asked.get("accept-encoding", ""), "gzip")
    return hashlib.sha256(f"{state}\n{media_type}".encode()).hexdigest()[:24] + ("-gzip" if packed else ""), packed


def _pack(body: bytes) -> bytes:
    """Return a body compressed where that is worth it.

    Without the name and the time that gzip would write, the same bytes are compressed to the same bytes.
    """
    return gzip.compress(body, compresslevel=5, mtime=0) if len(body) >= _SMALL else body


class _Kept(OrderedDict[str, bytes]):
    """The bodies sent last, by entity tag, up to so many bytes in all."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._room = most
        self._lock = Lock()

    def keep(self, tag: str, body: bytes) -> bytes:
        """Keep a body and return it; the oldest make room, and one that takes a tenth of it is not kept."""
        with self._lock:
            if tag not in self and len(body) * 10 <= _MOST_KEPT:
                self[tag] = body
                self._room -= len(body)
                while self._room < 0:
                    self._room += len(self.popitem(last=False)[1])
        return body


_KEPT = _Kept(_MOST_KEPT)


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
