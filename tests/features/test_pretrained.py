"""Folders that transformers cannot read get a message; its bars stay as they were."""

from pathlib import Path

import pytest
import torch

from ltgnn.features.pretrained import load_model, load_tokenizer
from ltgnn.types import UserError


def test_bars_are_off_while_it_loads_and_then_as_before(tiny_bert: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from transformers import AutoModel
    from transformers.utils import logging

    before = logging.is_progress_bar_enabled()
    model = load_model(AutoModel, tiny_bert, torch.float32)
    assert type(model).__name__ == "BertModel"
    assert load_tokenizer(tiny_bert)("a")["input_ids"]
    assert logging.is_progress_bar_enabled() == before
    assert "Loading weights" not in capfd.readouterr().err


def test_a_folder_without_a_model_names_the_option(tmp_path: Path) -> None:
    from transformers import AutoModel

    with pytest.raises(UserError, match=r"the tokenizer in (?s:.*)set features\.writer\.model"):
        load_tokenizer(tmp_path, option="features.writer")
    with pytest.raises(UserError, match=r"the model in (?s:.*)set features\.encoder\.model"):
        load_model(AutoModel, tmp_path, torch.float32)
