"""`ltgnn features`: build, list, check and clear the store."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from ltgnn.commands.features import main
from ltgnn.features.store import FeatureStore
from ltgnn.features.store_listing import entries
from ltgnn.types import UserError
from tests.conftest import CONF
from tests.features.test_store_folders import fill as everything


def fill(folder: Path, name: str, value: float = 1.0) -> str:
    card = (
        FeatureStore(folder).get({"encoder": {"class": name}}, [], lambda: torch.full((3, 2), value), lambda _: {}).card
    )
    return str(card["key"])


def run(folder: Path, *arguments: str) -> int:
    return main([*arguments, "--folder", str(folder)])


def test_ls_shows_every_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = [fill(tmp_path, "TfidfSvd"), fill(tmp_path, "HuggingFace")]
    assert run(tmp_path, "ls") == 0
    shown = capsys.readouterr().out
    assert all(key[:12] in shown for key in keys)
    assert "TfidfSvd" in shown
    assert "3 x 2" in shown
    assert "2 sets of features" in shown
    assert run(tmp_path / "none", "ls") == 0


@pytest.mark.parametrize("damage", ["byte", "header", "card", "nan"])
def test_verify_finds_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    whole = fill(tmp_path, "whole")
    key = fill(tmp_path, "broken", float("nan") if damage == "nan" else 1.0)
    path = tmp_path / f"{key}.safetensors"
    if damage == "byte":
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    elif damage == "header":
        path.write_bytes(b"rubbish")
    elif damage == "card":
        path.with_suffix(".json").unlink()
    assert run(tmp_path, "verify") == 1
    shown = capsys.readouterr().out
    assert f"{whole[:12]}  intact" in shown
    assert f"{key[:12]}  intact" not in shown
    assert "1 intact, 1 damaged" in shown
    assert run(tmp_path, "prune", "--damaged", "--yes") == 0
    assert [entry.key for entry in entries(tmp_path)] == [whole]
    assert run(tmp_path, "verify") == 0


def test_prune_lists_before_it_deletes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, kept, new = fill(tmp_path, "old"), fill(tmp_path, "kept"), fill(tmp_path, "new")
    month_ago = time.time() - 31 * 86400
    for key in (old, kept):
        os.utime(tmp_path / f"{key}.safetensors", (month_ago, month_ago))
    assert run(tmp_path, "prune", "--unused", "30", "--keep", kept[:6]) == 0
    assert "1 set of features" in capsys.readouterr().out
    assert len(list(entries(tmp_path))) == 3
    assert run(tmp_path, "prune", "--unused", "30", "--yes", "--keep", kept[:6]) == 0
    assert {entry.key for entry in entries(tmp_path)} == {kept, new}
    assert not list(tmp_path.glob(f"{old}*"))


def test_a_negative_number_of_days_deletes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"unused=-1\.0 given, a number of at least 0 or null wanted"):
        run(tmp_path, "prune", "--unused", "-1", "--yes")


def test_prune_sweeps_what_killed_writers_left(tmp_path: Path) -> None:
    fill(tmp_path, "whole")
    (tmp_path / "dead.1.partial").touch()
    (tmp_path / "fresh.2.partial").touch()
    os.utime(tmp_path / "dead.1.partial", (0, 0))
    assert run(tmp_path, "prune", "--yes") == 0
    assert not (tmp_path / "dead.1.partial").exists()
    assert (tmp_path / "fresh.2.partial").exists()  # its writer may live
    assert len(list(entries(tmp_path))) == 1


def test_prune_leaves_what_a_run_reads_or_a_process_writes(
    launch: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also after a transform, which gives the features of the run another key than those that are stored."""
    store = tmp_path / "cache/text"
    assert launch("features/transform=whiten", "fusion=sum", "hydra.run.dir=logs/here") == 0
    (used,) = entries(store)
    idle, busy = fill(store, "idle"), fill(store, "busy")
    capsys.readouterr()
    assert main(["ls"]) == 0
    assert "1 run: here (features=words)" in capsys.readouterr().out
    with FileLock(store / f"{busy}.lock"):
        assert main(["prune", "--all", "--yes"]) == 0
    shown = capsys.readouterr().out
    assert f"{used.key[:12]}  stays: 1 run: here (features=words)" in shown
    assert f"{busy[:12]}  stays: a process writes to it" in shown
    assert {entry.key for entry in entries(store)} == {used.key, busy}
    assert idle not in {used.key, busy}
    assert main(["prune", "--all", "--yes", "--runs", str(tmp_path / "elsewhere")]) == 0
    assert not list(entries(store))


def test_descriptions_and_images_are_listed_verified_and_pruned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    everything(tmp_path)
    assert main(["ls"]) == 0
    shown = capsys.readouterr().out
    for text in ("encoded images", "1 image, 1 failed", "2 texts", "Model small", "1 file of descriptions"):
        assert text in shown
    (lines,) = (tmp_path / "descriptions").glob("*.jsonl")
    lines.write_bytes(lines.read_bytes().replace(b'"uses": "b"', b'"uses": "c"'))
    assert main(["verify"]) == 1
    assert "1 damaged line of 2; what is damaged is made anew when it is read" in capsys.readouterr().out
    assert main(["prune", "--damaged", "--yes"]) == 0
    assert lines.exists()  # the other line is whole
    assert main(["prune", "--all", "--yes"]) == 0
    assert "1 set of features, 1 folder of encoded images, 1 folder of downloads" in capsys.readouterr().out
    assert not lines.exists()


def test_build_makes_what_training_finds(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path))
    toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}"]
    assert main(["build", *toy, "features=words"]) == 0
    (entry,) = entries(tmp_path / "text")
    assert entry.key in capsys.readouterr().out
    assert entry.card["neighbours"][0]["item"].startswith("the ")
    made = entry.path.stat().st_mtime_ns
    assert main(["build", *toy, "features=words", "fusion=sum", "seed=7"]) == 0
    (entry,) = entries(tmp_path / "text")
    assert entry.path.stat().st_mtime_ns == made
    assert main(["build", *toy, "features=none"]) == 0
    assert "no item features" in capsys.readouterr().out
    with pytest.raises(UserError, match="features=minilm"):
        main(["build", *toy, "features=minilmm"])


STUB = """
defaults:
  - words
  - _self_
_target_: ltgnn.features.describing.described_text.DescribedText
text: "{item}. {description} {uses}"
writer:
  _target_: tests.features.describing.writers.StubWriter
  answer: {_target_: hydra.utils.get_method, path: tests.features.describing.writers.ANSWER}
describer:
  _target_: ltgnn.features.describing.describer.Describer
  _partial_: true
  prompt: "Item: {item}\\n"
  again: null
  parts: [description, uses]
  longest: 100
  price_in: 1.0
  price_out: 2.0
  store:
    _target_: ltgnn.features.describing.description_store.DescriptionStore
    folder: ${paths.cache_dir}/descriptions
"""


def test_describe_writes_shows_and_is_found_by_build(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    conf = Path(shutil.copytree(CONF, tmp_path / "conf"))
    (conf / "features" / "written.yaml").write_text(STUB.replace("ANSWER", "echo"))
    toy = ["--config-dir", str(conf), "data=toy", f"data.files.path={shop}", "features=written"]
    assert main(["describe", *toy, "--limit", "2", "--show", "1"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("  uses: using the ") == 1
    assert "described so far: 2 texts, 0 asked again" in shown
    assert "texts left: about" in shown
    assert main(["describe", *toy, "--out", str(tmp_path / "items.csv")]) == 0
    shown = capsys.readouterr().out
    assert "texts left" not in shown
    rows = (tmp_path / "items.csv").read_text().splitlines()
    assert rows[0] == "item_id,item,description,uses,text"
    assert main(["build", *toy]) == 0
    assert '"described"' in capsys.readouterr().out
    with pytest.raises(UserError, match=r"ItemText.*set features=described"):
        main(["describe", *toy[:-1], "features=words"])
    with pytest.raises(UserError, match="limit=-1"):
        main(["describe", *toy, "--limit", "-1"])


def test_text_that_names_who_bought_is_a_leak(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A writer that knows the held-out pairs is caught by `features describe` and by `data audit`."""
    from ltgnn.build import build_dataset, build_split
    from ltgnn.commands.data import main as data
    from ltgnn.config.composing import compose_config
    from tests.features.describing import writers

    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    conf = Path(shutil.copytree(CONF, tmp_path / "conf"))
    (conf / "features" / "written.yaml").write_text(STUB.replace("ANSWER", "gossip"))
    toy = ["data=toy", f"data.files.path={shop}", "features=written"]
    monkeypatch.setenv("LTGNN_CONF", str(conf))
    cfg = compose_config("train", toy, None)
    dataset = build_dataset(cfg)
    split = build_split(cfg, dataset)
    buyers: dict[str, list[str]] = {}
    for user, item in zip(split.test.users.tolist(), split.test.items.tolist(), strict=True):
        buyers.setdefault(dataset.item_fields["title"][item], []).append(dataset.user_ids[user])
    monkeypatch.setattr(writers, "BUYERS", buyers)
    assert main(["describe", *toy]) == 1
    assert "leak audit: text built from interactions" in capsys.readouterr().out
    assert data(["audit", "toy", *toy[1:]]) == 1
    assert "text built from interactions" in capsys.readouterr().out
