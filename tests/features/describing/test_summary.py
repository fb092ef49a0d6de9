"""What is printed and written of descriptions."""

from pathlib import Path

import polars as pl
import pytest

from ltgnn.features.describing.summary import forecast, show_texts, write_table
from ltgnn.types import UserError
from tests.features.describing.writers import StubWriter, echo, make_describer

TEXTS = ["a", "", "bb", "ccc", "a"]


def test_what_is_left_is_estimated_from_what_is_there(tmp_path: Path) -> None:
    describer = make_describer(StubWriter(echo), tmp_path, price_in=1e6, price_out=2e6)
    assert forecast(describer, TEXTS).startswith("described so far: 0 texts")
    describer(TEXTS, most=1)
    cost = describer.cost(TEXTS)
    tokens, price = cost.tokens_in + cost.tokens_out, cost.tokens_in + 2 * cost.tokens_out
    last = forecast(describer, TEXTS).splitlines()[1]
    assert last == f"2 texts left: about {2 * tokens:,} tokens, {2 * cost.seconds:,.0f} s, price {2 * price:,.2f}"
    describer(TEXTS)
    assert len(forecast(describer, TEXTS).splitlines()) == 1


def test_what_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = StubWriter(lambda prompt: echo(prompt) if "Item: a" in prompt else "nothing")
    found = make_describer(writer, tmp_path)(TEXTS)
    show_texts(TEXTS, found, 2)
    assert capsys.readouterr().out == (
        "a\n  description: the a of the shop\n  uses: using a\nbb\n  nothing that could be read: \n"
    )


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_the_table(tmp_path: Path, suffix: str) -> None:
    found = make_describer(StubWriter(echo), tmp_path)(TEXTS)
    file = tmp_path / f"table{suffix}"
    write_table(file, list("vwxyz"), TEXTS, found, [f"{text}!" for text in TEXTS], ["description", "uses"])
    table = {".csv": pl.read_csv, ".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson}[suffix](file)
    assert table.columns == ["item_id", "item", "description", "uses", "text"]
    assert table["item_id"].to_list() == list("vwxyz")
    assert table["uses"].to_list()[3] == "using ccc"
    assert table["text"].to_list()[4] == "a!"
    with pytest.raises(UserError, match=r"\.csv, \.parquet, \.jsonl"):
        write_table(tmp_path / "table.xlsx", [], [], [], [], [])
