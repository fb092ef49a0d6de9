"""Interpolations of the yaml tree that need code: ``${device:}``, ``${mode:}``, ``${pad:}``, ``${name:}`` ..."""

from __future__ import annotations

import hashlib
from typing import Any

from omegaconf import OmegaConf

from ltgnn.config import safe_names


def _device() -> str:
    import torch

    return "gpu" if torch.cuda.is_available() else "cpu"  # Apple's MPS has no sparse product: CPU is faster there


def _precision() -> str:
    return "bf16-mixed" if _device() == "gpu" else "32-true"


def _mode(monitor: str, *, _root_: Any) -> str:
    """``min`` or ``max``: which way the monitored value is better."""
    from ltgnn.config.metric_direction import smaller_in

    return "min" if smaller_in(_root_.get("eval") or {}, str(monitor)) else "max"


def register() -> None:
    """Make the interpolations known; harmless when called again."""
    OmegaConf.register_new_resolver("device", _device, replace=True)
    OmegaConf.register_new_resolver("precision", _precision, replace=True)
    OmegaConf.register_new_resolver("mode", _mode, replace=True)
    OmegaConf.register_new_resolver("pad", lambda number: f"{int(number):03d}", replace=True)
    OmegaConf.register_new_resolver("name", lambda option, text: safe_names.name(str(text), option), replace=True)
    OmegaConf.register_new_resolver(
        "run_hash", lambda text: hashlib.sha256(str(text).encode()).hexdigest()[:8], replace=True
    )
