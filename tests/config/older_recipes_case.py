"""What tests of older recipes share."""

from __future__ import annotations

from pathlib import Path

OLDER = Path(__file__).parent / "older"
