"""What tests of sequence share."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.embedding import ItemEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.recurrent import Recurrent
from ltgnn.models.self_attention import SelfAttention
from ltgnn.models.sequence import SequenceModel
from ltgnn.types import Interactions
from tests.conftest import random_interactions

DIM, LIMIT = 6, 4

GRU = partial(Recurrent, cell=torch.nn.GRU, layers=2, dropout=0.0)

LSTM = partial(Recurrent, cell=torch.nn.LSTM, layers=1, dropout=0.0)

SASREC = partial(SelfAttention, layers=2, heads=2, dropout=0.0)


def shop() -> Interactions:
    """9 users, 12 items, times of which some are equal; user 8 has no event."""
    drawn = random_interactions(9, 12, 0.4, seed=6)
    drawn = drawn.select(drawn.users != 8)
    times = torch.randint(0, 9, (len(drawn),), generator=torch.Generator().manual_seed(1)).double()
    return Interactions(drawn.users, drawn.items, 9, 12, times)


def history(train: Interactions, user: int) -> list[int]:
    """Items of a user, oldest first."""
    assert train.times is not None
    events = [
        (t, n, i)
        for n, (t, u, i) in enumerate(zip(*map(Tensor.tolist, (train.times, train.users, train.items)), strict=True))
        if u == user
    ]
    return [item for _, _, item in sorted(events)]


def build(train: Interactions, body: object) -> SequenceModel:
    torch.manual_seed(0)
    init = partial(torch.nn.init.normal_, std=0.5)
    return SequenceModel(ItemEmbedding(train, DIM, init, Id, None), body, LIMIT)  # type: ignore[arg-type]


def graph(train: Interactions) -> BipartiteGraph:
    return BipartiteGraph(train, Symmetric(), None)


def gru(model: SequenceModel, vectors: list[Tensor]) -> Tensor:
    """Gates written out, step by step, layer by layer."""
    cell = model.body.cell
    for layer in range(2):
        w_in, w_hid, b_in, b_hid = (
            getattr(cell, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        hidden, outputs = torch.zeros(DIM), []
        for x in vectors:
            from_x, from_h = (w_in @ x + b_in).chunk(3), (w_hid @ hidden + b_hid).chunk(3)
            reset, update = torch.sigmoid(from_x[0] + from_h[0]), torch.sigmoid(from_x[1] + from_h[1])
            hidden = (1 - update) * torch.tanh(from_x[2] + reset * from_h[2]) + update * hidden
            outputs.append(hidden)
        vectors = outputs
    return vectors[-1]


def lstm(model: SequenceModel, vectors: list[Tensor]) -> Tensor:
    cell = model.body.cell
    hidden = memory = torch.zeros(DIM)
    for x in vectors:
        gates = cell.weight_ih_l0 @ x + cell.bias_ih_l0 + cell.weight_hh_l0 @ hidden + cell.bias_hh_l0
        let_in, forget, new, out = gates.chunk(4)
        memory = torch.sigmoid(forget) * memory + torch.sigmoid(let_in) * torch.tanh(new)
        hidden = torch.sigmoid(out) * torch.tanh(memory)
    return hidden


def norm(x: Tensor, layer: torch.nn.LayerNorm) -> Tensor:
    return (x - x.mean()) / (x.var(correction=0) + layer.eps).sqrt() * layer.weight + layer.bias


def sasrec(model: SequenceModel, vectors: list[Tensor]) -> Tensor:
    """Attention written out, place by place and head by head."""
    body, n, width = model.body, len(vectors), DIM // 2
    states = [DIM**0.5 * x + body.places.weight[n - 1 - place] for place, x in enumerate(vectors)]
    for block in body.blocks:
        after = []
        for place in range(n):
            q = norm(states[place], block.first)
            query = block.query(q)
            heads = []
            for head in range(2):
                part = slice(head * width, (head + 1) * width)
                logits = [query[part] @ block.key(states[s])[part] / math.sqrt(width) for s in range(place + 1)]
                shares = torch.stack(logits).exp() / torch.stack(logits).exp().sum()
                heads.append(sum(a * block.value(states[s])[part] for s, a in enumerate(shares)))
            y = norm(q + block.out(torch.cat(heads)), block.second)
            after.append(y + block.outer(torch.relu(block.inner(y))))
        states = after
    return norm(states[-1], body.norm)


BODIES = {"gru": (GRU, gru), "lstm": (LSTM, lstm), "sasrec": (SASREC, sasrec)}
