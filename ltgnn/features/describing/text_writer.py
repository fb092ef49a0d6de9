"""What writes texts: the base class of the language models of ``features=described``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What was written for one prompt."""

    text: str
    tokens_in: int  # of the prompt; 0 where the model does not say
    tokens_out: int


class TextWriter:
    """Base of what a yaml of ``features/writer`` builds. A subclass gives ``__call__`` and ``identity``."""

    batch_size: int = 1
    """Prompts that it is given at once; what it wrote for them is kept before it gets the next."""

    @abstractmethod
    def __call__(self, prompts: Sequence[str]) -> list[Answer]:
        """An answer to each prompt, in their order."""
        raise NotImplementedError

    @property
    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """Everything that decides what it writes (weights' hash or the name of the model, limits), plain values."""
        raise NotImplementedError
