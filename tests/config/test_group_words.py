"""Options of config groups that cannot be composed, or of which one would silently replace another."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.config.group_words import wrong_choice
from ltgnn.config.search_path import searching


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("model=null", "model=null given, one option wanted: alpharec, als, "),
        ("model=null,mf", "model=null,mf given, one option wanted: "),
        ("model=true", "model=true given, one option wanted: "),
        ("eval=3", "eval=3 given, one option wanted: "),
        ("loss=", "loss= given, one option wanted: "),
        ("schedule=null", "schedule=null given, one option wanted: linear."),
        ("~loss", "~loss given, but ltgnn train needs one option of loss: bc, bce, "),
        ("fusion=[id,sum]", "fusion=[id,sum] given, one option wanted: attention, "),
        ("fusion=[id,sum]", "To run several: fusion=id,sum -m"),
        ("features=[minilm,bge]", "features=[minilm,bge] given, one option wanted: base, "),
        ("loss=[bpr, softmax]", "given, one option wanted (loss.ranking would be that of the last): bc, bce, "),
        ("loss=[bpr, softmax]", "To run several: loss=bpr,softmax -m"),
        (
            "graph/normalisation=[symmetric,r_adjnorm]",
            "graph/normalisation=[symmetric,r_adjnorm] given, one option wanted",
        ),
    ],
)
def test_is_refused(word: str, message: str) -> None:
    assert message in wrong_choice(["model=mf", word], "train")


@pytest.mark.parametrize(
    "word",
    [
        "loss=bpr,softmax",
        "fusion=choice(id,sum)",
        "model=glob(light*)",
        "loss=[bpr]",
        "loss=[bpr,bpr_infonce]",  # a further term beside the same
        "score=[popularity,content]",  # two adjustments
        "~schedule",
        "~callbacks.early_stop",
        "eval.ks=[10,20]",
        "tags=null",
        "lr=1e-3",
    ],
)
def test_is_let_through(word: str) -> None:
    assert wrong_choice([word], "train") == ""


def test_options_of_the_user_count(tmp_path: Path) -> None:
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss/hinge.yaml").write_text("ranking:\n  _target_: mine.Hinge\n")
    (tmp_path / "loss/term.yaml").write_text("term:\n  _target_: mine.Term\n")
    with searching([str(tmp_path)]):
        assert "loss.ranking would be that of the last" in wrong_choice(["loss=[bpr,hinge]"], "train")
        assert wrong_choice(["loss=[bpr,term]"], "train") == ""
