"""Tuning on items that the same user bought."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import Ge, Gt
from torch import Tensor
from torch.nn import functional as F

from ltgnn.features.tuning.contrast import symmetric_info_nce
from ltgnn.features.tuning.encoder import TunedEncoder
from ltgnn.features.tuning.objective import Objective, Rows
from ltgnn.types import Interactions


class CoPurchase(Objective):
    """Items bought by the same user are near: in-batch InfoNCE over the cosine, both directions.

    A unit is an item; its partner is another train item of one of its train users, both drawn uniformly. So each item
    is an anchor once an epoch, however rare it is. ``examples`` bounds the anchors an epoch (None: all). Pairs of the
    batch that some train user bought together, and equal texts, are not negatives.
    """

    def __init__(
        self,
        encoder: TunedEncoder,
        train: Interactions,
        batch_size: int,
        seed: int,
        temperature: Annotated[float, Gt(0)],
        examples: Annotated[int, Ge(1)] | None = None,
    ) -> None:
        from scipy.sparse import csr_matrix

        self.temperature = temperature
        wide = train.user_counts[train.users] > 1  # pairs of users with something to pair
        users, items = train.users[wide].numpy(), train.items[wide].numpy()
        shape = (train.num_items, train.num_users)
        self.users_of = csr_matrix((np.ones(len(items), np.float32), (items, users)), shape=shape)  # [I, U]
        self.items_of = self.users_of.T.tocsr()
        self.items_of.sort_indices()
        self.anchors: Rows = np.unique(items)
        super().__init__(encoder, len(self.anchors), batch_size, seed, examples)

    def batch(self, epoch: int, step: int) -> tuple[Rows, Rows]:
        """Anchors [B] and partners [B], item numbers."""
        rng = self.rng(epoch, step)
        anchors = self.anchors[self.rows(epoch, step)]
        return anchors, np.array([self._partner(anchor, rng) for anchor in anchors])

    def forward(self, batch: tuple[Rows, Rows]) -> Tensor:
        anchors, partners = batch
        values = F.normalize(encode_once(self.encoder, np.concatenate(batch)), dim=1)
        similarity = values[: len(anchors)] @ values[len(anchors) :].T / self.temperature
        return symmetric_info_nce(similarity, self.not_negative(anchors, partners).to(similarity.device))

    def not_negative(self, anchors: Rows, partners: Rows) -> Tensor:
        """[B, B] bool: the anchor and the partner were bought together by a train user, or have equal texts."""
        together = (self.users_of[anchors] @ self.users_of[partners].T).toarray() > 0
        texts = self.encoder.text_ids
        return torch.from_numpy(together) | (texts[anchors][:, None] == texts[partners])

    def _partner(self, anchor: int, rng: np.random.Generator) -> int:
        user = rng.choice(_row(self.users_of, anchor))
        others = _row(self.items_of, user)
        place = rng.integers(len(others) - 1)
        return int(others[place + (others[place] >= anchor)])  # skips the anchor: the row is ascending


def encode_once(encoder: TunedEncoder, rows: Rows) -> Tensor:
    """Vectors of the rows, each distinct row run once.  [B] -> [B, D]"""
    distinct, back = np.unique(rows, return_inverse=True)
    values: Tensor = encoder(distinct.tolist())
    return values[torch.from_numpy(back).to(values.device)]


def _row(matrix: Any, row: int) -> Rows:
    """Column numbers of one row of a CSR matrix."""
    columns: Rows = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
    return columns
