"""Dimension-parallel training: each process keeps d / R columns of all embeddings, their gradients and Adam's states.

``x_(l+1) = A x_l`` acts on every column separately, so that propagation needs no communication. Of a batch the partial
inner products and squared norms are added up over the processes (``ltgnn/tensors/sharded_columns.py``), B (1 + S)
numbers a step instead of gradients of N d. Every process has the same loss then, and the gradient of its own columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from hydra.utils import get_class
from omegaconf import DictConfig
from pytorch_lightning.strategies import DDPStrategy
from torch import Tensor

from ltgnn.module import Recommender
from ltgnn.tensors.sharded_columns import ShardedColumns
from ltgnn.training.distributed.processes import processes
from ltgnn.types import UserError

WAY_OUT = "Set trainer=auto (one process) or trainer=ddp, or"


class DimParallel(DDPStrategy):
    """Lightning's processes without its copies of the model: the module's tables are cut instead.

    Checkpoints hold all columns, as those of one process do. While the module is built, and in process 0 when a
    checkpoint is written or a part evaluated, there is a table of all columns for a moment.
    """

    strategy_name = "dim_parallel"

    def configure_ddp(self) -> None:
        """Instead of a wrapper for gradients: cut the tables, before the optimiser sees them."""
        module = self.lightning_module
        assert isinstance(module, Recommender)
        embedding = module.encoder.embedding
        embedding.cut_columns(self.global_rank, self.world_size)
        self.tables = {id(table) for table in embedding.tables.values()}
        self.columns = module.columns = ShardedColumns()

    def lightning_module_state_dict(self) -> dict[str, Any]:
        """All columns in process 0, which writes the checkpoint."""
        module = self.lightning_module
        assert module is not None
        divided = {name: id(weight) in self.tables for name, weight in module.named_parameters()}
        state = module.state_dict()
        return {name: self.columns.gather(value) if divided.get(name) else value for name, value in state.items()}

    def optimizer_state(self, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
        state: dict[str, Any] = super().optimizer_state(optimizer)
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        for number, weight in enumerate(weights):
            kept = state["state"].get(number, {})
            if id(weight) in self.tables:
                state["state"][number] = {
                    name: self.columns.gather(value)
                    if isinstance(value, Tensor) and value.shape == weight.shape
                    else value
                    for name, value in kept.items()
                }
        return state

    def teardown(self) -> None:
        if isinstance(self.lightning_module, Recommender):
            self.lightning_module.columns = None
        super().teardown()


def refuse_to_share(cfg: DictConfig, module: Recommender) -> None:
    """``UserError`` where several processes would train something else than one."""
    if cfg.sweep.trial is not None:
        raise UserError("hydra/sweeper/pruner stops runs of one process: set it to none, or trainer=auto.")
    if cfg.callbacks.get("checkpoint") is None:
        raise UserError(
            "several processes hand their model over by a checkpoint: set callbacks.checkpoint, or trainer=auto."
        )
    if issubclass(get_class(cfg.trainer.strategy._target_), DimParallel):
        refuse_mixed_columns(module, processes(cfg), cfg.trainer.gradient_clip_val, cfg.choices.get("fusion", ""))
    else:
        refuse_losses(
            [name for name, loss in module.losses.items() if not loss.row_separable], "ddp", "sees a batch as one"
        )


def refuse_mixed_columns(module: Recommender, world: int, clip: float | None, fusion: str) -> None:
    """``UserError`` for a model or loss that reads several columns of a node at once other than by products."""
    encoder, embedding = module.encoder, module.encoder.embedding
    if not encoder.column_separable:
        raise UserError(
            "trainer=dim_parallel cuts the columns of model=lightgcn or mf with a readout of scalar layer weights; "
            f"{type(encoder).__name__} with this readout mixes columns. {WAY_OUT} model=lightgcn."
        )
    if not embedding.column_separable:
        raise UserError(
            "trainer=dim_parallel: a projector makes every column from all of the features, so that "
            f"fusion={fusion} has nothing to cut. {WAY_OUT} fusion=id or init."
        )
    if module.graph.entities is not None or any(name.startswith("graph.") for name, _ in module.named_parameters()):
        raise UserError(
            "trainer=dim_parallel cuts the tables of users and items; graph=relations brings entities or weights of "
            f"its own. {WAY_OUT} graph=symmetric."
        )
    if not module.graph.linear or not module.views.clean:
        raise UserError(f"trainer=dim_parallel: this graph= or views= mixes columns. {WAY_OUT} views=clean.")
    if module.sampler.reads_states:
        raise UserError(f"trainer=dim_parallel: this sampler looks at the states. {WAY_OUT} sampler=uniform.")
    refuse_losses(
        [name for name, loss in module.losses.items() if not loss.column_separable],
        "dim_parallel",
        "reads more of the states than products with sampled negatives",
    )
    if embedding.dim % world:
        raise UserError(f"dim={embedding.dim} is not a multiple of trainer.devices={world}: change one of them.")
    if clip is not None:
        raise UserError(
            "trainer.gradient_clip_val is a norm over all columns: set it to null with trainer=dim_parallel."
        )


def refuse_losses(unable: Sequence[str], trainer: str, why: str) -> None:
    """``UserError`` that names the losses that are ``unable``."""
    if unable:
        raise UserError(
            f"trainer={trainer}: {', '.join(f'loss.{name}' for name in unable)} {why}, so that it would be another "
            "loss. Set trainer=auto, or loss=bpr, bce, ccl, or softmax with loss.ranking.in_batch=false and "
            "sampler=uniform."
        )
