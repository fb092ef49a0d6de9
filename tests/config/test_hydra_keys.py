"""Keys of Hydra's node that do not exist."""

from __future__ import annotations

import pytest

from ltgnn.config.hydra_keys import keys_of, no_key_of_hydra


@pytest.mark.parametrize(
    ("key", "words", "said"),
    [
        ("hydra.nothing", [], "Those of Hydra are shown by --cfg hydra."),
        ("hydra.sweeper.n_jobs", [], "Instead: how many run at once is the launcher's"),
        ("hydra.launcher.worker", ["hydra/launcher=joblib"], "Did you mean 'hydra.launcher.workers'?"),
        ("hydra.launcher.workers", [], "It is a key of hydra/launcher="),
    ],
)
def test_message(key: str, words: list[str], said: str) -> None:
    text = no_key_of_hydra(key, words)
    assert text.startswith(f"'{key}': there is no such key.")
    assert said in text


def test_keys_of_a_launcher() -> None:
    assert "workers" in keys_of("launcher", "joblib")
