"""Who reads item features: as its parts declare it, as the run records it, and in the key of a fit that is shared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from torch import Tensor

from ltgnn.config.reads_features import uses_features
from ltgnn.models.closed_form.blend import Blend
from ltgnn.models.closed_form.ease import EASE
from ltgnn.models.closed_form.neighbours import ContentKNN
from ltgnn.scoring.scorers import ItemBias
from ltgnn.types import Interactions, Scorer, UserError
from tests.conftest import run_folders

Launch = Callable[..., int]
CLOSED = "ltgnn.models.closed_form"
BLEND = {"_target_": f"{CLOSED}.blend.Blend", "weights": {"a": 1.0, "b": 0.1}}
EASY, KNN = {"_target_": f"{CLOSED}.ease.EASE"}, {"_target_": f"{CLOSED}.neighbours.ContentKNN"}


class ImageKNN:
    """A closed form of a user's own."""

    reads_features = True

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        assert features is not None
        return ItemBias(features.abs().sum(1))


class SimilarUsers(ImageKNN):
    """One that says that it reads none, under a name that sounds like text."""

    reads_features = False

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        assert features is None  # what says that it reads none is given none
        return ItemBias(train.item_counts.float())


class Silent:
    """One that says nothing of what it reads."""

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        return ItemBias(train.item_counts.float())


@pytest.mark.parametrize("own", ["ImageKNN", "SimilarUsers"])
def test_a_fit_is_reused_only_where_the_features_are_not_read(launch: Launch, tmp_path: Path, own: str) -> None:
    model = ["model=popularity", f"model.closed_form._target_=tests.config.test_reads_features.{own}"]
    assert launch(*model, "features=words", "features.encoder.width=8,32", "sweep.name=own", "-m") == 0
    folders = run_folders(tmp_path / "logs")
    found = [json.loads((folder / "metrics.json").read_text()) for folder in folders]
    lists = [(folder / "topk.parquet").read_bytes() for folder in folders]
    reads = own == "ImageKNN"
    assert [run["reads_features"] for run in found] == [reads, reads]
    assert (lists[0] != lists[1]) == reads


@pytest.mark.parametrize(
    ("words", "reads"),
    [
        (("model=ease", "score=popularity"), False),
        (("model=ease", "score=content"), True),
        (("model=ease_content",), True),
        (("model=gfcf",), False),
        (("fusion=id",), False),
        (("fusion=id", "features=none"), False),
        (("fusion=id", "graph=semantic"), True),
        (("fusion=id", "model=freedom"), True),
        (("fusion=id", "model=lightgcn_content"), True),
        (("fusion=gate",), True),
        (("fusion=sum", "model=sasrec"), True),
        (("fusion=id", "model=lstm"), False),
    ],
)
def test_a_run_records_what_its_parts_declare(
    launch: Launch, tmp_path: Path, words: tuple[str, ...], reads: bool
) -> None:
    assert launch(*words, "epochs=1") == 0
    (folder,) = run_folders(tmp_path / "logs")
    metrics = json.loads((folder / "metrics.json").read_text())
    from ltgnn.runs.folder import RunFolder

    recipe = RunFolder(folder).recipe()
    assert metrics["reads_features"] is reads
    assert uses_features(recipe, metrics) is reads
    assert uses_features(recipe) is reads  # a run of before the record
    assert uses_features(recipe, {"reads_features": not reads}) is not reads


def test_a_blend_reads_what_its_parts_read() -> None:
    ease, knn = EASE(1.0, 100), ContentKNN(2)
    assert not Blend({"a": ease, "b": None}, {"a": 1.0, "b": 0.1}).reads_features
    assert Blend({"a": ease, "b": knn}, {"a": 1.0, "b": 0.1}).reads_features
    assert Blend({"a": ImageKNN()}, {"a": 1.0}).reads_features


def test_a_closed_form_that_does_not_say_what_it_reads_is_refused(
    launch: Launch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch("model=popularity", "model.closed_form._target_=tests.config.test_reads_features.Silent") == 1
    assert "Silent is not a closed form. It requires `fit(train, features) -> scorer` and `reads_features = True`" in (
        capsys.readouterr().err
    )
    with pytest.raises(UserError, match=r"model\.closed_form\.parts\.a: Silent is not a closed form"):
        Blend({"a": Silent()}, {"a": 1.0})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("model", "reads"),
    [
        ({"closed_form": EASY}, False),
        ({"closed_form": KNN}, True),
        ({"closed_form": BLEND | {"parts": {"a": EASY, "b": None}}}, False),
        ({"closed_form": BLEND | {"parts": {"a": EASY, "b": KNN}}}, True),
        ({"closed_form": BLEND | {"parts": {"a": EASY, "b": {"_target_": "lab.SimilarUsers"}}}}, True),
        ({"closed_form": {"_target_": "lab.ImageKNN"}}, True),  # of another package, which is not imported
        ({"closed_form": {"_target_": "ltgnn.models.closed_form.gone.Gone"}}, True),
        ({"encoder": {"_target_": "lab.WeightedGCN"}}, False),
    ],
)
def test_a_recipe_of_before_the_record_is_read_by_what_its_classes_declare(
    model: dict[str, object], reads: bool
) -> None:
    recipe = {"choices": {"features": "minilm"}, "model": model, "fusion": {"_target_": "ltgnn.models.fusion.Id"}}
    assert uses_features(recipe) is reads
    assert not uses_features(recipe | {"choices": {"features": "none"}})


def test_every_closed_form_declares_it() -> None:
    from importlib import import_module
    from inspect import getmembers, isclass
    from pkgutil import iter_modules

    import ltgnn.models.closed_form as room

    found = [
        part
        for module in iter_modules(room.__path__)
        for _, part in getmembers(import_module(f"{room.__name__}.{module.name}"), isclass)
        if part.__module__.startswith(room.__name__) and hasattr(part, "fit")
    ]
    assert len(found) >= 9
    assert [part.__name__ for part in found if "reads_features" not in dir(part)] == []
