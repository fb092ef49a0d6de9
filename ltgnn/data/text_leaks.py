"""Checks of the leak audit that read item texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import polars as pl
import torch
from torch import Tensor

from ltgnn.data.finding import Finding
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Split

SUSPICIOUS = re.compile(
    r"also_?(buy|bought|view)|bought_?together|co_?(purchas|occur)|history|neighbou?r|profile|review"
)
BUILT = "text built from interactions"
WORDS = r"[^\s,;:|\[\](){}\"'<>]+"  # what can be an id inside a text


def fields_of_interactions(fields: Sequence[str]) -> Finding | None:
    """Fields whose name suggests that they come from user behaviour."""
    found = [name for name in fields if SUSPICIOUS.search(name.lower())]
    what = f"{', '.join(found)}: write them from train only, or omit them from the template"
    return Finding(BUILT, len(found), what) if found else None


def user_mentions(split: Split, texts: Sequence[str], user_ids: Sequence[str]) -> Finding | None:
    """Held-out pairs whose item's text names the user, more often than texts of items chosen by chance."""
    mentions = _mentions(texts, user_ids)  # item, id = user
    keys = _tensor(mentions["id"] * split.train.num_items + mentions["item"])
    if not keys.numel():
        return None
    users, items = (torch.cat([getattr(part, name) for part in (split.val, split.test)]) for name in ("users", "items"))
    hits = int(torch.isin(users * split.train.num_items + items, keys).sum())
    chance = _by_chance(lambda order: torch.isin(users * split.train.num_items + items[order], keys).sum(), len(items))
    return _more_than_chance(BUILT, hits, chance, "held-out pairs whose item text names the user")


def item_mentions(split: Split, texts: Sequence[str], item_ids: Sequence[str]) -> Finding | None:
    """Held-out items named in the text of a train item of the same user, more often than by chance.

    Lists such as "bought together" leak held-out pairs in this way.
    """
    mentions = _mentions(texts, item_ids)  # item, id = the other item
    mentions = mentions.filter(pl.col("item") != pl.col("id"))
    if mentions.is_empty():
        return None
    train = pl.DataFrame({"user": split.train.users.numpy(), "item": split.train.items.numpy()})
    train = train.filter(pl.col("item").is_in(mentions["item"].implode()))
    held = torch.unique(torch.cat([split.val.keys, split.test.keys]))

    def hits(order: Tensor) -> Tensor:
        shuffled = mentions.with_columns(pl.Series("id", mentions["id"].to_numpy()[order.numpy()]))
        mentioned = train.join(shuffled, on="item")
        keys = _tensor(mentioned["user"] * split.train.num_items + mentioned["id"])
        return torch.isin(torch.unique(keys), held).sum()

    actual = int(hits(torch.arange(len(mentions))))
    what = "held-out pairs whose item is named in the text of a train item of the user"
    return _more_than_chance(BUILT, actual, _by_chance(hits, len(mentions)), what)


def twins(split: Split, texts: Sequence[str], item_ids: Sequence[str]) -> Finding | None:
    """Items with the same text under different ids; such a twin in train reveals the text of a held-out item."""
    frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String).str.to_lowercase().str.strip_chars()})
    frame = frame.with_row_index("item").with_columns(pl.col("item").cast(pl.Int64))
    same = frame.filter((pl.col("text") != "") & pl.col("text").is_duplicated())
    if same.is_empty():
        return None
    kind = torch.full((len(texts),), -1, dtype=torch.int64)
    kind[_tensor(same["item"])] = _tensor(same["text"].rank("dense"))
    size = int(kind.max()) + 1

    def keys_of(users: Tensor, items: Tensor) -> Tensor:
        return (users * size + kind[items])[kind[items] >= 0]

    train = keys_of(split.train.users, split.train.items)
    touched = sum(int(torch.isin(keys_of(part.users, part.items), train).sum()) for part in (split.val, split.test))
    first, second, *_ = same.filter(pl.col("text") == same["text"][0])["item"].to_list()
    what = (
        f"e.g. {item_ids[first]!r} and {item_ids[second]!r}; "
        f"{pluralize(touched, 'held-out pair has', 'held-out pairs have')} a twin in the user's train"
    )
    return Finding("identical texts under different ids", len(same), what)


def _mentions(texts: Sequence[str], ids: Sequence[str]) -> pl.DataFrame:
    """Which texts hold which ids as a word: columns item and id, numbers."""
    words = pl.LazyFrame({"word": pl.Series(texts, dtype=pl.String)}).with_row_index("item")
    words = words.with_columns(pl.col("word").str.extract_all(WORDS)).explode("word", empty_as_null=False)
    known = pl.LazyFrame({"word": pl.Series(ids, dtype=pl.String)}).with_row_index("id")
    found = words.join(known, on="word").select(pl.col("item").cast(pl.Int64), pl.col("id").cast(pl.Int64))
    return found.unique(maintain_order=True).collect()


def _tensor(column: pl.Series) -> Tensor:
    return torch.from_numpy(column.cast(pl.Int64).to_numpy(writable=True))


def _by_chance(hits: Callable[[Tensor], Tensor], size: int, times: int = 5) -> float:
    """Mean number of hits over random orders."""
    generator = torch.Generator().manual_seed(0)
    return sum(float(hits(torch.randperm(size, generator=generator))) for _ in range(times)) / times


def _more_than_chance(check: str, hits: int, chance: float, what: str) -> Finding | None:
    """A finding if the hits cannot be words that are ids by accident ("7" in a title): five standard deviations."""
    return Finding(check, hits, f"{what}; by chance {chance:.1f}") if hits > chance + 5 * (chance + 1) ** 0.5 else None
