"""A closed form of item weights after new events: columns that hardly change are those of the run, or of an export."""

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
from ltgnn.runs.fitted_tables import read_tables
from ltgnn.runs.folder import FITTED, RunFolder
from ltgnn.scoring.forms import find_sparse_weights
from ltgnn.types import ColumnRefit, Dataset, EarlierFit, Interactions, Scorer, UserError


@dataclass(frozen=True)
class ColumnUpdate:
    """``exported``: the run as ``ltgnn export`` or an earlier update left it; None: the weights that the run keeps.

    ``tolerance``: of ``ColumnRefit``.
    """

    exported: ServedModel | None
    tolerance: float

    def scorer(self, cfg: DictConfig, before: Problem, after: Problem, run: RunFolder) -> tuple[Scorer, str] | None:
        """The scorer of the extended problem, and what was solved, in words; None: all columns have to be.

        ``before``: the problem that the run was trained on.
        """
        model = build_closed_form(cfg)
        if not isinstance(model, ColumnRefit):
            if self.exported is None and not self.tolerance:
                return None
            raise UserError(
                f"{'weights=' if self.exported else 'tolerance='} given, but {type(model).__name__} computes all its "
                "weights together: leave weights= and tolerance= out (model=ease_local solves single columns)."
            )
        earlier = self._earlier(before, after.dataset, run)
        if earlier is None:
            return None
        features = after.feature_matrix if model.reads_features else None
        base, solved = model.refit(after.split.train, features, earlier, self.tolerance)
        source = f"the run {run.path.name}" if self.exported is None else "weights="
        said = (
            f"{solved:,} of {after.dataset.num_items:,} columns of the item weights; the others are those of {source}"
        )
        return build_score(cfg, after).over(base), said

    def _earlier(self, before: Problem, dataset: Dataset, run: RunFolder) -> EarlierFit | None:
        """The fit whose columns may stay; None: the run keeps none."""
        if self.exported is not None:
            key = str(run.read_json("status.json")["key"])
            if (other := self.exported.card.get("key")) != key:
                raise UserError(
                    f"weights= is an export of the run {str(other)[:12]}, and run= is {key[:12]}: give one of this run "
                    "(ltgnn export run=RUN out=FOLDER)."
                )
            found = find_sparse_weights(self.exported.scorer)
            if len(found) != 1:
                raise UserError(f"weights= has {len(found)} tables of sparse item weights, and one is wanted.")
            catalogue = self.exported.catalogue
            return renumbered(self.exported.split.train, found[0], catalogue.user_ids, catalogue.item_ids, dataset)
        kept = read_tables(run.path, before.split.train)
        if kept is not None and (weights := kept.item_weights) is not None:
            ids = before.dataset
            return renumbered(before.split.train, weights, ids.user_ids, ids.item_ids, dataset)
        if self.tolerance:
            raise UserError(
                f"tolerance={self.tolerance:g} says which weights stay, but the run keeps none "
                f"({FITTED}): give them by weights=FOLDER, an export."
            )
        return None


def renumbered(
    train: Interactions, weights: Any, users: Sequence[str], items: Sequence[str], dataset: Dataset
) -> EarlierFit:
    """Pairs and item weights of ``users`` and ``items`` in the numbers of ``dataset``, which has all of these."""
    rows, places, size = numbers_of(users, dataset.user_ids), numbers_of(items, dataset.item_ids), dataset.num_items
    entries = weights.tocoo()
    known = torch.zeros(size, dtype=torch.bool)
    known[places] = True
    there: Any = places.numpy()
    moved = csr_matrix((entries.data, (there[entries.row], there[entries.col])), shape=(size, size), dtype=np.float32)
    return EarlierFit(Interactions(rows[train.users], places[train.items], dataset.num_users, size), moved, known)


def numbers_of(names: Sequence[str], among: Sequence[str]) -> Tensor:
    """Places of ids among others.  [n] int64"""
    places = {name: number for number, name in enumerate(among)}
    if unknown := [name for name in names if name not in places]:
        raise UserError(
            f"weights= knows '{unknown[0]}' ({len(unknown)} such), which neither the run nor events= and items= have: "
            "give all events and items since training."
        )
    return torch.tensor([places[name] for name in names], dtype=torch.int64)
