"""The supermarket: its columns, times and unknown products as the yaml reads them, from a made-up week."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from ltgnn.config.paths import conf_dir
from ltgnn.data.catalog import load
from ltgnn.features.template import render


def write_files(folder: Path) -> None:
    day = [datetime(2017, 1, n, 12) for n in (3, 1, 2, 4, 5)]
    columns = {"household_id": [7, 7, 7, 8, 8], "product_id": [11, 11, 12, 12, 99], "quantity": [1, 2, 9000, 1, 0]}
    columns["store_id"] = [367, 406, 367, 367, 1]
    times = pl.Series("transaction_timestamp", day, dtype=pl.Datetime("ns"))
    pl.DataFrame(columns).with_columns(times).write_parquet(folder / "transactions.parquet")
    products = {
        "product_id": [11, 12, 13],
        "department": ["GROCERY", "DRUG GM", "PRODUCE"],
        "brand": ["National", "Private", "National"],
        "product_category": ["COFFEE", None, "APPLES"],
        "product_type": ["INSTANT COFFEE", "CANDLES", "FUJI"],
        "package_size": ["13.7 OZ", None, None],
    }
    pl.DataFrame(products).write_parquet(folder / "products.parquet")


def test_a_purchase_counts_once_and_products_have_text(tmp_path: Path) -> None:
    write_files(tmp_path)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        cfg = compose(overrides=["+data=complete_journey", "+paths.data_dir=/nowhere"]).data
    template = cfg.template
    cfg.files = {"_target_": "ltgnn.data.fetch.Folder", "path": str(tmp_path)}
    cfg.expected, cfg.cleaning.item_core = None, 1
    data = load(**instantiate(cfg, _convert_="all"))
    assert (data.num_users, data.num_items) == (2, 3)
    pairs = data.parts["all"]
    named = {(data.user_ids[u], data.item_ids[i]) for u, i in zip(pairs.users, pairs.items, strict=True)}
    assert named == {("7", "11"), ("7", "12"), ("8", "12"), ("8", "99")}
    store = pairs.fields["store"]
    assert [store.values[code] for code in store.codes] == ["406", "367", "367", "1"], "of 7 and 11 the earlier one"
    texts = dict(zip(data.item_ids, render(template, data.item_fields), strict=True))
    assert texts == {
        "11": "INSTANT COFFEE. COFFEE. GROCERY. 13.7 OZ. National brand",
        "12": "CANDLES. DRUG GM. Private brand",
        "99": "",
    }
