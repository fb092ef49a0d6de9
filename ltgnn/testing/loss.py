"""The laws of a loss (``ltgnn.types.Loss``)."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import torch
from torch import Tensor

from ltgnn.tensors.batch_nodes import nodes_of
from ltgnn.testing import toy
from ltgnn.types import Batch, Encoded, FunctionScorer, Loss, Scorer


class LossCase:
    """Give ``make``. ``negatives``: how many the sampler draws for each pair, 0 for a loss over the batch."""

    negatives: int = 3

    def make(self) -> Loss:
        """The loss under test, in float64 where it has weights."""
        raise NotImplementedError

    def batch(self) -> Batch:
        """A batch with as many negatives as ``negatives`` says."""
        return toy.batch(negatives=self.negatives)

    def encoded(self) -> Encoded:
        """States in float64."""
        return toy.encoded()

    def views(self) -> list[Encoded]:
        """The contrastive encodings, for a loss that reads them."""
        return []

    def test_is_a_loss_with_one_finite_value(self) -> None:
        loss = self.make()
        assert isinstance(loss, Loss), f"{type(loss).__name__} is not derived from ltgnn.types.Loss"
        value = loss(self.batch(), self.encoded(), self.views())
        assert value.shape == (), f"a scalar wanted, a tensor of shape {tuple(value.shape)} given"
        assert bool(value.isfinite()), f"a finite value wanted, {float(value)} given"

    def test_same_arguments_give_the_same_value(self) -> None:
        loss = self.make()
        values = [loss(self.batch(), self.encoded(), self.views()).item() for _ in range(2)]
        assert values[0] == values[1], f"two calls gave {values[0]} and {values[1]}"

    def test_gradients_are_those_of_the_value(self) -> None:
        """Autograd against finite differences, in all states, layers and projected features of main and views."""
        loss, every = self.make(), [self.encoded(), *self.views()]
        given = [table.detach().clone().requires_grad_() for one in every for table in tables_of(one)]

        def value(*tables: Tensor) -> Tensor:
            rest = iter(tables)
            main, *views = [with_tables(one, [next(rest) for _ in tables_of(one)]) for one in every]
            return loss(self.batch(), main, views)

        reached = torch.autograd.grad(value(*given), given, allow_unused=True)
        assert any(gradient is not None for gradient in reached), "the loss depends on no state"
        assert torch.autograd.gradcheck(value, given, fast_mode=True, raise_exception=False), (
            "autograd and finite differences differ"
        )

    def test_a_local_loss_needs_the_nodes_of_the_batch_alone(self) -> None:
        loss, batch, main = self.make(), self.batch(), self.encoded()
        if loss.local:
            nodes = nodes_of(batch, len(main.users), len(main.items))
            rows = torch.cat([nodes.users, nodes.items + len(main.users)])
            content = None if main.content is None else main.content[nodes.items]
            layers = tuple(layer[rows] for layer in main.layers)
            small = Encoded(main.users[nodes.users], main.items[nodes.items], layers, content)
            close(loss(nodes.batch, small, []), loss(batch, main, []), "local: on the tables of the batch alone")

    def test_a_row_separable_loss_is_the_mean_of_its_rows(self) -> None:
        loss, batch, main = self.make(), self.batch(), self.encoded()
        if loss.row_separable:
            each = [
                loss(batch._replace(users=batch.users[row], pos=batch.pos[row], neg=batch.neg[row]), main, self.views())
                for row in torch.arange(len(batch.users)).split(1)
            ]
            close(torch.stack(each).mean(), loss(batch, main, self.views()), "row_separable: mean over single rows")

    def test_a_column_separable_loss_adds_up_over_processes(self) -> None:
        """The columns of all tables are cut in two, and each half knows the other through ``main.columns`` alone."""
        loss, batch, main = self.make(), self.batch(), self.encoded()
        if loss.column_separable:
            undivided = loss(batch, main, self.views())
            for part in by_columns(lambda half: loss(batch, half, self.views()), main):
                close(part, undivided, "column_separable: on half of the columns each")

    def test_says_whether_it_changes_the_ranking(self) -> None:
        loss, main, users = self.make(), self.encoded(), torch.arange(5)
        scorer = FunctionScorer(lambda users: main.users[users] @ main.items.T)
        ranked = loss.at_ranking(main, scorer)
        assert isinstance(ranked, Scorer), f"at_ranking gave a {type(ranked).__name__}, a Scorer wanted"
        assert (ranked is not scorer) == loss.changes_ranking, (
            f"changes_ranking={loss.changes_ranking}, but at_ranking gave "
            f"{'the scorer it got' if ranked is scorer else 'another scorer'}"
        )
        assert ranked.scores(users).shape == (5, len(main.items)), "at_ranking: scores of all items wanted"
        for factor, added in loss.added_scores():
            assert math.isfinite(factor), f"added_scores: the factor {factor} is not finite"
            assert added.scores(users).shape == (5, toy.ITEMS), "added_scores: scores of all items wanted"


def tables_of(encoded: Encoded) -> list[Tensor]:
    """All tables of an encoding: users, items, layers, and projected features where there are some."""
    content = [] if encoded.content is None else [encoded.content]
    return [encoded.users, encoded.items, *encoded.layers, *content]


def with_tables(encoded: Encoded, tables: list[Tensor]) -> Encoded:
    """The encoding with others in the place of ``tables_of``."""
    users, items, *rest = tables
    last = len(encoded.layers)
    return encoded._replace(
        users=users, items=items, layers=tuple(rest[:last]), content=rest[last] if rest[last:] else None
    )


class Halves:
    """Two threads in place of two processes, each with one half of the columns (``ltgnn.types.Columns``)."""

    def __init__(self, place: int, parts: list[Tensor], meeting: Barrier) -> None:
        self.place, self.parts, self.meeting = place, parts, meeting

    def sum(self, part: Tensor) -> Tensor:
        """Of the parts of both."""
        self.parts[self.place] = part
        self.meeting.wait(timeout=60)
        total = self.parts[0] + self.parts[1]
        self.meeting.wait(timeout=60)
        return total

    def gather(self, part: Tensor) -> Tensor:
        """Refused: a loss needs sums alone."""
        raise AssertionError("a loss gathers no columns")


def by_columns(value: Callable[[Encoded], Tensor], main: Encoded) -> list[Tensor]:
    """What each of two processes computes from its half of the columns of all tables."""
    parts, meeting = [main.users, main.users], Barrier(2)

    def half(place: int) -> Tensor:
        tables = [table.tensor_split(2, dim=1)[place].contiguous() for table in tables_of(main)]
        try:
            return value(with_tables(main, tables)._replace(columns=Halves(place, parts, meeting)))
        except BaseException:
            meeting.abort()
            raise

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(half, range(2)))


def close(found: Tensor, wanted: Tensor, what: str) -> None:
    """Equal up to rounding in float64."""
    assert found.shape == wanted.shape, f"{what}: shape {tuple(found.shape)} given, {tuple(wanted.shape)} wanted"
    assert torch.allclose(found, wanted, rtol=1e-9, atol=1e-12), f"{what}: {found} given, {wanted} wanted"
