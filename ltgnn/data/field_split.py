"""Train on the events of some channels, stores or devices, test on those of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor

from ltgnn.data.splitting import all_interactions, make_split, permute, rank_in_user, share_of
from ltgnn.types import Dataset, EventField, Interactions, Split, UserError

NAMED = 20
"""Values that a message names."""


@dataclass(frozen=True)
class ByField:
    """Test: the pairs whose event has one of ``test_values`` in ``field``; train: the others.

    Validation is what has one of ``val_values``, or, where none is given, a random share ``val`` of each user's other
    pairs, at least one of which stays in train: then the model is chosen without a look at the channels of the test.
    A pair is in one part only, by the event that the cleaning kept of it (``data.cleaning.repeats``).
    """

    field: str
    test_values: Sequence[str]
    val_values: Sequence[str]
    val: Annotated[float, Ge(0), Lt(1)]
    seed: int

    def __call__(self, dataset: Dataset) -> Split:
        pairs = all_interactions(dataset)
        column = pairs.field_of(self.field, "split.field")
        test = self._having(column, self.test_values, "split.test_values")
        named = f"by {self.field}, test {', '.join(map(str, self.test_values))}"
        if self.val_values:
            both = sorted({*map(str, self.val_values)} & {*map(str, self.test_values)})
            if both:
                raise UserError(f"split.val_values and split.test_values both have {both[0]}: wanted in one of them.")
            val = self._having(column, self.val_values, "split.val_values")
            return make_split(pairs, val, test, f"{named}, validation {', '.join(map(str, self.val_values))}")
        val = self._share(pairs, ~test)
        name = f"{named}, validation {100 * self.val:g} % of each user's others, seed {self.seed}"
        return make_split(pairs, val, test, name)

    def _having(self, column: EventField, wanted: Sequence[str], option: str) -> Tensor:
        """Which pairs have one of the values.  [E] bool"""
        listed = ", ".join(list(column.values)[:NAMED])
        more = f" and {len(column.values) - NAMED} more" if len(column.values) > NAMED else ""
        known = f"the values of {self.field} are {listed}{more}"
        if not wanted:
            raise UserError(f"{option}=[]: wanted one value or more; {known}.")
        numbers = {value: number for number, value in enumerate(column.values)}
        if wrong := [value for value in map(str, wanted) if value not in numbers]:
            raise UserError(f"{option}=[{','.join(map(str, wanted))}]: no event has {wrong[0]}; {known}.")
        return torch.isin(column.codes, torch.tensor([numbers[str(value)] for value in wanted], dtype=torch.int32))

    def _share(self, pairs: Interactions, others: Tensor) -> Tensor:
        """Which of the pairs that are not test are validation.  [E] bool"""
        rest = pairs.select(others)
        size = rest.user_counts
        number = torch.minimum(share_of(size, self.val), (size - 1).clamp(min=0))
        held = torch.zeros(len(pairs), dtype=torch.bool)
        held[others] = rank_in_user(rest, permute(len(rest), self.seed)) >= (size - number)[rest.users]
        return held
