"""``ltgnn update`` against the model built from scratch with the same weights, and by its command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import ltgnn
from ltgnn.cli import main
from ltgnn.inference.finished_run import load_finished_run
from ltgnn.inference.fold_in import FoldIn
from ltgnn.inference.new_interactions import encode_new, extend_problem, rebuild_module
from ltgnn.inference.restore import load_module
from ltgnn.runs.folder import RunFolder
from tests.commands.update_case import EVENTS, ITEMS, trained

Launch = Callable[..., int]

Capture = pytest.CaptureFixture[str]


def test_nothing_new_changes_nothing(launch: Launch, tmp_path: Path) -> None:
    run, cfg, problem = load_finished_run(trained(launch, tmp_path, "fusion=sum"))
    module = load_module(cfg, problem, run, torch.device("cpu"))
    train = problem.split.train
    known = (problem.dataset.user_ids[int(train.users[0])], problem.dataset.item_ids[int(train.items[0])])
    new = encode_new(problem.dataset, train, [known, known], {})
    assert (len(new.users), new.repeated) == (0, 2)
    encoded, update = FoldIn(problem, module).update(new, extend_problem(cfg, problem, new))
    assert update.computed == [0, 0, 0]
    assert torch.equal(encoded.items, module.encode_all().items)


def test_command(launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(launch, tmp_path, "fusion=sum")
    events, items, out = tmp_path / "events.csv", tmp_path / "items.csv", tmp_path / "out"
    events.write_text("user,item\n" + "".join(f"{user},{item}\n" for user, item in EVENTS))
    items.write_text("item,title\n" + "".join(f"{item},{row['title']}\n" for item, row in ITEMS.items()))
    capsys.readouterr()
    assert main(["update", f"run={run}", f"events={events}", f"items={items}", f"out={out}"]) == 0
    printed = capsys.readouterr().out
    assert "new users: 2" in printed
    assert re.search(
        r"^computed again: vectors of \d+ of 132 users and items: those that .* \([\d.]+ s\)$", printed, re.M
    )
    report = json.loads((out / "update.json").read_text())
    assert report["new pairs"] + report["repeated or known"] == len(EVENTS)
    model = ltgnn.load(out)
    before = ltgnn.load(run)
    lists = model.recommend(["new1", "u3"], k=50)
    assert {"sword", "lonely"} <= set(lists["item"])
    assert "i40" not in set(lists.filter(lists["user"] == "u3")["item"])  # she has it now
    assert (
        lists.filter(lists["user"] == "new1")["score"].to_list()
        != lists.filter(lists["user"] == "u3")["score"].to_list()
    )
    assert before.recommend(["u9"], k=3)["item"].to_list()  # the run itself is as it was
    assert RunFolder(run).read_json("status.json")["state"] == "finished"
    assert main(["update", f"run={run}", f"events={events}", f"items={items}", f"out={out}"]) == 1
    assert "is there already" in capsys.readouterr().err
    assert main(["update", f"run={run}", f"events={events}", f"out={tmp_path / 'other'}"]) == 1
    assert "'sword' is an item that the run does not know" in capsys.readouterr().err
    events.write_text("user,item\n")
    assert main(["update", f"run={run}", f"events={events}", f"out={tmp_path / 'other'}"]) == 1
    assert "has no rows" in capsys.readouterr().err
    assert main(["update", "--help"]) == 0
    assert "ltgnn update run=" in capsys.readouterr().out


def test_columns_are_those_of_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """``ltgnn data import`` records its columns; the same files can be given to ``update``; options name others."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    rows = [f"c{user},g{(user * 7 + step * step) % 30},{step}" for user in range(40) for step in range(6)]
    goods = [f"g{item},good {item} of {item % 4},{item}.5" for item in range(30)]
    (tmp_path / "log.csv").write_text("\n".join(["customer,product,at", *rows]) + "\n")
    (tmp_path / "goods.csv").write_text("\n".join(["sku,name,eur", *goods]) + "\n")
    named = [
        "--user",
        "customer",
        "--item",
        "product",
        "--item-key",
        "sku",
        "--field",
        "title=name",
        "--number",
        "price=eur",
    ]
    assert main(["data", "import", "log.csv", *named, "--items", "goods.csv", "--out", "shop"]) == 0
    card = json.loads((tmp_path / "shop/data_card.json").read_text())
    wanted = {"user": "customer", "item": "product", "item_key": "sku"}
    assert card["columns"] == {**wanted, "item_fields": {"title": "name"}, "item_numbers": {"price": "eur"}}
    small = [
        "epochs=1",
        "min_epochs=0",
        "dim=4",
        "logger=none",
        "features=none",
        "split.val=0.2",
        "paths.run_dir=run",
    ]
    assert main(["train", "data=processed", "data.files.path=shop", *small]) == 0

    (tmp_path / "today.csv").write_text("customer,product,at\nnew,g1,7\nnew,g2,8\n")
    assert main(["update", "run=run", "events=today.csv", "items=", "out=one"]) == 0
    assert json.loads((tmp_path / "one/update.json").read_text())["new users"] == 1
    (tmp_path / "other.csv").write_text("who,what\nnew,g1\n")
    capsys.readouterr()
    assert main(["update", "run=run", "events=other.csv", "out=two"]) == 1
    said = capsys.readouterr().err
    assert "other.csv: no column 'customer' or 'user' or 'user_id'; it has: who, what. Name it by user=COLUMN." in said
    assert main(["update", "run=run", "events=other.csv", "user=who", "item=what", "out=two"]) == 0
    (tmp_path / "more.csv").write_text("sku,label,eur\n")
    assert main(["update", "run=run", "events=today.csv", "items=more.csv", "field.colour=label", "out=three"]) == 1
    assert "field.colour= given; the items of processed have title, price" in capsys.readouterr().err
    assert main(["update", "run=run", "events=today.csv", "items=more.csv", "field.title=nothing", "out=three"]) == 1
    assert (
        "more.csv: no column 'nothing'; it has: sku, label, eur. Name it by field.title=COLUMN."
        in capsys.readouterr().err
    )
    assert main(["update", "run=run", "events=today.csv", "items=more.csv", "field.title=label", "out=three"]) == 0


def test_events_are_weighed_as_at_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """The kinds of events count as the import said, also in the graph: folded in is built from scratch."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    kinds = ("click", "buy")
    rows = [f"c{user},g{(user * 7 + step * step) % 30},{kinds[step % 2]}" for user in range(40) for step in range(6)]
    (tmp_path / "log.csv").write_text("\n".join(["who,what,action", *rows]) + "\n")
    worth = ["--event-weight", "click=1", "--event-weight", "buy=5", "--event-weight", "view=0"]
    columns = ["--user", "who", "--item", "what", "--event", "action"]
    assert main(["data", "import", "log.csv", *columns, *worth, "--out", "shop"]) == 0
    small = ["epochs=1", "min_epochs=0", "dim=4", "logger=none", "features=none", "split.val=0.2", "fusion=id"]
    words = ["data=processed", "data.files.path=shop", "graph/strength=events", "paths.run_dir=run"]
    assert main(["train", *words, *small]) == 0
    (tmp_path / "today.csv").write_text("who,what,action\nnew,g1,buy\nnew,g1,click\nnew,g2,click\nnew,g3,view\n")
    capsys.readouterr()
    assert main(["update", "run=run", "events=today.csv", "out=one"]) == 0
    said = capsys.readouterr().out
    assert "events left out, without weight: 1\nnew pairs of a user and an item: 2\n" in said
    assert "weights: those of the events, as at the import; a pair that the run knows keeps its own" in said
    assert main(["update", "run=run", "events=today.csv", "event=none", "out=two"]) == 0
    assert "weights: each new pair counts 1, since these events have none" in capsys.readouterr().out

    run, cfg, problem = load_finished_run("run")
    pairs = [("new", "g1"), ("new", "g1"), ("new", "g2")]
    new = encode_new(problem.dataset, problem.split.train, pairs, {}, [5.0, 1.0, 1.0])
    assert new.weights is not None
    assert sorted(new.weights.tolist()) == [1.0, 6.0]
    for rule, wanted in (("first", [1.0, 5.0]), ("last", [1.0, 1.0])):
        other = encode_new(problem.dataset, problem.split.train, pairs, {}, [5.0, 1.0, 1.0], rule)
        assert other.weights is not None
        assert sorted(other.weights.tolist()) == wanted
    module, after = load_module(cfg, problem, run, torch.device("cpu")), extend_problem(cfg, problem, new)
    encoded, _ = FoldIn(problem, module).update(new, after)
    built = rebuild_module(cfg, problem, after, module.state_dict()).encode_all()
    torch.testing.assert_close(encoded.users, built.users, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(encoded.items, built.items, rtol=1e-5, atol=1e-6)
