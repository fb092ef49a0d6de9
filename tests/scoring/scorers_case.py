"""What tests of scorers share."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import csr_matrix

from ltgnn.scoring.factorised_weights import FactorisedItemWeights
from ltgnn.scoring.item_weights import ItemItemWeights, SparseItemItemWeights
from ltgnn.scoring.scorers import InnerProduct, ItemBias, ScoreTable
from ltgnn.scoring.zero_diagonal import ZeroDiagonalWeights
from tests.conftest import random_interactions

TRAIN = random_interactions(6, 9, 0.4, seed=1)

EVERYONE = torch.arange(6)

WEIGHTS = torch.randn(9, 9, generator=torch.Generator().manual_seed(0))

ROWS = csr_matrix((np.ones(len(TRAIN), np.float32), (TRAIN.users.numpy(), TRAIN.items.numpy())), (6, 9))

SCALE = torch.arange(1.0, 7.0)

TABLES: list[ScoreTable] = [
    InnerProduct(torch.randn(6, 3), torch.randn(3, 9)),
    ItemBias(torch.randn(9)),
    ItemItemWeights(*TRAIN.by_user, WEIGHTS),
    SparseItemItemWeights(ROWS, csr_matrix(WEIGHTS.numpy()), SCALE),
    SparseItemItemWeights(ROWS, csr_matrix(WEIGHTS.numpy())),
    FactorisedItemWeights(*TRAIN.by_user, WEIGHTS[:, :3].clone(), WEIGHTS[:3].clone()),
    ZeroDiagonalWeights(FactorisedItemWeights(*TRAIN.by_user, WEIGHTS[:, :3].clone(), WEIGHTS[:3].clone())),
]

KNOWN = torch.arange(9) != 4
