"""What tests of case share."""

from __future__ import annotations

LAUNCHERS = {
    "pool": ["hydra/launcher=pool", "hydra.launcher.workers=2", "hydra.launcher.threads=1"],
    "joblib": ["hydra/launcher=joblib"],
    "submitit": ["hydra/launcher=submitit", "hydra.launcher.cluster=local", "hydra.launcher.workers=2"],
}
