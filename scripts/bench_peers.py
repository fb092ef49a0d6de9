"""The other sides of `bench_sides.py`: the training step and the ranking of torch-geometric, RecBole and implicit.

RecBole 1.2.1 is measured where it can be imported. It wants packages that no longer install beside a current torch, so
that it is put into an environment by hand:

    pip install --no-deps recbole==1.2.1 && pip install pandas tensorboard texttable colorama colorlog
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ltgnn.types import Interactions

Step = Callable[[Tensor, Tensor, Tensor], float]
"""``(users [B], positives [B], negatives [B]) -> loss``; forward, backward and one step of Adam."""

Rank = Callable[[], Tensor]
"""``() -> items [U, 20]`` of all test users."""


@dataclass(frozen=True)
class Work:
    """What every side is given."""

    train: Interactions
    ranked: Tensor  # [U] users with test items
    start: Tensor  # [N, d] all weights, users first
    lr: float
    reg: float  # of half the squared norm
    device: str

    @property
    def size(self) -> int:
        return self.train.num_users + self.train.num_items


def peers() -> tuple[str, ...]:
    """The names of the sides that can run here."""
    recbole = ("RecBole",) if importlib.util.find_spec("recbole") else ()
    return ("PyG csr", "PyG edge_index", *recbole)


def side(name: str, work: Work) -> tuple[Step, Rank]:
    library, _, form = name.partition(" ")
    return recbole(work) if library == "RecBole" else pyg(form, work)


def pyg(form: str, work: Work) -> tuple[Step, Rank]:
    """torch-geometric's model in its official loop (``edge_index``), or on a ready CSR adjacency (``csr``)."""
    from torch_geometric.nn import LightGCN

    train, size = work.train, work.size
    ends = torch.stack([train.users.long(), train.items.long() + train.num_users])
    edges: Tensor = torch.cat([ends, ends.flip(0)], 1).to(work.device)
    if form == "csr":
        degree = torch.bincount(edges[0], minlength=size).float()
        weights = (degree[edges[0]] * degree[edges[1]]).rsqrt()
        order = torch.argsort(edges[0] * size + edges[1])
        offsets = torch.zeros(size + 1, dtype=torch.int64, device=work.device)
        offsets[1:] = degree.long().cumsum(0)
        edges = torch.sparse_csr_tensor(offsets, edges[1][order], weights[order], (size, size), check_invariants=False)
    model = LightGCN(size, 64, 3, normalize=form == "edge_index").to(work.device)
    with torch.no_grad():
        model.embedding.weight.copy_(work.start)
    optimizer = torch.optim.Adam(model.parameters(), lr=work.lr)

    def step(users: Tensor, pos: Tensor, neg: Tensor) -> float:
        items = torch.cat([pos, neg]) + train.num_users
        labels = torch.stack([torch.cat([users, users]), items])
        optimizer.zero_grad()
        if form == "edge_index":
            ranks = model(edges, labels)
        else:  # the same forward; model() itself accepts no dense label index beside a sparse adjacency
            out = model.get_embedding(edges)
            ranks = (out[labels[0]] * out[labels[1]]).sum(-1)
        good, bad = ranks.chunk(2)
        nodes = torch.cat([users, items])
        loss = model.recommendation_loss(good, bad, node_id=nodes, lambda_reg=work.reg / 2)  # has no 1/2 of its own
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    def scores() -> Callable[[Tensor], Tensor]:
        out = model.get_embedding(edges)
        left, right = out[: train.num_users], out[train.num_users :]
        return lambda users: left[users] @ right.T

    return step, partial(ranking, work, scores)


def recbole(work: Work) -> tuple[Step, Rank]:
    """RecBole 1.2.1's LightGCN as its Trainer runs it, on a data set that answers what the model asks."""
    import numpy as np
    import scipy.sparse as sp

    if not hasattr(sp.dok_matrix, "_update"):  # private, gone in scipy 1.13: without it the model cannot start
        sp.dok_matrix._update = lambda matrix, entries: matrix._dict.update(entries)
    from recbole.model.general_recommender.lightgcn import LightGCN

    train, user, item = work.train, "user_id", "item_id"

    class Pairs:
        def num(self, field: str) -> int:
            return train.num_users if field == user else train.num_items

        def inter_matrix(self, form: str) -> Any:
            ones = np.ones(len(train), np.float32)
            return sp.coo_matrix((ones, (train.users.numpy(), train.items.numpy())), (train.num_users, train.num_items))

    config = {"USER_ID_FIELD": user, "ITEM_ID_FIELD": item, "NEG_PREFIX": "neg_", "device": work.device}
    config |= {"embedding_size": 64, "n_layers": 3, "reg_weight": work.reg, "require_pow": True}
    model = LightGCN(config, Pairs()).to(work.device)
    with torch.no_grad():
        for table, rows in zip((model.user_embedding, model.item_embedding), parts(work), strict=True):
            table.weight.copy_(rows)
    optimizer = torch.optim.Adam(model.parameters(), lr=work.lr)

    def step(users: Tensor, pos: Tensor, neg: Tensor) -> float:
        optimizer.zero_grad()
        loss = model.calculate_loss({user: users, item: pos, f"neg_{item}": neg})
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    def scores() -> Callable[[Tensor], Tensor]:
        model.restore_user_e = model.restore_item_e = None  # each ranking propagates
        return lambda users: model.full_sort_predict({user: users}).view(-1, train.num_items)

    return step, partial(ranking, work, scores)


def parts(work: Work) -> tuple[Tensor, Tensor]:
    """The weights of users and of items."""
    return work.start[: work.train.num_users], work.start[work.train.num_users :]


def ranking(work: Work, scores: Callable[[], Callable[[Tensor], Tensor]]) -> Tensor:
    """The top-20 as these libraries make them: all scores of 1,024 users, those of seen items removed, torch.topk."""
    starts, seen = (part.to(work.device) for part in work.train.by_user)
    lists = []
    with torch.no_grad():
        of = scores()
        for block in work.rank.to(work.device).split(1024):
            table = of(block)
            counts = starts[block + 1] - starts[block]
            rows = torch.repeat_interleave(counts)
            within = torch.arange(len(rows), device=rows.device) - (counts.cumsum(0) - counts)[rows]
            table[rows, seen[starts[block][rows] + within]] = -torch.inf
            lists.append(table.topk(20).indices.cpu())
    return torch.cat(lists)


def implicit_passes(train: Interactions, timed: Callable[[Callable[[], Any]], float]) -> dict[str, float]:
    """Seconds of one pass of implicit's ALS and BPR, d 64; empty where it is not installed."""
    try:
        from implicit.als import AlternatingLeastSquares
        from implicit.bpr import BayesianPersonalizedRanking
    except ImportError:
        return {}
    import numpy as np
    import scipy.sparse as sp

    shape = (train.num_users, train.num_items)
    matrix = sp.csr_matrix((np.ones(len(train), np.float32), (train.users.numpy(), train.items.numpy())), shape)
    found = {}
    for name, kind in {"ALS": AlternatingLeastSquares, "BPR": BayesianPersonalizedRanking}.items():
        models = [kind(64, iterations=n) for n in (1, 3)]
        times = [timed(partial(model.fit, matrix, show_progress=False)) for model in models]
        found[name] = (times[1] - times[0]) / 2
    return found
