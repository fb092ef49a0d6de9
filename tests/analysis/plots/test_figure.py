"""What all pictures share: colours, type, names of points, and a file with the same bytes for the same input."""

from __future__ import annotations

from ltgnn.analysis.plots.figure import name_points, new_figure, value_title


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


def test_titles_of_axes() -> None:
    assert value_title("items20/tail/ndcg@20") == "NDCG@20, tail"
    assert value_title("val/ndcg@20") == "NDCG@20 (validation part)"
    assert value_title("uniform_recall@10") == "Uniform recall@10"
