"""How the weights of a blend are found on the validation part."""

from __future__ import annotations

import logging
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from ltgnn.scoring.candidates import Pool
from ltgnn.types import UserError

log = logging.getLogger(__name__)


class Ascent:
    """Weights >= 0 that sum to 1 with the best NDCG@k, one member after the other.

    It starts at the best single member. In a round each member ``m`` in turn takes each share ``t`` of ``steps + 1``
    from 0 to 1, ``w = (1 - t) w + t e_m`` (the others keep their proportions); a better share is kept. It ends after a
    round without gain, or after ``rounds``. So no blend is worse on the pool than its best member.
    """

    def __init__(self, k: Annotated[int, Ge(1)], steps: Annotated[int, Ge(1)], rounds: Annotated[int, Ge(0)]) -> None:
        if k < 1 or steps < 1 or rounds < 0:
            raise UserError(f"blend.fitting: k={k}, steps={steps}, rounds={rounds}; 1, 1 and 0 are the least.")
        self.k, self.steps, self.rounds = k, steps, rounds

    def __call__(self, pool: Pool) -> tuple[Tensor, Tensor]:
        """Weights [M, 1, 1], bias [1, 1]."""
        members = pool.normalised_scores.shape[2]
        alone = [self.value(pool, weights) for weights in torch.eye(members)]
        best = max(alone)
        weights = torch.eye(members)[alone.index(best)]
        log.info("blend: val NDCG@%d on the pool: %s", self.k, ", ".join(f"{value:.4f}" for value in alone))
        for _ in range(self.rounds):
            before = best
            for member in range(members):
                others = weights.clone()
                others[member] = 0
                if not bool(others.any()):
                    continue
                others = others / others.sum()
                for step in range(self.steps + 1):
                    share = step / self.steps
                    tried = (1 - share) * others
                    tried[member] = share
                    if (value := self.value(pool, tried)) > best:
                        best, weights = value, tried
            log.info("blend: val NDCG@%d on the pool %.4f", self.k, best)
            if best <= before:
                break
        return weights[:, None, None], torch.zeros(1, 1)

    def value(self, pool: Pool, weights: Tensor) -> float:
        """NDCG@k of the pool at weights [M]."""
        return pool.ndcg(pool.normalised_scores @ weights, self.k)


class Logit:
    """The weights under which the held-out items are the likeliest choices of their users.

    Minimises ``-mean over held-out items p of log(e^s(p) / (e^s(p) + sum over the user's other candidates e^s))`` with
    ``s = sum over m of (w_m + d_m[a, g]) z_m + b[a, g]``, plus ``shrink / 2 (sum d^2 + sum b^2)`` and
    ``1e-6 / 2 sum w^2``: a conditional logit (McFadden 1974), convex, so the optimum is the only one. ``shrink`` draws
    the weights of all cells to the common ones; a cell without held-out items stays there.
    """

    def __init__(self, shrink: Annotated[float, Gt(0)], iterations: Annotated[int, Ge(1)]) -> None:
        if shrink <= 0 or iterations < 1:
            raise UserError(f"blend.fitting: shrink={shrink}, iterations={iterations}; more than 0 wanted.")
        self.shrink, self.iterations = shrink, iterations

    def __call__(self, pool: Pool) -> tuple[Tensor, Tensor]:
        """Weights [M, A, G], bias [A, G]."""
        members = pool.normalised_scores.shape[2]
        common = torch.zeros(members, dtype=torch.float64, requires_grad=True)
        logits = torch.zeros(members, *pool.cells, dtype=torch.float64, requires_grad=True)
        bias = torch.zeros(pool.cells, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS(
            [common, logits, bias], max_iter=self.iterations, tolerance_grad=1e-9, tolerance_change=1e-13,
            history_size=20, line_search_fn="strong_wolfe",
        )  # fmt: skip

        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = self.loss(pool, common[:, None, None] + logits, bias)
            penalty = self.shrink * (logits.square().sum() + bias.square().sum()) + 1e-6 * common.square().sum()
            total: Tensor = loss + penalty / 2
            total.backward()
            return total

        value = optimizer.step(closure)
        weights = (common[:, None, None] + logits).detach()
        ended = float(self.loss(pool, weights, bias.detach()))
        log.info(
            "weights fitted on validation: -log likelihood of a held-out item (less is better) %.5f before, %.5f after",
            float(value.detach()),
            ended,
        )
        return weights.float(), bias.detach().float()

    @staticmethod
    def loss(pool: Pool, weights: Tensor, bias: Tensor) -> Tensor:
        """Mean over the held-out items in the pool; weights [M, A, G], bias [A, G], float64."""
        rows = torch.nonzero(pool.hits.any(1))[:, 0]
        total, count = torch.zeros((), dtype=torch.float64), int(pool.hits.sum())
        for block in rows.split(1024):
            a, g, hits = pool.user_groups[block, None], pool.item_groups[block], pool.hits[block]
            scores = bias[a, g]
            for m in range(len(weights)):
                scores = scores + weights[m][a, g] * pool.normalised_scores[block, :, m]
            others = scores.masked_fill(hits | (pool.items[block] < 0), -torch.inf).logsumexp(1, keepdim=True)
            total = total + torch.nn.functional.softplus(others - scores)[hits].sum()
        return total / max(1, count)
