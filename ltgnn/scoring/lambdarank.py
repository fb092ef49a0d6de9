"""Two-stage ranking: the members' best items, ranked again by boosted trees with a listwise loss."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from ltgnn.evaluation.topk import block_users
from ltgnn.scoring.candidate_features import CandidateFeatures
from ltgnn.scoring.candidates import Pool
from ltgnn.scoring.ensemble import Members
from ltgnn.scoring.masked import any_candidates
from ltgnn.scoring.trees import MOST_LEAVES, Tree, predict
from ltgnn.types import Interactions, Scorer, UserError, as_scorer

log = logging.getLogger(__name__)

TIE = 0.01
"""What the mean z-score of the members adds to the trees, which have few values: it orders those that are equal."""


class LambdaRank:
    """LambdaMART on the union of the members' ``depth`` best items (Burges, MSR-TR-2010-82; LightGBM).

    Features: ``CandidateFeatures`` with ``extras``; a score never falls where a member puts the item higher. Users are
    in ``folds`` by chance; each is ranked by trees that were fitted on the validation pairs of the other folds, in the
    test part, too, so that validation values are out of fold. The number of trees, ``trees`` at most, is that with the
    best NDCG@k of these. ``most_users``: that many with a validation pair, by chance, bound the memory. Items that no
    member has among its best follow behind, by their mean z-score. ``weights``: what was found; None: not yet.
    """

    def __init__(
        self,
        k: Annotated[int, Ge(1)],
        folds: Annotated[int, Ge(2)],
        trees: Annotated[int, Ge(1)],
        leaves: Annotated[int, Ge(2), Le(MOST_LEAVES)],
        learning_rate: Annotated[float, Gt(0)],
        least: Annotated[int, Ge(1)],
        extras: Sequence[str],
        most_users: Annotated[int, Ge(2)],
        seed: int,
        weights: str | None = None,
    ) -> None:
        self.k, self.folds, self.trees, self.leaves = k, folds, trees, leaves
        self.learning_rate, self.least, self.extras = learning_rate, least, tuple(extras)
        self.most_users, self.seed, self.weights = most_users, seed, weights

    def of(self, members: Members, train: Interactions, features: Tensor | None = None) -> Scorer:
        """The members, ranked by the trees that were found."""
        if self.weights is None:
            raise UserError("blend=lambdarank has no trees yet: ltgnn ensemble RUN RUN blend=lambdarank fits them.")
        found = json.loads(self.weights)
        scorers = [as_scorer(member) for member in members.values()]
        candidates = CandidateFeatures(scorers, train, found["depth"], self.extras, features)
        if found["features"] != len(candidates.increasing):
            raise UserError(
                f"blend.weights was fitted on {found['features']} features, and these members have "
                f"{len(candidates.increasing)}: make the ensemble again."
            )
        forests = [[Tree(**tree) for tree in forest] for forest in found["trees"]]
        return Reranked(candidates, self.folds_of(train.num_users), forests, [member.candidates for member in scorers])

    def folds_of(self, users: int) -> Tensor:
        """[U]"""
        return torch.randperm(users, generator=torch.Generator().manual_seed(self.seed)) % self.folds

    def find_weights(
        self, members: Members, train: Interactions, held_out: Interactions, depth: int, features: Tensor | None = None
    ) -> str:
        """The trees of each fold as JSON, fitted on the pairs that are ``held_out``."""
        scorers = [as_scorer(member) for member in members.values()]
        candidates = CandidateFeatures(scorers, train, depth, self.extras, features)
        pool, users, base = self._pool(candidates, held_out)
        fold = self.folds_of(train.num_users)[users]
        forests = [self.fit(pool, fold != number, candidates.increasing) for number in range(self.folds)]
        trees = self._choose(pool, fold, forests, base)
        found = {
            "depth": depth,
            "features": len(candidates.increasing),
            "trees": [forest[:trees] for forest in forests],
        }
        return json.dumps(found, default=vars, separators=(",", ":"))

    def _pool(self, candidates: CandidateFeatures, held_out: Interactions) -> tuple[Pool, Tensor, Tensor]:
        """Candidates of the users with a held-out pair, these users [n], and the mean z-score [n, P]."""
        users = torch.unique(held_out.users)
        if not users.numel():
            raise UserError("a blend is fitted on validation, and this split has none: set split.val, and train again.")
        if len(users) > self.most_users:
            chosen = torch.randperm(len(users), generator=torch.Generator().manual_seed(self.seed))[: self.most_users]
            users = users[chosen.sort().values]
        blocks = []
        with torch.no_grad():
            for block in users.split(block_users(held_out.num_items, 16)):
                items, values, base = candidates(block)
                blocks.append((items, values, base.gather(1, items.clamp_min(0))))
        width = max(items.shape[1] for items, _, _ in blocks)
        items, values, base = (
            torch.cat(
                [torch.nn.functional.pad(part, (*before, 0, width - part.shape[1]), value=fill) for part in parts]
            )
            for parts, fill, before in zip(zip(*blocks, strict=True), (-1, 0, 0), ((), (0, 0), ()), strict=True)
        )
        hits = torch.isin(users[:, None] * held_out.num_items + items.clamp_min(0), held_out.keys) & (items >= 0)
        relevant = torch.bincount(held_out.users, minlength=held_out.num_users)[users, None]
        nothing = torch.zeros_like(users)
        return Pool(items, values, hits, relevant, nothing, torch.zeros_like(items), (1, 1)), users, base

    def fit(self, pool: Pool, chosen: Tensor, increasing: Sequence[int]) -> list[Tree]:
        """Trees of the ``chosen`` rows [n] of a pool with a hit; ``increasing``: 1, or 0, for each feature."""
        try:
            import lightgbm
        except ImportError as error:
            raise UserError("blend=lambdarank needs the library `lightgbm`: pip install 'ltgnn[rerank]'") from error
        rows = torch.nonzero(chosen & (pool.hits.sum(1) > 0))[:, 0]
        if not len(rows):
            raise UserError(
                "blend=lambdarank: no member has a validation item among its best for any user: raise depth=, or "
                "choose another blend."
            )
        there = pool.items[rows] >= 0
        data = lightgbm.Dataset(
            pool.normalised_scores[rows][there].double().numpy(), pool.hits[rows][there].numpy().astype(np.int32),
            group=there.sum(1).numpy(),
        )  # fmt: skip
        options = {
            "objective": "lambdarank", "lambdarank_truncation_level": self.k, "learning_rate": self.learning_rate,
            "num_leaves": self.leaves, "min_data_in_leaf": self.least, "monotone_constraints": list(increasing),
            "seed": self.seed, "deterministic": True, "force_row_wise": True, "verbose": -1,
            "num_threads": torch.get_num_threads(), "feature_pre_filter": False,
        }  # fmt: skip
        booster = lightgbm.train(options, data, self.trees)
        return [Tree.of(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]

    def _choose(self, pool: Pool, fold: Tensor, forests: Sequence[Sequence[Tree]], base: Tensor) -> int:
        """How many trees have the best NDCG@k out of fold, of ten numbers up to ``trees``."""
        totals, values = np.zeros(tuple(pool.items.shape)), dict[int, float]()
        columns = columns_of(pool.normalised_scores)
        steps = sorted({max(1, round(self.trees * step / 10)) for step in range(1, 11)})
        for before, step in zip([0, *steps], steps, strict=False):
            for number, forest in enumerate(forests):
                mine = (fold == number).numpy()
                part = columns[:, mine].reshape(len(columns), -1)
                totals[mine] += predict(forest[before:step], part).reshape(-1, totals.shape[1])
            values[step] = pool.ndcg(torch.from_numpy(totals) + TIE * base, self.k)
        best = max(values, key=lambda step: values[step])
        log.info(
            "lambdarank: %d trees a fold, val NDCG@%d out of fold on the pool %.4f (mean of z-scores %.4f); of %s",
            best, self.k, values[best], pool.ndcg(base, self.k),
            ", ".join(f"{step}: {value:.4f}" for step, value in values.items()),
        )  # fmt: skip
        return best


def columns_of(values: Tensor) -> Any:
    """Features [n, P, F] -> numpy [F, n, P] float64"""
    return np.ascontiguousarray(values.double().permute(2, 0, 1).numpy())


class Reranked(Scorer):
    """Candidates by trees, each user by those of its fold; all others behind them."""

    label = "lambdarank"

    def __init__(
        self,
        candidates: CandidateFeatures,
        folds: Tensor,
        forests: Sequence[Sequence[Tree]],
        known: Sequence[Tensor | None],
    ) -> None:
        self.described, self.folds, self.forests = candidates, folds, forests
        self.candidates = any_candidates(known)

    def scores(self, users: Tensor) -> Tensor:
        items, values, base = self.described(users)
        columns, there = columns_of(values), items >= 0
        trees = torch.zeros(items.shape, dtype=torch.float64)
        for number, forest in enumerate(self.forests):
            mine = self.folds[users.cpu()] == number
            if bool(mine.any()):
                part = columns[:, mine.numpy()].reshape(len(columns), -1)
                trees[mine] = torch.from_numpy(predict(forest, part)).view(-1, items.shape[1])
        places = items.clamp_min(0)
        found = trees + TIE * base.gather(1, places).double()
        floor = found.masked_fill(~there, torch.inf).amin(1, keepdim=True)
        total = base.double() - base.amax(1, keepdim=True) + floor - 1
        rows = torch.arange(len(users))[:, None].expand(items.shape)
        total[rows[there], items[there]] = found[there]
        return total.float().nan_to_num(nan=-torch.inf, posinf=-torch.inf, neginf=-torch.inf).to(users.device)
