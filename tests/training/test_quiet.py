"""Lightning's notes are off for a while, and on again."""

from __future__ import annotations

import logging

import pytest

from ltgnn.training.quiet import quiet_lightning


def test_levels_are_given_back_even_after_an_error() -> None:
    logger = logging.getLogger("pytorch_lightning")
    before, inside = logger.level, []

    def fail() -> None:
        with quiet_lightning():
            inside.append(logger.level)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert inside == [logging.ERROR]
    assert logger.level == before
