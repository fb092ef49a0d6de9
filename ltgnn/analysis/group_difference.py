"""How two sides differ on one group of items."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ltgnn.analysis import significance as stats


@dataclass(frozen=True)
class Difference:
    """New against base on one group of items; differences in units of the metric."""

    group: str
    name: str  # of the value
    users: int
    base: float
    new: float
    base_sd: float | None  # over seeds
    new_sd: float | None
    interval: stats.Interval  # users and seeds
    interval_users: stats.Interval  # users only, seeds averaged
    seed_width: float  # half-width from seeds only
    p: dict[str, float]  # test over users -> p
    p_holm: dict[str, float]  # the same, adjusted for the three groups
    p_bh: dict[str, float]
    p_seeds: dict[str, float]  # tests over seeds
    cohen: float
    rank_biserial: float
    wins: float  # share of users who gain
    losses: float
    less: bool = False  # of this value is better, so that a gain is a negative difference

    @property
    def nothing_to_lose(self) -> bool:
        """Whether the base is 0 and the new side no worse."""
        return self.base == 0 and (self.new <= 0 if self.less else self.new >= 0)

    @property
    def improvement(self) -> Difference:
        """The same with gains as positive differences, which is how the rule reads them."""
        turned = replace(self, less=False, interval=-self.interval, interval_users=-self.interval_users)
        return turned if self.less else self

    @property
    def relative(self) -> stats.Interval:
        """The difference as a share of the base; nan where the base is 0."""
        scale = 1 / self.base if self.base else float("nan")
        i = self.interval
        return stats.Interval(i.estimate * scale, i.lower * scale, i.upper * scale)
