"""Parameters of classes of other packages in the yaml, from their documentation, without importing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt

AtLeastOne = Annotated[int, Ge(1)]
Positive = Annotated[float, Gt(0)]
NotNegative = Annotated[float, Ge(0)]

OPTIMIZER: Mapping[str, Any] = {"lr": Positive, "weight_decay": NotNegative, "eps": NotNegative, "fused": bool | None}

MODE = Literal["min", "max"]

LIBRARIES: Mapping[str, Mapping[str, Any]] = {
    "torch.optim.Adam": OPTIMIZER,
    "torch.optim.AdamW": OPTIMIZER,
    "torch.nn.init.normal_": {"mean": float, "std": Positive},
    "torch.nn.init.xavier_uniform_": {"gain": Positive},
    "pytorch_lightning.Trainer": {
        "accelerator": Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"],
        "devices": AtLeastOne | Literal[-1, "auto"] | list[int],
        "precision": Literal[
            "bf16-mixed", "16-mixed", "32-true", "64-true", "bf16-true", "16-true", "bf16", "32", "64", "16", 16, 32, 64
        ],
        "max_epochs": AtLeastOne | Literal[-1] | None,
        "min_epochs": Annotated[int, Ge(0)] | None,
        "max_steps": AtLeastOne | Literal[-1],
        "check_val_every_n_epoch": AtLeastOne | None,
        "limit_train_batches": Annotated[float, Ge(0)] | None,
        "limit_val_batches": Annotated[float, Ge(0)] | None,
        "num_sanity_val_steps": Annotated[int, Ge(-1)] | None,
        "log_every_n_steps": Annotated[int, Ge(0)] | None,
        "accumulate_grad_batches": AtLeastOne,
        "gradient_clip_val": NotNegative | None,
        "deterministic": bool | Literal["warn"] | None,
        "enable_model_summary": bool | None,
        "enable_progress_bar": bool | None,
        "use_distributed_sampler": bool,
    },
    "pytorch_lightning.callbacks.ModelCheckpoint": {
        "dirpath": str | None,
        "filename": str | None,
        "monitor": str | None,
        "mode": MODE,
        "save_last": bool | Literal["link"] | None,
        "save_top_k": Annotated[int, Ge(-1)],
        "auto_insert_metric_name": bool,
        "enable_version_counter": bool,
    },
    "pytorch_lightning.strategies.DDPStrategy": {"process_group_backend": str | None, "broadcast_buffers": bool},
    "ltgnn.training.callbacks.EarlyStop": {
        "monitor": str,
        "mode": MODE,
        "patience": Annotated[int, Ge(0)],
        "min_epochs": Annotated[int, Ge(0)],
    },
    "torch.nn.functional.normalize": {"p": float, "dim": int, "eps": Positive},
}
"""Class or function -> parameter -> type and bounds. Parameters that are not here are not checked."""

STRATEGIES: Mapping[str, str] = {
    "pytorch_lightning.strategies.DDPStrategy": "row_separable",
    "ltgnn.training.distributed.column_parallel.DimParallel": "column_separable",
}
"""How several processes train one run -> the ability that each loss needs for it; their modules cost seconds."""
