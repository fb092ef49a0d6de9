"""A table as a document: full precision for programs, the best in bold for people."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from ltgnn.analysis.table import read_table
from ltgnn.analysis.table_formats import document
from ltgnn.analysis.table_values import Selection
from tests.analysis.made import write_run


def test_each_form(tmp_path: Path) -> None:
    for fusion, tail in (("id", 0.1), ("sum", 0.2)):
        write_run(tmp_path / fusion, 1, tail, 0.5, fusion=fusion)
    table = read_table([tmp_path], Selection(["ndcg@20"], ["tail"], None), False, "")
    text = {kind: document(table.rows, table.columns, table.policy, kind) for kind in ("csv", "json", "md", "latex")}
    assert len(list(csv.DictReader(text["csv"].splitlines()))) == len(json.loads(text["json"])["rows"]) == 2
    bold = next(line for line in text["md"].splitlines() if "**" in line)
    assert "sum" in bold
    assert "\\toprule" in text["latex"]
