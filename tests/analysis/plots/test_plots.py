"""Pictures: the numbers drawn are those of the runs, names are there as text, the same input gives the same bytes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from ltgnn.analysis.intervals import difference_intervals
from ltgnn.analysis.plots import differences, head_tail, learning, pareto, popularity
from ltgnn.analysis.plots.figure import name_points, new_figure, save, value_title
from ltgnn.analysis.rows import Row, rows_of
from ltgnn.commands.plot import KINDS, main
from ltgnn.runs.reading import read_all
from ltgnn.types import UserError
from tests.analysis.made import METRIC, NAMES, write_run

SIZES = {"head": 2, "tail": 6, "cold": 2}
FUSIONS = {"id": (0.10, 0.50), "sum": (0.14, 0.42), "$x$[b]": (0.12, 0.40)}


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Three fusions of two seeds, with lists, items and histories."""
    for fusion, (tail, head) in FUSIONS.items():
        for seed in (1, 2):
            folder = write_run(tmp_path / f"{fusion[-3:]}{seed}", seed, tail, head + 0.01 * seed, fusion=fusion)
            metrics = json.loads((folder / "metrics.json").read_text())
            metrics["groups"] = {"items20": {"rule": "by share of items", "sizes": SIZES}}
            (folder / "metrics.json").write_text(json.dumps(metrics))
            rows = [f"{epoch},{epoch}.5,{0.1 * epoch + 0.01 * seed},{1 / epoch}" for epoch in (1, 2, 3)]
            (folder / "history.csv").write_text("\n".join(["epoch,seconds,val/ndcg@20,train/loss", *rows]) + "\n")
            lists = np.tile(np.arange(4, dtype=np.int64), (5, 1))
            pl.DataFrame({"user": range(5), "items": lists}).write_parquet(folder / "topk.parquet")
            pl.DataFrame({"item": range(10), "train_count": range(10, 0, -1)}).write_parquet(folder / "items.parquet")
    return tmp_path


@pytest.fixture
def rows(sweep: Path) -> list[Row]:
    found = rows_of(read_all([sweep])[0])
    assert len(found) == 3
    return found


def texts(figure: Figure) -> str:
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def test_bars_are_the_means_and_whiskers_the_spread(rows: list[Row]) -> None:
    figure = head_tail.draw(rows)
    for panel, group in zip(figure.axes, ("head", "tail"), strict=True):
        widths = [bar.get_width() for bar in panel.patches]
        assert widths == [row.side.mean(NAMES[group]) for row in rows]
        (whiskers,) = [c for c in panel.collections if len(c.get_segments()) == len(rows)]
        for segment, row in zip(whiskers.get_segments(), rows, strict=True):
            assert (segment[1][0] - segment[0][0]) / 2 == pytest.approx(row.side.sd(NAMES[group]))
    assert "NDCG@20, head" in texts(figure)
    assert "Groups items20, by share of items" in texts(figure)


def test_the_front_and_the_names_of_all_points(rows: list[Row]) -> None:
    points = pareto.points_of(rows, METRIC, NAMES["tail"])
    figure = pareto.draw(points, METRIC, NAMES["tail"])
    line = next(line for line in figure.axes[0].lines if line.get_linestyle() == "--")
    best = [p for p in points if not any(q.x >= p.x and q.y >= p.y and q is not p for q in points)]
    assert sorted(line.get_xdata()) == sorted(p.x for p in best)
    for row in rows:
        assert row.label.replace("$", r"\$") in texts(figure)


def test_many_points_in_one_place_get_numbers_with_a_list(rows: list[Row]) -> None:
    long = [pareto.Point({}, 0.3 + 1e-5 * n, 0.1, f"a name that is far too long number {n}") for n in range(12)]
    figure = pareto.draw([*long, pareto.Point({}, 0.9, 0.9, "far")])
    said = texts(figure)
    assert all(re.search(rf"(?m)^{n}$", said) for n in range(1, 14))
    assert "1\N{FIGURE SPACE}\N{FIGURE SPACE}\N{FIGURE SPACE}a name that is far" in said


def test_names_do_not_cover_each_other() -> None:
    figure = new_figure(6, 4)
    panel = figure.subplots()
    places = [(0.5 + 0.02 * n, 0.5) for n in range(6)]
    panel.scatter(*zip(*places, strict=True))
    figure.canvas.draw()
    assert name_points(figure, panel, places, [f"name {n}" for n in range(6)])
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in panel.texts]
    assert not any(a.overlaps(b) for n, a in enumerate(boxes) for b in boxes[:n])


def test_a_curve_is_the_mean_over_seeds(rows: list[Row]) -> None:
    figure = learning.draw(rows)
    for line in figure.axes[0].lines:
        assert list(line.get_xdata()) == [1, 2, 3]
        assert list(line.get_ydata()) == pytest.approx([0.115, 0.215, 0.315])
    with pytest.raises(UserError, match="has the column 'val/mrr@20'; there are epoch, seconds, train/loss"):
        learning.draw(rows, "val/mrr@20")


def test_quality_by_group_and_exposure(rows: list[Row]) -> None:
    left, right = popularity.draw(rows).axes
    for line, row in zip(left.lines, rows, strict=True):
        assert list(line.get_ydata()) == [row.side.mean(NAMES[group]) for group in ("head", "tail")]
    shares = right.lines[0]
    at = {round(x): y for x, y in zip(shares.get_xdata(), shares.get_ydata(), strict=True)}
    assert at[20] == pytest.approx(50)  # two of the four items in every list
    assert at[40] == pytest.approx(100)


def test_intervals_are_those_of_the_claim(rows: list[Row]) -> None:
    base = differences.find_baseline(rows, "fusion=id")
    figure = differences.draw(rows, base, draws=200)
    others = [row for row in rows if row is not base]
    for panel, group in zip(figure.axes, ("all", "head", "tail"), strict=True):
        drawn = [line.get_xdata() for line in panel.lines if len(line.get_xdata()) == 2][1:]
        for (lower, upper), row in zip(drawn, others, strict=True):
            (found,) = difference_intervals(base.side, row.side, [NAMES[group]], 0.95, 200, 0)
            assert lower == pytest.approx(found.interval.lower, abs=1e-3)
            assert upper == pytest.approx(found.interval.upper, abs=1e-3)
    for asked, told in (("fusion=gate", "no configuration has that"), ("loss=bpr", "3 configurations have that"),
                        ("id", "GROUP=OPTION,... wanted"), ("7", "no configuration has that")):  # fmt: skip
        with pytest.raises(UserError, match=re.escape(told)):
            differences.find_baseline(rows, asked)
    assert differences.find_baseline(rows, str(rows[1].number)) is rows[1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_writes_the_same_bytes_with_text_as_text(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    words = [kind, str(sweep), *(["--baseline", "fusion=id"] if kind == "differences" else [])]
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    for file in (first, second):
        assert main([*words, "--out", str(file)]) == 0
        assert capsys.readouterr().out.strip() == str(file)
    assert first.read_bytes() == second.read_bytes()
    svg = first.read_text()
    assert "sum" in re.sub(r"<[^>]*>", "", svg)
    assert "NDCG@20" in svg
    assert main([*words, "--out", str(tmp_path / "x.png")]) == 0
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["head-tail", "--out", "x.jpg"], "--out x.jpg: a file that ends in .svg, .png, .pdf wanted"),
        (["differences"], "ltgnn plot differences needs --baseline"),
        (["pareto", "--baseline", "fusion=id"], "needs --baseline GROUP=OPTION,..., and no other kind has one"),
        (["pareto", "-x", "mrr@20"], "no finished run has both mrr@20 and items20/tail/ndcg@20"),
        (["head-tail", "--metric", "mrr@20"], "no finished run has items20/head/mrr@20"),
        (["head-tail", "--policy", "thirds"], "--policy thirds: no run has values by such groups"),
        (["learning", "--level", "95"], "--level 95.0: a share between 0 and 1 wanted"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as mistake:
        main([words[0], str(sweep), *words[1:]])
    assert told in str(mistake.value)


def test_titles_of_axes() -> None:
    assert value_title("items20/tail/ndcg@20") == "NDCG@20, tail"
    assert value_title("val/ndcg@20") == "NDCG@20 (validation part)"
    assert value_title("uniform_recall@10") == "Uniform recall@10"


def test_a_picture_changes_no_setting_of_matplotlib(rows: list[Row], tmp_path: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    save(head_tail.draw(rows), tmp_path / "x.pdf")
    assert dict(matplotlib.rcParams) == before
