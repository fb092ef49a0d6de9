"""The popularity curve of a data set, with its groups marked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ltgnn.io.atomic_write import replace_atomically
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Groups

COLOURS = {"head": "#1b4f8a", "mid": "#7a9e3b", "tail": "#e08214", "cold": "#9a9a9a"}  # the same in every panel


def draw(counts: Tensor, groups: Mapping[str, Groups], title: str, file: Path) -> None:
    """Draws ``counts`` [I] by rank, log-log, and as a Lorenz curve; a row of panels per policy, saved as PNG."""
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2 * len(groups)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    panels = figure.subplots(len(groups), 2, squeeze=False)
    order = torch.argsort(counts, descending=True, stable=True)
    ranked = counts[order]
    total, size = max(int(counts.sum()), 1), counts.numel()
    ranks = torch.arange(1, size + 1)
    mass = torch.cumsum(ranked.flip(0), 0).double() / total  # from the rarest item up
    for (curve, lorenz), group in zip(panels, groups.values(), strict=True):
        labels = group.labels[order]
        for number, name in enumerate(group.names):
            members = labels == number
            if not bool(members.any()):
                continue
            colour = COLOURS.get(name) or colormaps["viridis"](number / max(len(group.names) - 2, 1))
            share = int(ranked[members].sum()) / total
            text = f"{name}: {pluralize(int(members.sum()), 'item')}, {100 * share:.1f} % of interactions"
            if name == "cold":  # a logarithmic axis cannot show a count of 0
                curve.plot([], [], color=colour, marker="s", linestyle="", label=text)
                continue
            places = members.nonzero()[:, 0]
            drawn = slice(int(places[0]), int(places[-1]) + 2)  # up to the first item of the next group
            curve.plot(ranks[drawn], ranked[drawn].clamp(min=1), color=colour, linewidth=3, label=text)
            rare = (size - ranks[members] + 1).flip(0)
            lorenz.fill_between(rare / size, mass[rare - 1], color=colour, alpha=0.35, linewidth=0)
        curve.set(xscale="log", yscale="log", xlabel="items by popularity (rank)", ylabel="train interactions")
        curve.set_title(f"{group.policy}: popularity by rank", fontsize="medium")
        curve.legend(frameon=False, fontsize="small")
        lorenz.plot([0, *(ranks / size).tolist()], [0, *mass.tolist()], color="black", linewidth=1)
        lorenz.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
        gini = gini_of(counts)
        lorenz.set(xlabel="share of items, rarest first", ylabel="share of interactions", xlim=(0, 1), ylim=(0, 1))
        lorenz.set_title(f"Lorenz curve, Gini {gini:.3f}", fontsize="medium")
    with replace_atomically(file, "--out") as temporary:
        figure.savefig(temporary, dpi=120)


def gini_of(counts: Tensor) -> float:
    """``sum_j (2j - n - 1) p_j / (n - 1)`` over all n items, shares ascending: 0 is equal, 1 all on one item."""
    size = counts.numel()
    if size < 2 or not int(counts.sum()):
        return 0.0
    shares = torch.sort(counts.double()).values / counts.sum()
    place = 2 * torch.arange(1, size + 1) - size - 1
    return float((place * shares).sum() / (size - 1))
