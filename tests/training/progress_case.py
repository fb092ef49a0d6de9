"""What tests of progress share."""

from __future__ import annotations

MONITOR = "val/ndcg@20"
