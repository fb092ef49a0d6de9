"""Sequence models against step-by-step loops, and what they may and may not know."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.embedding import ItemEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.histories import Histories
from ltgnn.models.recurrent import Recurrent
from ltgnn.models.self_attention import SelfAttention
from ltgnn.models.sequence import SequenceModel
from ltgnn.types import Batch, Interactions, UserError
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


@pytest.mark.parametrize("name", BODIES)
def test_states_equal_the_loop(name: str) -> None:
    """In evaluation after the whole history, in training before the row's positive; values and gradients."""
    body, loop = BODIES[name]
    train = shop()
    model = build(train, body)
    vectors = model.embedding.items
    assert vectors is not None

    def after(items: list[int]) -> Tensor:
        return loop(model, [model.start, *(vectors[item] for item in items[-LIMIT:])])

    model.eval()
    torch.testing.assert_close(
        model(graph(train)).users, torch.stack([after(history(train, user)) for user in range(9)]), rtol=1e-4, atol=1e-5
    )
    model.train()
    batch = model.prepare_batch(Batch(train.users, train.items, torch.empty(len(train), 0, dtype=torch.int64)))
    assert batch.users.tolist() == list(range(len(train)))
    states = model(graph(train)).users
    pasts = [
        history(train, u)[: history(train, u).index(i)]
        for u, i in zip(train.users.tolist(), train.items.tolist(), strict=True)
    ]
    expected = torch.stack([after(past) for past in pasts])
    torch.testing.assert_close(states, expected, rtol=1e-4, atol=1e-5)
    weights = torch.randn(len(train), DIM)
    both = [
        torch.autograd.grad((x * weights).sum(), [vectors, model.start], retain_graph=True) for x in (states, expected)
    ]
    for one, other in zip(*both, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", BODIES)
def test_the_future_is_unknown(name: str) -> None:
    """Changing the positive, or any later item, leaves the state before it as it was."""
    train = shop()
    model = build(train, BODIES[name][0]).train()
    items = history(train, 0)
    place = len(items) // 2
    row = Batch(torch.tensor([0]), torch.tensor([items[place]]), torch.empty(1, 0, dtype=torch.int64))
    model.prepare_batch(row)
    before = model(graph(train)).users
    with torch.no_grad():
        model.embedding.items[items[place:]] += 1.0  # type: ignore[index]
    torch.testing.assert_close(model(graph(train)).users, before)
    with torch.no_grad():
        model.embedding.items[items[place - 1]] += 1.0  # type: ignore[index]
    assert not torch.allclose(model(graph(train)).users, before)


def test_histories() -> None:
    train = shop()
    histories = Histories(train)
    for user in range(9):
        items = history(train, user)
        assert histories.lengths(torch.tensor([user])).item() == len(items)
        for place, item in enumerate(items):
            assert histories.place(torch.tensor([user]), torch.tensor([item])).item() == place
            window, length = histories.select_before(torch.tensor([user]), torch.tensor([place]), LIMIT)
            assert window[0, : length[0]].tolist() == items[max(0, place - LIMIT) : place]
    window, _ = histories.select_before(torch.tensor([0, 8]), torch.tensor([2, 0]), LIMIT)
    assert window.tolist() == [history(train, 0)[:2], [12, 12]]  # filled up with I
    assert not histories.state_dict()


def test_overfits_next_items() -> None:
    """A chain 0 1 2 ... is learned by heart: each next item is ranked first."""
    users, places = torch.arange(4).repeat_interleave(5), torch.arange(5).repeat(4)
    train = Interactions(users, (users + places) % 8, 4, 8, places.double())
    model = build(train, partial(Recurrent, cell=torch.nn.GRU, layers=1, dropout=0.0))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    batch = Batch(train.users, train.items, torch.empty(20, 0, dtype=torch.int64))
    later = places > 0  # the first item of a user cannot be known
    for _ in range(150):
        model.prepare_batch(batch)
        encoded = model(graph(train))
        loss = F.cross_entropy((encoded.users @ encoded.items.T)[later], train.items[later])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


def test_mistakes_name_the_option(tiny: Interactions) -> None:
    with pytest.raises(UserError, match=r"data.reader.time"):
        Histories(tiny)
    with pytest.raises(UserError, match=r"heads=4 does not divide dim=6"):
        SelfAttention(6, 5, layers=1, heads=4, dropout=0.0)
