"""``ltgnn data``: every command on tiny files, its exit code, its help."""

import json
from pathlib import Path

import polars as pl
import pytest

from ltgnn.commands.data import main
from ltgnn.experiment.target import stem, target
from ltgnn.types import UserError

COMMANDS = ("fetch", "import", "stats", "split", "audit", "diff", "export")


@pytest.fixture
def files(tmp_path, monkeypatch):
    """12 users with 8 timed clicks each on 10 goods."""
    monkeypatch.chdir(tmp_path)
    rows = [(f"u{u:02}", f"sku{(u * 3 + n) % 10}", 100 * n + u, 1 + (u + n) % 5) for u in range(12) for n in range(8)]
    pl.DataFrame(rows, schema=["uid", "sku", "ts", "stars"], orient="row").write_csv("clicks.csv")
    goods = pl.DataFrame({"sku": [f"sku{n}" for n in range(10)], "name": [f"good {n}" for n in range(10)]})
    goods.write_csv("goods.csv", separator=";")
    return tmp_path


MAPPING = ["--user", "uid", "--item", "sku", "--time", "ts", "--rating", "stars"]
ITEMS = ["--items", "goods.csv", "--field", "title=name"]


@pytest.fixture
def shop(files, capsys):
    assert main(["import", "clicks.csv", *MAPPING, *ITEMS, "--out", "shop"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"ltgnn data {command} " in capsys.readouterr().out.split("example:")[1]


def test_help_of_fetch_names_the_mirror(capsys):
    with pytest.raises(SystemExit):
        main(["fetch", "--help"])
    assert "LTGNN_MIRROR names a folder that is tried before the network" in capsys.readouterr().out


def test_no_command_prints_help(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert [command for command in COMMANDS if f" {command} " not in printed] == []


def test_import_shows_rows_and_the_way_on(shop):
    assert "u00 | sku0 | good 0" in shop
    assert "as read" in shop
    assert "ltgnn train data=processed data.files.path=shop \"data.template='{title}'\"" in shop
    card = json.loads(Path("shop/data_card.json").read_text())
    assert (card["users"], card["items"], card["interactions"]) == (12, 10, 96)
    assert target("shop", []).dataset.item_fields["title"][3] == "good 3"


def test_import_cleans(files, capsys):
    arguments = ["import", "clicks.csv", *MAPPING, "--min-rating", "3", "--user-core", "2", "--out", "liked"]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "rating >= 3" in out
    assert "2-core of users, 1-core of items" in out


def test_import_of_a_named_format(files, capsys):
    pl.read_csv("clicks.csv").rename({"uid": "user_id:token", "sku": "item_id:token"}).select(
        "user_id:token", "item_id:token"
    ).write_csv("toy.inter", separator="\t")
    assert main(["import", "recbole", "data.name=toy", "--out", "toy"]) == 0
    assert len(target("toy", []).dataset.parts["all"]) == 96


def test_split_then_train_parts(shop, capsys):
    assert main(["split", "shop", "split=leave_one_out", "--out", "cut"]) == 0
    out = capsys.readouterr().out
    assert "train 72, val 12, test 12" in out
    cut = target("cut", [])
    assert cut.split.fingerprint in out
    assert cut.split.fingerprint == target("shop", ["split=leave_one_out"]).split.fingerprint


def test_stats(shop, capsys):
    assert main(["stats", "shop", "split.val=0.2", "groups=all", "--out", "figures"]) == 0
    out = capsys.readouterr().out
    for part in ("share of the top 20 % items", "deciles groups", "fingerprint", "held-out pairs on cold items"):
        assert part in out
    assert Path("figures/popularity.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    card = json.loads(Path("figures/data_card.json").read_text())
    assert sum(card["groups"]["items20"]["sizes"].values()) == 10


def test_audit_codes(shop, capsys, files):
    assert main(["audit", "shop", "split=leave_one_out", "data.template='{title}'"]) == 0
    assert "no leak found" in capsys.readouterr().out
    text = (files / "goods.csv").read_text()
    (files / "goods.csv").write_text(text.replace("good 7", "good 6"))
    main(["import", "clicks.csv", *MAPPING, *ITEMS, "--out", "twins"])
    arguments = ["audit", "twins", "split=leave_one_out", "data.template='{title}'"]
    assert main(arguments) == 1
    assert "FOUND  identical texts under different ids: 2" in capsys.readouterr().out
    assert main([*arguments, "--allow", "identical texts"]) == 0
    assert "allowed  identical texts" in capsys.readouterr().out


def test_diff(shop, capsys):
    assert main(["diff", "shop", "shop"]) == 0
    assert "the same: users, items, pairs, times, weights, texts, numbers" in capsys.readouterr().out
    left, right = "shop split.val=0.2 split.seed=0", "shop split.val=0.2 split.seed=1"
    assert main(["diff", left, right]) == 1
    assert f"pairs in test of {left}, but in train of {right}" in capsys.readouterr().out


@pytest.mark.parametrize(("form", "file"), [("recbole", "shop.part3.inter"), ("lightgcn", "test.txt")])
def test_export(shop, form, file, files):
    assert main(["export", "shop", "split=leave_one_out", "--to", form, "--out", f"peers/{form}"]) == 0
    assert (files / "peers" / form / file).is_file()


def test_export_of_lists(shop, files):
    from omegaconf import OmegaConf

    run = files / "run"
    run.mkdir()
    OmegaConf.save(target("shop", []).cfg, run / "config.yaml")
    with pytest.raises(UserError, match=r"topk\.parquet"):
        main(["export", "run", "--to", "lists", "--out", "lists.csv"])
    pl.DataFrame({"user": [0, 1], "items": [[1, 0], [2, -1]], "scores": [[2.0, 1.0], [3.0, 0.0]]}).write_parquet(
        run / "topk.parquet"
    )
    assert main(["export", "run", "--to", "lists", "--out", "lists.csv"]) == 0
    assert (files / "lists.csv").read_text().splitlines() == [
        "user,item,score",
        "u00,sku1,2.0",
        "u00,sku0,1.0",
        "u01,sku2,3.0",
    ]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("split.vall=0.2", "has no key 'split.vall'. Did you mean 'split.val'?"),
        ("splt.val=0.2", "has no key 'splt.val'. Did you mean 'split.val'?"),
        ("split.val=2", "split.val=2 given, a number above 0 and less than 1 wanted."),
        ("split=leave_one_out", "name the data set instead of run"),
        ("groups.mass.shares=[0.9,0.2,0.2]", "together 1"),
    ],
)
def test_values_for_a_run_are_checked(shop, files, override, message):
    from omegaconf import OmegaConf

    (files / "run").mkdir()
    OmegaConf.save(target("shop", []).cfg, files / "run" / "config.yaml")
    with pytest.raises(UserError) as caught:
        target("run", [override])
    assert message in str(caught.value)
    assert target("run", ["split.val=0.2"]).cfg.split.val == 0.2


def test_fetch_lists_the_catalogue_and_says_what_is_missing(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("LTGNN_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("LTGNN_MIRROR", raising=False)
    assert main(["fetch"]) == 0
    assert "ml100k" in capsys.readouterr().out
    with pytest.raises(UserError, match="Mirror: the environment variable LTGNN_MIRROR is not set"):
        main(["fetch", "lastfm-lightgcn"])


def test_fetch_from_a_mirror(monkeypatch, tmp_path, capsys):
    """A data set of the user's catalogue needs no more than a yaml; here: one with another digest."""
    import hashlib

    mirror = tmp_path / "mirror/lastfm-lightgcn"
    mirror.mkdir(parents=True)
    overrides = []
    for file in ("train.txt", "test.txt"):
        (mirror / file).write_text("0 1\n")
        digest = hashlib.sha256(b"0 1\n").hexdigest()
        overrides.append(f"data.files.sha256={{train.txt: {digest}, test.txt: {digest}}}")
    monkeypatch.setenv("LTGNN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LTGNN_MIRROR", str(tmp_path / "mirror"))
    assert main(["fetch", "lastfm_lightgcn", overrides[0]]) == 0
    assert "4 bytes, verified" in capsys.readouterr().out


def test_names():
    assert stem("ml-100k") == stem("ml100k") == stem("ML_100K") == "ml100k"
    with pytest.raises(UserError, match="Did you mean gowalla"):
        stem("gowala")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stats", "nowhere/at/all"], "neither a run"),
        (["stats", "ml100k", "split=rnadom"], "Could not find 'split/rnadom'"),
        (["stats", "ml100k", "data.cleaning.user_cor=5"], "user_cor"),
        (["import", "absent.csv", "--out", "x"], "No file absent.csv"),
        (["import", "clicks.csv", "--field", "title", "--out", "x"], "--field 'title': expected NAME=COLUMN"),
        (["import", "clicks.csv", "--out", "x"], "no column 'user_id'"),
        (["import", "clicks.csv", *MAPPING, "--out", "."], "exists and is not empty"),
    ],
)
def test_mistakes(files, arguments, message):
    before = sorted(files.iterdir())
    with pytest.raises(UserError) as caught:
        main(arguments)
    assert message in str(caught.value)
    assert sorted(files.iterdir()) == before


def test_unknown_option(files, capsys):
    with pytest.raises(SystemExit):
        main(["stats", "ml100k", "--otu", "x"])
    assert "unknown: --otu x" in capsys.readouterr().err
