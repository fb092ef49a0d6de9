"""Leak audit: clean data pass, each planted leak is found."""

import dataclasses

import pytest
import torch

from ltgnn.data.audit import audit, refuse_leaks
from ltgnn.data.splits import GlobalTime, LeaveOneOut, RandomSplit
from ltgnn.types import Dataset, Interactions, Split, UserError


class DenseGraph:
    """Any graph that can propagate."""

    def __init__(self, edges):
        size = edges.num_users + edges.num_items
        self.matrix = torch.zeros(size, size)
        self.matrix[edges.users, edges.num_users + edges.items] = 0.5
        self.matrix[edges.num_users + edges.items, edges.users] = 0.5

    def propagate(self, states):
        return self.matrix @ states

    def drop_edges(self, rate, generator):
        raise NotImplementedError


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(1)
    users, items = (torch.rand(40, 200, generator=generator) < 0.1).nonzero().T
    times = torch.rand(len(users), generator=generator, dtype=torch.float64)
    pairs = Interactions(users.contiguous(), items.contiguous(), 40, 200, times)
    return Dataset("toy", {"all": pairs}, [f"user{n:03}" for n in range(40)], [f"item{n:03}" for n in range(200)])


@pytest.fixture
def split(data):
    return RandomSplit(0.1, 0.1, 0)(data)


def texts():
    return [f"thing number {n}" for n in range(200)]


def checks(data, split, graph=None, counts=None, text=None, fields=()):
    return [finding.check for finding in audit(data, split, graph, counts, text, fields)]


def joined(*parts):
    def cat(name):
        return torch.cat([getattr(part, name) for part in parts])

    return Interactions(cat("users"), cat("items"), parts[0].num_users, parts[0].num_items, cat("times"))


def test_clean(data, split):
    graph, counts = DenseGraph(split.train), split.train.item_counts
    assert checks(data, split, graph, counts, texts(), ["title"]) == []
    refuse_leaks(split, graph, counts)
    for protocol in (LeaveOneOut(), GlobalTime(0.1, 0.1)):
        assert checks(data, protocol(data)) == []


def test_duplicates_across_parts(data, split):
    leaky = Split(joined(split.train, split.test.select(torch.arange(3))), split.val, split.test, "leaky")
    assert checks(data, leaky) == ["duplicates across parts"]
    with pytest.raises(UserError, match=r"duplicates across parts: 3 .*in train and test"):
        refuse_leaks(leaky, None, None)


@pytest.mark.parametrize("part", ["val", "test"])
def test_held_out_pairs_in_the_graph(data, split, part):
    extra = getattr(split, part)
    graph = DenseGraph(joined(split.train, extra))
    assert checks(data, split, graph) == ["held-out pairs in the graph"]
    found = audit(data, split, graph, None, None, ())[0]
    assert found.count == len(extra)
    with pytest.raises(UserError, match="held-out pairs in the graph"):
        refuse_leaks(split, graph, None)


def test_one_leaked_edge_is_found(data, split):
    assert checks(data, split, DenseGraph(joined(split.train, split.test.select(torch.tensor([5])))))


def test_popularity_counts(data, split):
    counts = data.parts["all"].item_counts
    assert checks(data, split, counts=counts) == ["popularity counts not from train"]
    with pytest.raises(UserError, match="popularity counts"):
        refuse_leaks(split, None, counts)
    with_number = dataclasses.replace(data, item_numbers={"sold": counts.float(), "price": torch.rand(200)})
    assert checks(with_number, split) == ["popularity counts not from train"]
    honest = dataclasses.replace(data, item_numbers={"sold": split.train.item_counts.float()})
    assert checks(honest, split) == []


@pytest.mark.parametrize("protocol", [LeaveOneOut(), GlobalTime(0.1, 0.1)])
def test_time_travel(data, protocol):
    split = protocol(data)
    swapped = Split(split.train, split.test, split.val, split.name, split.ordered)
    assert checks(data, swapped) == ["time travel"]
    assert checks(data, dataclasses.replace(swapped, ordered="")) == []  # a random split may do so


def test_texts_that_name_users(data, split):
    leaky = texts()
    for user, item in zip(split.test.users.tolist(), split.test.items.tolist(), strict=True):
        leaky[item] += f", liked by {data.user_ids[user]}"
    assert checks(data, split, text=leaky) == ["text built from interactions"]


def test_texts_that_name_items_bought_together(data, split):
    leaky, bought = texts(), {}
    for user, item in zip(split.train.users.tolist(), split.train.items.tolist(), strict=True):
        bought.setdefault(user, []).append(item)
    for user, item in zip(split.test.users.tolist()[:40], split.test.items.tolist()[:40], strict=True):
        leaky[bought[user][0]] += f" [{data.item_ids[item]}]"
    assert checks(data, split, text=leaky) == ["text built from interactions"]


def test_numbers_in_titles_are_not_ids(split):
    """Ids are small numbers here, and every title holds one."""
    data = Dataset("toy", {}, [str(n) for n in range(40)], [str(n) for n in range(200)])
    assert checks(data, split, text=[f"volume {n % 40} of {n}, part {n // 2}" for n in range(200)]) == []


def test_fields_written_from_interactions(data, split):
    assert checks(data, split, text=texts(), fields=["title", "also_bought"]) == ["text built from interactions"]


def test_twins(data, split):
    same = texts()
    same[7] = "Thing number 3 "
    same[10] = same[11] = ""  # missing texts are no twins
    findings = audit(data, split, None, None, same, ["title"])
    assert [(finding.check, finding.count) for finding in findings] == [("identical texts under different ids", 2)]
    assert "'item003' and 'item007'" in findings[0].what
    told = sum(
        int(((split.train.users == user) & (split.train.items == 10 - item)).any())
        for part in (split.val, split.test)
        for user, item in zip(part.users.tolist(), part.items.tolist(), strict=True)
        if item in (3, 7)
    )
    assert f"{told} held-out pairs have a twin" in findings[0].what
