"""What tests of cleaning share."""

from __future__ import annotations


def pairs(rows):
    return list(zip(rows.users.tolist(), rows.items.tolist(), strict=True))
