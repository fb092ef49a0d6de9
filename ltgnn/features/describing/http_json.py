"""JSON posted to an address, with errors that say whether it is worth to try again."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from ltgnn.types import UserError

LARGEST = 16_000_000
"""Bytes of an answer."""

AGAIN = {408, 409, 429}
"""Answers besides 5xx that another try may mend."""


class Temporary(Exception):
    """No usable answer, which another try may give; ``after``: seconds that the server asks to wait, None: not said."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any, **options: Any) -> None:
        """None: the key goes to the address that was given, and to no other."""


def post_json(url: str, key: str, payload: Mapping[str, Any], timeout: float) -> Any:
    """What the address answers, as JSON. ``key``: sent as ``Authorization: Bearer``; empty: none.

    Raises:
        Temporary: 408, 409, 429, 5xx, no answer within ``timeout`` seconds, or one that is no JSON.
        UserError: another answer, such as 401; it does not hold the key.
    """
    request = urllib.request.Request(
        url,
        data=json.dumps(payload).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "ltgnn"},
        method="POST",
    )
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout) as answer:
            content = answer.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        said = _said(error)
        if error.code in AGAIN or error.code >= 500:
            raise Temporary(f"{error.code} {error.reason}", _seconds(error.headers.get("Retry-After"))) from None
        said = said.replace(key, "...") if key else said
        raise UserError(
            f"{url} answers {error.code} {error.reason}{f': {said}' if said else ''}. Look at the key and the address "
            "in the environment, and at features.writer.model."
        ) from None
    except (OSError, http.client.HTTPException) as error:  # URLError and timeouts are OSErrors
        reason = getattr(error, "reason", None) or error or type(error).__name__
        raise Temporary(f"no answer ({reason})") from None
    if len(content) > LARGEST:
        raise Temporary(f"more than {LARGEST:,} bytes")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Temporary("the answer is no JSON") from None


def _said(error: urllib.error.HTTPError) -> str:
    """The beginning of what the server says of the error."""
    try:
        return " ".join(error.read(2000).decode(errors="replace").split())[:300]
    except (OSError, http.client.HTTPException):
        return ""


def _seconds(header: str | None) -> float | None:
    """``Retry-After`` in seconds; None where it is absent, or a date."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
