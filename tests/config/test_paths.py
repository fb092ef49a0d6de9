"""Where the package finds its own yaml (the Hydra tree, the rows of papers), and how it writes a file."""

from __future__ import annotations

from omegaconf import OmegaConf

from ltgnn.config import trust
from ltgnn.config.paths import conf_dir


def test_every_class_of_the_yaml_may_be_named() -> None:
    for file in conf_dir().rglob("*.yaml"):
        if "hydra" not in file.relative_to(conf_dir()).parts:
            for key, target in trust.targets(OmegaConf.to_container(OmegaConf.load(file), resolve=False) or {}):  # type: ignore[arg-type]
                assert "hydra" in key or trust.is_allowed(target), f"{file}: {target}"
