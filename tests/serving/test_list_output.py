"""Lists as files."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ltgnn.serving.list_output import save, show
from ltgnn.types import UserError

FRAME = pl.DataFrame({"user": ["u", "[bold]"], "score": [0.5, 0.25]})


READERS = {"csv": pl.read_csv, "json": pl.read_json, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}


@pytest.mark.parametrize("ending", READERS)
def test_each_form_holds_all_blocks(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"lists.{ending}"
    assert save([FRAME, FRAME], file, FRAME.schema) == 4
    assert READERS[ending](file).equals(pl.concat([FRAME, FRAME]))


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"lists.xls given, a file that ends in .csv, .json, .jsonl, .parquet wanted"):
        save([FRAME], tmp_path / "lists.xls", FRAME.schema)


def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    show(FRAME, "title")
    shown = capsys.readouterr().out
    assert "[bold]" in shown
    assert "0.2500" in shown
