"""What tests of existing run share."""

from __future__ import annotations

EASE = ["model=ease", "features=none", "paths.run_dir=run"]
