"""An analysis of variance on paper: the same numbers in each form."""

from __future__ import annotations

import csv

from ltgnn.analysis.anova import Effect
from ltgnn.analysis.anova_tables import as_csv, latex, markdown

FOUND = {"ndcg@20": [Effect("fusion", 1, 0.5, 0.25, 4.0, 0.125)]}


def test_all_digits_stand_in_the_csv() -> None:
    (row,) = csv.DictReader(as_csv(FOUND).splitlines())
    assert (row["value"], row["effect"], float(row["squares"]), float(row["p"])) == ("ndcg@20", "fusion", 0.5, 0.125)


def test_rows_of_documents() -> None:
    assert "| fusion | 1 |" in markdown(FOUND)
    assert "fusion & 1 &" in latex(FOUND)
