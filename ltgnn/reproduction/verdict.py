"""The verdict on a reproduction: PASS, NEAR, FAIL, ABOVE, by a tolerance that was fixed before the run."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ltgnn.io.pluralize import pluralize

WORDS = ("PASS", "NEAR", "ABOVE", "FAIL")
"""The verdicts, from best to worst; a row has the worst verdict of its numbers.

``delta`` is the mean over the seeds less the published value, ``width`` the tolerance: absolute, or
relative to the published value. Borders belong to the better verdict (with 1e-9 of slack for binary fractions).

======  ==============================  ============================================================================
PASS    ``|delta| <= width``            reproduced
NEAR    ``-2 width <= delta < -width``  a little below
FAIL    ``delta < -2 width``            not reproduced
ABOVE   ``delta > width``               better than published, which is flagged, too: usually another split or a leak
======  ==============================  ============================================================================

Only PASS counts as reproduced: the exit code of ``ltgnn reproduce`` is 0 if every row asked for has it. The one-sample
t-test against the published value is for information; it does not change the verdict.
"""

SLACK = 1e-9


@dataclass(frozen=True)
class Published:
    """A published number and how far from it is near enough."""

    metric: str
    value: float
    width: float  # the tolerance, absolute
    epoch: int | None = None  # None: of the full run


@dataclass(frozen=True)
class Verdict:
    """One published number against ours, a value a seed; ``sd``, ``t`` and ``p`` require two seeds that differ."""

    metric: str
    epoch: int | None
    published: float
    width: float
    values: list[float]
    mean: float
    delta: float
    sd: float | None
    t: float | None
    p: float | None
    word: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def word(delta: float, width: float) -> str:
    """The verdict on one difference; see ``WORDS``."""
    if abs(delta) <= width + SLACK:
        return "PASS"
    if delta > 0:
        return "ABOVE"
    return "NEAR" if delta >= -2 * width - SLACK else "FAIL"


def worst(words: Iterable[str]) -> str:
    """The verdict on a row with several numbers."""
    return max(words, key=WORDS.index)


def evaluate(published: Published, values: Sequence[float]) -> Verdict:
    """Our values, one a seed, against the published one."""
    mean = statistics.fmean(values)
    sd = statistics.stdev(values) if len(values) > 1 else None
    t = p = None
    if sd:
        from scipy.stats import ttest_1samp

        test = ttest_1samp(values, published.value)
        t, p = float(test.statistic), float(test.pvalue)
    delta = mean - published.value
    return Verdict(
        metric=published.metric,
        epoch=published.epoch,
        published=published.value,
        width=published.width,
        values=list(values),
        mean=mean,
        delta=delta,
        sd=sd,
        t=t,
        p=p,
        word=word(delta, published.width),
    )


def describe(judged: Mapping[str, Any]) -> str:
    """``recall@20 epoch 5  published .1071 +- .0020  ours .1062  delta -.0009  PASS``"""
    where = judged["metric"] + (f" epoch {judged['epoch']}" if judged["epoch"] else "")
    sd = "" if judged["sd"] is None else f" sd {short(judged['sd'])}"
    test = "" if judged["t"] is None else f"  t {judged['t']:+.2f} p {judged['p']:.2g}"
    wanted = f"published {short(judged['published'])} +- {short(judged['width'])}"
    seeds = pluralize(len(judged["values"]), "seed")
    delta = f"delta {format_signed(judged['delta'])}{test}  {judged['word'] or 'not compared'}"
    return f"{where:<19} {wanted}  ours {short(judged['mean'])}{sd} ({seeds})  {delta}"


def short(value: float) -> str:
    """``.1234``: four places, five where the published number is small, no leading zero."""
    return f"{value:.5f}".removeprefix("0") if abs(value) < 0.1 else f"{value:.4f}".removeprefix("0")


def format_signed(value: float) -> str:
    """``+.0012``"""
    return ("-" if value < 0 else "+") + f"{abs(value):.4f}".removeprefix("0")
