"""Propagation against dense linear algebra in float64, values and gradients, for every word of the graph axis."""

from __future__ import annotations

import time
from functools import partial

import pytest
import torch
from hydra.utils import instantiate
from torch.nn import functional as F

from ltgnn.config.composing import compose_config
from ltgnn.graph import kernels
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.kernels import (
    Csr,
    Fastest,
    choose_kernel,
    csr_product,
    embedding_bag,
    half_gather,
    scatter,
    triton_rows,
    underlying_kernel,
)
from ltgnn.graph.normalisation import Power, RAdjNorm, RandomWalk, Symmetric
from ltgnn.graph.semantic import ItemGraph, SimilarItems
from ltgnn.graph.strength import Decay, Events
from ltgnn.types import Interactions, UserError
from tests.conftest import random_interactions

TEXT = torch.randn(23, 6, generator=torch.Generator().manual_seed(1))
EXPONENTS = {  # of the receiver's degree and of the sender's, as the papers write them
    "symmetric": (Symmetric(), 0.5, 0.5),
    "random walk": (RandomWalk(), 1.0, 0.0),
    "r-AdjNorm": (RAdjNorm(0.7), 0.7, 0.3),
    "LightGCN++": (Power(0.6, -0.1), 0.6, -0.1),
}


def shop() -> Interactions:
    """17 users, 23 items (the last one cold), with times and event weights."""
    train = random_interactions(17, 23, 0.2, seed=3)
    train = train.select(train.items != 22)
    generator = torch.Generator().manual_seed(5)
    times = torch.rand(len(train), generator=generator, dtype=torch.float64) * 900 * 86400
    weights = torch.randint(1, 4, (len(train),), generator=generator).float()
    return Interactions(train.users, train.items, 17, 23, times, weights)


def pair_weights(train: Interactions, strength: str) -> list[float]:
    """Strength of each interaction, one by one."""
    assert train.times is not None
    assert train.weights is not None
    last = max(train.times.tolist())
    event = [weight**0.5 for weight in train.weights.tolist()]
    age = [max(0.5 ** ((last - time) / 86400 / 365), 0.3) for time in train.times.tolist()]
    both = [a * b for a, b in zip(event, age, strict=True)]
    return {"": [1.0] * len(train), "events": event, "decay": age, "both": both}[strength]


STRENGTH = {
    "": {},
    "events": {"events": Events(0.5)},
    "decay": {"decay": Decay(365, 0.3)},
    "both": {"events": Events(0.5), "decay": Decay(365, 0.3)},
}


def similar_pairs(k: int, least: float, mutual: bool) -> dict[tuple[int, int], float]:
    """Pairs of items by the definition, cosine by cosine."""
    cosine = F.cosine_similarity(TEXT[:, None], TEXT[None], dim=-1)
    near = {
        (i, j)
        for i in range(23)
        for j in sorted((j for j in range(23) if j != i), key=lambda j: -cosine[i, j].item())[:k]
        if cosine[i, j] >= least and cosine[i, j] > 0
    }
    if mutual:
        near = {(i, j) for i, j in near if (j, i) in near}
    return {(min(i, j), max(i, j)): cosine[i, j].item() for i, j in near}


def dense(
    train: Interactions, alpha: float, beta: float, weights: list[float] | None = None, pairs: object = None
) -> torch.Tensor:
    """The [N, N] operator, entry by entry: weights, then degrees, then ``D^-alpha W D^-beta``."""
    size = train.num_users + train.num_items
    matrix = torch.zeros(size, size, dtype=torch.float64)
    for u, i, w in zip(train.users.tolist(), train.items.tolist(), weights or [1.0] * len(train), strict=True):
        matrix[u, train.num_users + i] = matrix[train.num_users + i, u] = w
    for (i, j), w in dict(pairs or {}).items():  # type: ignore[call-overload]
        matrix[train.num_users + i, train.num_users + j] = matrix[train.num_users + j, train.num_users + i] = w
    degree = matrix.sum(1)
    degree[degree == 0] = 1
    return degree.pow(-alpha)[:, None] * matrix * degree.pow(-beta)[None, :]


def agree(graph: object, operator: object, size: int) -> None:
    """Two steps of both, values and gradients."""
    states = torch.randn(size, 8, dtype=torch.float64, requires_grad=True)
    target = torch.randn(size, 8, dtype=torch.float64)
    ours = graph.propagate(graph.propagate(states))  # type: ignore[attr-defined]
    (gradient,) = torch.autograd.grad((ours * target).sum(), states)
    theirs = operator(operator(states))  # type: ignore[operator]
    (expected,) = torch.autograd.grad((theirs * target).sum(), states)
    for one, other in ((ours, theirs), (gradient, expected)):  # weights are kept in float32
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6 * other.abs().max().item())


@pytest.mark.parametrize("kernel", [embedding_bag, csr_product, scatter, None])
@pytest.mark.parametrize("name", EXPONENTS)
def test_normalisations_equal_dense(kernel: object, name: str) -> None:
    train = shop()
    normalisation, alpha, beta = EXPONENTS[name]
    matrix = dense(train, alpha, beta)
    agree(BipartiteGraph(train, normalisation, kernel).double(), lambda x: matrix @ x, 40)  # type: ignore[arg-type]


@pytest.mark.parametrize("strength", ["events", "decay", "both"])
def test_strengths_equal_dense(strength: str) -> None:
    train = shop()
    matrix = dense(train, 0.7, 0.3, pair_weights(train, strength))
    agree(BipartiteGraph(train, RAdjNorm(0.7), None, STRENGTH[strength]).double(), lambda x: matrix @ x, 40)


@pytest.mark.parametrize("mutual", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("least", [0.0, 0.4])
def test_semantic_equals_dense(mutual: bool, weighted: bool, least: float) -> None:
    train = shop()
    found = similar_pairs(4, least, mutual)
    assert found
    pairs = {pair: 0.3 * (cosine if weighted else 1.0) for pair, cosine in found.items()}
    edges = {"text": SimilarItems(4, least, mutual, weighted, 0.3)}
    matrix = dense(train, 0.6, -0.1, pair_weights(train, "events"), pairs)
    graph = BipartiteGraph(train, Power(0.6, -0.1), None, STRENGTH["events"], edges, features=TEXT).double()
    agree(graph, lambda x: matrix @ x, 40)


def test_lightgcnpp_message_has_length_one() -> None:
    """``e_i = d_i^-alpha sum_u d_u^-beta e_u / |e_u|`` by a loop over the neighbours."""
    train = shop()
    graph = BipartiteGraph(train, Power(0.6, -0.1), None, message=partial(F.normalize, dim=1)).double()
    users, items = train.user_counts.tolist(), train.item_counts.tolist()

    def step(states: torch.Tensor) -> torch.Tensor:
        rows = [torch.zeros(8, dtype=torch.float64) for _ in range(40)]
        for u, i in zip(train.users.tolist(), train.items.tolist(), strict=True):
            rows[17 + i] = rows[17 + i] + items[i] ** -0.6 * users[u] ** 0.1 * states[u] / states[u].norm()
            rows[u] = rows[u] + users[u] ** -0.6 * items[i] ** 0.1 * states[17 + i] / states[17 + i].norm()
        return torch.stack(rows)

    states = torch.randn(40, 8, dtype=torch.float64, requires_grad=True)
    ours, theirs = graph.propagate(states), step(states)
    weights = torch.randn(40, 8, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((ours * weights).sum(), states)
    (expected,) = torch.autograd.grad((theirs * weights).sum(), states)
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-7)


def test_random_walk_equals_pyg_mean() -> None:
    from torch_geometric.nn import SimpleConv

    train = random_interactions(17, 23, 0.2, seed=3)
    ends = torch.stack([train.users, train.items + 17])
    states = torch.randn(40, 5)
    expected = SimpleConv(aggr="mean")(states, torch.cat([ends, ends.flip(0)], 1))
    torch.testing.assert_close(BipartiteGraph(train, RandomWalk(), None).propagate(states), expected)


def test_item_graph_equals_dense() -> None:
    matrix = torch.zeros(23, 23, dtype=torch.float64)
    for (i, j), cosine in similar_pairs(4, 0.0, False).items():
        matrix[i, j] = matrix[j, i] = cosine
    degree = matrix.sum(1)
    matrix = degree.rsqrt()[:, None] * matrix * degree.rsqrt()[None]
    graph = ItemGraph(TEXT, 23, SimilarItems(4, 0.0, False, True, 1.0), None).double()
    agree(graph, lambda x: matrix @ x, 23)


def test_cold_items_are_reached_by_text_alone() -> None:
    """Zero states but one: with semantic edges the cold item hears of it, without them it stays at zero."""
    train = shop()
    states = torch.cat([torch.zeros(17, 4), torch.ones(22, 4), torch.zeros(1, 4)])
    semantic = BipartiteGraph(
        train, Symmetric(), None, {}, {"text": SimilarItems(3, 0.0, False, True, 0.1)}, features=TEXT
    )
    assert semantic.propagate(states)[-1].abs().min() > 0
    assert not BipartiteGraph(train, Symmetric(), None).propagate(states)[-1].any()


def test_rare_items_lean_on_text_more_than_popular_ones() -> None:
    train = shop()
    graph = BipartiteGraph(
        train, RandomWalk(), None, {}, {"text": SimilarItems(3, 0.0, False, False, 0.1)}, features=TEXT
    )
    from_items = torch.cat([torch.zeros(17, 1), torch.ones(23, 1)])
    share = graph.propagate(from_items)[17:, 0]
    edges = SimilarItems(3, 0.0, False, False, 0.1)(TEXT, 23)
    degree = torch.bincount(torch.cat([edges.left, edges.right]), minlength=23) * 0.1
    torch.testing.assert_close(share, degree / (degree + train.item_counts))
    assert share[-1] == 1  # cold: text alone


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda train: Events(1.0)(train), "graph/strength=none"),
        (lambda train: Decay(10, 0.1)(train), "data.reader.time"),
        (lambda train: Decay(0, 0.1), "half_life=0"),
        (lambda train: SimilarItems(0, 0, False, True, 1), "k=0"),
        (lambda train: SimilarItems(3, 0, False, True, 1)(None, 5), "Set features=minilm"),
    ],
)
def test_mistakes_name_the_option(build: object, message: str, tiny: Interactions) -> None:
    with pytest.raises(UserError, match=message):
        build(tiny)  # type: ignore[operator]


def test_gradcheck_twice(tiny: Interactions) -> None:
    graph = BipartiteGraph(tiny, RandomWalk(), None).double()
    states = torch.randn(9, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(graph.propagate, states)
    assert torch.autograd.gradgradcheck(graph.propagate, states)


def test_symmetric_rows_and_cold_nodes(tiny: Interactions) -> None:
    graph = BipartiteGraph(tiny, Symmetric(), None)
    matrix = graph.propagate(torch.eye(9))
    torch.testing.assert_close(matrix, matrix.T)
    assert matrix[0, 4] == pytest.approx((2 * 3) ** -0.5)  # user 0 has 2 items, item 0 has 3 users
    assert not matrix[8].any()  # item 4 is cold


def test_autocast_stays_in_float32(tiny: Interactions) -> None:
    graph = BipartiteGraph(tiny, Symmetric(), None)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert graph.propagate(torch.ones(9, 2, dtype=torch.bfloat16)).dtype == torch.float32


@pytest.mark.parametrize("drop", ["drop_edges", "drop_nodes"])
def test_drops_renormalise_and_keep_strength_and_item_edges(drop: str) -> None:
    train = shop()
    edges = {"text": SimilarItems(3, 0.0, False, True, 0.2)}
    graph = BipartiteGraph(train, RAdjNorm(0.7), None, STRENGTH["events"], edges, features=TEXT)
    dropped = getattr(graph, drop)(0.3, torch.Generator().manual_seed(0))
    kept = dropped.train_edges
    assert 0.3 < len(kept) / len(train) < 0.85
    assert set(kept.keys.tolist()) <= set(train.keys.tolist())
    pairs = {pair: 0.2 * cosine for pair, cosine in similar_pairs(3, 0.0, False).items()}
    matrix = dense(kept, 0.7, 0.3, pair_weights(kept, "events"), pairs)
    torch.testing.assert_close(dropped.propagate(torch.eye(40)).double(), matrix, rtol=1e-6, atol=1e-7)


def test_dropped_nodes_have_no_interaction() -> None:
    train = random_interactions(40, 50, 0.3, seed=1)
    graph = BipartiteGraph(train, Symmetric(), None).drop_nodes(0.4, torch.Generator().manual_seed(0))
    lost = set(train.keys.tolist()) - set(graph.train_edges.keys.tolist())
    gone_users = {u for u in range(40) if not (graph.train_edges.users == u).any()}
    gone_items = {i for i in range(50) if not (graph.train_edges.items == i).any()}
    assert lost == {key for key in train.keys.tolist() if key // 50 in gone_users or key % 50 in gone_items}
    assert 10 <= len(gone_users) <= 22


def test_nothing_in_the_checkpoint(tiny: Interactions) -> None:
    assert not BipartiteGraph(tiny, Symmetric(), None).state_dict()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_blocks_give_the_same_bits(dtype: torch.dtype) -> None:
    """Rows without entries, at the ends too, and a row larger than a block; for all thread counts."""
    lengths = torch.tensor([0, 0, 3, 0, 90, 1, 1, 0, 17, 9, 2, 0, 30, 0])
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)]).int()
    generator = torch.Generator().manual_seed(0)
    columns = torch.randint(14, (int(lengths.sum()),), generator=generator).int()
    matrix = Csr(offsets, columns, torch.rand(len(columns), generator=generator, dtype=dtype))
    states = torch.randn(14, 8, generator=generator, dtype=dtype)
    whole = kernels.bags(matrix, states)
    assert [rows.start for rows, _ in kernels.blocks(matrix, 20)] == [0, 5, 9, 10, 13]
    assert [rows.stop for rows, _ in kernels.blocks(matrix, 20)] == [5, 9, 10, 13, 14]
    assert all(len(part.columns) == part.offsets[-1] for _, part in kernels.blocks(matrix, 20))
    for block in (20, 1):
        assert torch.equal(embedding_bag(matrix, states, block), whole)


def test_half_gather_adds_up_in_float32() -> None:
    train = random_interactions(200, 300, 0.2, seed=3)
    states = torch.randn(500, 16)
    exact = BipartiteGraph(train, Symmetric(), None).propagate(states)
    half = BipartiteGraph(train, Symmetric(), half_gather).propagate(states)
    error = (half - exact).norm() / exact.norm()
    assert 1e-6 < error < 1e-3


@pytest.mark.parametrize("power", [-90, -40, -20, 14, 60])
def test_half_gather_is_as_exact_for_gradients_as_for_states(power: int) -> None:
    """A gradient of a mean over a batch is far below 6e-5, where float16 begins to lose digits."""
    graph = BipartiteGraph(random_interactions(60, 90, 0.2, seed=3), Symmetric(), half_gather)
    states, scale = torch.randn(150, 8), 2.0**power
    assert torch.equal(graph.propagate(states * scale), graph.propagate(states) * scale)
    assert torch.equal(graph.propagate(0 * states), 0 * states)


def test_the_fastest_kernel_is_found_once_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    train = shop()
    calls = []

    def slow(matrix: Csr, states: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        time.sleep(0.2)  # more than a busy machine makes of the other
        return scatter(matrix, states)

    def broken(matrix: Csr, states: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    fastest = Fastest({"slow": slow, "broken": broken, "embedding_bag": embedding_bag}, rounds=2)
    graph = BipartiteGraph(train, Symmetric(), fastest)
    states = torch.randn(40, 4, requires_grad=True)
    with caplog.at_level("INFO", "ltgnn"):
        graph.propagate(states).sum().backward()
        graph.propagate(states)
    assert len(calls) == 3  # one to warm up
    (message,) = [record.getMessage() for record in caplog.records]
    assert "width 4: embedding_bag (slow" in message
    assert "broken" not in message
    torch.testing.assert_close(graph.propagate(states), BipartiteGraph(train, Symmetric(), None).propagate(states))


def test_the_own_kernel_stays_unless_another_is_faster_by_far(caplog: pytest.LogCaptureFixture) -> None:
    graph = BipartiteGraph(shop(), Symmetric(), None)
    matrix, states = Csr(graph.offsets, graph.columns, graph.weights), torch.ones(40, 4)
    taken = {embedding_bag: 4.0, csr_product: 3.0, triton_rows: float("inf"), scatter: 9.0}
    fastest = partial(Fastest, timer=lambda kernel, *given: taken[underlying_kernel(kernel)])
    both = {"csr": csr_product, "embedding_bag": partial(embedding_bag), "triton_rows": triton_rows}
    with caplog.at_level("INFO", "ltgnn"):
        assert fastest(both, 1).winner(matrix, states) is csr_product
        assert choose_kernel(fastest(both, 1, margin=0.6), matrix, states) is embedding_bag
        assert choose_kernel(fastest(both, 1, margin=0.8), matrix, states) is csr_product
        assert len(caplog.records) == 3
        assert fastest(both, 1, least=len(matrix.columns) * 4 + 1).winner(matrix, states) is embedding_bag
        assert len(caplog.records) == 3  # too small a product to be timed
        assert (
            fastest({"scatter": scatter, "triton_rows": triton_rows}, 1, margin=0.1).winner(matrix, states) is scatter
        )
        assert fastest({"triton_rows": triton_rows}, 1, margin=0.1).winner(matrix, states) is scatter
    assert "scatter (no other runs here)" in caplog.text


def test_the_default_kernel_is_measured_where_a_layer_takes_time(caplog: pytest.LogCaptureFixture) -> None:
    graph = partial(instantiate(compose_config("train", [], None).graph), features=None)
    small = graph(shop())
    big = graph(random_interactions(3000, 2000, 0.05, 0))
    with caplog.at_level("INFO", "ltgnn"):
        small.propagate(torch.ones(40, 64))
        assert not caplog.records
        big.propagate(torch.ones(5000, 256))
    (record,) = caplog.records
    assert f"on cpu, {len(big.columns)} edges, width 256: " in record.getMessage()
    assert "(embedding_bag " in record.getMessage()  # both timed; which one wins is the machine's
    assert ", csr " in record.getMessage()


def test_a_kernel_of_another_device_says_so() -> None:
    train = random_interactions(4, 3, 0.5, 0)
    with pytest.raises(UserError, match="runs on CUDA"):
        BipartiteGraph(train, Symmetric(), triton_rows).propagate(torch.zeros(7, 2))
