"""The laws of a sampler of negatives (``ltgnn.types.Sampler``)."""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.testing import toy
from ltgnn.types import Interactions, Sampler

ROWS, BATCHES = 8, 600
"""Pairs of a batch, and batches in the draws that are counted."""


class SamplerCase:
    """Give ``make``; what it promises in the attributes.

    ``negatives``: how many count for each pair; ``excludes_own``: never an item of the user's train part.
    """

    negatives: int = 3
    excludes_own: bool = True

    def make(self, train: Interactions) -> Sampler:
        """The sampler under test."""
        raise NotImplementedError

    def draw(self, sampler: Sampler, seed: int) -> tuple[Tensor, Tensor]:
        """Users [ROWS] and their negatives [ROWS, drawn]."""
        train = toy.interactions()
        chosen = torch.arange(seed, seed + ROWS) % len(train)
        users = train.users[chosen]
        return users, sampler(users, train.items[chosen], torch.Generator().manual_seed(seed))

    def test_shape_and_range(self) -> None:
        sampler = self.make(toy.interactions())
        assert isinstance(sampler, Sampler), f"{type(sampler).__name__} is not derived from ltgnn.types.Sampler"
        drawn = self.draw(sampler, 0)[1]
        assert drawn.dtype == torch.int64, f"numbers of items in int64 wanted, {drawn.dtype} given"
        assert drawn.shape[0] == ROWS, f"a row for each pair wanted, {drawn.shape[0]} for {ROWS} given"
        assert (drawn.shape[1] > 0) == sampler.draws, f"draws={sampler.draws}, but {drawn.shape[1]} negatives a pair"
        assert bool(((drawn >= 0) & (drawn < toy.ITEMS)).all()), f"items 0 to {toy.ITEMS - 1} wanted"

    def test_same_generator_same_draws(self) -> None:
        sampler = self.make(toy.interactions())
        users, pos = toy.batch(ROWS).users, toy.batch(ROWS).pos
        first, again, other = (sampler(users, pos, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
        assert torch.equal(first, again), "two generators of one seed give other negatives"
        assert first.numel() == 0 or not torch.equal(first, other), "another seed gives the same negatives"

    def test_own_items_are_left_out_where_that_is_promised(self) -> None:
        train = toy.interactions()
        sampler = self.make(train)
        for seed in range(100 if self.excludes_own else 0):
            users, drawn = self.draw(sampler, seed)
            known_pairs = torch.isin(users[:, None] * toy.ITEMS + drawn, train.keys)
            assert not bool(known_pairs.any()), f"{int(known_pairs.sum())} negatives are items of the user"

    def test_the_proposal_is_what_is_drawn(self) -> None:
        """Frequencies within five standard deviations; own items left out, the chances of the others grow alike.

        Of negatives that the whole batch shares (a view of stride 0) one row is counted.
        """
        train = toy.interactions()
        sampler = self.make(train)
        batches = [self.draw(sampler, seed) for seed in range(BATCHES)]
        chances = sampler.proposal
        if chances is None:
            return
        assert chances.shape == (toy.ITEMS,), f"a chance of each item wanted, shape {tuple(chances.shape)} given"
        assert abs(float(chances.sum()) - 1) < 1e-6, f"chances sum to {float(chances.sum())}, 1 wanted"
        table = chances.double().expand(toy.USERS, -1).clone()
        if self.excludes_own:
            table[train.users, train.items] = 0
        table /= table.sum(1, keepdim=True)
        counted = [(users[:1], drawn[:1]) if drawn.stride(0) == 0 else (users, drawn) for users, drawn in batches]
        drawn = torch.cat([drawn for _, drawn in counted])
        expected = table[torch.cat([users for users, _ in counted])]
        found = torch.bincount(drawn.flatten(), minlength=toy.ITEMS).double()
        wanted, spread = drawn.shape[1] * expected.sum(0), (drawn.shape[1] * (expected * (1 - expected)).sum(0)).sqrt()
        far = (found - wanted).abs() > 5 * spread + 1e-9
        assert not bool(far.any()), f"drawn {found[far].tolist()} times, {wanted[far].tolist()} expected"

    def test_narrow_leaves_some_of_the_negatives(self) -> None:
        sampler, batch = self.make(toy.interactions()), toy.batch()
        main = toy.encoded()
        drawn = sampler(batch.users, batch.pos, torch.Generator().manual_seed(0))
        found = sampler.narrow(batch._replace(neg=drawn, proposal=sampler.proposal), main)
        assert torch.equal(found.users, batch.users), "narrow changed the users"
        assert torch.equal(found.pos, batch.pos), "narrow changed the positives"
        shape = (len(batch.users), self.negatives)
        assert found.neg.shape == shape, f"{tuple(found.neg.shape)} negatives count, {shape} wanted"
        for row, offered in zip(found.neg.tolist(), drawn.tolist(), strict=True):
            assert set(row) <= set(offered), f"narrow took {sorted(set(row) - set(offered))}, which were not drawn"
