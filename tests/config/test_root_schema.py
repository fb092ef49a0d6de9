"""The keys at the root of each command's yaml, and in its groups without a ``_target_``: types, bounds."""

from __future__ import annotations

import pytest

from tests.config.check_case import refused

pytestmark = pytest.mark.usefixtures("no_job", "hydra_tree")


@pytest.mark.parametrize(
    ("root", "override", "message"),
    [
        ("evaluate", "seed=1.5", "seed=1.5 given"),
        ("evaluate", "eval.block_mib=0", "eval.block_mib=0 given, a number above 0 wanted."),
        ("finetune", "batch_size=1", "batch_size=1 given, a whole number of at least 2 wanted."),
        ("finetune", "dropout=1", "dropout=1 given, a number from 0 to less than 1 or null wanted."),
        ("finetune", "adapt.rank=0", "adapt.rank=0 given, a whole number of at least 1 wanted."),
        ("ensemble", "depth=0", "depth=0 given, a whole number of at least 1 wanted."),
        ("ensemble", "blend.fitting.shrink=0", "blend.fitting.shrink=0 given, a number above 0 wanted."),
    ],
)
def test_other_commands_have_a_schema_too(root: str, override: str, message: str) -> None:
    assert message in refused(override, root=root)
