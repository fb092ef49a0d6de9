"""Jobs of the sweep in progress that failed: their folders hold the traceback, the exit code must tell."""

from __future__ import annotations

_failed: list[str] = []


def reset() -> None:
    _failed.clear()


def record(job: str) -> None:
    _failed.append(job)


def any_failed() -> bool:
    return bool(_failed)
