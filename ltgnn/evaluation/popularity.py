"""How popular the recommended items are, and how evenly exposure is shared out.

``L`` is a user's list, ``c_i`` the train interactions of item i, ``|U|`` and ``|I|`` all users and items, ``n_i`` the
number of lists that hold i; places count from 1. An item without train interaction has c_i = 1 inside a logarithm.
"""

from __future__ import annotations

from math import log2

import torch
from torch import Tensor

from ltgnn.evaluation.lists import Lists
from ltgnn.evaluation.metric import metric


@metric("lists", smaller_is_better=True)
def arp(lists: Lists) -> Tensor:
    """Average recommendation popularity: mean of c_i over L (Yin et al., VLDB 2012)."""
    return lists.mean(lists.counts)


@metric("lists", per_user=False, smaller_is_better=True)
def lift(lists: Lists) -> float:
    """Popularity lift: (mean_u ARP(L_u) - mean_u ARP(train items of u)) / mean_u ARP(train items of u).

    0: lists are as popular as what people choose by themselves; 1: twice as popular. Abdollahpouri et al., RecSys 2020.
    Over the users with a list and a train item.
    """
    train = lists.train
    mass = torch.zeros(train.num_users, dtype=torch.float64)
    mass.index_add_(0, train.users, train.item_counts[train.items].double())
    expected = (mass / train.user_counts)[lists.users]
    shown = arp(lists)
    both = ~torch.isnan(expected + shown)
    return float(shown[both].mean() / expected[both].mean() - 1)


@metric("lists")
def novelty(lists: Lists) -> Tensor:
    """Nov@K = mean over L of -log2(c_i / |U|) / log2 |U|, from 0 (all users have it) to 1 (r-AdjNorm, CIKM 2022)."""
    users = lists.train.num_users
    return lists.mean(-(lists.counts.clamp(min=1) / users).log2() / log2(users))


@metric("lists")
def epc(lists: Lists) -> Tensor:
    """Expected popularity complement: mean over L of 1 - c_i / |U|, places weighted by 1 / log2(place + 1).

    Vargas and Castells (RecSys 2011), rank-discounted, without relevance.
    """
    return _discount(lists, 1 - lists.counts / lists.train.num_users)


@metric("lists")
def efd(lists: Lists) -> Tensor:
    """Expected free discovery in bits: mean over L of -log2(c_i / sum of all c), places weighted as in ``epc``.

    Vargas and Castells (RecSys 2011), rank-discounted, without relevance.
    """
    return _discount(lists, -(lists.counts.clamp(min=1) / len(lists.train)).log2())


def _discount(lists: Lists, values: Tensor) -> Tensor:
    weights = 1 / torch.arange(2, values.shape[1] + 2, dtype=torch.float64).log2() * lists.valid
    return (values * weights).sum(1) / weights.sum(1)


@metric("lists", smaller_is_better=True)
def pru(lists: Lists) -> Tensor:
    """Popularity-rank correlation: -Spearman(place, c_i) over L, tied counts with their mean rank; nan if all are tied.

    1: the more popular, the higher on the list; 0: no relation (Zhu et al., WSDM 2021).
    """
    keys = torch.where(lists.valid, lists.counts, torch.inf)  # fillers rank last in both and get no weight
    known = keys.sort(1).values
    ranks = (torch.searchsorted(known, keys) + torch.searchsorted(known, keys, right=True)).double()  # twice, less 1
    place = torch.arange(keys.shape[1], dtype=torch.float64).expand_as(ranks)
    x, y = ((column - lists.mean(column)[:, None]) * lists.valid for column in (place, ranks))
    return -(x * y).sum(1) / ((x * x).sum(1) * (y * y).sum(1)).sqrt().masked_fill((y == 0).all(1), torch.nan)


@metric("lists", per_user=False, smaller_is_better=True)
def gini(lists: Lists) -> float:
    """Gini index of exposure over all items, 0 = equal, 1 = one item gets everything.

    sum_j (2 j - |I| - 1) p_(j) / (|I| - 1), with p = n_i / sum n ascending (Shani and Gunawardana, Recommender Systems
    Handbook 2011). Elliot reports 1 minus this under the name.
    """
    shares = lists.exposure.sort().values.double() / lists.exposure.sum()
    n = shares.numel()
    return float(((2 * torch.arange(1, n + 1) - n - 1) * shares).sum() / (n - 1)) if n > 1 else 0.0


@metric("lists", per_user=False)
def entropy(lists: Lists) -> float:
    """Shannon entropy of exposure in bits: -sum_i p_i log2 p_i with p = n_i / sum n; at most log2 |I| (as ``gini``)."""
    shares = lists.exposure[lists.exposure > 0].double() / lists.exposure.sum()
    return float(-(shares * shares.log2()).sum())


@metric("lists", per_user=False)
def coverage(lists: Lists) -> float:
    """Share of the catalogue that occurs in any list: |union of all L| / |I| (Ge et al., RecSys 2010)."""
    return float((lists.exposure > 0).double().mean())


@metric("lists", per_user=False)
def uniform_recall(lists: Lists) -> float:
    """Recall in the uniform-popularity test: mean over held-out items of the share of their users who get them.

    Expected recall when a test pair is drawn so that every held-out item has the same chance: first an item, then one
    of the t_i users who hold it, 1/|I_t| sum_i 1/t_i sum_u [i in L_u]. Papers re-sample the test set to that end
    (e.g. MACR, KDD 2021); this is the expectation itself, without sampling noise.
    """
    return _uniform(lists, torch.ones(lists.items.shape[1], dtype=torch.float64))


@metric("lists", per_user=False)
def uniform_ndcg(lists: Lists) -> float:
    """NDCG in the uniform-popularity test: as ``uniform_recall``, a hit counting 1 / log2(place + 1).

    A drawn pair has one relevant item, so that the ideal list has gain 1.
    """
    return _uniform(lists, 1 / torch.arange(2, lists.items.shape[1] + 2, dtype=torch.float64).log2())


def _uniform(lists: Lists, gains: Tensor) -> float:
    held = lists.held_out.item_counts
    gained = torch.zeros(held.numel(), dtype=torch.float64)
    gained.index_add_(0, lists.items[lists.found], gains.expand_as(lists.found)[lists.found])
    return float((gained / held)[held > 0].mean())
