"""Names, tags, groups and columns of W&B runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ltgnn.runs.wandb_labels import CODE, LONGEST_NAME, columns, run_group, run_name, run_tags
from ltgnn.types import UserError

FOLDER = Path("logs/train/multiruns/ablation/000_lightgcn_sum_ab12cd34")
CHOICES = {"data": "toy", "model": "lightgcn", "fusion": "sum", "loss": "bpr", "features": "words", "schedule": None}
CONFIG: dict[str, Any] = {
    "task": "train",
    "tags": ["mine"],
    "seed": 3,
    "lr": 0.1,
    "loss": {"ranking": {"temperature": 0.2}},
    "model": {"encoder": {"_target_": "ltgnn.models.lightgcn.LightGCN"}},
    "fusion": {"_target_": "ltgnn.models.fusion.Sum"},
    "sweep": {"running": False},
    "choices": CHOICES,
}
EASE = CONFIG | {
    "model": {"closed_form": {"_target_": "ltgnn.models.closed_form.ease.EASE", "l2": 300.0}},
    "choices": CHOICES | {"model": "ease"},
}
FIELDS = ["model", "fusion", "loss", "features", "seed"]


def test_columns_are_options_and_knobs() -> None:
    made = columns(CONFIG)
    assert (made["model"], made["loss"], made["fusion"], made["features"]) == ("lightgcn", "bpr", "sum", "words")
    assert (made["seed"], made["lr"]) == (3, 0.1)
    assert made["recipe"]["loss"] == {"ranking": {"temperature": 0.2}}
    assert made[CODE]["version"]
    assert made[CODE]["first_epoch"] == 1


@pytest.mark.parametrize(
    ("fields", "config", "wanted"),
    [
        (FIELDS, CONFIG, "lightgcn sum bpr words seed=3"),
        (FIELDS, EASE, "ease seed=3"),  # it has neither fusion nor loss, and reads no features
        (["model", "lr", "loss.ranking.temperature"], CONFIG, "lightgcn lr=0.1 temperature=0.2"),
        (["model", "schedule"], CONFIG, "lightgcn"),
        ("my run", CONFIG, "my run"),
        (None, CONFIG, FOLDER.name),
        ("x" * 200, CONFIG, "x" * LONGEST_NAME),
    ],
)
def test_a_name_says_what_the_run_is(fields: Any, config: dict[str, Any], wanted: str) -> None:
    assert run_name(fields, config, FOLDER) == wanted


def test_an_unknown_field_of_the_name_is_refused() -> None:
    with pytest.raises(UserError, match=r"unknown field 'modl'\. Did you mean model"):
        run_name(["modl"], CONFIG, FOLDER)


def test_tags_are_within_the_limits() -> None:
    tags = run_tags(CONFIG | {"tags": ["mine", "mine", " ", "a" * 70], "choices": CHOICES | {"data": "d" * 99}})
    assert tags[:2] == ["mine", "a" * 64]
    assert tags[2:] == ["data:" + "d" * 59, "model:lightgcn", "fusion:sum", "loss:bpr", "features:words"]
    assert run_tags(EASE) == ["mine", "data:toy", "model:ease"]


def test_only_runs_of_a_sweep_have_a_group() -> None:
    assert run_group(None, CONFIG, FOLDER) is None
    assert run_group(None, CONFIG | {"sweep": {"running": True}}, FOLDER) == "ablation"
    assert run_group("paper", CONFIG, FOLDER) == "paper"
