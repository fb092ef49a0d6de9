"""The two pictures of home and README, drawn from committed records: ``python -m docs.generate.pictures``.

Text has a grey that reads on white and on black, the ground is transparent. The numbers that a picture shows are in its
description, which a test compares with the records.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot as plt  # after the backend is chosen
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
RECORD = ROOT / "experiments" / "hybrid" / "results.json"

GREY, BASE, NEW = "#768390", "#8c959f", "#2f81f7"

AXES = {
    "data": "MovieLens, Amazon,\nyour shop",
    "split": "random, time,\nleave-one-out, cold",
    "features": "MiniLM, BERT, E5,\nTF-IDF, numbers",
    "fusion": "id, sum, gate,\nconcat, attention",
    "graph": "normalisation,\nweights, item edges",
    "model": "LightGCN, SASRec,\nMF, EASE, kNN",
    "loss": "BPR, softmax,\nInfoNCE, DirectAU",
    "sampler": "uniform, popularity,\nhard, in-batch",
    "score": "popularity, content,\ncosine",
    "eval": "head, tail, cold,\ngroups of users",
}
"""Config group -> some of its options."""

PANELS = {
    ("amazon_beauty", "random"): "Amazon Beauty",
    ("amazon_games", "random"): "Amazon Games",
}
"""Data set and split -> title."""

CLAIMS = {
    "EASE + text over EASE": "EASE",
    "EASE with text inside and on top over EASE": "EASE, text\ninside and on top",
    "deep GNN + text over deep GNN": "LightGCN, deep",
}
"""Comparison of the study, without and with text -> what stands below its bars."""


def comparisons() -> list[dict[str, Any]]:
    """The claims of the study that are drawn, in order."""
    claims = json.loads(RECORD.read_text(encoding="utf-8"))["claims"]
    found = {(claim["data"], claim["split"], claim["say"]): claim for claim in claims}
    return [found[(*panel, say)] for panel in PANELS for say in CLAIMS]


def description(claims: Sequence[dict[str, Any]]) -> str:
    """The numbers of the picture in one line."""
    parts = [
        f"{claim['data']} {claim['say']}: "
        + ", ".join(
            f"{group} {short(claim['groups'][group]['base'])} to {short(claim['groups'][group]['new'])}"
            for group in ("head", "tail")
        )
        for claim in claims
    ]
    return "; ".join(parts)


def short(value: float) -> str:
    return f"{value:.4f}".lstrip("0")


def draw_study(file: Path) -> None:
    """NDCG@20 of head and tail items without and with text, for each data set."""
    claims = comparisons()
    figure, places = plt.subplots(len(PANELS), 2, figsize=(9, 6), sharey="col")
    for row, title in enumerate(PANELS.values()):
        panel = claims[row * len(CLAIMS) : (row + 1) * len(CLAIMS)]
        for column, group in enumerate(("head", "tail")):
            axis = places[row][column]
            for at, claim in enumerate(panel):
                numbers = claim["groups"][group]
                for offset, key, colour in ((-0.2, "base", BASE), (0.2, "new", NEW)):
                    axis.bar(at + offset, numbers[key], 0.36, color=colour)
                    axis.text(
                        at + offset,
                        numbers[key],
                        short(numbers[key]),
                        ha="center",
                        va="bottom",
                        color=GREY,
                        fontsize=9.5,
                    )
            axis.set_xticks(range(len(panel)), list(CLAIMS.values()), fontsize=10)
            axis.set_title(f"{title}: {group} items", color=GREY, fontsize=12, loc="left")
            axis.margins(y=0.14)
            if column == 0:
                axis.set_ylabel("NDCG@20", color=GREY, fontsize=11)
            plain(axis)
    patches = [Rectangle((0, 0), 1, 1, color=colour) for colour in (BASE, NEW)]
    words = ["without text", "with text"]
    figure.legend(patches, words, loc="upper right", ncols=2, frameon=False, labelcolor=GREY, fontsize=11)
    figure.tight_layout(rect=(0, 0, 1, 0.96))
    save(figure, file, description(claims))


def draw_axes(file: Path) -> None:
    """The config groups, one option of each, that make one run."""
    figure, axis = plt.subplots(figsize=(9, 4))
    axis.set(xlim=(0, 10), ylim=(0, 4.5))
    axis.axis("off")
    for number, (group, options) in enumerate(AXES.items()):
        x, y = (number % 5) * 2 + 0.08, 3.05 if number < 5 else 0.25
        box(axis, x, y, 1.84, 1.2, GREY, fill=False)
        axis.text(x + 0.92, y + 0.93, f"{group}=", ha="center", va="center", color=NEW, fontsize=14, weight="bold")
        for line, words in enumerate(options.splitlines()):  # one text each: the viewer's font is not known here
            axis.text(x + 0.92, y + 0.54 - 0.26 * line, words, ha="center", va="center", color=GREY, fontsize=11)
        start, end = ((x + 0.92, y), (x + 0.92, 2.72)) if number < 5 else ((x + 0.92, y + 1.2), (x + 0.92, 1.78))
        axis.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, color=GREY, linewidth=1))
    box(axis, 0.08, 1.8, 9.84, 0.9, NEW, fill=True)
    said = "one run: head, tail and cold, with tests, in one folder of plain files"
    axis.text(5, 2.25, said, ha="center", va="center", color="white", fontsize=15)
    figure.subplots_adjust(0, 0, 1, 1)
    save(figure, file, "; ".join(f"{group}: {' '.join(options.split())}" for group, options in AXES.items()))


def box(axis: Any, x: float, y: float, width: float, height: float, colour: str, fill: bool) -> None:
    patch = FancyBboxPatch((x + 0.05, y + 0.05), width - 0.1, height - 0.1, boxstyle="round,pad=0.05", edgecolor=colour)
    patch.set_facecolor(colour if fill else "none")
    axis.add_patch(patch)


def plain(axis: Any) -> None:
    """Grey ticks and two grey spines."""
    axis.tick_params(colors=GREY, labelsize=10)
    for side, spine in axis.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GREY)


def save(figure: Any, file: Path, said: str) -> None:
    figure.savefig(file, transparent=True, metadata={"Date": None, "Creator": None, "Description": said})
    plt.close(figure)


def main() -> None:
    """Write both pictures."""
    settings: dict[Any, Any] = {
        "svg.hashsalt": "ltgnn",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans", "sans-serif"],
    }
    with plt.rc_context(settings):
        draw_axes(IMAGES / "axes.svg")
        draw_study(IMAGES / "study.svg")


if __name__ == "__main__":
    main()
