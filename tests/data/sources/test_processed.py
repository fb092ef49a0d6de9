"""What ``ltgnn data import`` and ``ltgnn data split`` write: Parquet tables of interactions, items and users."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.export import write_processed
from ltgnn.data.sources.processed import Processed
from ltgnn.types import Damaged
from tests.data.related_case import dataset, in_words


def test_a_data_set_is_written_with_them_and_read_again(tmp_path: Path) -> None:
    before = dataset()
    write_processed(tmp_path / "shop", before, before.parts, {})
    cleaning = Cleaning(None, None, None, 1, 1, True, True)
    after = load(lambda: tmp_path / "shop", Processed(), cleaning, "shop")
    for name in ("brand", "then"):
        assert in_words(after, name) == in_words(before, name)
        assert after.relations[name].num_others == before.relations[name].num_others
    (tmp_path / "shop" / "relations.json").write_text('{"brand": 1}')
    with pytest.raises(Damaged, match=r"relations.json is damaged"):
        Processed()(tmp_path / "shop")
