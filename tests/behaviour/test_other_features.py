"""Search, serving and updates of runs whose item features are numbers, vectors or several kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import ltgnn
from ltgnn.build import Problem
from ltgnn.cli import main
from ltgnn.inference.finished_run import load_finished_run
from ltgnn.inference.new_interactions import NewInteractions, encode_new, extend_problem
from ltgnn.inference.open_run import OpenRun
from ltgnn.types import UserError
from tests.conftest import run_folders

Launch = Callable[..., int]
EVENTS = [("u3", "lamp"), ("new", "lamp"), ("new", "p1")]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 users, 24 products with a title, a description and a price that p7 lacks; a vector for each and for `lamp`."""
    folder = tmp_path_factory.mktemp("csv")
    products = [f"p{n},thing number{n},colour{n % 3},{'' if n == 7 else 10 + n}" for n in range(24)]
    (folder / "products.csv").write_text("product_id,title,description,price\n" + "\n".join(products) + "\n")
    rows = [f"u{u},p{(u * 7 + place * 5) % 24},{1000 + place},1,0" for u in range(40) for place in range(10)]
    (folder / "user_behavior.csv").write_text("user_id,product_id,timestamp,click,purchase\n" + "\n".join(rows) + "\n")
    vectors = np.random.default_rng(0).normal(size=(25, 6)).astype(np.float32)
    np.save(folder / "vectors.npy", vectors)
    (folder / "ids.txt").write_text("".join(f"p{n}\n" for n in range(24)) + "lamp\n")
    return folder


@pytest.fixture
def trained(launch: Launch, tmp_path: Path, files: Path) -> Callable[..., Path]:
    def run(text: str, *words: str) -> Path:
        shop = ["data=shop", f"data.files.path={files}", "~data.reader.item_numbers.rating", f"features={text}"]
        file = [
            f"features.file.path={files}/vectors.npy",
            f"features.file.ids={files}/ids.txt",
            "features.file.extra=ignore",
        ]
        shop += file if text == "precomputed" else []
        words = words or ("fusion=sum",)
        assert launch(*shop, "split=leave_one_out", "epochs=1", f"paths.log_dir={text}", *words) == 0
        (folder,) = run_folders(tmp_path / text)
        return folder

    return run


def after(problem: Problem, new: NewInteractions, run: Path) -> torch.Tensor:
    _, cfg, _ = load_finished_run(run)
    features = extend_problem(cfg, problem, new).features
    assert features is not None
    assert features.values.shape == (25, problem.features.values.shape[1])  # type: ignore[union-attr]
    assert torch.equal(features.values[:24], problem.feature_matrix)  # type: ignore[arg-type]
    return features.values[24]


def test_numbers_alone(trained: Callable[..., Path], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run = trained("numbers")
    shop = OpenRun(str(run))
    assert shop.by == ("words",)
    assert shop.find("number5", 1)[0].item == "p5"
    with pytest.raises(UserError, match=r"features=numbers\) are not made from texts: by=words"):
        OpenRun(str(run), by=("text",)).find("x")
    with pytest.raises(UserError, match="by=model takes the query for an item"):
        OpenRun(str(run), by=("model",)).find("x")
    capsys.readouterr()
    assert main(["search", f"run={run}", "number5"]) == 0
    printed = capsys.readouterr()
    assert "p5" in printed.out
    assert "Keyword search only: the item features of this run (features=numbers) are not made from" in printed.err

    _, _, problem = load_finished_run(run)
    price, train = problem.dataset.item_numbers["price"], problem.split.train
    row = after(problem, encode_new(problem.dataset, train, EVENTS, {"lamp": {"title": "x", "price": 16.0}}), run)
    assert problem.feature_matrix is not None
    torch.testing.assert_close(row, problem.feature_matrix[6])  # the price of p6
    row = after(problem, encode_new(problem.dataset, train, EVENTS, {}), run)
    torch.testing.assert_close(row, problem.feature_matrix[7])  # without a price as p7
    assert price.isnan().nonzero().flatten().tolist() == [7]

    events, items = tmp_path / "events.csv", tmp_path / "items.csv"
    events.write_text("user,item\n" + "".join(f"{user},{item}\n" for user, item in EVENTS))
    items.write_text("item,title,description,price\nlamp,a lamp,,16\n")
    update = ["update", f"run={run}", f"events={events}"]
    assert main([*update, f"items={items}", f"out={tmp_path / 'out'}"]) == 0
    model = ltgnn.load(tmp_path / "out")
    assert model.catalogue.numbers["price"][24] == 16
    assert "lamp" in model.recommend(["u5"], k=25)["item"].to_list()
    items.write_text("item,title,description,price\nlamp,a lamp,,cheap\n")
    assert main([*update, f"items={items}", f"out={tmp_path / 'other'}"]) == 1
    assert "cheap" in capsys.readouterr().err


def test_several_kinds_are_searched_by_the_text_among_them(trained: Callable[..., Path]) -> None:
    run = trained("words_numbers")
    shop = OpenRun(str(run))
    assert shop.by == ("words", "text")
    assert shop.texts[3] == "thing number3. colour0"
    hit = shop.find("thing number3. colour0", 1)[0]
    assert (hit.item, hit.by["text"]) == ("p3", pytest.approx(1.0, abs=1e-5))
    with pytest.raises(UserError, match="several kinds"):
        OpenRun(str(run), by=("model",)).find("x")
    _, _, problem = load_finished_run(run)
    same = {"title": "thing number6", "description": "colour0", "price": 16.0}
    row = after(problem, encode_new(problem.dataset, problem.split.train, EVENTS, {"lamp": same}), run)
    assert problem.feature_matrix is not None
    torch.testing.assert_close(row, problem.feature_matrix[6], atol=1e-5, rtol=1e-4)
    with pytest.raises(UserError, match="'lamp' is an item that the run does not know"):
        after(problem, encode_new(problem.dataset, problem.split.train, EVENTS, {}), run)


def test_vectors_from_a_file(trained: Callable[..., Path], files: Path) -> None:
    run = trained("precomputed", "fusion=sum", "features/transform=whiten")
    assert OpenRun(str(run)).by == ("words",)
    _, cfg, problem = load_finished_run(run)
    new = encode_new(problem.dataset, problem.split.train, EVENTS, {})
    row = after(problem, new, run)
    raw = torch.from_numpy(np.load(files / "vectors.npy"))
    from hydra.utils import instantiate

    whitened = instantiate(cfg.features).transform.fit_map(raw[:24], problem.split.train.item_counts > 0)
    torch.testing.assert_close(row, whitened(raw[24:])[0], atol=1e-4, rtol=1e-4)
    other = encode_new(problem.dataset, problem.split.train, [("u1", "chair")], {})
    with pytest.raises(UserError, match=r"'chair' is an item .*vectors\.npy has no vector of it"):
        extend_problem(cfg, problem, other)


def test_features_that_no_score_reads_need_not_be_there(trained: Callable[..., Path]) -> None:
    run = trained("precomputed", "fusion=id")
    _, cfg, problem = load_finished_run(run)
    other = encode_new(problem.dataset, problem.split.train, [("u1", "chair")], {})
    features = extend_problem(cfg, problem, other).features
    assert features is not None
    assert not features.values[-1].any()


def test_both_halves_of_a_search_read_the_template_of_the_run(trained: Callable[..., Path]) -> None:
    run = trained("words", "fusion=sum", "features.template='{description}'")
    shop = OpenRun(str(run))
    assert set(shop.texts) == {"colour0", "colour1", "colour2"}
    assert shop.find("colour1", 24)[0].by.keys() == {"words", "text"}
    assert {"words"} & set(*[hit.by for hit in shop.find("number5", 1)]) == set()  # nobody has read the titles


def test_vectors_that_came_with_the_data_grow_with_it(trained: Callable[..., Path]) -> None:
    from dataclasses import replace

    run = trained("numbers")
    _, cfg, problem = load_finished_run(run)
    dataset = replace(problem.dataset, item_vectors={"image": torch.ones(24, 3)})
    new = encode_new(dataset, problem.split.train, EVENTS, {})
    found = extend_problem(cfg, replace(problem, dataset=dataset), new).dataset.item_vectors["image"]
    assert torch.equal(found, torch.cat([torch.ones(24, 3), torch.zeros(1, 3)]))


def test_the_page_searches_by_words(trained: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    from fastapi.testclient import TestClient

    from ltgnn.commands.serve import application

    with TestClient(application(str(trained("numbers")), ["testserver"])) as client:
        found = client.post("/api/search", json={"query": "number5", "k": 3}).json()
    assert "p5" in str(found)
    assert "keyword search only: the item features of this run (features=numbers)" in capsys.readouterr().out
