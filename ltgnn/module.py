"""The only LightningModule: an assembly of parts that arrive as arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from ltgnn.scoring.score_function import ScoreFunction
from ltgnn.scoring.trained_scores import rank_states
from ltgnn.tensors.batch_nodes import per_batch_states
from ltgnn.types import (
    Batch,
    Columns,
    Encoded,
    Encoder,
    Graph,
    ItemContent,
    Loss,
    PartEvaluator,
    Sampler,
    Scorer,
    UserError,
    Views,
)

Stream = Callable[..., torch.Generator]
"""``(seed, epoch, step, device=...) -> generator``"""


class Recommender(pl.LightningModule):
    """Trains an encoder on a graph by a sum of named losses, and ranks whole parts in validation.

    The checkpoint holds the encoder's weights and the losses' own, if any: graph and features are buffers outside it,
    the recipe is in ``config.yaml``.
    """

    def __init__(
        self,
        encoder: Encoder,
        graph: Graph,
        views: Views,
        losses: Mapping[str, Loss],
        sampler: Sampler,
        score: ScoreFunction,
        evaluators: Mapping[str, PartEvaluator],
        monitor: str,
        optimizer: Callable[..., torch.optim.Optimizer],
        stream: Stream,
        seed: int,
        shared: int = 1,
        schedule: Callable[[float], float] | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.graph, self.sampler, self.views = encoder, graph, sampler, views
        self.losses = dict(losses)
        self.loss_modules = nn.ModuleDict({name: loss for name, loss in losses.items() if isinstance(loss, nn.Module)})
        self.score, self.evaluators, self.monitor = score, evaluators, monitor
        self.optimizer, self.stream, self.seed, self.shared = optimizer, stream, seed, shared
        self.schedule = schedule
        self.columns: Columns | None = None  # set by a strategy that shares the columns of the tables
        self.noted, self.noted_rows = torch.zeros(()), 0  # sums of the terms of an epoch's batches, and their rows
        self.local = views.clean and all(loss.local for loss in losses.values())

    def configure_optimizers(self) -> Any:
        """The optimiser, with the schedule of the learning rate where there is one."""
        optimizer = self.weights_optimizer()
        if self.schedule is None:
            return optimizer
        schedule, steps = self.schedule, max(1, int(self.trainer.estimated_stepping_batches))
        moved = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: schedule(min(1.0, step / steps)))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": moved, "interval": "step"}}

    def weights_optimizer(self) -> torch.optim.Optimizer:
        """Item features that bring a rate of their own (``ItemContent.lr``) are trained at that rate."""
        contents = [part for part in self.modules() if isinstance(part, ItemContent)]
        rates = {id(weight): content.lr for content in contents for weight in content.parameters()}
        groups: dict[float | None, list[nn.Parameter]] = {}
        for weight in self.parameters():
            if weight.requires_grad:
                groups.setdefault(rates.get(id(weight)), []).append(weight)
        if not groups:
            raise UserError("nothing would be trained (model=alpharec projector=none): set projector=linear or mlp.")
        return self.optimizer([{"params": ws} | ({} if lr is None else {"lr": lr}) for lr, ws in groups.items()])

    def on_train_epoch_start(self) -> None:
        self.noted, self.noted_rows = torch.zeros((), device=self.device), 0
        self.views.resample(self.graph, self.stream(self.seed, self.current_epoch, device=self.device))

    def training_step(self, batch: Batch, step: int) -> Tensor:
        generator = self.stream(self.seed, self.current_epoch, step, device=self.device)
        negatives = self.sampler(batch.users, batch.pos, generator)
        batch, share = self.select_own_rows(Batch(batch.users, batch.pos, negatives, self.sampler.proposal))
        terms = self.objective(batch)
        values = torch.stack(list(terms.values()))
        total = values.sum()
        self.add_to_means([*terms, "loss"], torch.cat([values, total[None]]).detach(), len(batch.users))
        return total * share

    def add_to_means(self, names: Sequence[str], values: Tensor, rows: int) -> None:
        """Adds a batch to the epoch's mean of each term, which Lightning gets with the last batch: each time costs it
        more than a millisecond. The sum stays on the device, unread."""
        self.noted, self.noted_rows = self.noted + values * rows, self.noted_rows + rows
        if self._trainer is not None and self.trainer.is_last_batch:  # none: a step by hand
            means = {f"train/{name}": mean for name, mean in zip(names, self.noted / self.noted_rows, strict=True)}
            self.log_dict(
                means, on_step=False, on_epoch=True, batch_size=self.noted_rows, sync_dist=self.world_size > 1
            )

    @property
    def world_size(self) -> int:
        """Processes that train together."""
        return 1 if self._trainer is None else self._trainer.world_size

    def select_own_rows(self, batch: Batch) -> tuple[Batch, float]:
        """This process's rows of a batch that all processes have made identically, and the factor of their mean loss.

        With it the mean over the processes, which is what DDP takes of gradients, is the mean over the batch, also
        where the rows cannot be shared out evenly. One whose share is empty computes a row for nothing.
        """
        if self.world_size == 1 or self.columns is not None:
            return batch, 1.0
        rows = torch.arange(len(batch.users)).tensor_split(self.world_size)[self.trainer.global_rank]
        first, size = (int(rows[0]), len(rows)) if len(rows) else (0, 0)
        part = slice(first, first + max(1, size))
        selected = batch._replace(users=batch.users[part], pos=batch.pos[part], neg=batch.neg[part])
        return selected, size * self.world_size / len(batch.users)

    def objective(self, batch: Batch) -> dict[str, Tensor]:
        """Every term of the loss on one batch with its negatives, by name.

        With ``shared`` > 1 the batch is that many mini-batches behind one pass over the graph: each has its own terms,
        with in-batch negatives from itself only; the mean of a term over the mini-batches is its value.
        """
        batch = self.encoder.prepare_batch(batch)
        local = self.encoder.at(self.graph, batch) if self.local else None
        if local is not None:
            main, batch = local
            others: list[Encoded] = []
        else:
            main, others = self.views(self.encoder, self.graph)
        size = -(-len(batch.users) // self.shared)
        parts = split(batch, size)
        pairs = (
            per_batch_states(parts, main) if local is not None and len(parts) > 1 else [(part, main) for part in parts]
        )
        pairs = [(self.sampler.narrow(part, rows), rows._replace(columns=self.columns)) for part, rows in pairs]
        terms = [{name: loss(part, rows, others) for name, loss in self.losses.items()} for part, rows in pairs]
        if len(parts) == 1:
            return terms[0]
        shares = [len(part.users) / len(batch.users) for part in parts]
        return {
            name: torch.stack([share * each[name] for share, each in zip(shares, terms, strict=True)]).sum()
            for name in self.losses
        }

    def on_after_backward(self) -> None:
        if self.global_step == 0:
            self.refuse_idle_weights()

    def refuse_idle_weights(self) -> None:
        """``UserError`` if a trainable weight is in no term of the loss."""
        weights = {name: weight for name, weight in self.named_parameters() if weight.requires_grad}
        idle = [n for n, w in weights.items() if w.grad is None]
        if idle:
            raise UserError(
                f"no term of the loss reads these weights, so they would stay as they started: {', '.join(idle)}. "
                "Choose a loss that does (fusion=side requires loss=bpr_align or another one on features), or another "
                "fusion= or model=."
            )

    @torch.no_grad()
    def scorer(self, evaluate: PartEvaluator | None = None) -> Scorer:
        """Scores from one clean pass over the graph.

        ``evaluate``: the evaluator of the validation part, by which the score adjustments may be scaled.
        """
        return rank_states(self.score, self.losses.values(), self.encode_all(), evaluate, self.device)

    @torch.no_grad()
    def encode_all(self) -> Encoded:
        """States of all users and items from one clean pass over the graph, with dropout off, and which are known."""
        training = self.training
        self.eval()
        encoded: Encoded = self.encoder(self.graph)
        encoded = encoded._replace(known=self.encoder.known_items(self.graph))
        self.train(training)
        if self.columns is not None:
            users, items = self.columns.gather(encoded.users), self.columns.gather(encoded.items)
            return encoded._replace(users=users, items=items, layers=(), columns=None)
        return encoded

    def validation_step(self, part: str, step: int) -> None:
        with torch.autocast(self.device.type, enabled=False):  # ranks are decided in float32
            scorer, values = self.scorer(), {}
            if self.world_size == 1 or self.trainer.is_global_zero:  # the others wait: it has all columns
                values = self.evaluators[part](scorer, device=self.device, monitor=self.monitor).values
            if self.world_size > 1:
                values = self.trainer.strategy.broadcast(values)
        self.log_dict({f"{part}/{name}": value for name, value in values.items()}, batch_size=1)


def split(batch: Batch, size: int) -> list[Batch]:
    """Mini-batches of at most ``size`` pairs each."""
    parts = zip(batch.users.split(size), batch.pos.split(size), batch.neg.split(size), strict=True)
    return [batch._replace(users=users, pos=pos, neg=neg) for users, pos, neg in parts]
