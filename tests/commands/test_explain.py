"""Explanations against dense float64 algebra, over fusions, depths, adjustments and closed forms; refusals say why."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ltgnn.cli import main
from ltgnn.commands.train import main as train
from ltgnn.inference.explanation.open_explainer import explainer
from ltgnn.inference.open_run import OpenRun
from ltgnn.types import UserError
from tests.conftest import CONF

Train = Callable[..., OpenRun]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Iterator[Train]:
    """Opens a run of the toy shop, trained when it is first asked for."""
    folder = tmp_path_factory.mktemp("explain")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LTGNN_CACHE", str(folder / "cache"))
        toy = ["--config-dir", str(CONF), "data=toy", f"data.files.path={shop}", "features=words", "logger=none"]
        small = ["epochs=4", "min_epochs=1", "dim=8", "num_layers=2", "batch_size=256", "eval_every=2", "lr=0.05"]

        def run(*words: str) -> OpenRun:
            out = folder / (re.sub(r"[^\w.]+", "-", "_".join(words)) or "plain")
            if not out.exists():
                assert train([*toy, *small, *words, f"paths.run_dir={out}"]) == 0
            return OpenRun(str(out))

        yield run


def dense(shop: OpenRun) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """From the weights alone, in float64: A [N, N], P = mean of its powers, first states from ids and from text."""
    module, train = shop.module, shop.served.split.train
    u, n = train.num_users, train.num_users + train.num_items
    matrix = torch.zeros(n, n, dtype=torch.float64)
    matrix[train.users, u + train.items] = 1
    matrix[u + train.items, train.users] = 1
    degree = matrix.sum(1).clamp_min(1).rsqrt()
    matrix = degree[:, None] * matrix * degree
    layers = module.encoder.num_layers
    powers = [torch.eye(n, dtype=torch.float64)]
    for _ in range(layers):
        powers.append(matrix @ powers[-1])
    embedding = module.encoder.embedding
    weights = {name: value.double() for name, value in embedding.state_dict().items()}
    items = weights.get("items", torch.zeros(n - u, embedding.dim, dtype=torch.float64))
    text = torch.zeros_like(items)
    kind = type(embedding.fusion).__name__
    if kind in ("Sum", "ContentOnly", "Gate", "Concat"):
        features = shop.served.features.double()  # type: ignore[union-attr]
        text = features @ weights["fusion.projector.0.weight"].T + weights["fusion.projector.0.bias"]
    if kind == "Gate":
        gate = torch.sigmoid(
            torch.cat([items, text], 1) @ weights["fusion.gate.weight"].T + weights["fusion.gate.bias"]
        )
        items, text = gate * items, (1 - gate) * text
    if kind == "Concat":
        left, right = weights["fusion.both.weight"].split(embedding.dim, 1)
        items, text = items @ left.T + weights["fusion.both.bias"], text @ right.T
    nobody = torch.zeros(u, embedding.dim, dtype=torch.float64)
    return matrix, torch.stack(powers), torch.cat([weights["users"], items]), torch.cat([nobody, text])


@pytest.mark.parametrize("base", ["ease_local", "ease", "text_ease", "l3ae", "elsa"])
def test_scores_that_a_loss_adds_are_split_like_the_others(trained: Train, base: str) -> None:
    """Cosine and closed form; their shares are those of the two parts of the score."""
    words = ("loss=residual", "sampler=in_batch", "loss.ranking.folds=2", f"model@loss.ranking.base={base}")
    shop = trained("fusion=sum", *words)
    assert shop.module is not None
    (factor, added), *_ = shop.module.losses["ranking"].added_scores()
    encoded = shop.module.encode_all()
    explain, catalogue = explainer(shop), shop.served.catalogue
    for user, item in ((0, 3), (7, 40)):
        found = explain(catalogue.user_ids[user], catalogue.item_ids[item], k=100)
        base_score = factor * float(added.unmasked().scores(torch.tensor([user]))[0, item])
        cosine = float(torch.nn.functional.cosine_similarity(encoded.users[user], encoded.items[item], dim=0))
        assert found.score == pytest.approx(base_score + cosine, abs=1e-5)
        assert found.by["item weights"] == pytest.approx(base_score, abs=1e-5)
        assert sum(found.by.values()) == pytest.approx(found.score, abs=1e-5)


@pytest.mark.parametrize(
    ("fusion", "layers"),
    [(fusion, 2) for fusion in ("id", "sum", "init", "gate", "concat", "content")]
    + [(fusion, layers) for fusion in ("init", "gate") for layers in (0, 1, 3)],
)
def test_every_summand_is_that_of_dense_float64(trained: Train, fusion: str, layers: int) -> None:
    shop = trained(f"fusion={fusion}", f"num_layers={layers}")
    with torch.no_grad():
        matrix, powers, ids, text = dense(shop)
        u = shop.served.split.train.num_users
        mean = powers.mean(0)
        final = mean @ (ids + text)
        explain, train, catalogue = explainer(shop), shop.served.split.train, shop.served.catalogue
        for user, item in ((0, 3), (7, 40), (33, 12)):
            found = explain(catalogue.user_ids[user], catalogue.item_ids[item], k=100)
            score = float(final[user] @ final[u + item])
            assert abs(found.total - score) <= 1e-5 * max(1.0, abs(score))
            assert abs(sum(line.value for line in found.lines) - found.total) < 1e-12
            assert found.score == pytest.approx(score, abs=1e-4)
            later = sum(powers[:-1], torch.zeros_like(mean)) / (layers + 1)  # what is said, one step away
            v_ids, v_text = mean[u + item] @ ids, mean[u + item] @ text
            history = train.items[train.users == user].tolist() if layers else []
            wanted = {"": (ids[user] / (layers + 1), text[user] / (layers + 1))}
            for j in history:
                row = matrix[user, u + j] * later[u + j]
                wanted[catalogue.item_ids[j]] = (row @ ids, row @ text)
            assert {line.item for line in found.lines} == set(wanted)
            for line in found.lines:
                by_ids, by_text = wanted[line.item]
                parts = {
                    "ids": by_ids @ v_ids,
                    "features": by_text @ v_text,
                    "ids with features": by_ids @ v_text + by_text @ v_ids,
                }
                for name, value in parts.items():
                    assert abs(line.by[name] - float(value)) <= 1e-5 * max(1.0, abs(score)), (line, name)


@pytest.mark.parametrize(
    "words",
    [
        ["model=ease"],
        ["model=content_knn"],
        ["model=gfcf"],
        ["model=gfcf_content", "score=popularity"],
        ["model=popularity"],
        ["model=ease", "score=content"],
        ["model=mf", "score=profile"],
        ["fusion=sum", "score=content_gate"],
        ["fusion=sum", "score=cosine"],
        ["fusion=popularity_gate"],
        ["fusion=attention"],
        ["fusion=side", "loss=bpr_align"],
        ["model=lightgcnpp"],
        ["model=xsimgcl"],
        ["graph=semantic", "fusion=sum"],
        ["model=lightgcn_content"],
        ["model=lightgcn_content", "score=cosine"],
        ["model=alpharec", "fusion=content"],
    ],
    ids=" ".join,
)
def test_summands_add_up_to_the_score(trained: Train, words: list[str]) -> None:
    shop = trained(*words)
    explain, served = explainer(shop), shop.served
    for user, item in (("u3", "i5"), ("u44", "i30")):
        found = explain(user, item, k=4)
        number = served.catalogue.item(item)
        with torch.no_grad():
            score = float(served.scorer(torch.tensor([served.catalogue.user(user)]))[0, number])
        assert found.score == pytest.approx(score, abs=1e-6)
        assert sum(line.value for line in found.lines) == pytest.approx(score, abs=1e-4 * max(1, abs(score)))
        assert sum(found.by.values()) == pytest.approx(found.total)
        assert len(found.lines) <= 5
        for line in found.lines:
            assert sum(line.by.values()) == pytest.approx(line.value)


RELATIONS = ["graph=relations", "+data/relations=fields", '+data.relations.fields.lists.word=[title," "]']


@pytest.mark.parametrize(
    "words",
    [
        ["model/conv=lgconv"],
        ["model/conv=sage", "model.encoder.activation=elu", "score=popularity"],
        ["model/conv=gatv2", "fusion=sum"],
        ["model/conv=transformer", "score=cosine"],
        ["model/conv=rgcn", *RELATIONS],
        ["model/conv=hgt", *RELATIONS],
    ],
    ids=lambda words: words[0],
)
def test_lines_of_convolutions_come_near_the_score(
    trained: Train, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each item of the history; that they do not sum to the score is said."""
    shop = trained("model=pyg", *words)
    served = shop.served
    found = explainer(shop)("u3", "i5", k=50)
    train = served.split.train
    history = train.items[train.users == served.catalogue.user("u3")].tolist()
    with torch.no_grad():
        scores = served.scorer(torch.tensor([served.catalogue.user("u3")]))[0]
    assert not found.sums
    assert found.score == pytest.approx(float(scores[served.catalogue.item("i5")]), abs=1e-6)
    assert {line.item for line in found.lines} - {""} == {served.catalogue.item_ids[j] for j in history}
    assert found.total == pytest.approx(found.score, abs=0.02 * max(abs(line.value) for line in found.lines) + 1e-4)
    assert main(["explain", f"run={shop.run.path}", "user=u3", "item=i5"]) == 0
    shown = capsys.readouterr().out
    assert "come near the score" in shown
    assert "need not sum to it" in " ".join(shown.split())


def test_ease_is_the_sum_of_its_weights(trained: Train) -> None:
    shop = trained("model=ease")
    train, weights = shop.served.split.train, shop.served.scorer.weights  # type: ignore[attr-defined]
    catalogue = shop.served.catalogue
    found = explainer(shop)(catalogue.user_ids[9], catalogue.item_ids[17], k=50)
    wanted = {catalogue.item_ids[j]: float(weights[j, 17]) for j in train.items[train.users == 9].tolist()}
    assert {line.item: line.value for line in found.lines} == pytest.approx(wanted)


def test_rank_neighbours_and_words(trained: Train) -> None:
    shop = trained("fusion=sum", "num_layers=2")
    served, explain = shop.served, explainer(shop)
    listed = served.recommend(["u5"], 12)
    for rank, item, score in listed.select("rank", "item", "score").iter_rows():
        found = explain("u5", item)
        assert (found.rank, found.score) == (rank, score)
    owned = served.split.train.items[served.split.train.users == served.catalogue.user("u5")].tolist()
    names = served.catalogue.item_ids
    assert explain("u5", names[owned[0]]).rank is None
    found = explain("u5", listed["item"][0])
    assert served.features is not None
    mine = served.features[served.catalogue.item(found.item)]
    cosines = [float(torch.cosine_similarity(mine, served.features[j], dim=0)) for j in owned]
    best = sorted(cosines, reverse=True)[: len(found.alike)]
    assert [a.cosine for a in found.alike] == pytest.approx(best)
    for a in found.alike:
        one, other = (
            set(f"the {title.split()[1]} number {title.split()[3]}".split()) for title in (a.title, found.title)
        )
        assert set(a.words) == (one & other) - {"the", "number"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model=layergcn"], "similarity to the first"),
        (["model=sasrec"], "reads the history as a sequence"),
        (["graph=lightgcnpp"], "messages of unit length"),
        (["score=tag"], "score=tag mixes"),
        (["loss=macr"], "MACR changes the scores"),
        (["model=svd"], "product of two fitted vectors"),
        (["model=random"], "ranks in another way"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_no_sum_says_why(trained: Train, words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        explainer(trained(*words))("u1", "i1")


def test_command(trained: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = trained("fusion=gate", "num_layers=2")
    run, out, drawn = shop.run.path, tmp_path / "why.json", tmp_path / "why.svg"
    assert main(["explain", f"run={run}", "user=u5", "item=i9", "k=3", f"out={out}", f"picture={drawn}"]) == 0
    shown = capsys.readouterr().out
    written: dict[str, Any] = json.loads(out.read_text())
    assert written == explainer(shop)("u5", "i9", 3).to_dict()
    assert f"score {written['score']:.4f}" in shown
    for line in written["lines"]:
        assert f"{line['value']:+.4f}" in shown
    assert "others combined" in shown
    assert "the gate is held" in shown
    labels = [node.text for node in ET.parse(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert "Why user u5 gets the castle number 9" in labels
    assert len([label for label in labels if label and label.startswith(("+", "-"))]) == 4
    assert sorted(file.name for file in tmp_path.iterdir()) == ["why.json", "why.svg"]
    for words, message in (
        (["user=nobody", "item=i9"], "user ids of this data"),
        (["user=u5", "item=shoe"], "item ids of this data"),
        (["user=u5", "item=i9", "out=why.txt"], "ends in .json wanted"),
        (["user=u5", "item=i9", "k=0"], "k=0 given"),
    ):
        assert main(["explain", f"run={run}", *words]) == 1
        assert message in capsys.readouterr().err
