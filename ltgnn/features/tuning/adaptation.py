"""Which weights of a language model are trained: all of them, or low-rank additions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from annotated_types import Ge, Gt, Lt

from ltgnn.types import UserError


class Adaptation(Protocol):
    def __call__(self, model: Any) -> Any:
        """The model to train, made of the transformers model given."""
        ...

    def merge_weights(self, model: Any) -> Any:
        """The trained model as a plain transformers model."""
        ...


@dataclass(frozen=True)
class Full:
    """Every weight that is read is trained; ``freeze_embeddings`` keeps the word vectors fixed."""

    freeze_embeddings: bool

    def __call__(self, model: Any) -> Any:
        model.requires_grad_(True)
        if getattr(model, "pooler", None) is not None:
            model.pooler.requires_grad_(False)  # BERT's own pooler is not read
        if self.freeze_embeddings:
            model.get_input_embeddings().requires_grad_(False)
        return model

    def merge_weights(self, model: Any) -> Any:
        return model


@dataclass(frozen=True)
class Lora:
    """Low-rank additions ``W + (alpha / rank) B A`` (Hu et al., ICLR 2022, arXiv:2106.09685), the rest frozen.

    ``targets``: names of linear layers such as ["query", "value"], "all-linear", or a regular expression over whole
    names (".*layer\\.[345]\\..*": backward passes end where the lowest addition sits).
    """

    rank: Annotated[int, Ge(1)]
    alpha: Annotated[float, Gt(0)]
    dropout: Annotated[float, Ge(0), Lt(1)]
    targets: str | Sequence[str]

    def __call__(self, model: Any) -> Any:
        try:
            from peft import LoraConfig, get_peft_model
        except ImportError:
            raise UserError(
                "adapt=lora needs the package peft: pip install 'ltgnn[finetune]', or set adapt=full"
            ) from None
        targets = self.targets if isinstance(self.targets, str) else list(self.targets)
        config = LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=targets,
            exclude_modules=r".*pooler.*",  # BERT's own pooler is not read
            bias="none",
        )
        try:
            return get_peft_model(model, config)
        except ValueError as error:
            raise UserError(f"adapt.targets={targets} does not fit this model: {error}") from error

    def merge_weights(self, model: Any) -> Any:
        return model.merge_and_unload()
