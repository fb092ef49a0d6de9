"""A comparison of runs for Python: as a frame, as text, as a table of a paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from ltgnn.analysis import formats
from ltgnn.analysis.anova import Effect
from ltgnn.analysis.compare_runs import variance
from ltgnn.analysis.comparison import Comparison
from ltgnn.io.notebook import grid
from ltgnn.runs.run import WIDTH, Run

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, repr=False)
class ComparisonTable:
    """What ``Runs.compare`` gives: configurations side by side, with spreads and differences to a baseline.

    Attributes:
        comparison: All numbers (``ltgnn.analysis.comparison.Comparison``).
        runs: The runs behind them.
    """

    comparison: Comparison
    runs: Sequence[Run]

    def frame(self) -> pl.DataFrame:
        """A row for each configuration: its options, ``seeds``, and of each value the mean, ``VALUE sd`` over seeds.

        With a baseline also ``VALUE delta`` and ``VALUE p`` (adjusted); null where there is none.
        """
        import polars as pl

        table, rows = self.comparison, []
        for row in table.rows:
            found: dict[str, Any] = dict(zip(table.keys, row.options, strict=True)) | {"seeds": len(row.side.runs)}
            for name, cell in zip(table.names, row.cells, strict=True):
                found |= {name: cell and cell.mean, f"{name} sd": cell and cell.sd}
                if table.baseline:
                    found |= {f"{name} delta": cell and cell.delta, f"{name} p": cell and cell.p_adjusted}
            rows.append(found)
        return pl.DataFrame(rows, infer_schema_length=None)

    def markdown(self) -> str:
        """The table in GitHub's Markdown, with its note."""
        return formats.markdown(self.comparison)

    def latex(self) -> str:
        """A ``tabular`` with booktabs rules."""
        return formats.latex(self.comparison)

    def variance(self) -> dict[str, list[Effect]]:
        """The analysis of variance of each value: which option explains how much of it."""
        return variance(self.comparison, self.runs)

    def __repr__(self) -> str:
        from rich.console import Console

        drawn = formats.terminal(self.comparison)
        width = max(80, Console(width=1000).measure(drawn).maximum)
        text = StringIO()
        Console(file=text, width=width, force_jupyter=False).print(drawn)
        lines = formats.note(self.comparison, bold=False).splitlines()
        return text.getvalue() + "\n".join(part for line in lines for part in wrap(line, max(width, WIDTH)))

    def _repr_html_(self) -> str:
        frame = self.frame()
        rows = [[short(value) for value in row] for row in frame.iter_rows()]
        return grid("Test part", frame.columns, rows)


def short(value: object) -> str:
    """A value of a table: four digits of a number, nothing for none."""
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
