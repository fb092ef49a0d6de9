"""Groups by fields: held-out pairs by the field of their event, users by their main value or by a field of their own.

A group is named by its value. The ``most`` frequent values, by train interactions, have a group each; the rest are
``other``. In the names of values ``/`` and ``@`` become ``_``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor

from ltgnn.types import UNKNOWN, Groups, Interactions, UserError

OTHER = "other"
"""Group of the values that have none of their own."""

NO_TRAIN = "none"
"""Group of the users without a train interaction, who have no main value."""

Most = Annotated[int, Ge(1), Le(100)]


@dataclass(frozen=True)
class EventsByField:
    """Held-out pairs by channel, store or device of their event: ``scene/web/ndcg@20`` is of the pairs of ``web``."""

    field: str  # of events, as the reader names it
    most: Most

    def group_events(self, held_out: Interactions, train: Interactions) -> Groups:
        """Labels [E] of the held-out pairs; ``UserError`` where there is no such field."""
        column = held_out.field_of(self.field, "eval.event_groups: field")
        sizes = torch.bincount(train.field_of(self.field, "field").codes, minlength=len(column.values))
        held = torch.bincount(column.codes, minlength=len(column.values))
        names, group_of = group_values(column.values, sizes, held, self.most)
        rule = f"held-out pairs by {self.field} of the event{which_other(len(column.values), self.most)}"
        return Groups(self.field, names, group_of[column.codes].to(torch.int8), rule)


@dataclass(frozen=True)
class UsersByMainValue:
    """Users by the value that most of their train interactions have; of equally many, the more frequent one of all."""

    field: str  # of events, as the reader names it
    most: Most

    def group_users(self, train: Interactions, user_fields: Mapping[str, Sequence[str]]) -> Groups:
        """Labels [U]; ``UserError`` where there is no such field."""
        column = train.field_of(self.field, "eval.user_groups: field")
        number, sizes = len(column.values), torch.bincount(column.codes, minlength=len(column.values))
        names, group_of = group_values(column.values, sizes, sizes, self.most)
        order = torch.argsort(sizes, descending=True, stable=True)  # argmax below takes the first of the largest
        place = torch.empty_like(order)
        place[order] = torch.arange(number)
        cells = train.users * number + place[column.codes]
        by_user = torch.bincount(cells, minlength=train.num_users * number).view(train.num_users, number)
        if NO_TRAIN in names:
            raise UserError(
                f"eval.user_groups: field={self.field}: a value is called '{NO_TRAIN}', as is the group of users "
                "without a train interaction: give it another name in the data."
            )
        labels = group_of[order[by_user.argmax(1)]]
        labels[train.user_counts == 0] = len(names)
        rule = f"users by the {self.field} of most of their train interactions{which_other(number, self.most)}"
        return Groups(self.field, (*names, NO_TRAIN), labels.to(torch.int8), rule)


@dataclass(frozen=True)
class UsersByField:
    """Users by a field of the table of users, such as their country."""

    field: str  # of users, as the reader names it
    most: Most

    def group_users(self, train: Interactions, user_fields: Mapping[str, Sequence[str]]) -> Groups:
        """Labels [U]; ``UserError`` where there is no such field."""
        if self.field not in user_fields:
            there = f"there are: {', '.join(user_fields)}" if user_fields else "the data have none"
            raise UserError(
                f"eval.user_groups: field={self.field}: no such field of users; {there}. Name one of them, or take "
                "user_groups@eval.user_groups=main_value for a field of events."
            )
        texts = [text or UNKNOWN for text in user_fields[self.field]]
        values = sorted(set(texts))
        number = {value: place for place, value in enumerate(values)}
        codes = torch.tensor([number[text] for text in texts], dtype=torch.int64)
        sizes = torch.bincount(codes[train.users], minlength=len(values))
        names, group_of = group_values(values, sizes, torch.bincount(codes, minlength=len(values)), self.most)
        rule = f"users by {self.field}{which_other(len(values), self.most)}"
        return Groups(self.field, names, group_of[codes].to(torch.int8), rule)


def group_values(values: Sequence[str], sizes: Tensor, more: Tensor, most: int) -> tuple[tuple[str, ...], Tensor]:
    """Names of the groups, and the group of each value [V]: by ``sizes`` [V], ties by ``more`` [V], then by place."""
    ranked = sorted(range(len(values)), key=lambda n: (-int(sizes[n]), -int(more[n]), n))
    names = [values[n].replace("/", "_").replace("@", "_") for n in ranked[:most]]
    rest = len(values) > most
    listed = [*names, OTHER] if rest else names
    if twice := [name for name in listed if listed.count(name) > 1]:
        raise UserError(
            f"two values of a field give the group '{twice[0]}', in which / and @ are written as _, and '{OTHER}' is "
            "the rest: give them other names in the data."
        )
    group_of = torch.full((len(values),), len(names), dtype=torch.int64)
    group_of[torch.tensor(ranked[:most], dtype=torch.int64)] = torch.arange(len(names))
    return tuple(listed), group_of


def which_other(values: int, most: int) -> str:
    """What the rule says of values without a group."""
    return f", the {most} most frequent of {values} values" if values > most else ""
