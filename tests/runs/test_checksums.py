"""Checksums of a run: written at its end, compared when a large file is read; a change is a warning that names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from ltgnn.commands.claim import main as claim
from ltgnn.commands.compare import main as compare
from ltgnn.commands.ensemble import main as ensemble
from ltgnn.commands.pareto import main as pareto
from ltgnn.commands.table import main as table
from ltgnn.io.scoped_cache import cache_scope
from ltgnn.runs.checksums import FILE, warn_if_changed, write_checksums
from ltgnn.runs.folder import RunFolder
from tests.analysis.made import write_run

Launch = Callable[..., int]


def test_a_change_is_said_once_and_names_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "topk.parquet").write_bytes(b"lists")
    assert not warn_if_changed(tmp_path, "topk.parquet")  # a run of before has no checksums
    write_checksums(tmp_path)
    assert not warn_if_changed(tmp_path, "topk.parquet")
    assert not warn_if_changed(tmp_path, "per_user.parquet")
    (tmp_path / "topk.parquet").write_bytes(b"lysts")
    with cache_scope():
        assert [warn_if_changed(tmp_path, "topk.parquet") for _ in range(3)] == [True] * 3
    (said,) = caplog.messages
    assert f"{tmp_path}: topk.parquet is damaged" in said


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"topk.parquet": 3', "[" * 100_000])
def test_a_damaged_record_decides_nothing_and_is_named(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "topk.parquet").write_bytes(b"lists")
    (tmp_path / FILE).write_text(content)
    assert not warn_if_changed(tmp_path, "topk.parquet")
    damaged = f"{tmp_path}: {FILE} is damaged"
    assert [damaged in message for message in caplog.messages] == ([] if content in ("[]", "{}") else [True])


def test_a_changed_recipe_or_number_is_told_by_every_table(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folders = [write_run(tmp_path / name, seed, 0.2, 0.4) for seed, name in enumerate(("a", "b", "old"))]
    for folder in folders[:2]:
        write_checksums(folder)
    metrics = folders[0] / "metrics.json"
    changed = metrics.read_text().replace("0.", "0.9", 1)
    for folder in folders:
        (folder / "metrics.json").write_text(changed)
    (folders[1] / "config.yaml").write_text((folders[1] / "config.yaml").read_text().replace("dim: 8", "dim: 9"))
    given = [*map(str, folders)]
    for command, words in ((table, given), (compare, given), (claim, given[:2]), (pareto, [str(tmp_path)])):
        caplog.clear()
        with cache_scope():  # as the command line opens one
            command(words)
        told = [message for message in caplog.messages if "damaged, or changed after the run" in message]
        assert [line.split(" damaged")[0] for line in told] == [
            f"{folders[0]}: metrics.json is", f"{folders[1]}: config.yaml and metrics.json are"
        ], command  # fmt: skip


def test_an_ensemble_amends_its_recipe_before_it_is_judged(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for model in ("ease", "popularity"):
        assert launch(f"model={model}", "features=none", f"paths.run_dir={tmp_path / model}") == 0
    blend = tmp_path / "blend"
    assert ensemble([str(tmp_path / "ease"), str(tmp_path / "popularity"), f"paths.run_dir={blend}"]) == 0
    assert {"config.yaml", "metrics.json"} <= set(json.loads((blend / FILE).read_text()))
    assert not warn_if_changed(blend, "config.yaml", "metrics.json")
    assert "damaged" not in "".join(capsys.readouterr())


def test_a_run_whose_status_was_lost_has_no_old_checksums_while_it_runs(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"config.yaml": "0"}')
    with RunFolder(tmp_path).job(OmegaConf.create({"paths": {}})):
        assert not (tmp_path / FILE).exists()
    assert (tmp_path / FILE).exists()
