"""The score by kind of features: sums against dense algebra, and the loss without each kind against a fresh model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from ltgnn.build import build_module
from ltgnn.cli import main
from ltgnn.commands.train import main as train
from ltgnn.inference.explanation.kind_shares import without_kind
from ltgnn.inference.explanation.open_explainer import explainer
from ltgnn.inference.open_run import OpenRun
from ltgnn.types import Block, Features, UserError
from tests.conftest import CONF

Train = Callable[..., OpenRun]
KINDS = ("words", "tfidf")
FEATURES = ("features=words+tfidf", "features.parts.tfidf.encoder.dim=3")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Iterator[Train]:
    """Opens a run of the toy shop with two kinds of features, trained when it is first asked for."""
    folder = tmp_path_factory.mktemp("kinds")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LTGNN_CACHE", str(folder / "cache"))
        toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", *FEATURES, "logger=none"]
        small = ["epochs=3", "min_epochs=1", "dim=8", "num_layers=2", "batch_size=256", "eval_every=3", "lr=0.05"]

        def run(*words: str) -> OpenRun:
            out = folder / ("_".join(words).replace("/", "-").replace("=", "-") or "plain")
            if not out.exists():
                assert train([*toy, *small, *words, f"paths.run_dir={out}"]) == 0
            return OpenRun(str(out))

        yield run


@pytest.mark.parametrize(
    "words",
    [
        ["fusion=sum"],
        ["fusion=sum", "projector=kinds", "projector.dropout=0.3", "projector.missing=learned"],
        ["fusion=gate"],
        ["fusion=concat", "score=cosine"],
        ["fusion=popularity_gate", "score=popularity"],
        ["fusion=content"],
        ["fusion=init"],
        ["model=alpharec", "fusion=content"],
        ["model=lightgcn_content", "fusion=sum", "score=cosine"],
        ["fusion=sum", "loss=residual", "sampler=in_batch", "loss.ranking.folds=2"],
    ],
    ids=" ".join,
)
def test_shares_of_kinds_sum_to_the_score(trained: Train, words: list[str]) -> None:
    shop = trained(*words)
    explain, served = explainer(shop), shop.served
    for user, item in (("u3", "i5"), ("u44", "i30")):
        found = explain(user, item)
        if words == ["fusion=init"]:
            assert found.kinds is not None
            assert not found.kinds.sums
            continue
        assert found.kinds is not None
        assert found.kinds.sums
        with torch.no_grad():
            users = torch.tensor([served.catalogue.user(user)])
            score = float(served.scorer(users)[0, served.catalogue.item(item)])
        shares = found.kinds.shares
        assert sum(share.value for share in shares) == pytest.approx(score, abs=1e-4 * max(1, abs(score)))
        assert set(KINDS) <= {share.name for share in shares}
        for share in shares:
            if share.direct is not None and share.neighbours is not None:
                assert share.value == pytest.approx(share.direct + share.neighbours)


def test_each_share_is_that_of_dense_float64(trained: Train) -> None:
    """``v = mean of powers of A times the first states``: the item's row split by summand and by layer."""
    shop = trained("fusion=sum")
    module, pairs = shop.module, shop.served.split.train
    assert module is not None
    assert shop.problem.features is not None
    u, n = pairs.num_users, pairs.num_users + pairs.num_items
    matrix = torch.zeros(n, n, dtype=torch.float64)
    matrix[pairs.users, u + pairs.items] = matrix[u + pairs.items, pairs.users] = 1
    degree = matrix.sum(1).clamp_min(1).rsqrt()
    matrix = degree[:, None] * matrix * degree
    powers = torch.eye(n, dtype=torch.float64), matrix, matrix @ matrix
    weights = {name: value.double() for name, value in module.encoder.embedding.state_dict().items()}
    features, zeros = shop.problem.features.values.double(), torch.zeros(u, 8, dtype=torch.float64)
    weight, bias = weights["fusion.projector.0.weight"], weights["fusion.projector.0.bias"]
    first = {"ids": torch.cat([weights["users"], weights["items"]])}
    for name, (columns, _) in shop.problem.features.blocks.items():
        first[name] = torch.cat([zeros, features[:, columns] @ weight[:, columns].T])
    first["constant of the projector"] = torch.cat([zeros, bias.expand(n - u, -1)])
    final = sum(powers) @ sum(first.values()) / 3  # type: ignore[call-overload]
    found = explainer(shop)("u7", "i9")
    user, item = shop.served.catalogue.user("u7"), u + shop.served.catalogue.item("i9")
    assert found.kinds is not None
    shares = {share.name: share for share in found.kinds.shares}
    assert set(shares) == set(first)
    for name, states in first.items():
        own = float(final[user] @ states[item]) / 3
        later = float(final[user] @ ((powers[1] + powers[2]) @ states)[item]) / 3
        assert (shares[name].direct, shares[name].neighbours) == pytest.approx((own, later), abs=1e-6)


@pytest.mark.parametrize(
    "words", [["fusion=sum", "projector=mlp"], ["model=layergcn", "fusion=sum"], ["graph=lightgcnpp", "fusion=gate"]]
)
def test_the_loss_without_each_kind_is_that_of_a_model_of_other_features(trained: Train, words: list[str]) -> None:
    shop = trained(*words)
    features, module = shop.problem.features, shop.module
    assert features is not None
    assert module is not None
    found = explainer(shop)("u3", "i5")
    assert found.kinds is not None
    assert not found.kinds.sums
    user, item = shop.served.catalogue.user("u3"), shop.served.catalogue.item("i5")
    for share in found.kinds.shares:
        values = features.values.clone()
        values[item, features.blocks[share.name].columns] = 0
        problem = replace(shop.problem, make_features=partial(Features, values, {}, features.blocks))
        other = build_module(shop.cfg, problem)
        other.load_state_dict(module.state_dict())
        less = float(other.eval().scorer().scores(torch.tensor([user]))[0, item])
        assert share.value == pytest.approx(found.score - less, abs=1e-5)
    assert any(abs(share.value) > 1e-4 for share in found.kinds.shares)
    if "model=layergcn" in words:
        assert [(line.title, line.value) for line in found.lines] == [
            ("the score, not split over the history", found.score)
        ]
        assert "similarity to the first" in found.note


def test_who_has_no_shares(trained: Train) -> None:
    """A model that reads no features, a closed form, and one that a server would have to make anew."""
    assert explainer(trained("fusion=id"))("u3", "i5").kinds is None
    assert explainer(trained("model=ease"))("u3", "i5").kinds is None
    nonlinear = trained("fusion=sum", "projector=mlp")
    assert explainer(nonlinear, leave_out=False)("u3", "i5").kinds is None
    with pytest.raises(UserError, match="similarity to the first"):
        explainer(trained("model=layergcn", "fusion=sum"), leave_out=False)("u3", "i5")


def test_without_a_kind_an_item_is_like_those_that_lack_it() -> None:
    known = torch.tensor([True, True, False])
    features = Features(torch.arange(9.0).reshape(3, 3), {}, {"a": Block(slice(0, 2), known)})
    changed = without_kind(features, 0, "a")
    assert changed.values.tolist() == [[6, 7, 2], [3, 4, 5], [6, 7, 8]]
    assert changed.blocks["a"].known.tolist() == [False, True, False]
    assert features.values[0].tolist() == [0, 1, 2]
    nobody = Features(features.values, {}, {"a": Block(slice(0, 2), torch.ones(3, dtype=torch.bool))})
    assert without_kind(nobody, 0, "a").values[0].tolist() == [0, 0, 2]


def test_the_command_shows_and_writes_them(trained: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = trained("fusion=sum")
    out, drawn = tmp_path / "why.json", tmp_path / "why.svg"
    assert main(["explain", f"run={shop.run.path}", "user=u5", "item=i9", f"out={out}", f"picture={drawn}"]) == 0
    shown, written = capsys.readouterr().out, json.loads(out.read_text())
    assert "By kind of item features" in shown
    assert written["kinds"]["sums"] is True
    for share in written["kinds"]["shares"]:
        assert f"{share['value']:+.4f}" in shown
        assert share["name"] in shown
    first = written["kinds"]["shares"][0]
    assert f"by kind of features: {first['name']} {first['value']:+.4f}" in drawn.read_text()
    assert "by kind of features: words" in explainer(shop)("u5", "i9")._repr_html_()
