"""``ltgnn update weights=``: the same lists as a fit on all pairs, from an export of the run or an earlier update."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import ltgnn
from ltgnn.cli import main
from ltgnn.inference.column_update import numbers_of
from ltgnn.runs.folder import FITTED
from ltgnn.types import UserError
from tests.commands.update_case import EVENTS, ITEMS, trained

Launch = Callable[..., int]
Capture = pytest.CaptureFixture[str]

SMALL = ("model=ease_local", "model.closed_form.candidates.least=2", "model.closed_form.candidates.most=4")


def events_file(tmp_path: Path, name: str, events: list[tuple[str, str]]) -> Path:
    file = tmp_path / name
    file.write_text("user,item\n" + "".join(f"{user},{item}\n" for user, item in events))
    return file


def scores(folder: Path) -> torch.Tensor:
    model = ltgnn.load(folder)
    return model.scorer(torch.arange(len(model.catalogue.user_ids)))


@pytest.mark.parametrize("word", ["features=none", "score=popularity"])
def test_columns_of_an_export_are_kept(launch: Launch, tmp_path: Path, capsys: Capture, word: str) -> None:
    run = trained(launch, tmp_path, *SMALL, word)
    assert main(["export", f"run={run}", f"out={tmp_path / 'export'}"]) == 0
    items = tmp_path / "items.csv"
    items.write_text("item,title\n" + "".join(f"{item},{row['title']}\n" for item, row in ITEMS.items()))
    first, more = events_file(tmp_path, "first.csv", EVENTS[:2]), events_file(tmp_path, "more.csv", EVENTS)

    def update(name: str, *words: str) -> tuple[Path, str]:
        capsys.readouterr()
        assert main(["update", f"run={run}", f"out={tmp_path / name}", *words]) == 0, capsys.readouterr().err
        return tmp_path / name, capsys.readouterr().out

    own, said = update("own", f"events={more}", f"items={items}")
    assert "of 50 columns of the item weights; the others are those of the run " in said
    table = (run / FITTED).rename(tmp_path / "table")
    plain, said = update("plain", f"events={more}", f"items={items}")
    assert "computed again: the closed form, of all pairs" in said
    torch.testing.assert_close(scores(own), scores(plain), rtol=1e-5, atol=1e-5)
    table.rename(run / FITTED)
    kept, said = update("kept", f"events={more}", f"items={items}", f"weights={tmp_path / 'export'}")
    found = re.search(r"computed again: (\d+) of 50 columns of the item weights", said)
    assert found is not None
    assert 0 < int(found[1]) <= 50
    assert json.loads((kept / "update.json").read_text())["computed again"].startswith(found[1])
    torch.testing.assert_close(scores(kept), scores(plain), rtol=1e-5, atol=1e-5)
    one, _ = update("one", f"events={first}", f"weights={tmp_path / 'export'}")
    two, _ = update("two", f"events={more}", f"items={items}", f"weights={one}")
    torch.testing.assert_close(scores(two), scores(plain), rtol=1e-5, atol=1e-5)
    _, said = update("rough", f"events={first}", f"weights={tmp_path / 'export'}", "tolerance=1e6")
    assert "computed again: 0 of 48 columns" in said


def test_mistakes_are_named(launch: Launch, tmp_path: Path, capsys: Capture) -> None:
    run, other = trained(launch, tmp_path, *SMALL, "features=none"), tmp_path / "other"
    words = (*SMALL, "features=none", "model.closed_form.l2=6", f"paths.run_dir={other}")
    assert launch(*words) == 0
    export, events = tmp_path / "export", events_file(tmp_path, "events.csv", EVENTS[:2])
    assert main(["export", f"run={run}", f"out={export}"]) == 0

    def says(message: str, *words: str) -> None:
        capsys.readouterr()
        assert main(["update", f"events={events}", f"out={tmp_path / 'none'}", *words]) == 1
        assert message in capsys.readouterr().err

    says("give one of this run", f"run={other}", f"weights={export}")
    says("a number of 0 or more wanted", f"run={run}", f"weights={export}", "tolerance=-1")
    (run / FITTED).unlink()
    says("give them by weights=FOLDER", f"run={run}", "tolerance=0.1")
    with pytest.raises(UserError, match="give all events and items since training"):
        numbers_of(["a", "b"], ["a"])


@pytest.mark.parametrize("words", [("model=ease", "features=none"), ("fusion=id",)], ids=" ".join)
def test_other_models_refuse_weights(launch: Launch, tmp_path: Path, capsys: Capture, words: tuple[str, ...]) -> None:
    run, events = trained(launch, tmp_path, *words), events_file(tmp_path, "events.csv", EVENTS[:2])
    assert main(["export", f"run={run}", f"out={tmp_path / 'export'}"]) == 0
    given = [f"run={run}", f"events={events}", f"out={tmp_path / 'none'}", f"weights={tmp_path / 'export'}"]
    capsys.readouterr()
    assert main(["update", *given]) == 1
    assert re.search("leave (weights= and tolerance=|them) out", capsys.readouterr().err)
