"""The message of an error that the user can fix, from any library; a bug of ltgnn has none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from ltgnn.config.not_importable import how_to_import
from ltgnn.io.atomic_write import refusal
from ltgnn.types import UserError

WHERE = "HYDRA_FULL_ERROR=1 shows where."

PLACES = "Runs are written below LTGNN_LOGS or paths.run_dir=, features below LTGNN_CACHE, data below LTGNN_DATA."

FAULT = "This is a fault of ltgnn, not of your input: please report it with the lines above."


def message(error: BaseException) -> str | None:
    """What to print instead of a traceback; None where the traceback is what helps."""
    chain = list(_chain(error))
    for cause in chain:
        if isinstance(cause, UserError):
            return str(cause)
    for cause in chain:
        if isinstance(cause, OSError) and cause.filename is not None:
            return f"{_format_name(cause.filename)}: {cause.strerror}. {PLACES} {WHERE}"
    if reason := refusal(error):
        return f"Writing failed: {reason}. {PLACES} {WHERE}"
    kind, text = type(error).__name__, str(error).strip()
    if kind == "InstantiationException":
        return _not_made(text, error.__cause__)
    if type(error).__module__.partition(".")[0] in ("hydra", "omegaconf"):
        behind = error.__cause__
        return text if behind is None or str(behind) in text else f"{text}\n{behind}"
    for cause in chain:
        if type(cause).__module__.partition(".")[0] == "yaml" or type(cause).__name__ in FORMATS:
            return f"A file cannot be read: {' '.join(str(cause).split())[:500]}. {WHERE}"
        if isinstance(cause, MemoryError) or type(cause).__name__ == "OutOfMemoryError":
            return f"Out of memory ({str(cause).partition(chr(10))[0]}): take less data, a smaller batch_size= or dim="
    return None


FORMATS = ("SafetensorError", "UnpicklingError", "BadZipFile", "BadGzipFile")


def _chain(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _format_name(name: str | bytes | int) -> str:
    return os.fsdecode(name) if isinstance(name, bytes) else str(name)


def _not_made(text: str, cause: BaseException | None) -> str:
    """Of an object that Hydra could not build: the key of the recipe, the class, and the error behind it."""
    target = re.search(r"target '([^']+)'", text)
    key = re.search(r"^full_key: (.+)$", text, re.MULTILINE)
    if target is None or cause is None:
        return text
    named = f"_target_={target.group(1)}" + (f" in {key.group(1)}" if key else "")
    if "locating" in text:
        inner = re.search(r"\w*Error\((['\"])(.*)\1\)", str(cause))
        reason = inner.group(2).replace("\\'", "'") if inner else str(cause).partition("\n")[0]
        return f"{named}: cannot be imported ({reason}). {how_to_import(target.group(1))} {WHERE}"
    return f"{named}: {type(cause).__name__}: {cause}. {WHERE}"
