"""Time of a run by component: ``profile=true``. Every moment belongs to exactly one component, so they add up.

Lightning names what it does to its profiler; inside a training step the sampler and the encoder are watched. Off, none
of this is there. On, a GPU is waited for at each change of parts, so that a step is slower than without.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pytorch_lightning.profilers import Profiler

from ltgnn.io.terminal import literal
from ltgnn.runs.folder import RunFolder

ACTIONS = {
    "train_dataloader_next": "sampling",
    ".training_step": "loss",  # less what is watched inside of it
    ".backward": "backward",
    ".optimizer_step": "optimiser",  # less the step and the backward pass, which Lightning calls inside of it
    ".optimizer_zero_grad": "optimiser",
    ".validation_step": "evaluation",
}
"""End of a name of Lightning's -> part."""

WATCHED = (("sampler", "forward", "sampling"), ("sampler", "narrow", "sampling"), ("encoder", "forward", "propagation"),
           ("encoder", "at", "propagation"), ("", "log_dict", "overhead"))  # fmt: skip
"""(attribute of the module, its method, part)."""

ORDER = ("setup", "sampling", "propagation", "loss", "backward", "optimiser", "evaluation", "overhead")


class Profile(Profiler):
    """Seconds by component; unclaimed time is overhead. A nested component counts only for the inner one.

    ``clock``: seconds from any beginning on.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__()
        self.clock = clock
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: defaultdict[str, int] = defaultdict(int)
        self.inside: list[str] = []
        self.last = clock()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time inside counts for ``name``; an evaluation's passes over the graph are evaluation."""
        self._turn()
        self.inside.append("evaluation" if "evaluation" in self.inside else name)
        self.calls[name] += 1
        try:
            yield
        finally:
            self._turn()
            self.inside.pop()

    def start(self, action_name: str) -> None:
        if (name := self._part_of(action_name)) is not None:
            self._turn()
            self.inside.append("evaluation" if "evaluation" in self.inside else name)
            self.calls[name] += 1

    def stop(self, action_name: str) -> None:
        if self._part_of(action_name) is not None and self.inside:
            self._turn()
            self.inside.pop()

    def watch(self, module: Any) -> None:
        """Count what a training step does by its parts; the module computes what it did before."""
        for owner, method, name in WATCHED:
            part = getattr(module, owner) if owner else module
            if (inner := getattr(part, method, None)) is not None:
                object.__setattr__(part, method, self._count_calls(inner, name))

    def describe(self) -> None:
        """Lightning requests a text at the end; ``table`` is shown instead."""

    def summary(self) -> str:
        return ""

    def result(self) -> dict[str, float]:
        """Seconds by part up to now."""
        self._turn()
        return {name: self.seconds[name] for name in ORDER}

    def _part_of(self, action: str) -> str | None:
        return next((part for end, part in ACTIONS.items() if action.endswith(end)), None)

    def _count_calls(self, inner: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            with self.part(name):
                return inner(*given, **named)

        return call

    def _turn(self) -> None:
        import torch

        if torch.cuda.is_initialized():
            torch.cuda.synchronize()
        now = self.clock()
        self.seconds[self.inside[-1] if self.inside else "overhead"] += now - self.last
        self.last = now


def report(folder: RunFolder, parts: Profile) -> None:
    """Show the table, and keep the seconds in ``profile.json``."""
    from rich.console import Console

    seconds = parts.result()
    folder.write_json("profile.json", {name: round(spent, 4) for name, spent in seconds.items()})
    Console().print(table(seconds, parts.calls))


def table(seconds: Mapping[str, float], calls: Mapping[str, int]) -> Any:
    """A rich table: seconds, share and calls of each part, and the whole."""
    from rich import box
    from rich.table import Table

    total = sum(seconds.values())
    drawn = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title="Time by component", title_justify="left",
                  show_footer=True)  # fmt: skip
    drawn.add_column("part", footer="the whole")
    drawn.add_column("seconds", justify="right", footer=f"{total:.2f}")
    drawn.add_column("share", justify="right", footer="100.0 %")
    drawn.add_column("calls", justify="right")
    for name, spent in seconds.items():
        drawn.add_row(
            literal(name), f"{spent:.2f}", f"{100 * spent / max(total, 1e-9):.1f} %", f"{calls.get(name, 0) or ''}"
        )
    return drawn
