"""The encoder in a folder that ``ltgnn finetune`` wrote."""

from pathlib import Path

import pytest

from ltgnn.features.tuned_folder import load_tuned
from ltgnn.types import UserError


def test_a_folder_of_another_kind_is_a_mistake(tiny_bert: Path) -> None:
    with pytest.raises(UserError, match=r"lacks reading.json.*features=folder features.encoder.model"):
        load_tuned(str(tiny_bert))
