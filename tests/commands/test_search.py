"""``ltgnn search`` on a trained run: the run's own encoder and projector, taste, the command, bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from ltgnn.cli import main
from ltgnn.inference.open_run import OpenRun
from ltgnn.inference.search.index import IndexedRetriever, build_index
from ltgnn.inference.search.retrieval import Dense, with_taste
from ltgnn.types import UserError
from tests.conftest import run_folders

Launch = Callable[..., int]


@pytest.fixture
def run(launch: Launch, tmp_path: Path) -> Path:
    assert launch("fusion=sum", "features/transform=whiten", "epochs=2", "paths.log_dir=run") == 0
    (folder,) = run_folders(tmp_path / "run")
    return folder


def test_the_text_of_an_item_as_a_query_has_the_item_s_own_features(run: Path) -> None:
    shop = OpenRun(str(run), by=("words", "text", "model"))
    assert shop.problem.feature_matrix is not None
    torch.testing.assert_close(shop.encode_text(shop.texts), shop.problem.feature_matrix, rtol=1e-4, atol=1e-4)
    for item in (0, 7, 30):
        hit = shop.find(shop.texts[item], 1)[0]
        assert (hit.item, hit.title, hit.rank) == (f"i{item}", shop.texts[item], 1)
        assert hit.by["text"] == pytest.approx(1.0, abs=1e-5)
    projected = shop.module.encoder.embedding.fusion.projector(shop.problem.feature_matrix[[7]])
    cosine = F.cosine_similarity(projected, shop.module.encode_all().items[[3]])
    found = {hit.item: hit for hit in shop.find(shop.texts[7], 48)}
    assert found["i3"].by["model"] == pytest.approx(cosine.item(), abs=1e-4)


def test_taste_is_the_model_s_score_of_the_user(run: Path) -> None:
    shop = OpenRun(str(run))
    plain, personal = shop.find("river number", 48), shop.find("river number", 48, "u5", 3.0)
    user = shop.served.catalogue.user("u5")
    scores = shop.served.scorer(torch.tensor([user]))[0]
    relevance = torch.full((48,), -torch.inf)
    for hit in plain:
        relevance[shop.served.catalogue.item(hit.item)] = hit.score
    wanted = with_taste(relevance, scores, 3.0)
    assert [hit.item for hit in personal] != [hit.item for hit in plain]
    without = {hit.item: hit for hit in shop.find("river number", 48, "u5", 0.0)}
    assert not any("taste" in hit.by for hit in without.values())
    fused = torch.tensor([without[hit.item].score for hit in personal], dtype=torch.float64)
    z = (fused - fused.mean()) / fused.std(correction=0)
    for hit, own in zip(personal, z.tolist(), strict=True):
        assert hit.score == pytest.approx(own + hit.by["taste"], abs=1e-4)  # the parts of the score are shown
        assert hit.score == pytest.approx(float(wanted[shop.served.catalogue.item(hit.item)]), abs=1e-5)
    with pytest.raises(UserError, match="user=nobody"):
        shop.find("river", 3, "nobody")


def test_usearch_finds_nearly_all(run: Path) -> None:
    draw = torch.Generator().manual_seed(0)
    vectors = torch.randn(3000, 24, generator=draw)
    exact = Dense(lambda texts: vectors[:1], vectors)
    made = build_index("usearch", exact)
    assert isinstance(made, IndexedRetriever)
    assert made.recall(100) > 0.9
    scores = made("anything")
    assert int((scores > -torch.inf).sum()) == 200
    assert int(scores.argmax()) == 0
    torch.testing.assert_close(
        scores[scores > -torch.inf], exact("anything")[scores > -torch.inf], atol=1e-5, rtol=1e-5
    )
    with pytest.raises(UserError, match="index=annoy"):
        build_index("annoy", exact)


def test_command(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["search", f"run={run}", "castle number 5", "k=4", "format=json"]) == 0
    printed = capsys.readouterr().out
    hits = json.loads(printed[printed.index("[\n") :])
    assert [hit["rank"] for hit in hits] == [1, 2, 3, 4]
    assert hits == [vars(hit) for hit in OpenRun(str(run)).find("castle number 5", 4)]
    assert main(["search", f"run={run}", "castle number 5"]) == 0
    assert "castle number 5" in capsys.readouterr().out
    assert main(["search", f"run={run}", "zzz", "by=words"]) == 0
    assert "Nothing found (by words)." in capsys.readouterr().out
    assert main(["search", f"run={run}", "a " * 5000, "k=3"]) == 0  # 10,000 signs
    capsys.readouterr()
    assert main(["search", "--help"]) == 0
    assert "ltgnn search run=" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([""], "the query is empty"),
        (["a" * 10_001], "10001 signs"),
        (["river", "k=0"], "k=0"),
        (["river", "by=smell"], "'smell' is not one of words, text, model"),
        (["river", "user=nobody"], "user=nobody"),
        (["river", "taste=much"], "taste=much"),
        (["river", "index=annoy"], "index=annoy"),
        (["river", "rocks"], "in quotes"),
    ],
)
def test_mistakes(run: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", f"run={run}", *arguments]) == 1
    assert message in capsys.readouterr().err


def test_runs_without_text_or_with_controls(launch: Launch, tmp_path: Path) -> None:
    assert launch("fusion=id", "features=none", "epochs=1", "paths.log_dir=id") == 0
    (plain,) = run_folders(tmp_path / "id")
    shop = OpenRun(str(plain))
    assert shop.by == ("words",)
    assert shop.find("castle number 5", 1)[0].item == "i5"
    with pytest.raises(UserError, match="features=none"):
        OpenRun(str(plain), by=("text",)).find("x")
    with pytest.raises(UserError, match="by=model needs a fusion that projects features"):
        OpenRun(str(plain), by=("model",)).find("x")
    assert launch("model=ease", "features/control=shuffled", "epochs=1", "paths.log_dir=shuffled") == 0
    (shuffled,) = run_folders(tmp_path / "shuffled")
    with pytest.raises(UserError, match="Shuffled is fitted to all items at once"):
        OpenRun(str(shuffled), by=("text",)).find("x")
    assert OpenRun(str(shuffled)).by == ("words",)  # what cannot be searched by meaning is searched by words
    assert OpenRun(str(shuffled)).find("castle number 5", 1)[0].item == "i5"
