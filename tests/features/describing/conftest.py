"""Two folders with the same tiny random Llama: safetensors, and GGUF."""

from pathlib import Path

import pytest

from tests.features.describing.writers import write_gguf, write_tiny_llama


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder ``gguf`` inside of it holds ``tiny.gguf``."""
    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    (folder / "gguf").mkdir(parents=True)
    write_gguf(folder / "gguf" / "tiny.gguf", write_tiny_llama(folder))
    return folder
