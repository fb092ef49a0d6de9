"""Broken metrics, rules, readers and features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor

from ltgnn.data.raw import Raw
from ltgnn.evaluation.lists import Lists
from ltgnn.evaluation.metric import metric
from ltgnn.features.item_features import FeatureSource
from ltgnn.testing import toy
from ltgnn.testing.features import FeaturesCase
from ltgnn.testing.metric import MetricCase
from ltgnn.testing.reader import ReaderCase, Row
from ltgnn.testing.rule import RuleCase
from ltgnn.types import Dataset, Features
from tests.testing.broken import breaks
from tests.testing.test_reader import Pairs

CALLS = count()
"""One number more for each call, as what a part should not depend on."""


@breaks(MetricCase, "name_and_formula", "direction", "values_by_hand")
def misses_as_if_more_were_better(case: MetricCase) -> Any:
    @metric("lists")
    def misses(lists: Lists) -> Tensor:
        return lists.mean(~lists.found)

    return misses


@breaks(MetricCase, "a_user_has_the_same_number_alone", "same_lists_give_the_same_value")
def hits_among_those_of_all_users_and_calls(case: MetricCase) -> Any:
    @metric("lists")
    def hits(lists: Lists) -> Tensor:
        """Hits of the user, less those of all, and the number of the call."""
        return lists.mean(lists.found) - lists.found.double().mean() + next(CALLS)

    return hits


@breaks(MetricCase, "one_number_for_each_user_or_one_for_all")
def one_number_for_all_that_says_it_is_of_each(case: MetricCase) -> Any:
    @metric("lists")
    def hits(lists: Lists) -> float:
        """Hits of all users."""
        return float(lists.found.double().mean())

    return hits


class Allows:
    def allowed(self, context: Any) -> Tensor:
        return torch.ones(toy.ITEMS)  # numbers, no mask


class Hides:
    def hidden(self, context: Any, user: int) -> Tensor:
        return torch.arange(next(CALLS) % 16, 16)[:3]


class Doubles:
    depth = 6

    def order(self, context: Any, items: Tensor, scores: Tensor, user: int, k: int) -> Tensor:
        return torch.zeros(min(k, len(items)), dtype=torch.int64)


class Shortens:
    most = 1

    def kinds(self, context: Any) -> Tensor:
        return torch.zeros(3, dtype=torch.int64)


class Demands:
    def members(self, context: Any) -> Tensor:
        return torch.ones(toy.ITEMS, dtype=torch.bool)

    def least(self, k: int) -> int:
        return k + 1


@breaks(RuleCase, "allowed_items_alone_are_listed")
def a_filter_that_gives_no_mask(case: RuleCase) -> Any:
    return Allows()


@breaks(RuleCase, "hidden_items_are_not_listed")
def a_filter_that_hides_others_each_time(case: RuleCase) -> Any:
    return Hides()


@breaks(RuleCase, "lists_are_of_candidates_once_each_and_the_same_twice", "an_order_is_of_the_best_candidates")
def an_order_that_names_one_place_always(case: RuleCase) -> Any:
    return Doubles()


@breaks(RuleCase, "a_cap_is_kept")
def kinds_of_some_items_alone(case: RuleCase) -> Any:
    return Shortens()


@breaks(RuleCase, "a_share_is_kept")
def a_share_of_more_than_there_is(case: RuleCase) -> Any:
    return Demands()


def write_pairs(case: ReaderCase, folder: Path, rows: Sequence[Row]) -> Path:
    file = folder / "pairs.txt"
    file.write_text("".join(" ".join(row) + "\n" for row in rows))
    return file


@breaks(ReaderCase, "a_broken_line_is_refused_by_its_number", write=write_pairs)  # lines counted from 2
def lines_counted_otherwise(case: ReaderCase) -> Any:
    return Pairs()


class Careless:
    """Leaves out what it cannot read, names users by the number of the call, and keeps codes of 64 bits."""

    def __call__(self, folder: Path) -> Raw:
        codes, call = np.zeros(4, dtype=np.int64), next(CALLS)
        ids = pl.Series([f"u{call}"])
        return Raw(codes, codes, ids, ids, notes={"folder": folder})  # type: ignore[arg-type]


@breaks(
    ReaderCase,
    "the_rows_are_those_that_were_written",
    "ids_are_coded",
    "the_same_files_give_the_same_twice",
    "a_missing_file_is_refused_by_its_name",
    write=write_pairs,
)
def a_careless_reader(case: ReaderCase) -> Any:
    return Careless()


@breaks(ReaderCase, "notes_are_plain_values", write=write_pairs)
def notes_that_json_changes(case: ReaderCase) -> Any:
    def read(folder: Path) -> Raw:
        codes, ids = np.zeros(1, dtype=np.int32), pl.Series(["a"])
        return Raw(codes, codes, ids, ids, notes={"sizes": (1, 2)})

    return read


class Made(FeatureSource):
    """Features that are made of the counts."""

    def __init__(self, make: Callable[[Tensor], Features]) -> None:
        self.make = make

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        return self.make(counts)


@breaks(
    FeaturesCase,
    "a_finite_row_for_each_item",
    "the_same_twice_kept_or_made_anew",
    "the_card_has_plain_values_and_a_key",
)
def features_of_three_items_by_the_call(case: FeaturesCase, folder: Path) -> Any:
    return Made(lambda counts: Features(torch.full((3, 2), float(next(CALLS))), {"shape": (3, 2), "key": ""}))


@breaks(FeaturesCase, "other_data_have_another_key", "who_took_what_says_nothing_of_an_item")
def features_that_read_counts(case: FeaturesCase, folder: Path) -> Any:
    return Made(lambda counts: Features(counts[:, None].float(), {"key": "always"}))
