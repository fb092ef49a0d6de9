"""Objects of a JSON text one by one: of lines, of an array, of lines of Python literals; slow, exact about places."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from ltgnn.data.text_source import with_last

DEEPEST = 200  # lists and objects inside of each other
LONGEST = 1 << 28  # characters of one object over several lines
BETWEEN = re.compile(r"[\s,]*")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', re.DOTALL)


class JsonError(Exception):
    """What is wrong in which line."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(line, what)
        self.line, self.what = line, what


def from_lines(lines: Iterator[tuple[int, str]], found: set[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The object of each line, JSON or a Python literal; notes in ``found`` where there are such literals."""
    for number, text in lines:
        if text.strip():
            yield number, an_object(number, parse(number, text, found), text)


def from_array(pieces: Iterator[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of an array, or of objects one after the other, wherever their lines end; each with its line."""
    decoder = json.JSONDecoder()
    text, line, inside, wanted = "", 1, False, 0
    for piece, last in with_last(pieces):
        text += piece
        if not last and len(text) < wanted:
            continue  # an open object is looked at again when there is twice as much of it
        place = 0
        while True:
            found = BETWEEN.match(text, place)
            end = found.end() if found else place
            line, place = line + text.count("\n", place, end), end
            if place == len(text):
                break
            if text[place] == ("]" if inside else "["):
                place, inside = place + 1, not inside
                continue
            value, end, failed = _value(decoder, text, place, line)
            if failed is not None and last:
                raise JsonError(line + text.count("\n", place, failed.pos), f"not JSON ({failed.msg})")
            if failed is not None:
                break
            yield line, an_object(line, value, text[place : place + 80])
            line, place = line + text.count("\n", place, end), end
        text = text[place:]
        wanted = 2 * len(text)
        if len(text) > LONGEST:
            raise JsonError(line, "not JSON that ends within 256 MB")
    if inside:
        raise JsonError(line, "the array is not closed: the file is cut short")


def _value(decoder: json.JSONDecoder, text: str, place: int, line: int) -> tuple[Any, int, json.JSONDecodeError | None]:
    try:
        value, end = decoder.raw_decode(text, place)
    except json.JSONDecodeError as error:
        return None, place, error
    except RecursionError:
        raise JsonError(line, f"values more than {DEEPEST} deep inside of each other") from None
    return value, end, None


def parse(line: int, text: str, found: set[str]) -> Any:
    """The value of one line."""
    if depth_of(text) > DEEPEST:
        raise JsonError(line, f"values more than {DEEPEST} deep inside of each other")
    try:
        value = json.loads(text)
    except ValueError as error:
        said = error
    else:
        found.add("JSON")
        return value
    try:
        value = ast.literal_eval(text.strip())  # literals only: nothing is called
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise JsonError(line, f"not JSON ({said})") from None
    found.add("Python")
    return value


def depth_of(text: str) -> int:
    """How many lists and objects are inside of each other; 0 where no more than ``DEEPEST`` are opened."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return 0
    depth = deepest = 0
    for sign in re.findall(r"[\[\]{}]", QUOTED.sub("", text)):
        depth += 1 if sign in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def an_object(line: int, value: Any, text: str) -> dict[str, Any]:
    """The value, which must be an object."""
    if not isinstance(value, dict):
        raise JsonError(line, f"wanted a JSON object {{...}}, not {text.strip()[:40]!r}")
    return value


def as_text(value: Any) -> str | None:
    """A value as a table holds it: lists and objects as JSON, 1.0 as "1"."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
