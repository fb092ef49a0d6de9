"""What an audit finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One way in which held-out data can reach a model."""

    check: str
    count: int
    what: str

    def __str__(self) -> str:
        return f"{self.check}: {self.count:,} ({self.what})"
