"""Which config group explains the variance of a value over runs: analysis of variance, main effects and pairs.

On a full grid the sums of squares of the effects are those of functional ANOVA (Hutter et al., ICML 2014) and add up
to the total. Where cells are missing or seeds uneven, each effect is adjusted for all others that do not contain it
(type II), and the shares need not add up to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RESIDUAL = "residual"


@dataclass(frozen=True)
class Effect:
    """One line of the table."""

    name: str  # "loss", "fusion x loss", "residual"
    freedom: int
    squares: float  # sum of squares
    share: float  # of the total sum of squares: eta squared
    f: float | None  # None where no residual is left
    p: float | None


def anova(values: Sequence[float], groups: Mapping[str, Sequence[str]], order: int = 2) -> list[Effect]:
    """Effects of ``groups`` (group -> option of each run) on ``values`` [n], and of products of up to ``order``.

    The residual is what seeds and products of more groups leave. A group with one option has no effect and is omitted;
    so is a product that is confounded with its factors.
    """
    y = np.asarray(values, dtype=np.float64)
    codes = {name: _indicators(options) for name, options in groups.items() if len(set(options)) > 1}
    terms = [term for size in range(1, order + 1) for term in combinations(codes, size)]
    blocks = {term: _product([codes[name] for name in term]) for term in terms}
    total = float(np.square(y - y.mean()).sum())
    left, rank = _residual(y, list(blocks.values()))
    freedom = len(y) - rank
    noise = left / freedom if freedom > 0 and left > 1e-20 * max(total, 1e-300) else None
    effects = []
    for term in terms:
        others = [block for other, block in blocks.items() if not set(term) <= set(other)]
        without, small = _residual(y, others)
        with_it, large = _residual(y, [*others, blocks[term]])
        if large == small:
            continue
        squares, df = max(0.0, without - with_it), large - small
        f = squares / df / noise if noise else None
        effects.append(Effect(" x ".join(term), df, squares, _share(squares, total), f, p_value(f, df, freedom)))
    return [*effects, Effect(RESIDUAL, freedom, left, _share(left, total), None, None)]


def _indicators(options: Sequence[str]) -> Array:
    """One column per option, 1 where a run has it.  [n, options]"""
    names = sorted(set(options))
    return np.array([[float(option == name) for name in names] for option in options])


def _product(parts: Sequence[Array]) -> Array:
    """Columns of every combination of options."""
    block = parts[0]
    for part in parts[1:]:
        block = (block[:, :, None] * part[:, None, :]).reshape(len(block), -1)
    return block


def _residual(y: Array, blocks: Sequence[Array]) -> tuple[float, int]:
    """Sum of squares that a least-squares fit on a constant and ``blocks`` leaves, and the rank of that fit."""
    design = np.concatenate([np.ones((len(y), 1)), *blocks], axis=1)
    centred = y - y.mean()  # the constant is in the design: nothing changes but rounding
    solution, _, rank, _ = np.linalg.lstsq(design, centred, rcond=1e-10)
    return float(np.square(centred - design @ solution).sum()), int(rank)


def _share(squares: float, total: float) -> float:
    return squares / total if total > 0 else 0.0


def p_value(f: float | None, df: int, freedom: int) -> float | None:
    from scipy.stats import f as distribution

    return None if f is None else float(distribution.sf(f, df, freedom))
