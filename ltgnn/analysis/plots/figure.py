"""What all pictures share: colours, type, names of points, and a file with the same bytes for the same input."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltgnn.io.atomic_write import replace_atomically
from ltgnn.io.terminal import printable
from ltgnn.types import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#7a7a7a")
"""Okabe and Ito (2008): told apart by people with any kind of colour vision."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ("-", "--", "-.", ":")
"""Beside the colours, so that lines differ in grey print, too."""

ENDINGS = (".svg", ".png", ".pdf")

STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "ltgnn",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.handlelength": 3.0,
    "errorbar.capsize": 2,
    "figure.facecolor": "white",  # on a dark page, too
    "savefig.facecolor": "white",
}


def style() -> AbstractContextManager[None]:
    """The style of all pictures, inside a ``with`` block: nothing else in the process changes."""
    from matplotlib import rc_context

    settings: Any = STYLE  # matplotlib 3.11 annotates each key, older ones do not
    return rc_context(settings)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure in inches, without a window and without pyplot's list of figures."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def check_ending(file: Path, option: str) -> None:
    """``UserError`` for a file that no picture is written to."""
    if file.suffix not in ENDINGS:
        raise UserError(f"{option} {file}: a file that ends in {', '.join(ENDINGS)} wanted")


def save(figure: Figure, file: Path, option: str = "--out") -> None:
    """Write the picture; the ending says the kind of file. No date is in it."""
    check_ending(file, option)
    nothing: dict[str, Any] = {
        ".svg": {"Date": None, "Creator": None}, ".png": {"Software": None}, ".pdf": {"CreationDate": None},
    }[file.suffix]  # fmt: skip
    with style(), replace_atomically(file, option) as temporary:
        figure.savefig(temporary, format=file.suffix[1:], dpi=150, metadata=nothing)


def escape_text(text: str) -> str:
    """Text that comes from data, as matplotlib takes it for text rather than for a formula."""
    return "\n".join(map(printable, text.split("\n"))).replace("$", r"\$")


def wrap(label: str, width: int = 34) -> str:
    """A name on lines of at most ``width`` characters, broken at blanks."""
    return escape_text(textwrap.fill(printable(label), width, break_on_hyphens=False))


def value_title(name: str) -> str:
    """``NDCG@20, tail`` of ``items20/tail/ndcg@20``; the part is named where it is not the test part."""
    *places, metric = name.split("/")
    part = f" ({'validation' if places[0] == 'val' else 'test'} part)" if places[:1] in (["val"], ["test"]) else ""
    groups = places[1:] if part else places
    word, at, k = metric.partition("@")
    known = {"ndcg": "NDCG", "mrr": "MRR", "map": "MAP", "hr": "HR", "arp": "ARP", "ild": "ILD", "f1": "F1"}
    title = known.get(word, word.replace("_", " ").capitalize()) + at + k
    return f"{title}{f', {groups[-1]}' if groups else ''}{part}"


def line_look(number: int) -> dict[str, Any]:
    """Colour, dashes and marker of a line: all differ from those of its neighbours."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": DASHES[(number // len(COLOURS)) % len(DASHES)],
        "marker": MARKERS[number % len(MARKERS)],
    }


def footnote(figure: Figure, text: str) -> None:
    """A small line below the picture."""
    width = max(40, round(figure.get_figwidth() * 17))
    together = text.replace(" %", "\N{NO-BREAK SPACE}%")
    figure.supxlabel(escape_text(textwrap.fill(together, width)), fontsize=7, x=0.01, ha="left", color="0.3")


PLACES = (
    (7, 0), (-7, 0), (0, 8), (0, -8), (7, 7), (-7, 7), (7, -7), (-7, -7), (10, 16), (-10, 16), (10, -16), (-10, -16),
    (18, 26), (-18, 26), (18, -26), (-18, -26), (26, 38), (-26, 38), (26, -38), (-26, -38), (30, 52), (-30, 52),
    (30, -52), (-30, -52),
)  # fmt: skip
"""Where the name of a point is tried, in points from it: the first that is free is taken."""


def name_points(
    figure: Figure, axes: Axes, places: Sequence[tuple[float, float]], names: Sequence[str], most: float = 0.0
) -> bool:
    """A name beside each point (x, y): none over another, over a point, or outside; far ones with a thin line.

    False, and no name is written, where more than the share ``most`` of their area cannot be kept free.
    """
    from matplotlib.transforms import Bbox

    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    inside, scale = axes.get_window_extent(renderer), figure.dpi / 72
    dots = [axes.transData.transform(place) for place in places]
    taken = [Bbox.from_bounds(x - 4 * scale, y - 4 * scale, 8 * scale, 8 * scale) for x, y in dots]
    written: list[Any] = []
    hidden = area = 0.0
    for (x, y), name in zip(places, names, strict=True):
        best: tuple[float, Any, Any] | None = None
        for dx, dy in PLACES:
            text = axes.annotate(
                name, (x, y), xytext=(dx, dy), textcoords="offset points", fontsize=8, zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6},
                ha="left" if dx > 0 else "right" if dx < 0 else "center",
                va="center" if not dy else "bottom" if dy > 0 else "top",
                arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.6} if abs(dy) > 8 else None,
            )  # fmt: skip
            box = text.get_window_extent(renderer)
            over = sum(_shared(box, other) for other in taken) + (box.width * box.height - _shared(box, inside))
            if best is None or over < best[0] - 1e-6:
                if best is not None:
                    best[1].remove()
                best = (over, text, box)
            else:
                text.remove()
            if best[0] < 1e-6:
                break
        assert best is not None
        taken.append(best[2])
        written.append(best[1])
        hidden, area = hidden + best[0], area + best[2].width * best[2].height
    if hidden <= most * area + 1e-3:
        return True
    for text in written:
        text.remove()
    return False


def _shared(one: Any, other: Any) -> float:
    """Area that two boxes share."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return float(max(0.0, width) * max(0.0, height))
