"""Items without a train interaction: scored through their text, or said to be not scorable and counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch

from ltgnn.models.closed_form.als import ALS
from ltgnn.models.closed_form.blend import Blend
from ltgnn.models.closed_form.ease import EASE, ContentEASE
from ltgnn.models.closed_form.neighbours import ContentKNN, ItemKNN
from ltgnn.models.closed_form.plain import Popularity, Random
from ltgnn.models.closed_form.spectral import GFCF, SVD
from ltgnn.scoring.adjustments import ContentMatch
from ltgnn.scoring.masked import MaskedScorer
from ltgnn.scoring.score_function import Scoring
from ltgnn.types import ClosedForm, Encoded, Interactions
from tests.conftest import run_folders
from tests.evaluation.case import Case, evaluator

Launch = Callable[..., int]
TEXT = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9], [1.0, 0.05]])


def metrics(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "metrics.json").read_text())


@pytest.mark.parametrize("split", ["cold_items", "new_items"])
def test_with_text_or_counted(launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str], split: str) -> None:
    assert launch(f"split={split}", "fusion=id,sum", "epochs=20", "loss=softmax", "features=words", "-m") == 0
    ids, text = run_folders(tmp_path)
    printed = capsys.readouterr().out
    blind, seeing = metrics(ids), metrics(text)
    pairs = blind["cold_items"]["pairs"]
    assert blind["cold_items"] == {"items": 10, "scorable": 0, "pairs": pairs}
    assert seeing["cold_items"] == {"items": 10, "scorable": 10, "pairs": pairs}
    for part in ("val", "test"):
        assert blind[part]["not_scorable"] == blind[part]["mass/cold/not_scorable"] == pairs[part] > 0
        assert blind[part]["recall@20"] == blind[part]["auc"] == 0
        assert not [name for name in seeing[part] if "not_scorable" in name]
    cold = sorted(set(range(48)) - set(pl.read_parquet(ids / "topk.parquet")["items"].explode().to_list()))
    assert len(cold) == 10  # never recommended
    assert "not scorable" in printed
    assert (
        f"0: 10 of 10 cold items not scorable (no train interaction, features not read); the {pairs['test']:.0f} test"
        in (printed)
    )


def test_text_finds_cold_items(launch: Launch, tmp_path: Path) -> None:
    """Titles name the topic that a user likes: of 5 test items among 38 the first 20 would hold half by chance."""
    assert launch("split=cold_items", "fusion=content", "epochs=40", "loss=softmax", "num_layers=1", "dim=32") == 0
    (folder,) = run_folders(tmp_path)
    assert metrics(folder)["test"]["auc"] > 0.6


@pytest.mark.parametrize(
    "model",
    [
        Popularity(),
        EASE(l2=1.0, max_items=10),
        ItemKNN(neighbours=4, shrink=0),
        GFCF(rank=2, alpha=0.3),
        SVD(rank=2, num_layers=1),
        Blend({"one": Popularity(), "other": GFCF(rank=2, alpha=0.3)}, {"one": 1.0, "other": 1.0}),
        pytest.param(ALS(2, 0.1, 2.0, 2, 0), marks=pytest.mark.skipif(find_spec("implicit") is None, reason="extra")),
    ],
)
def test_closed_forms_without_text_know_no_cold_item(tiny: Interactions, model: ClosedForm) -> None:
    scorer = model.fit(tiny, None)
    assert scorer.candidates is not None
    assert scorer.candidates.tolist() == [True, True, True, True, False]
    scores = scorer(torch.arange(4))
    assert (scores[:, 4] == -torch.inf).all()
    assert scores[:, :4].isfinite().all()


@pytest.mark.parametrize(
    "model",
    [
        Random(seed=0),
        ContentKNN(neighbours=4),
        ContentEASE(l2=1.0, max_items=10, content_weight=1.0),
        Blend({"one": Popularity(), "other": ContentKNN(neighbours=4)}, {"one": 1.0, "other": 2.0}),
    ],
)
def test_closed_forms_with_text_score_every_item(tiny: Interactions, model: ClosedForm) -> None:
    scorer = model.fit(tiny, TEXT)
    assert scorer.candidates is None
    assert scorer(torch.arange(4)).isfinite().all()


def test_an_adjustment_that_reads_text_knows_what_it_reaches(tiny: Interactions) -> None:
    base = Popularity().fit(tiny, None)
    near = ContentMatch(tiny, TEXT, weight=1.0, neighbours=1, history_power=0, popularity_gate=0)
    scorer = Scoring(1.0, {"content": lambda train, text: near}, None, None).fit(tiny, TEXT).over(base)
    users = torch.arange(4)
    assert scorer.candidates is None  # item 4 is the nearest of item 0
    torch.testing.assert_close(scorer(users)[:, 4], near(users)[:, 4])
    torch.testing.assert_close(scorer(users)[:, :4], base(users)[:, :4] + near(users)[:, :4])
    away = TEXT.clone()
    away[4] = torch.tensor([-1.0, 0.0])  # nobody's nearest
    scorer = (
        Scoring(1.0, {"content": lambda train, text: ContentMatch(train, text, 1.0, 1, 0, 0)}, None, None)
        .fit(tiny, away)
        .over(base)
    )
    assert scorer.candidates is not None
    assert scorer.candidates.tolist() == [True, True, True, True, False]
    blind = Scoring(1.0, {"constant": lambda train, text: lambda users: torch.ones(len(users), 5)}, None, None)
    known = blind.fit(tiny, None).over(base).candidates
    assert known is not None
    assert known.tolist() == [True, True, True, True, False]


@pytest.mark.parametrize("norm_power", [0.0, 1.0])
def test_items_that_the_model_does_not_know_are_no_candidates(norm_power: float) -> None:
    items, known = torch.randn(5, 3), torch.tensor([True, True, False, True, True])
    scorer = (
        Scoring(norm_power, {}, None, None)
        .fit(Interactions(*torch.zeros(2, 0).long(), 2, 5), None)
        .of(Encoded(torch.randn(2, 3), items, (), known=known))
    )
    assert scorer.candidates is not None
    assert scorer.candidates.tolist() == known.tolist()
    assert (scorer(torch.arange(2)) == -torch.inf).tolist() == [[False, False, True, False, False]] * 2


@pytest.mark.parametrize("seed", range(3))
def test_counts_by_group_and_misses(seed: int) -> None:
    """Against the same scores with the unknown items ranked last by hand."""
    case = Case(seed)
    scorable = torch.rand(case.num_items, generator=torch.Generator().manual_seed(seed)) < 0.7
    judge = evaluator(case.held_out, [case.seen], case.groups, case.features, case.fields, ks=[3, 10], user_ks=[3])
    scorer = MaskedScorer(lambda users: case.scores[users], scorable)
    got = judge(scorer)
    last = case.scores.clone()
    last[:, ~scorable] = -1
    expected = judge(lambda users: last[users])
    for name in ("recall@3", "ndcg@3", "toy/tail/ndcg@3", "hr@10"):
        if name in expected.values:
            assert got.values[name] == pytest.approx(expected.values[name])
    items = case.held_out.items
    assert got.values["not_scorable"] == int((~scorable[items]).sum()) > 0
    for label, group in enumerate(("head", "mid", "tail")):
        count = int(((case.groups["toy"].labels[items] == label) & ~scorable[items]).sum())
        assert got.values.get(f"toy/{group}/not_scorable", 0) == count
    assert scorable[got.lists.items[got.lists.items >= 0]].all()
    quick = judge(scorer, monitor="ndcg@3")
    assert quick.values["not_scorable"] == got.values["not_scorable"]
    assert "not_scorable" not in expected.values
