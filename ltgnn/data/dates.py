"""Times written as text: the forms of Python's ``strptime``, or ISO 8601, as seconds since 1970 (UTC)."""

from __future__ import annotations

import re
from functools import lru_cache

import polars as pl

from ltgnn.types import UserError

ISO = "iso"  # the name of ISO 8601: 2014-01-31, 2014-01-31 12:00, 2014-01-31T12:00:00.5Z, 2014-01-31T12:00:00+01:00
_ISO_FORM = (
    r"^(?<date>\d{4}-\d{2}-\d{2})(?:[Tt ](?<hour>\d{2}):(?<minute>\d{2})"
    r"(?::(?<second>\d{2})(?:[.,](?<part>\d{1,9})\d*)?)?\s?(?:[Zz]|UTC|GMT|(?<sign>[+-])(?<hours>\d{2}):?(?<minutes>\d{2})?)?)?$"
)
_KNOWN = frozenset("YymdHMSfbBhjIpzaAesFTDRGVuUWw%")
_WHOLE = {"s", "F", "D"}  # of themselves a date
_YEAR_1000 = -30_610_224_000  # an earlier one has fewer digits than %Y requires
_2069, _CENTURY = 3_124_224_000, 36_525 * 86_400  # strptime reads %y 69 as 1969


def seconds(given: pl.Expr, form: str) -> pl.Expr:
    """Seconds since 1970 of texts of this form, null where one is not of it; without a zone, UTC.

    Directives mean what they mean in Python's ``strptime``. ``UserError`` for a form that cannot be read so.
    """
    if form == ISO:
        return parse_iso(given)
    chrono, added = _chrono(form)
    if added:
        given = given + pl.lit(added)
    if "%z" in form:
        given = given.str.replace(r"[Zz]$", "+00:00")
    value = given.str.to_datetime(chrono, strict=False, time_unit="us").dt.epoch("us") / 1e6
    if "%y" in form:
        value = pl.when(value >= _2069).then(value - _CENTURY).otherwise(value)
    return pl.when(value >= _YEAR_1000).then(value)


@lru_cache(maxsize=4096)
def fits(text: str, form: str) -> bool:
    """Whether one text is of the form, by the same rule that reads columns."""
    return pl.select(seconds(pl.lit(text, pl.String), form)).item() is not None


@lru_cache
def _chrono(form: str) -> tuple[str, str]:
    """The form in the syntax of chrono, used by polars, and what has to be added to each text."""
    words = re.findall(r"%(\.f|[369]f|.?)", form, flags=re.DOTALL)
    for word in words:
        if word not in _KNOWN and not word.endswith("f"):
            hint = " (a zone by name has no certain offset; %z reads +01:00 and Z)" if word == "Z" else ""
            raise _refusal(form, f"%{word} is not read{hint}")
    if "f" in re.findall(r"(?<!\.)%(\.f|[369]f|.?)", form):
        raise _refusal(form, "%f, the fraction of a second, is read after a dot only: %S.%f")
    if not {"Y", "y", "G"} & set(words) and not _WHOLE & set(words):
        raise _refusal(form, "it names no year (%Y, or %y of two digits)")
    if ("I" in words) != ("p" in words):
        raise _refusal(form, "%I (hours to 12) and %p (AM, PM) need each other")
    hours = bool({"H", "I"} & set(words))
    if "S" in words and "M" not in words and "s" not in words:
        raise _refusal(form, "%S without %M")
    if "M" in words and not hours:
        raise _refusal(form, "%M without %H")
    chrono = form.replace(".%f", "%.f")
    return (chrono + " %M", " 00") if hours and "M" not in words else (chrono, "")


def _refusal(form: str, why: str) -> UserError:
    return UserError(
        f"data.reader.time_format={form!r}: {why}. Read are %Y %y %m %d %b %B %j %H %I %p %M %S .%f %z %a %A, or "
        f"data.reader.time_format={ISO} for ISO 8601 (2014-01-31T12:00:00.5+01:00)."
    )


def parse_iso(given: pl.Expr) -> pl.Expr:
    part = given.str.extract_groups(_ISO_FORM).struct

    def number(name: str) -> pl.Expr:
        return part.field(name).cast(pl.Int64, strict=False).fill_null(0)

    day = part.field("date").str.to_date("%Y-%m-%d", strict=False).cast(pl.Int64) * 86_400
    total = day + number("hour") * 3_600 + number("minute") * 60 + number("second")
    offset = number("hours") * 3_600 + number("minutes") * 60
    total = total - pl.when(part.field("sign") == "-").then(-offset).otherwise(offset)
    fraction = (pl.lit("0.") + part.field("part")).cast(pl.Float64, strict=False).fill_null(0.0)
    right = (number("hour") < 24) & (number("minute") < 60) & (number("second") < 61) & (number("minutes") < 60)
    return pl.when(right).then(total + fraction)
