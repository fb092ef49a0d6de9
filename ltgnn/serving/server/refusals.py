"""Answers to requests that are refused: always JSON, whatever the request held."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ltgnn.serving.server.schema import Failure, Refusal

MOST = 20  # problems named in one answer
LONGEST = 200  # signs of what is quoted
Answers = dict[int | str, dict[str, Any]]
ERRORS: Answers = {
    400: {"model": Failure, "description": "not JSON, or another Host than this"},
    401: {"model": Failure, "description": "no token, where one is needed"},
    404: {"model": Failure, "description": "no such user or item"},
    409: {"model": Failure, "description": "rules that no list of this catalogue keeps at once"},
    411: {"model": Failure, "description": "a body without Content-Length"},
    413: {"model": Failure, "description": "the request is too large"},
    422: {"model": Refusal, "description": "invalid request: what was given, what was expected"},
    503: {"model": Failure, "description": "too many requests wait; Retry-After gives the delay"},
}


def answers(*more: int) -> Answers:
    """The refusals that every operation has, and ``more``."""
    return {status: ERRORS[status] for status in sorted({400, 401, 422, 503, *more})}


async def mistaken(request: Request, mistake: Exception) -> JSONResponse:
    """The message of the command line; 404 where a user or an item is not there, 409 where rules clash, else 422."""
    message = str(mistake)
    status = 404 if re.match(r"(user|item)=", message) else 409 if message.startswith("rules: no list of") else 422
    return JSONResponse({"detail": printable_message(message, 2000)}, status)


async def unreadable(request: Request, error: Exception) -> JSONResponse:
    """A body that Python's JSON reader gave up on: a number of thousands of digits, or too deep."""
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, ValueError):
        return JSONResponse({"detail": "the body holds a number or text that cannot be read"}, 422)
    detail = "the body is nested too deep" if isinstance(error.__cause__, RecursionError) else error.detail
    return JSONResponse({"detail": detail}, error.status_code, error.headers)


async def invalid(request: Request, error: Exception) -> JSONResponse:
    """422 with place, message and type of each problem. The given value is not repeated: JSON may not hold it."""
    assert isinstance(error, RequestValidationError)
    problems = [
        {
            "loc": [printable_message(place) if isinstance(place, str) else place for place in problem["loc"]],
            "msg": printable_message(str(problem["msg"]).removeprefix("Value error, ")),
            "type": problem["type"],
        }
        for problem in error.errors()[:MOST]
    ]
    return JSONResponse({"detail": problems}, 422)


def printable_message(text: str, most: int = LONGEST) -> str:
    """Text that JSON holds, of bounded length; what UTF-8 cannot hold is spelled out."""
    return text[:most].encode("utf-8", "backslashreplace").decode()


async def known_only(request: Request) -> None:
    """Refuses a query parameter that the operation does not have, or that is given twice."""
    known = [field.alias for field in request.scope["route"].dependant.query_params]
    for name, times in Counter(key for key, _ in request.query_params.multi_items()).items():
        if name in known and times == 1:
            continue
        wanted = f"known: {', '.join(known)}" if known else "this operation has none"
        message = f"unknown parameter {name[:60]!r}; {wanted}" if name not in known else f"{name} is given twice"
        raise RequestValidationError([{"loc": ("query", name), "msg": message, "type": "unknown_parameter"}])
