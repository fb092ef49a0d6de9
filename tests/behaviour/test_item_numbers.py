"""Price and rating of a shop's products, from its CSV files to the features of a trained model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from omegaconf import DictConfig, OmegaConf

from ltgnn.build import build_problem
from tests.conftest import run_folders


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """40 users, 24 products; product p7 has no price, p23 is never bought, two rows lack what they need."""
    folder = tmp_path / "csv"
    folder.mkdir()
    products = [f'p{n},"the ""{n}"" lamp, large",,{"" if n == 7 else 10 + n},{n % 5}' for n in range(24)]
    (folder / "products.csv").write_text("product_id,title,description,price,rating\n" + "\n".join(products) + "\n")
    rows = [
        f"u{user},p{(user * 7 + place * 5) % 23},{1000 + place},{1 + place % 2},{int(place % 3 == 0)}"
        for user in range(40)
        for place in range(10)
    ]
    rows += ["u1,,1000,1,0", ",p1,1000,1,0"]
    (folder / "user_behavior.csv").write_text("user_id,product_id,timestamp,click,purchase\n" + "\n".join(rows) + "\n")
    return folder


@pytest.mark.parametrize(
    ("text", "widths"), [("numbers", {"numbers": 3}), ("words_numbers", {"text": 32, "numbers": 3})]
)
def test_from_csv_to_a_trained_model(
    launch: Callable[..., int], tmp_path: Path, files: Path, text: str, widths: dict[str, int]
) -> None:
    shop = ["data=shop", f"data.files.path={files}", "data.cleaning.keep_unseen_items=true", f"features={text}"]
    assert launch(*shop, "fusion=sum", "split=leave_one_out") == 0
    (folder,) = run_folders(tmp_path)
    card = json.loads((folder / "features_card.json").read_text())
    if text == "words_numbers":
        assert card["widths"] == widths
    data = json.loads((folder / "data_card.json").read_text())
    assert data["item numbers"] == {"price": "23 filled", "rating": "24 filled"}
    assert data["source"]["interactions"][0]["rows without a required value, dropped"] == 2

    cfg = OmegaConf.load(folder / "config.yaml")
    assert isinstance(cfg, DictConfig)
    problem = build_problem(cfg)
    assert problem.feature_matrix is not None
    price, rating, no_price = problem.feature_matrix[:, -3:].T.double()
    train = problem.split.train.item_counts > 0
    assert not train[-1]  # p23, and it has a place on the same scale
    raw = torch.arange(24).double() + 10
    known = train & (no_price == 0)
    scale = raw[known].std(correction=0)
    assert no_price.nonzero().flatten().tolist() == [7]
    torch.testing.assert_close(
        price[no_price == 0], (raw - raw[known].mean())[no_price == 0] / scale, atol=1e-5, rtol=0
    )
    assert price[7] == 0
    assert rating[train].mean() == pytest.approx(0, abs=1e-6)
    assert rating[train].std(correction=0) == pytest.approx(1, abs=1e-6)
