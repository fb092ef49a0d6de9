"""Pinned recipes: an experiment of a published row is run unchanged, or rejected."""

from __future__ import annotations

from collections.abc import Mapping

from ltgnn.types import UserError


def reject_changed_recipe(closed: Mapping[str, str], choices: Mapping[str, str]) -> None:
    """Compare the chosen options with those that the recipe pins (``closed:`` of its yaml, group -> option).

    Without this, ``experiment=lightgcn_gowalla model=mf`` would train something that no paper reported under the
    experiment's name.
    """
    for axis, word in closed.items():
        if (given := choices.get(axis, word)) != word:
            raise UserError(
                f"{axis}={given} given, but experiment={choices.get('experiment')} is a pinned recipe with "
                f"{axis}={word}: it reproduces a published number. Remove one of the two, or set closed=null."
            )
