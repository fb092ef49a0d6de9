"""The base class."""

import pytest

from ltgnn.features.describing.text_writer import TextWriter


def test_a_writer_has_to_write_and_to_say_what_it_is() -> None:
    with pytest.raises(NotImplementedError):
        TextWriter()(["prompt"])
    with pytest.raises(NotImplementedError):
        _ = TextWriter().identity
    assert TextWriter.batch_size == 1
