"""What was written about one item, and what all of it cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ltgnn.io.pluralize import pluralize


@dataclass(frozen=True)
class Description:
    """What a language model wrote about one text."""

    parts: Mapping[str, str]  # those that could be read
    complete: bool  # whether all of them could
    tries: int  # 1, or 2 where it was asked again
    tokens_in: int  # of the prompts
    tokens_out: int
    seconds: float  # its share of the batch


NOTHING = Description({}, False, 0, 0, 0, 0.0)
"""Of an item without a text, about which nothing is asked."""


@dataclass(frozen=True)
class Cost:
    """Sums over different texts. ``incomplete``: not all parts could be read, ``unreadable``: none could."""

    texts: int = 0
    asked_again: int = 0
    incomplete: int = 0
    unreadable: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0

    @classmethod
    def of(cls, descriptions: Iterable[Description]) -> Cost:
        """The sums over descriptions."""
        found = list(descriptions)
        return cls(
            len(found),
            sum(one.tries > 1 for one in found),
            sum(not one.complete for one in found),
            sum(not one.parts for one in found),
            sum(one.tokens_in for one in found),
            sum(one.tokens_out for one in found),
            round(sum(one.seconds for one in found), 3),
        )

    def price(self, per_million_in: float | None, per_million_out: float | None) -> float | None:
        """In the currency of the prices of a million tokens; None where one of them is not given."""
        if per_million_in is None or per_million_out is None:
            return None
        return (self.tokens_in * per_million_in + self.tokens_out * per_million_out) / 1e6

    def in_words(self, per_million_in: float | None = None, per_million_out: float | None = None) -> str:
        """One line."""
        price = self.price(per_million_in, per_million_out)
        words = [
            pluralize(self.texts, "text"),
            f"{self.asked_again:,} asked again",
            f"{self.incomplete:,} incomplete ({self.unreadable:,} of them with nothing readable)",
            f"{self.tokens_in:,} tokens read and {self.tokens_out:,} written",
            f"{self.seconds:,.1f} s",
        ]
        return ", ".join([*words, *([] if price is None else [f"price {price:,.4f}"])])
