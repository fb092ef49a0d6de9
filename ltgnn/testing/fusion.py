"""The laws of a fusion (``ltgnn.models.fusion.ItemFusion``)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ltgnn.models.fusion import ItemFusion
from ltgnn.testing import toy


class Items(NamedTuple):
    """What a fusion is called with."""

    ids: Tensor | None  # [I, d]
    features: Tensor | None  # [I, D]
    counts: Tensor  # [I] int64


class FusionCase:
    """Give ``make``. ``dim`` is the width of the ids and of the state, ``features_dim`` that of the features."""

    dim: int = 4
    features_dim: int = 6

    def make(self, dim: int, features_dim: int) -> ItemFusion:
        """The fusion under test, called as ``NodeEmbedding`` calls it."""
        raise NotImplementedError

    def build(self) -> ItemFusion:
        """The fusion with seeded weights, in float64 and evaluation."""
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return self.make(self.dim, self.features_dim).double().eval()

    def items(self, fusion: ItemFusion) -> Items:
        """Ids that the fusion has initialised, the features and the train counts; ids are 0 where they say nothing."""
        counts, features = toy.interactions().item_counts, toy.features(self.features_dim).double()
        ids = toy.random(toy.ITEMS, self.dim, seed=1, dtype=torch.float64)
        if not fusion.cold_ids:
            ids[counts == 0] = 0
        with torch.no_grad():
            fusion.initialise(ids, features, counts)
        return Items(ids if fusion.uses_ids else None, features, counts)

    def test_shapes(self) -> None:
        fusion = self.build()
        assert isinstance(fusion, ItemFusion), f"{type(fusion).__name__} is not derived from ItemFusion"
        state, content = fusion(*self.items(fusion))
        wanted = (toy.ITEMS, self.dim)
        assert state.shape == wanted, f"item state {tuple(state.shape)} given, {wanted} wanted"
        assert content is None or content.shape == wanted, f"projected features of the shape {wanted} or None wanted"
        assert bool(state.isfinite().all()), "the state is not finite"

    def test_same_arguments_give_the_same_state_in_evaluation(self) -> None:
        fusion = self.build()
        items = self.items(fusion)
        assert torch.equal(fusion(*items)[0], fusion(*items)[0]), "two passes differ in evaluation"

    def test_each_item_is_fused_by_itself(self) -> None:
        """Some of the items, in another order, get the states that they have among all: new items are made so."""
        fusion = self.build()
        ids, features, counts = self.items(fusion)
        rows = torch.tensor([9, 2, 14, 15, 0])
        some = fusion(None if ids is None else ids[rows], None if features is None else features[rows], counts[rows])
        close(some[0], fusion(ids, features, counts)[0][rows], "the states of some items")

    def test_abilities_that_are_stated(self) -> None:
        """Without ``reads_features`` it needs none; ``project`` is what the second result is."""
        fusion = self.build()
        ids, features, counts = self.items(fusion)
        state, content = fusion(ids, features, counts)
        if not fusion.reads_features:
            close(fusion(ids, None, counts)[0], state, "reads_features=False: the state without features")
        if content is not None:
            assert features is not None
            projected = fusion.project(features)
            assert projected is not None, "the fusion gives projected features, but `project` gives None"
            close(projected, content, "project")

    def test_columns_that_are_separable(self) -> None:
        fusion = self.build()
        ids, features, counts = self.items(fusion)
        if fusion.column_separable and ids is not None:
            moved = ids.clone()
            moved[:, 1] += 1
            change = (fusion(moved, features, counts)[0] - fusion(ids, features, counts)[0]).abs().amax(0) > 0
            assert not bool(change[torch.arange(self.dim) != 1].any()), "column_separable: a column moved others"

    def test_known_items_are_those_whose_state_says_something(self) -> None:
        """An item without a trained id is known exactly if its features change its state."""
        fusion = self.build()
        ids, features, counts = self.items(fusion)
        assert features is not None
        trained = counts >= 2
        if ids is not None and not fusion.cold_ids:
            ids = ids * trained[:, None]
        with torch.no_grad():
            known = fusion.known_items(features, trained)
            moved = fusion(ids, 2 * features + 1, counts)[0] - fusion(ids, features, counts)[0]
        assert known.dtype == torch.bool, f"a mask wanted, {known.dtype} given"
        assert known.shape == (toy.ITEMS,), f"a mask of all items wanted, shape {tuple(known.shape)} given"
        assert bool(known[trained].all()), "an item with a trained id is not known"
        asked = ~trained & features.any(1)
        assert torch.equal(known[asked], moved.any(1)[asked]), "known items are not those that the features speak of"

    def test_parts_sum_to_the_state(self) -> None:
        fusion = self.build()
        items = self.items(fusion)
        by_ids, by_content = fusion.parts(*items)
        close(by_ids + by_content, fusion(*items)[0], "the sum of parts")


def close(found: Tensor, wanted: Tensor, what: str) -> None:
    """Equal up to rounding in float64."""
    assert found.shape == wanted.shape, f"{what}: shape {tuple(found.shape)} given, {tuple(wanted.shape)} wanted"
    assert torch.allclose(found, wanted, rtol=1e-9, atol=1e-12), f"{what}: {found} given, {wanted} wanted"
