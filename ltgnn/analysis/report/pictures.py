"""The pictures of a report: Pareto scatters, exposure by popularity, training curves."""

from __future__ import annotations

from collections.abc import Sequence

from ltgnn.analysis.pareto import Point, front
from ltgnn.analysis.report.gather import Configuration, Runs, history
from ltgnn.analysis.report.plots import Axis, Line, Mark, Plot, axes, path, percent
from ltgnn.config.metric_direction import RECORD, smaller
from ltgnn.io.pluralize import pluralize
from ltgnn.runs.exposure import Array, Exposure, exposure
from ltgnn.runs.run import Run


def pareto(runs: Runs, x: tuple[str, str], y: tuple[str, str]) -> Plot | None:
    """All configurations by two test values, each given as (name, words)."""
    there = [
        (c, a, b)
        for c in runs.configurations
        if (a := c.side.mean(x[0])) is not None and (b := c.side.mean(y[0])) is not None
    ]
    if not there:
        return None
    best = front([Point({"number": str(c.number)}, a, b) for c, a, b in there], x[0], y[0])
    winners = {int(point.settings["number"]) for point in best}
    across, up = axes([a for _, a, _ in there], [b for _, _, b in there], (x[1], y[1]))
    marks = [
        Mark(
            across.at(a), up.at(b), c.number,
            f"{c.number} {c.label}: {x[1]} {a:.4f}, {y[1]} {b:.4f}"
            + (", with features" if c.uses_features else ", without features")
            + (", on the Pareto front" if c.number in winners else ""),
            c.uses_features, c.number in winners,
        )
        for c, a, b in there
    ]  # fmt: skip
    listed = ", ".join(next(c.label for c, _, _ in there if c.number == n) for n in sorted(winners))
    about = f"Scatter plot of {pluralize(len(there), 'configuration')}. On the Pareto front: {listed}."
    line = path(across, up, [(point.x, point.y) for point in best])
    return Plot(f"{y[1]} against {x[1]}", about, across, up, marks, front=line)


def popularity(runs: Runs, shown: Sequence[Configuration], policy: str) -> Plot | None:
    """Cumulative share of train interactions and of recommendations, from the most popular item to the rarest."""
    curves = [(c, curve) for c in shown if (curve := _exposure(c.first, runs.k)) is not None]
    if not curves:
        return None
    across, up = percent(("items, the most popular first (%)", "cumulative share (%)"))
    train = curves[0][1]
    half = f"half of the train interactions are on the {_reach(train, train.train):.1f} % most popular items"
    lines = [Line(_points(across, up, train, train.train), [], -1, None, "train interactions", f"Train: {half}")]
    for colour, (c, curve) in enumerate(curves):
        tip = f"{c.label}: half of the recommendations are of the {_reach(curve, curve.lists):.1f} % most popular items"
        lines.append(Line(_points(across, up, curve, curve.lists), [], colour, c.number, c.label, tip))
    about = ". ".join(line.tip for line in lines)
    return Plot("Exposure by popularity", about, across, up, lines=lines, guides=_borders(runs, policy, across))


def training(runs: Runs, shown: Sequence[Configuration], name: str, words: str) -> Plot | None:
    """One history column over the epochs; every seed of a configuration has its colour."""
    curves = [
        (colour, c, run, [(row["epoch"], row[name]) for row in rows])
        for colour, c in enumerate(shown)
        for run in c.side.runs
        if (rows := [row for row in history(run) if name in row])
    ]
    if not curves:
        return None
    values = [point for *_, points in curves for point in points]
    across, up = axes([a for a, _ in values], [b for _, b in values], ("epoch", words))
    lines = []
    for colour, c, run, points in curves:
        best = (max if name.startswith("val/") and not smaller(name, run.metrics.get(RECORD)) else min)(
            points, key=lambda point: point[1]
        )
        label = f"{c.label}, seed {run.seed}"
        dots = [(across.at(a), up.at(b), f"{label}: {words} {b:.4f} at epoch {a:.0f}") for a, b in points]
        tip = f"{label}: best {words} {best[1]:.4f} at epoch {best[0]:.0f}, last {points[-1][1]:.4f}"
        lines.append(Line(path(across, up, points), dots, colour, c.number, label, tip))
    return Plot(f"{words} over the epochs", f"{len(lines)} training curves.", across, up, lines=lines)


def _exposure(run: Run, k: int) -> Exposure | None:
    """The curve of a run that has kept its lists and items."""
    if (run.folder / "items.parquet").is_file() and (run.folder / "topk.parquet").is_file():
        run.columns("items.parquet", ["train_count"])  # names the file that is damaged
        return run.reading("topk.parquet", lambda file: exposure(file.parent, k))
    return None


def _points(across: Axis, up: Axis, curve: Exposure, shares: Array) -> str:
    return path(across, up, [(100 * a, 100 * b) for a, b in zip(curve.items, shares, strict=True)])


def _reach(curve: Exposure, shares: Array) -> float:
    """Per cent of the items that have half of the shares."""
    return next(100 * float(a) for a, b in zip(curve.items, shares, strict=True) if b >= 0.5)


def _borders(runs: Runs, policy: str, across: Axis) -> list[tuple[float, str]]:
    """Where the groups of a policy end."""
    sizes = runs.finished[0].metrics.get("groups", {}).get(policy, {}).get("sizes", {})
    total, ends, sum_ = sum(sizes.values()), [], 0
    for name, size in list(sizes.items())[:-1] if total else []:
        sum_ += size
        ends.append((across.at(100 * sum_ / total), name))
    return ends
