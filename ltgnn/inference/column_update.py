"""A closed form of item weights after new events: columns that hardly change are taken from an export of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig
from scipy.sparse import csr_matrix
from torch import Tensor

from ltgnn.build import Problem, build_closed_form, build_score
from ltgnn.inference.served_model import ServedModel
from ltgnn.scoring.forms import find_sparse_weights
from ltgnn.types import ColumnRefit, Dataset, EarlierFit, Interactions, Scorer, UserError


@dataclass(frozen=True)
class ColumnUpdate:
    """``exported``: the run as ``ltgnn export`` or an earlier update left it; ``tolerance``: of ``ColumnRefit``."""

    exported: ServedModel
    tolerance: float

    def scorer(self, cfg: DictConfig, after: Problem, key: str) -> tuple[Scorer, str]:
        """The scorer of the extended problem, and what was solved, in words. ``key``: of the run."""
        model = build_closed_form(cfg)
        if not isinstance(model, ColumnRefit):
            raise UserError(
                f"weights= given, but {type(model).__name__} computes all its weights together: leave weights= out "
                "(model=ease_local solves single columns)."
            )
        if (other := self.exported.card.get("key")) != key:
            raise UserError(
                f"weights= is an export of the run {str(other)[:12]}, and run= is {key[:12]}: give one of this run "
                "(ltgnn export run=RUN out=FOLDER)."
            )
        earlier = earlier_fit(self.exported, after.dataset)
        features = after.feature_matrix if model.reads_features else None
        base, solved = model.refit(after.split.train, features, earlier, self.tolerance)
        said = (
            f"{solved:,} of {after.dataset.num_items:,} columns of the item weights; the others are those of weights="
        )
        return build_score(cfg, after).over(base), said


def earlier_fit(exported: ServedModel, dataset: Dataset) -> EarlierFit:
    """Pairs and item weights of an export in the numbers of ``dataset``, which has all its users and items."""
    found = find_sparse_weights(exported.scorer)
    if len(found) != 1:
        raise UserError(f"weights= has {len(found)} tables of sparse item weights, and one is wanted.")
    users = numbers_of(exported.catalogue.user_ids, dataset.user_ids)
    items = numbers_of(exported.catalogue.item_ids, dataset.item_ids)
    train, weights, size = exported.split.train, found[0].tocoo(), dataset.num_items
    known = torch.zeros(size, dtype=torch.bool)
    known[items] = True
    there: Any = items.numpy()
    moved = csr_matrix((weights.data, (there[weights.row], there[weights.col])), shape=(size, size), dtype=np.float32)
    return EarlierFit(Interactions(users[train.users], items[train.items], dataset.num_users, size), moved, known)


def numbers_of(names: Sequence[str], among: Sequence[str]) -> Tensor:
    """Places of ids among others.  [n] int64"""
    places = {name: number for number, name in enumerate(among)}
    if unknown := [name for name in names if name not in places]:
        raise UserError(
            f"weights= knows '{unknown[0]}' ({len(unknown)} such), which neither the run nor events= and items= have: "
            "give all events and items since training."
        )
    return torch.tensor([places[name] for name in names], dtype=torch.int64)
