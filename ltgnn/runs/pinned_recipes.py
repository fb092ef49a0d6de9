"""Closed recipes: an experiment that stands for a published row is that row, or it is refused."""

from __future__ import annotations

from collections.abc import Mapping

from ltgnn.types import UserError


def refuse_foreign(closed: Mapping[str, str], choices: Mapping[str, str]) -> None:
    """Compare the words chosen with those that the recipe pins (``closed:`` of its yaml, axis -> word).

    Without this, ``experiment=lightgcn_gowalla model=mf`` would train something that no paper reported under the
    experiment's name.
    """
    for axis, word in closed.items():
        if (given := choices.get(axis, word)) != word:
            raise UserError(
                f"{axis}={given} given, but experiment={choices.get('experiment')} is a closed recipe with "
                f"{axis}={word}: it stands for a published number. Leave one of the two away, or say closed=null."
            )
