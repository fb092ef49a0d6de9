"""What a run says of itself: a small validation part, lists that are the popularity list, no validation at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from omegaconf import OmegaConf

from ltgnn.runs.warnings import collect, first_unseen, never_validated, popular_lists, small_validation
from ltgnn.types import Dataset, Evaluation, Features, Split, TopK
from tests.conftest import interactions, random_interactions

TRAIN = random_interactions(60, 200, 0.1, 1)


def parts(val: int, users: int = 60) -> Split:
    """``val`` pairs of ``users`` users, none of them in train."""
    free = [(u, i) for u in range(60) for i in range(200) if not torch.isin(u * 200 + i, TRAIN.keys)]
    own = [pair for pair in free if pair[0] < users]
    step = max(1, len(own) // max(val, 1))
    chosen = own[::step][:val]
    test = [pair for pair in free if pair not in set(chosen)][::50]
    return Split(TRAIN, interactions(chosen, 60, 200), interactions(test, 60, 200), "by hand")


def test_a_validation_part_too_small_to_choose_by() -> None:
    assert "6 pairs of 6 users (10.0% of all)" in small_validation(parts(6), 0.1)
    assert "split.val above 0.1" in small_validation(parts(6), 0.1)
    assert "split.val" not in small_validation(parts(6), None)
    assert "200 pairs of 2 users" in small_validation(parts(200, users=2), 0.1)  # many pairs, few users
    assert small_validation(parts(99), 0.1)
    assert small_validation(parts(200), 0.1) == ""
    assert small_validation(parts(0), None) == ""


def popular(split: Split, k: int = 20) -> TopK:
    order = torch.argsort(split.train.item_counts, descending=True, stable=True)
    users = torch.unique(split.test.users)
    items = torch.stack([first_unseen(order, [split.train, split.val], int(user), k) for user in users])
    return TopK(users, items, torch.zeros(items.shape))


def test_first_unseen_is_the_naive_list() -> None:
    split = parts(200)
    lists = popular(split)
    for user, items in zip(lists.users.tolist(), lists.items.tolist(), strict=True):
        seen = {i for part in (split.train, split.val) for i in part.items[part.users == user].tolist()}
        ranked = sorted(range(200), key=lambda i: (-int(split.train.item_counts[i]), i))
        assert items == [i for i in ranked if i not in seen][:20]


def test_lists_that_are_the_popularity_list() -> None:
    split = parts(200)
    lists = popular(split)
    said = popular_lists(lists, split, closed_form=False)
    assert said.startswith("100% of the first 20 places")
    assert popular_lists(lists, split, closed_form=True) == ""  # the popularity model itself
    assert popular_lists(lists._replace(items=lists.items.flip(1)), split, closed_form=True)  # another order: by score
    other = lists._replace(items=(lists.items + 100) % 200)
    assert popular_lists(other, split, closed_form=False) == ""


def test_a_training_without_a_validation() -> None:
    cfg = OmegaConf.create({"eval_every": 5, "callbacks": {"checkpoint": {"monitor": "val/ndcg@20"}}})
    assert "it ran 3 epochs, and eval_every=5" in never_validated(cfg, {"by": "last epoch", "epochs_run": 3})
    assert never_validated(cfg, {"by": "val/ndcg@20"}) == ""
    cfg.callbacks.checkpoint.monitor = None  # callbacks=last: it was asked for
    assert never_validated(cfg, {"by": "last epoch", "epochs_run": 3}) == ""


def test_the_warnings_of_the_cards_are_the_run_s() -> None:
    split = parts(200)
    dataset = Dataset("d", {"all": TRAIN}, [""] * 60, [""] * 200, card={"warnings": ["3 times are negative."]})
    features = Features(torch.zeros(200, 2), {"warnings": ["31 of 200 texts are empty."]})
    cfg = OmegaConf.create({"split": {"val": 0.1}, "model": {}})
    evaluations = {"test": Evaluation({}, {}, popular(split))}
    found = collect(cfg, dataset, split, features, evaluations, {"by": "val/ndcg@20"})
    assert len(found) == 3
    assert found[1:] == ["3 times are negative.", "31 of 200 texts are empty."]


def test_a_model_that_reads_no_text_is_not_warned_of_it(launch: Callable[..., int], shop: Path, tmp_path: Path) -> None:
    told, alike = {}, Path(shutil.copytree(shop, tmp_path / "alike"))
    lines = (alike / "toy.item").read_text().splitlines()
    (alike / "toy.item").write_text("\n".join([*lines[:6], *(f"{line.split()[0]}\tbox" for line in lines[6:])]) + "\n")
    for model in ("ease", "content_knn"):
        words = (f"model={model}", "features=tfidf", f"data.files.path={alike}", f"paths.run_dir={tmp_path / model}")
        assert launch(*words) == 0
        told[model] = " ".join(json.loads((tmp_path / model / "metrics.json").read_text())["warnings"])
    assert "Text features" in told["content_knn"]
    assert "Text features" not in told["ease"]
