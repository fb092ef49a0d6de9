"""What the commands of ``ltgnn data`` do; ``__init__.py`` parses their arguments."""

import json
from pathlib import Path

import polars as pl
import pytest

from ltgnn.commands.data import main
from ltgnn.experiment.target import target
from ltgnn.types import UserError
from tests.commands.data_case import ITEMS, MAPPING


def test_split_then_train_parts(imported, capsys):
    assert main(["split", "shop", "split=leave_one_out", "--out", "cut"]) == 0
    out = capsys.readouterr().out
    assert "train 72, val 12, test 12" in out
    cut = target("cut", [])
    assert cut.split.fingerprint in out
    assert cut.split.fingerprint == target("shop", ["split=leave_one_out"]).split.fingerprint


def test_stats(imported, capsys):
    assert main(["stats", "shop", "split.val=0.2", "groups=all", "--out", "figures"]) == 0
    out = capsys.readouterr().out
    for part in ("share of the top 20 % items", "deciles groups", "fingerprint", "held-out pairs on cold items"):
        assert part in out
    assert Path("figures/popularity.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    card = json.loads(Path("figures/data_card.json").read_text())
    assert sum(card["groups"]["items20"]["sizes"].values()) == 10


def test_audit_codes(imported, capsys, files):
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


def test_audit_reads_categories(imported, capsys):
    """By the name of their field and by the ids in them; that items share one is no leak."""
    main(["import", "clicks.csv", *MAPPING, *ITEMS, "--field", "also_bought=name", "--out", "more"])
    arguments = ["audit", "more", "split=leave_one_out", "data.template='{title}'"]
    assert main(arguments) == 0
    assert main([*arguments, "features=tfidf+categories", "features.parts.categories.fields=[also_bought]"]) == 1
    shown = capsys.readouterr().out
    assert "FOUND  text built from interactions: 1 (features 'categories': also_bought" in shown
    assert main([*arguments, "features=tfidf+categories", "features.parts.categories.fields=[title]"]) == 0
    assert "numbers, texts, features 'tfidf', features 'categories'" in capsys.readouterr().out


def test_diff(imported, capsys):
    assert main(["diff", "shop", "shop"]) == 0
    assert "the same: users, items, pairs, times, weights, texts, numbers" in capsys.readouterr().out
    left, right = "shop split.val=0.2 split.seed=0", "shop split.val=0.2 split.seed=1"
    assert main(["diff", left, right]) == 1
    assert f"pairs in test of {left}, but in train of {right}" in capsys.readouterr().out


@pytest.mark.parametrize(("form", "file"), [("recbole", "shop.part3.inter"), ("lightgcn", "test.txt")])
def test_export(imported, form, file, files):
    assert main(["export", "shop", "split=leave_one_out", "--to", form, "--out", f"peers/{form}"]) == 0
    assert (files / "peers" / form / file).is_file()


def test_export_of_lists(imported, files):
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
