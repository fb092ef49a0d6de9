"""Local EASE: a ridge regression of each item on a few candidates, sparse and linear in the catalogue."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Lt
from scipy.sparse import diags, vstack
from torch import Tensor

from ltgnn.models.closed_form.candidates import Candidates
from ltgnn.models.closed_form.local_ridge import solve_columns
from ltgnn.models.closed_form.matrix import sparse_scorer
from ltgnn.models.closed_form.pair_counts import GramRows, PairCounts, shorten_histories, upper_half
from ltgnn.tensors.ridge import centred_unit
from ltgnn.tensors.threads import in_threads
from ltgnn.types import Interactions, Scorer


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
        weights = solve_columns(pairs, candidates, penalty, unit, self.content_weight)
        if self.item_norm:
            scale = np.maximum(counts, 1.0) ** self.item_norm
            weights = (diags(scale) @ weights @ diags(1 / scale)).tocsr().astype(np.float32)
        return sparse_scorer(train, weights)
