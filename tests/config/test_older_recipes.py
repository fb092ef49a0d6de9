"""Runs of an earlier version: their recipes in today's words, and the commands that read them.

``older/`` holds run folders that commit f2b1a7b wrote on the toy shop, without data, checkpoints and values by user,
and the classes that its ``conf`` named."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hydra.utils import get_object

import ltgnn
from ltgnn.cli import main
from ltgnn.config import older_recipes
from ltgnn.config.trust import is_allowed
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.reading import read_run
from tests.config.older_recipes_case import OLDER
from tests.conftest import CONF


@pytest.mark.parametrize("name", (OLDER / "classes.txt").read_text(encoding="utf-8").split())
def test_every_class_that_a_recipe_could_name_is_there(name: str) -> None:
    translated = older_recipes.translated({"part": {"_target_": name}})["part"]["_target_"]
    assert callable(get_object(translated)), f"{name}: add a line to ltgnn/config/older_recipes.py"
    assert is_allowed(translated)


def test_sections_keys_and_words(older_runs: Path) -> None:
    trained, blend = RunFolder(older_runs / "trained").config(), RunFolder(older_runs / "blend").config()
    assert list(trained.features.parts) == ["minilm", "tfidf"]
    assert trained.features._target_ == "ltgnn.features.item_features.JoinedFeatures"
    assert trained.score.adjustments == {}
    assert trained.fusion._target_ == "ltgnn.models.fusion.ContentOnly"
    assert (trained.choices.features, trained.choices.fusion) == ("minilm_tfidf", "content")
    assert trained.choices["features/store@features.parts.minilm.store"] == "cache"
    assert blend.reads_features is True
    assert "features=minilm_tfidf" in read_run(older_runs / "trained").overrides
    assert "features.parts.tfidf.encoder.dim=8" in read_run(older_runs / "trained").overrides
    assert "fusion=content" in read_run(older_runs / "trained").overrides
    card = json.loads((older_runs / "closed/text_card.json").read_text())
    assert RunFolder(older_runs / "closed").read_json("features_card.json") == card


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("text=minilm", "features=minilm"),
        ("text/transform=whiten", "features/transform=whiten"),
        ("+text@text.features.image=precomputed", "+features@features.parts.image=precomputed"),
        ("text.features.image.file.path=text.npy", "features.parts.image.file.path=text.npy"),
        ("text/control@text.features.image.control=none", "features/control@features.parts.image.control=none"),
        ("text.encoder.model=/models/text", "features.encoder.model=/models/text"),
        ("~text.template", "~features.template"),
        ("fusion=text", "fusion=content"),
        ("~score.dials.content", "~score.adjustments.content"),
        ("score.dials={a: 1}", "score.adjustments={a: 1}"),
        ("monitor=val/ild_text@20", "monitor=val/ild_features@20"),
        ("graph/item_edges=text", "graph/item_edges=content"),
        ("graph.item_edges.text.k=5", "graph.item_edges.content.k=5"),
        ("graph.item_edges.texts.k=5", "graph.item_edges.texts.k=5"),
        ("model=text_knn", "model=content_knn"),
        ("model.closed_form.text_weight=2", "model.closed_form.content_weight=2"),
        ("+model.encoder.text_dim=8", "+model.encoder.content_dim=8"),
        ("model.closed_form.weights.text=2", "model.closed_form.weights.text=2"),
        ("data.reader.vectors.text=text.npy", "data.reader.vectors.text=text.npy"),
    ],
)
def test_overrides(before: str, after: str) -> None:
    assert older_recipes.override(before) == after
    assert older_recipes.override(after) == after


def test_keys_of_an_option_that_was_renamed() -> None:
    weight = "model.closed_form.weights.text=2"
    renamed = ["model=ease_content", "model.closed_form.weights.content=2"]
    assert older_recipes.overrides(["model=ease_text", weight]) == renamed
    assert older_recipes.overrides(renamed) == renamed
    own = ["model=my_blend", weight]
    assert older_recipes.overrides(own) == own


def test_arguments_of_classes() -> None:
    ease = {"_target_": "ltgnn.models.closed_form.ease.TextEASE", "l2": 1.0, "text_weight": 2.0}
    content = {"_target_": "ltgnn.models.content.WithContent", "text_dim": 8}
    own = {"_target_": "lab.Blend", "text_weight": 2.0}
    recipe = {"model": {"closed_form": ease}, "other": {"encoder": content}, "own": own}
    assert older_recipes.translated(recipe) == {
        "model": {
            "closed_form": {
                "_target_": "ltgnn.models.closed_form.ease.ContentEASE",
                "l2": 1.0,
                "content_weight": 2.0,
            }
        },
        "other": {"encoder": {"_target_": "ltgnn.models.content.WithContent", "content_dim": 8}},
        "own": own,
    }


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("model=text_knn", "model=content_knn"),
        ("fusion=text", "fusion=content"),
        ("graph/item_edges=text", "graph/item_edges=content"),
        ("text=tfidf", "features"),
        ("text.template=x", "features.template"),
        ("score.dials.content.weight=1", "score.adjustments.content.weight"),
    ],
)
def test_who_types_an_earlier_name_is_told_the_name_of_today(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", typed]) == 1
    assert f"Did you mean '{meant}'?" in capsys.readouterr().err


def test_metrics_by_their_names_of_today() -> None:
    found = {
        "test": {"ild_text@20": 0.5, "ndcg@20": 0.1},
        "val": {"items20/tail/ild_text@20": 0.5},
        "seconds": {"fit": 1.0},
    }
    after = older_recipes.metrics(found)
    assert after["test"] == {"ild_features@20": 0.5, "ndcg@20": 0.1}
    assert after["seconds"] == {"fit": 1.0}


def test_values_by_user_by_their_names_of_today(older_runs: Path) -> None:
    values = pl.DataFrame({"user": [0, 1], "ild_text@20": [0.25, 0.5], "ndcg@20": [1.0, 0.0]})
    values.write_parquet(older_runs / "closed/per_user.parquet")
    run = read_run(older_runs / "closed")
    assert run.schema("per_user.parquet") == ["user", "ild_features@20", "ndcg@20"]
    found = run.columns("per_user.parquet", ["user", "ild_features@20"])
    assert found.equals(values.select("user", pl.col("ild_text@20").alias("ild_features@20")))


def test_what_is_no_recipe_stays_as_it_is() -> None:
    odd = {"text": 3, "choices": [], "model": None, 5: {"_target_": 7}, "changed": ["x"]}
    assert older_recipes.translated(odd) == {
        "features": 3,
        "choices": [],
        "model": None,
        5: {"_target_": 7},
        "changed": ["x"],
    }


def test_tables_and_pages(older_runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", str(older_runs)]) == 0
    printed = capsys.readouterr().out
    assert "lightgcn content" in printed
    assert "features=minilm_tfidf" in printed
    best = json.loads((OLDER / "closed/metrics.json").read_text())["test"]["ndcg@20"]
    assert f"{best:.4f}".lstrip("0") in printed
    assert main(["compare", str(older_runs)]) == 0
    assert "minilm_tfidf" in capsys.readouterr().out
    assert main(["pareto", str(older_runs)]) == 0
    assert main(["report", str(older_runs)]) == 0
    assert "No run has item features." not in (older_runs / "report.html").read_text(encoding="utf-8")


def test_a_model_is_made_anew_and_answers(older_runs: Path, shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is judged as before, and exactly as the same words of today.

    Half of the SVD's components belong to one singular value, and scipy's releases choose among those otherwise.
    """
    model = ltgnn.load(str(older_runs / "closed"))
    assert model.recommend(["u1"], k=3).height == 3
    assert main(["evaluate", f"run={older_runs / 'closed'}", "paths.run_dir=judged"]) == 0
    toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", "logger=none", "eval=accuracy"]
    words = ["features=tfidf", "features.encoder.dim=8", "features.encoder.min_df=1", "model=ease_content"]
    assert main(["train", *toy, *words, "score=content", "hydra.run.dir=today"]) == 0
    folders = (Path("judged"), Path("today"), OLDER / "closed")
    judged, today, before = (RunFolder(folder).read_json("metrics.json")["test"]["ndcg@20"] for folder in folders)
    assert judged == pytest.approx(today, abs=1e-6)
    assert judged == pytest.approx(before, abs=0.02)
    capsys.readouterr()


def test_a_model_that_cannot_be_made_says_why(older_runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = older_runs / "closed/config.yaml"
    recipe.write_text(recipe.read_text().replace("neighbours.TextKNN", "neighbours.TextKNN\n        gone: 1"))
    assert main(["recommend", f"run={older_runs / 'closed'}", "users=u1"]) == 1
    assert "of an earlier version" in capsys.readouterr().err
