"""The laws of a closed form (``ltgnn.types.ClosedForm``) and of the scorer that it fits (``ltgnn.types.Scorer``)."""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.testing import toy
from ltgnn.types import ClosedForm, Interactions, Scorer, need_closed_form

EVERYONE = torch.arange(toy.USERS)


class ClosedFormCase:
    """Give ``make``; ``rtol`` and ``atol`` where the same scores by another way round otherwise."""

    rtol: float = 1e-4
    atol: float = 1e-5

    def make(self) -> ClosedForm:
        """The closed form under test."""
        raise NotImplementedError

    def train(self) -> Interactions:
        """Train pairs of the toy shop."""
        return toy.interactions()

    def features(self) -> Tensor | None:
        """Item features [I, D]; None where the model reads none."""
        return toy.features() if self.make().reads_features else None

    def fit_scorer(self) -> Scorer:
        """What ``make`` gives, fitted."""
        return self.make().fit(self.train(), self.features())

    def candidates(self, scorer: Scorer) -> Tensor:
        """[I] bool"""
        return torch.ones(toy.ITEMS, dtype=torch.bool) if scorer.candidates is None else scorer.candidates

    def test_is_a_closed_form_that_fits_a_scorer(self) -> None:
        need_closed_form(self.make(), type(self).__name__)
        scorer = self.fit_scorer()
        assert isinstance(scorer, Scorer), f"fit gave a {type(scorer).__name__}, a Scorer wanted"

    def test_scores_of_some_users_are_their_rows(self) -> None:
        scorer, some = self.fit_scorer(), torch.tensor([7, 0, 3])
        scores, everyone = scorer.scores(some), scorer.scores(EVERYONE)
        assert scores.shape == (3, toy.ITEMS), f"scores {tuple(scores.shape)} given, (3, {toy.ITEMS}) wanted"
        assert scores.is_floating_point(), f"floating point scores wanted, {scores.dtype} given"
        self.close(scores, everyone[some], "scores of some users")
        chosen = torch.tensor([5, 0, 9, 2])
        self.close(scorer.scores_of(some, chosen), everyone[some][:, chosen], "scores_of: some items")
        self.close(scorer.scores_into(some, torch.empty(3, toy.ITEMS)), scores, "scores_into")

    def test_candidates_alone_have_finite_scores(self) -> None:
        scorer = self.fit_scorer()
        scores, mask = scorer.scores(EVERYONE), self.candidates(scorer)
        assert mask.dtype == torch.bool, f"candidates: a mask wanted, {mask.dtype} given"
        assert mask.shape == (toy.ITEMS,), f"candidates: a mask of all items wanted, {tuple(mask.shape)} given"
        assert bool(mask.any()), "no item is a candidate"
        assert bool(scores[:, mask].isfinite().all()), "a candidate has no finite score"
        assert bool((scores[:, ~mask] == -torch.inf).all()), "an item that is not a candidate must have -inf"

    def test_unmasked_scores_are_finite_and_the_same_for_candidates(self) -> None:
        scorer = self.fit_scorer()
        free, mask = scorer.unmasked().scores(EVERYONE), self.candidates(scorer)
        assert bool(free.isfinite().all()), "unmasked: a score is not finite"
        self.close(free[:, mask], scorer.scores(EVERYONE)[:, mask], "unmasked: scores of candidates")

    def test_another_fit_gives_the_same_scores_and_leaves_the_data(self) -> None:
        train, features = self.train(), self.features()
        scores = [self.make().fit(train, features).scores(EVERYONE) for _ in range(2)]
        assert torch.equal(scores[0], scores[1]), "two fits on the same data differ"
        assert torch.equal(train.keys, self.train().keys), "fit changed the train pairs"
        again = self.features()
        assert features is None or (again is not None and torch.equal(features, again)), "fit changed the features"

    def test_says_whether_it_reads_features(self) -> None:
        model, train, given = self.make(), self.train(), toy.features(seed=21)
        other = model.fit(train, given).scores(EVERYONE)
        same = torch.equal(other, self.fit_scorer().scores(EVERYONE))
        assert same != model.reads_features, (
            f"reads_features={model.reads_features}, but other features give {'the same' if same else 'other'} scores"
        )

    def test_parts_that_the_scorer_states(self) -> None:
        """``factors``, ``item_bias`` and ``terms`` are the scores, each where there are some."""
        scorer = self.fit_scorer()
        free, scores, mask = scorer.unmasked().scores(EVERYONE), scorer.scores(EVERYONE), self.candidates(scorer)
        if scorer.factors is not None:
            self.close(scorer.factors[0] @ scorer.factors[1], free, "factors: inner products")
        if scorer.item_bias is not None:
            self.close(scorer.item_bias.expand_as(free)[:, mask], scores[:, mask], "item_bias: scores of each user")
        terms = scorer.terms()
        if terms is not None:
            total = torch.stack([factor * term.scores(EVERYONE) for factor, term in terms]).sum(0)
            self.close(total[:, mask], scores[:, mask], "terms: their sum")

    def test_terms_of_the_history_sum_to_the_score(self) -> None:
        """Those of ``history_terms`` and ``named_terms``, where the scorer knows them, over train items of the user."""
        train, scorer = self.train(), self.fit_scorer().unmasked()
        scores = scorer.scores(EVERYONE)
        for user, item in ((0, 1), (4, 0), (toy.USERS - 1, 3)):
            found = scorer.history_terms(user, item)
            if found is None:
                continue
            history = train.items[train.users == user]
            assert bool(torch.isin(found[0], history).all()), f"history_terms of user {user} name an item of another"
            rest = scorer.named_terms(user, item) or {}
            total = found[1].sum().float() + sum(rest.values())
            self.close(total, scores[user, item], f"terms of user {user}, item {item}: their sum")

    def close(self, found: Tensor, wanted: Tensor, what: str) -> None:
        """Equal up to rounding."""
        assert found.shape == wanted.shape, f"{what}: shape {tuple(found.shape)} given, {tuple(wanted.shape)} wanted"
        assert torch.allclose(found.float(), wanted.float(), self.rtol, self.atol), (
            f"{what}: {found} given, {wanted} wanted"
        )
