"""Local EASE: a ridge regression of each item on a few candidates, sparse and linear in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import Ge, Lt
from scipy.sparse import diags, vstack
from torch import Tensor

from ltgnn.models.closed_form.candidates import Candidates
from ltgnn.models.closed_form.column_change import Residuals, changed_items, structure, touched_columns
from ltgnn.models.closed_form.local_ridge import solve_columns
from ltgnn.models.closed_form.matrix import sparse_scorer
from ltgnn.models.closed_form.pair_counts import GramRows, PairCounts, shorten_histories, upper_half
from ltgnn.tensors.ridge import centred_unit
from ltgnn.tensors.threads import in_threads
from ltgnn.types import EarlierFit, Interactions, Scorer, UserError


class LocalEASE:
    """``s = X B``, each column of ``B`` fitted on its own candidates ``C`` (``Candidates``), 0 elsewhere.

    ``B[C, j] = (G[C, C] + w T_C T_C' + l2 I)^-1 (G[C, j] + w T_C t_j)`` with ``G = X'X`` and ``T`` the features,
    centred and of unit length: the ridge of SLIM with feature selection (Ning & Karypis, ICDM 2011) with EASE's target
    (Steck, WWW 2019) and features as further users (Jeunen et al., RecSys 2020). No items x items matrix is made; with
    all items as candidates it is EASE. Without features the terms with ``w`` are left out.

    ``user_norm``, ``item_norm``: ``G = X' diag(m^-user_norm) X`` and ``B_ij (n_i / n_j)^item_norm``, m and n the counts
    of users and items (DAN, Park et al., SIGIR 2025): a larger ``item_norm`` moves score to rare items. ``denoise`` p:
    ``p / (1 - p) G_ii`` more penalty (EDLAE, Steck, NeurIPS 2020).
    """

    def __init__(
        self,
        candidates: Candidates,
        l2: Annotated[float, Ge(0)],
        content_weight: Annotated[float, Ge(0)],
        denoise: Annotated[float, Ge(0), Lt(1)],
        user_norm: Annotated[float, Ge(0)],
        item_norm: float,
        longest_history: Annotated[int, Ge(1)],
        least_cosine: Annotated[float, Ge(0), Lt(1)],
    ) -> None:
        self.candidates, self.l2, self.content_weight = candidates, l2, content_weight
        self.denoise, self.user_norm, self.item_norm = denoise, user_norm, item_norm
        self.longest_history, self.least_cosine = longest_history, least_cosine

    @property
    def reads_features(self) -> bool:
        """Whether features choose candidates or stand in the Gram matrix."""
        return self.candidates.neighbours > 0 or self.content_weight > 0

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        system = self._system(train, features)
        return sparse_scorer(train, scaled(system.solve(system.candidates), self._scale(train)))

    def refit(
        self, train: Interactions, features: Tensor | None, earlier: EarlierFit, tolerance: float
    ) -> tuple[Scorer, int]:
        """At ``tolerance`` 0 every column that can change is solved, else those that may move farther (``Residuals``).

        A column that is kept has its earlier candidates; its solution, which it is near, is that on these and those of
        now, before ``item_norm``.
        """
        if tolerance and self.least_cosine:
            raise UserError(
                f"tolerance={tolerance:g} given, but its bound does not hold where pairs are left out: tolerance=0, or "
                "a run with model.closed_form.least_cosine=0."
            )
        system, before, after = self._system(train, features), self._scale(earlier.train), self._scale(train)
        weights = earlier.weights.tocsc()
        touched = self._touched(system, train, earlier, scaled(weights, 1 / before), tolerance)
        solved = system.solve([c if t else c[:0] for c, t in zip(system.candidates, touched, strict=True)])
        kept = scaled(weights, after / before) @ diags((~touched).astype(np.float32))
        return sparse_scorer(train, (scaled(solved, after) + kept).tocsr()), int(touched.sum())

    def _touched(self, system: System, train: Interactions, earlier: EarlierFit, weights: Any, tolerance: float) -> Any:
        """Columns to be solved; ``weights``: the earlier ones before ``item_norm``.  [I] bool"""
        before, after = (shorten_histories(part, self.longest_history) for part in (earlier.train, train))
        candidates, units = structure(system.candidates), system.units(earlier.known)
        if tolerance:
            extra = self.denoise / (1 - self.denoise)
            features = self._weighed(units)
            residuals = Residuals.of(before, after, self.user_norm, extra, system.pairs, features)
            return residuals.norms(weights, candidates) > tolerance * self.l2
        if units and self.content_weight and units[0] is not units[1]:
            return np.ones(train.num_items, dtype=bool)  # the features are centred anew
        changed = changed_items(before, after, self.user_norm)
        changed |= (train.item_counts != earlier.train.item_counts).numpy()
        return touched_columns((weights != 0).astype(np.int8).tocsc(), candidates, changed)

    def _system(self, train: Interactions, features: Tensor | None) -> System:
        counts = train.item_counts.numpy()
        rows = GramRows(shorten_histories(train, self.longest_history), self.user_norm)
        chosen, halves = dict[int, list[Any]](), dict[int, Any]()

        def work(start: int) -> None:
            block = rows.block(start)
            chosen[start] = self.candidates.co_occurring(start, block, counts)
            halves[start] = upper_half(start, block, counts, self.least_cosine)

        in_threads(work, rows.starts)
        pairs = PairCounts(vstack([halves.pop(start) for start in rows.starts], format="csr"))
        unit = None if features is None else centred_unit(features)
        candidates = self.candidates.with_similar([items for start in rows.starts for items in chosen[start]], unit)
        penalty = self.l2 + self.denoise / (1 - self.denoise) * pairs.diagonal
        return System(pairs, candidates, penalty, features, unit, self.content_weight)

    def _weighed(self, units: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor] | None:
        """Features of then and of now, by the root of their weight; None where they do not count."""
        if units is None or not self.content_weight:
            return None
        then, now = units
        root = self.content_weight**0.5
        weighed = now * root
        return (weighed if then is now else then * root), weighed

    def _scale(self, train: Interactions) -> Any:
        """``n^item_norm``.  [I] float64"""
        return np.maximum(train.item_counts.numpy(), 1.0) ** self.item_norm


@dataclass(frozen=True)
class System:
    """What the columns are solved from."""

    pairs: PairCounts
    candidates: list[Any]
    penalty: Tensor  # [I]
    given: Tensor | None  # features [I, D]
    unit: Tensor | None  # the same, centred and of unit length
    content_weight: float

    def solve(self, candidates: list[Any]) -> Any:
        """scipy CSR [I, I]"""
        return solve_columns(self.pairs, candidates, self.penalty, self.unit, self.content_weight)

    def units(self, known: Tensor) -> tuple[Tensor, Tensor] | None:
        """The features [I, D] as they were while there were only the ``known`` items, and now; one tensor if equal."""
        if self.given is None or self.unit is None:
            return None
        then = centred_unit(self.given * known[:, None])
        return (self.unit if torch.equal(then, self.unit) else then), self.unit


def scaled(weights: Any, scale: Any) -> Any:
    """``B_ij scale_i / scale_j``, as it is where all are 1.  scipy [I, I] -> the same in float32"""
    if (scale == 1).all():
        return weights
    return (diags(scale) @ weights @ diags(1 / scale)).astype(np.float32)
