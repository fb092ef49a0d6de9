"""What tests of folder share."""

from __future__ import annotations

from omegaconf import OmegaConf

CFG = OmegaConf.create(
    {
        "paths": {"run_dir": "somewhere"},
        "logger": {"project": "a"},
        "sweep": {},
        "task": "train",
        "tags": [],
        "choices": {"model": "mf"},
        "callbacks": {"history": {"path": "${paths.run_dir}/history.csv"}},
        "trainer": {"root": "${paths.run_dir}"},
        "lr": 0.1,
        "seed": 1,
    }
)
