"""What comes before every request: its host, its token, its size, its place among those that wait."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, unquote_to_bytes

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 262_144  # bytes; a query of 10,000 signs written as \\u escapes has 120,000
COOKIE = "ltgnn_token"
PAGES = ("/", "/docs")
"""What a person opens: there ``?token=`` is taken once and becomes a cookie."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass
class Guard:
    """``hosts``: values of the Host header that are answered, ``*`` for any. ``token``: None, where none is needed.

    ``waiting``: requests to /api computed or waiting at a time. /health needs no token and does not queue.
    """

    app: ASGIApp
    hosts: Sequence[str]
    token: str | None
    waiting: int
    under_way: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        cookie: list[str] = []

        async def marked(message: Message) -> None:
            """Headers that keep other origins from using an answer."""
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
                for value in cookie:
                    headers.append("Set-Cookie", value)
            await send(message)

        if (refusal := self.refusal(scope, cookie)) is not None:
            await refusal(scope, receive, marked)
        elif not scope["path"].startswith("/api/"):
            await self.app(scope, receive, marked)
        elif self.under_way >= self.waiting:
            answer = {"detail": f"{self.waiting} requests are computed or waiting; try again later"}
            await JSONResponse(answer, 503, {"Retry-After": "1"})(scope, receive, marked)
        else:
            self.under_way += 1
            try:
                await self.app(scope, receive, marked)
            finally:
                self.under_way -= 1

    def refusal(self, scope: Scope, cookie: list[str]) -> JSONResponse | None:
        """The refusal of a request, if any; a token in the address of a page is added to ``cookie``."""
        headers = Headers(scope=scope)
        if not self.is_own_host(headers.get("host", "")):
            return JSONResponse({"detail": "this server does not answer to that Host"}, 400)
        if scope["path"] != "/health" and not self.has_token(scope, headers, cookie):
            detail = "a token is needed: Authorization: Bearer TOKEN, or in a browser /?token=TOKEN once"
            return JSONResponse({"detail": detail}, 401, {"WWW-Authenticate": "Bearer"})
        try:
            unquote_to_bytes(scope["query_string"]).decode("utf-8")
        except UnicodeDecodeError:
            return JSONResponse({"detail": "the query string is not UTF-8"}, 422)
        if scope["method"] in ("POST", "PUT", "PATCH"):
            size = headers.get("content-length")
            if size is None:
                return JSONResponse({"detail": "a body of known size (Content-Length) wanted"}, 411)
            if re.fullmatch(r"[0-9]{1,18}", size) is None:
                return JSONResponse({"detail": "Content-Length is not a number of bytes"}, 400)
            if int(size) > LARGEST_BODY:
                return JSONResponse({"detail": f"the body is too large; at most {LARGEST_BODY:,} bytes wanted"}, 413)
        return None

    def is_own_host(self, host: str) -> bool:
        """Whether the Host header, its port left out, is allowed: no page of another origin can send requests."""
        found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]/@]+)(?::[0-9]{0,5})?", host)
        return found is not None and ("*" in self.hosts or found.group(1).lower() in self.hosts)

    def has_token(self, scope: Scope, headers: Headers, cookie: list[str]) -> bool:
        """Whether the request brings the token: as a header, as a cookie, or in the address of a page."""
        if self.token is None:
            return True
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self.matches(given.strip()):
            return True
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            morsel = None
        if morsel is not None and self.matches(morsel.value):
            return True
        if scope["method"] == "GET" and scope["path"] in PAGES:
            given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
            if self.matches(given):
                cookie.append(f"{COOKIE}={self.token}; HttpOnly; SameSite=Strict; Path=/")
                return True
        return False

    def matches(self, given: str) -> bool:
        """Whether it is the token, compared in constant time."""
        return self.token is not None and hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())
