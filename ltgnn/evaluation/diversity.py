"""How different the items of a list are, how different the lists of users, and how true to a user's taste."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Gt, Le
from torch import Tensor
from torch.nn import functional as F

from ltgnn.evaluation.lists import Lists
from ltgnn.evaluation.metric import metric
from ltgnn.tensors.csr import Csr, csr_rows


@metric("lists", reads_features=True)
def text_diversity(lists: Lists) -> Tensor | None:
    """Intra-list diversity by features: mean over pairs of L of 1 - cosine of the features (Ziegler et al., WWW 2005).

    Items with an all-zero feature are left out; nan for fewer than two items. Computed as
    1 - (|sum v|^2 - n) / (n (n - 1)) over the n unit vectors v of a list.
    """
    if lists.features is None:
        return None
    unit = F.normalize(lists.features.float(), dim=1)
    unit = torch.cat([unit, unit.new_zeros(1, unit.shape[1])])  # the filler's -1
    squares = []
    for items in torch.split(lists.items, 4096):  # [b, K] and sums [b, D]: never users x K x D
        listed = torch.where(items < 0, len(unit) - 1, items)
        squares.append(F.embedding_bag(listed, unit, mode="sum").double().square().sum(1))
    described = (unit != 0).any(1)[lists.items].sum(1)  # -1 is the zero row
    return _diversity(torch.cat(squares), described)


@metric("lists")
def category_diversity(lists: Lists) -> Tensor | None:
    """Intra-list diversity by category: mean over pairs of L of 1 - |A ∩ B| / sqrt(|A| |B|), A and B their categories.

    With one category an item: the share of pairs from different categories. Items without a category are left out; nan
    for fewer than two items.
    """
    if lists.categories is None:
        return None
    rows, categories, sizes = _entries(lists, lists.categories)
    keys, weights = _sum_by_key(_key(lists.categories, rows, categories), sizes.rsqrt())
    squares = torch.zeros(lists.users.numel(), dtype=torch.float64)
    squares.index_add_(0, keys // _width(lists.categories), weights.square())
    described = _degrees(lists.categories)[lists.items.clamp(min=0)] > 0
    return _diversity(squares, (described & lists.valid).sum(1))


def _diversity(squares: Tensor, n: Tensor) -> Tensor:
    """1 - mean similarity of pairs, from |sum v|^2 [n] of n unit vectors."""
    return torch.where(n > 1, 1 - (squares - n) / (n * (n - 1)), torch.nan)


@metric("lists", per_user=False)
def personalisation(lists: Lists) -> float | None:
    """1 - mean over pairs of users of |L_u ∩ L_v| / sqrt(|L_u| |L_v|), over all pairs, none sampled.

    Inter-user diversity (Zhou et al., PNAS 2010) with the cosine for the overlap. None for fewer than two lists.
    Computed from sums over items, since sum over pairs = (|sum of lists|^2 - n) / 2.
    """
    n = int((lists.length > 0).sum())
    if n < 2:
        return None
    weights = lists.length.double().rsqrt()[:, None].expand_as(lists.items)[lists.valid]
    total = torch.bincount(lists.items[lists.valid], weights=weights, minlength=lists.train.num_items)
    return float(1 - (total.square().sum() - n) / (n * (n - 1)))


@metric("lists", smaller_is_better=True)
def miscalibration(lists: Lists, smoothing: Annotated[float, Gt(0), Le(1)]) -> Tensor | None:
    """KL divergence in nats of the categories of L from those of the user's train items, 0 = calibrated.

    Steck, RecSys 2018: sum_c p(c) ln(p(c) / q~(c)), p over train items, q over L, an item spreading weight 1 evenly
    over its categories, q~ = (1 - smoothing) q + smoothing p. nan where either side has no item with a category.
    """
    if lists.categories is None:
        return None
    users = torch.arange(lists.users.numel())
    history = csr_rows(lists.train.by_user, lists.users)
    shown = users[:, None].expand_as(lists.items)[lists.valid], lists.items[lists.valid]
    own_keys, past = _profile(*history, lists.categories, users.numel())
    list_keys, listed = _profile(*shown, lists.categories, users.numel())
    places = torch.searchsorted(list_keys, own_keys).clamp(max=max(0, list_keys.numel() - 1))
    rows = own_keys // _width(lists.categories)
    has_list = torch.zeros(users.numel(), dtype=torch.bool)
    has_list[list_keys // _width(lists.categories)] = True
    has_own = torch.zeros(users.numel(), dtype=torch.bool)
    has_own[rows] = True
    q = torch.where(list_keys[places] == own_keys, listed[places], 0.0) if list_keys.numel() else torch.zeros_like(past)
    terms = past * (past / ((1 - smoothing) * q + smoothing * past)).log()
    divergence = torch.zeros(users.numel(), dtype=torch.float64).index_add_(0, rows, terms)
    return torch.where(has_list & has_own, divergence, torch.nan)


def _profile(rows: Tensor, items: Tensor, categories: Csr, n: int) -> tuple[Tensor, Tensor]:
    """Share of each category in each row: sorted keys (row * width + category) and shares, which add up to 1 a row."""
    degrees = _degrees(categories)
    entries, numbers = csr_rows(categories, items)
    weights = 1 / degrees[items[entries]].double()
    described = torch.bincount(rows[degrees[items] > 0], minlength=n)
    keys, sums = _sum_by_key(_key(categories, rows[entries], numbers), weights)
    return keys, sums / described[keys // _width(categories)]


def _entries(lists: Lists, categories: Csr) -> tuple[Tensor, Tensor, Tensor]:
    """Every category of every listed item: row of the list, category, number of categories of that item (float64)."""
    rows = torch.arange(lists.users.numel())[:, None].expand_as(lists.items)[lists.valid]
    items = lists.items[lists.valid]
    entries, numbers = csr_rows(categories, items)
    return rows[entries], numbers, _degrees(categories)[items[entries]].double()


def _degrees(categories: Csr) -> Tensor:
    return categories[0].diff()


def _width(categories: Csr) -> int:
    return int(categories[1].max()) + 1


def _key(categories: Csr, rows: Tensor, numbers: Tensor) -> Tensor:
    return rows * _width(categories) + numbers


def _sum_by_key(keys: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Sorted different keys and the sum of the weights of each."""
    different, inverse = torch.unique(keys, return_inverse=True)
    return different, torch.zeros(different.numel(), dtype=torch.float64).index_add_(0, inverse, weights)
