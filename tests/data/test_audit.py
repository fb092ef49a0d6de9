"""Leak audit: clean audited pass, each planted leak is found."""

import dataclasses

import pytest
import torch

from ltgnn.data.audit import audit, part_findings, refuse_leaks
from ltgnn.data.splits import GlobalTime, LeaveOneOut
from ltgnn.types import Interactions, Split, UserError
from tests.data.audit_case import checks, texts


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


def joined(*parts):
    def cat(name):
        return torch.cat([getattr(part, name) for part in parts])

    return Interactions(cat("users"), cat("items"), parts[0].num_users, parts[0].num_items, cat("times"))


def test_clean(audited, split):
    graph, counts = DenseGraph(split.train), split.train.item_counts
    assert checks(audited, split, graph, counts, texts(), ["title"]) == []
    refuse_leaks(split, graph, counts)
    for protocol in (LeaveOneOut(), GlobalTime(0.1, 0.1)):
        assert checks(audited, protocol(audited)) == []


def test_categories_may_be_shared_but_not_name_users(audited, split):
    shared = ["brand"] * audited.num_items
    assert audit(audited, split, None, None, None, ["brand"], shared) == []
    for user, item in zip(split.test.users.tolist(), split.test.items.tolist(), strict=True):
        shared[item] += f" {audited.user_ids[user]}"
    (found,) = audit(audited, split, None, None, None, ["brand"], shared)
    assert found.check == "text built from interactions"
    assert found.count == len(split.test)


def test_duplicates_across_parts(audited, split):
    leaky = Split(joined(split.train, split.test.select(torch.arange(3))), split.val, split.test, "leaky")
    assert checks(audited, leaky) == ["duplicates across parts"]
    with pytest.raises(UserError, match=r"duplicates across parts: 3 .*in train and test"):
        refuse_leaks(leaky, None, None)


@pytest.mark.parametrize("part", ["val", "test"])
def test_held_out_pairs_in_the_graph(audited, split, part):
    extra = getattr(split, part)
    graph = DenseGraph(joined(split.train, extra))
    assert checks(audited, split, graph) == ["held-out pairs in the graph"]
    found = audit(audited, split, graph, None, None, ())[0]
    assert found.count == len(extra)
    with pytest.raises(UserError, match="held-out pairs in the graph"):
        refuse_leaks(split, graph, None)


def test_one_leaked_edge_is_found(audited, split):
    assert checks(audited, split, DenseGraph(joined(split.train, split.test.select(torch.tensor([5])))))


def test_popularity_counts(audited, split):
    counts = audited.parts["all"].item_counts
    assert checks(audited, split, counts=counts) == ["popularity counts not from train"]
    with pytest.raises(UserError, match="popularity counts"):
        refuse_leaks(split, None, counts)
    with_number = dataclasses.replace(audited, item_numbers={"sold": counts.float(), "price": torch.rand(200)})
    assert checks(with_number, split) == ["popularity counts not from train"]
    honest = dataclasses.replace(audited, item_numbers={"sold": split.train.item_counts.float()})
    assert checks(honest, split) == []


def test_findings_in_one_of_several_kinds_name_it(audited, split):
    leaky = texts()
    for user, item in zip(split.test.users.tolist(), split.test.items.tolist(), strict=True):
        leaky[item] += f" {audited.user_ids[user]}"
    assert part_findings(audited, split, "text", texts(), ["title"], False, None) == []
    for shared in (False, True):
        (found,) = part_findings(audited, split, "b.brands", leaky, ["brand"], shared, None)
        assert str(found).startswith("text built from interactions: ")
        assert "(features 'b.brands': held-out pairs whose item text names the user" in str(found)
    twins = ["same"] * audited.num_items
    assert part_findings(audited, split, "x", twins, [], True, None) == []
    assert [one.check for one in part_findings(audited, split, "", twins, [], False, None)] == [
        "identical texts under different ids"
    ]


def test_vectors_that_count_all_parts(audited, split):
    counts = audited.parts["all"].item_counts
    vectors = torch.rand(200, 5)
    assert part_findings(audited, split, "given", None, [], True, vectors) == []
    vectors[:, 3] = split.train.item_counts
    assert part_findings(audited, split, "given", None, [], True, vectors) == []
    vectors[:, 3] = counts
    (found,) = part_findings(audited, split, "given", None, [], True, vectors)
    assert found.check == "popularity counts not from train"
    assert found.count == int((counts != split.train.item_counts).sum())
    assert found.what == "features 'given': column 3 of the vectors counts held-out pairs too"


@pytest.mark.parametrize("protocol", [LeaveOneOut(), GlobalTime(0.1, 0.1)])
def test_time_travel(audited, protocol):
    split = protocol(audited)
    swapped = Split(split.train, split.test, split.val, split.name, split.ordered)
    assert checks(audited, swapped) == ["time travel"]
    assert checks(audited, dataclasses.replace(swapped, ordered="")) == []  # a random split may do so
