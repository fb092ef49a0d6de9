"""What tests of dataset share."""

from __future__ import annotations

from ltgnn.testing import toy

EVENTS, ITEMS = toy.frames()
