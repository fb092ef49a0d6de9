"""Item fields -> one string per item, by a template such as ``"{title} ({year}). {genres}"``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from html import unescape
from string import Formatter

from ltgnn.types import UserError

_OPENERS = "([{<«“‘\"'"
_CLOSERS = ")]}>»”’\"'"
_SEPARATORS = " \t\n,;:.|/-–—·"


def render(template: str, fields: Mapping[str, Sequence[str]]) -> list[str]:
    """One string per item.

    ``fields`` maps a column to I texts; a missing value is ``""`` (or blanks). ``{title:.100}`` cuts a long value,
    ``{{`` and ``}}`` are literal braces. In every value HTML entities are decoded (once) and runs of blanks become
    one blank.

    A missing value removes the words and signs that lead to it (back to the value before it) and the closing
    bracket or quote that would be left behind; what would then be at the beginning of the string, blanks and
    separators, is removed, too. So ``"{title} ({year}). {genres}"`` gives ``"Toy Story. Comedy"`` without a year,
    ``"Toy Story (1995)"`` without genres, ``"(1995). Comedy"`` without a title and ``""`` with nothing.
    Signs inside a value are never touched.
    """
    parts = _parse(template)
    names = list(dict.fromkeys(name for _, name, _ in parts if name is not None))
    for name in names:
        if name not in fields:
            known = ", ".join(sorted(fields)) or "none: this data set has no item text"
            raise UserError(
                f"the template {template!r} has the field {name!r}, which the items do not have "
                f"(fields: {known}); set features.template"
            )
    if not names:
        raise UserError(
            f"the template {template!r} names no field, so every item would read the same; set features.template"
        )
    lengths = {name: len(fields[name]) for name in names}
    if len(set(lengths.values())) > 1:
        raise UserError(f"the item fields differ in length: {lengths}; each needs one text per item")

    @cache
    def layout(present: tuple[bool, ...]) -> str:
        return _layout(parts, dict(zip(names, present, strict=True)))

    texts = []
    for row in zip(*(fields[name] for name in names), strict=True):
        values = [clean(value) for value in row]
        filled = layout(tuple(bool(value) for value in values)).format(**dict(zip(names, values, strict=True)))
        texts.append(clean_blanks(filled))
    return texts


def clean(value: str) -> str:
    """HTML entities decoded once, runs of blanks to one blank, no blank at either end."""
    return clean_blanks(unescape(value))


def clean_blanks(value: str) -> str:
    """One blank between words, none around."""
    return " ".join(value.split())


def _parse(template: str) -> list[tuple[str, str | None, str]]:
    """(literal before, field or None at the end, format spec) in the order of the template."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise UserError(f"the template {template!r} cannot be read: {error}; set features.template") from None
    merged: list[tuple[str, str | None, str]] = []
    literal = ""
    for text, name, spec, conversion in parts:
        literal += text
        if name is None:  # an escaped brace ends a part, too: the literal continues
            continue
        if name == "" or conversion:
            raise UserError(
                f"the template {template!r} may only hold fields by name, such as {{title}}; set features.template"
            )
        merged.append((literal, name, spec or ""))
        literal = ""
    return [*merged, (literal, None, "")]


def _layout(parts: list[tuple[str, str | None, str]], present: Mapping[str, bool]) -> str:
    """The template for items that have exactly the fields marked present, by the rule of :func:`render`."""
    out = ""
    filled = False  # some value is there already
    opened = 0  # brackets dropped with a missing value, whose counterparts have to go too
    for literal, name, spec in parts:
        end = len(literal) - len(literal.lstrip(_CLOSERS)) if filled or opened else 0
        closers, lead = literal[:end], literal[end:]
        out += _escape(closers[opened:] if filled else "")
        opened = 0
        if name is None:
            out += _escape(lead) if filled else ""
        elif present[name]:
            out += (
                _escape(lead if filled else lead.lstrip(_SEPARATORS)) + "{" + name + (f":{spec}" if spec else "") + "}"
            )
            filled = True
        else:
            opened = sum(sign in _OPENERS for sign in lead)
    return out


def _escape(literal: str) -> str:
    return literal.replace("{", "{{").replace("}", "}}")
