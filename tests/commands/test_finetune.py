"""``ltgnn finetune`` whole, on the toy shop: the folder it leaves, resuming, held-out pairs that it must not see."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import ltgnn.commands.finetune
from ltgnn.build import Problem, build_problem
from ltgnn.types import Interactions, Split
from tests.conftest import CONF, run_folders

Finetune = Callable[..., Path]


@pytest.fixture
def finetune(shop: Path, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Finetune:
    """One job; gives its run folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", "features=folder"]
    toy += [
        f"features.encoder.model={tiny_bert}",
        "features.encoder.max_length=32",
        "epochs=1",
        "lr=1e-3",
        "batch_size=16",
    ]

    def run(*overrides: str) -> Path:
        before = set(run_folders(tmp_path))
        assert ltgnn.commands.finetune.main([*toy, *overrides]) == 0
        (folder,) = set(run_folders(tmp_path)) - before
        return folder

    return run


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "encoder/model.safetensors")


def same(one: Path, two: Path) -> bool:
    a, b = weights(one), weights(two)
    return all(torch.equal(a[name], b[name]) for name in a)


def test_the_folder_is_an_encoder_with_its_card(finetune: Finetune, launch: Callable[..., int], tmp_path: Path) -> None:
    run = finetune("adapt=lora", "trainer.precision=bf16-mixed", "checkpointing=true")
    found = json.loads((run / "metrics.json").read_text())
    card = (run / "encoder/README.md").read_text()
    for words in (
        found["fingerprint"],
        "CoPurchase",
        "items20/tail/recall@20",
        f"{found['before']['test']['recall@20']:.4f}",
    ):
        assert words in card
    assert f"{found['test']['recall@20']:.4f}" in card
    assert (run / "before_test_per_user.parquet").is_file()
    assert (run / "after_test_per_user.parquet").is_file()
    assert launch("features=folder", "features.encoder=" + str(run / "encoder"), "fusion=content", "epochs=2") == 0
    (used,) = run_folders(tmp_path / "logs/train")
    assert (
        json.loads((used / "features_card.json").read_text())["key"]
        == json.loads((run / "features_card.json").read_text())["key"]
    )


def test_a_finished_run_has_nothing_to_resume(finetune: Finetune) -> None:
    run = finetune("adapt=full")
    assert same(run, finetune("adapt=full"))
    assert same(run, finetune("adapt=full", f"resume={run}/checkpoints/last.ckpt"))


@contextmanager
def splits_into(change: Callable[[Split], Split]) -> Iterator[None]:
    def build(cfg: object, cache: object) -> Problem:
        problem = build_problem(cfg)
        return replace(problem, split=change(problem.split))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ltgnn.commands.finetune, "build_problem", build)
        yield


@pytest.mark.parametrize("objective", ["copurchase", "purchase"])  # the others read texts alone
def test_a_held_out_pair_is_never_used(finetune: Finetune, objective: str) -> None:
    """Pairs that are nowhere in the data are planted in the held-out parts: nothing may change; in train, much does."""
    words = [f"objective={objective}", "objective.examples=48", "adapt=full"]
    clean = finetune(*words)
    poison = torch.arange(80)  # every user

    def planted(split: Split, name: str, item: int) -> Split:
        part = getattr(split, name)
        fresh = Interactions(poison, torch.full_like(poison, item), part.num_users, part.num_items)
        there = torch.cat([split.train.keys, split.val.keys, split.test.keys])
        fresh = fresh.select(~torch.isin(fresh.keys, there))
        users, items = torch.cat([part.users, fresh.users]), torch.cat([part.items, fresh.items])
        return replace(split, **{name: Interactions(users, items, part.num_users, part.num_items)})

    with splits_into(lambda split: planted(planted(split, "val", 47), "test", 46)):  # of 48 items
        assert same(clean, finetune(*words))
    with splits_into(lambda split: planted(split, "train", 47)):
        assert not same(clean, finetune(*words))


def test_a_sweep_goes_on_where_it_stopped(
    shop: Path, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    words = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", "features=folder", "batch_size=16"]
    words += [f"features.encoder.model={tiny_bert}", "features.encoder.max_length=32", "epochs=1", "sweep.name=s", "-m"]
    assert ltgnn.commands.finetune.main([*words, "adapt=lora", "seed=1"]) == 0
    (first,) = run_folders(tmp_path)
    before = (first / "metrics.json").stat().st_mtime_ns
    capsys.readouterr()
    assert ltgnn.commands.finetune.main([*words, "adapt=lora", "seed=1,2"]) == 0
    assert "2 of 2 done: 1 skipped, 1 finished" in capsys.readouterr().out
    assert len(run_folders(tmp_path)) == 2
    assert (first / "metrics.json").stat().st_mtime_ns == before
