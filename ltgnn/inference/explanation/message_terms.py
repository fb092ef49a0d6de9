"""What each item of a user's history changes in the score of a model whose score is not a sum."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.types import Encoder, Graph, Term

STEPS = 20
"""Points at which the gradient is taken."""

LABEL = "messages"

ONE_AT_A_TIME = Lock()
"""A server explains in several threads, and the factors are hooks on the one model."""

NOTE = (
    "This model's score is not a sum. A line says what the messages between the user and that item change, in all "
    "layers, by integrated gradients (ltgnn, as an algorithm of torch_geometric.explain); 'without the history' is the "
    "score with none of them. The lines come near the score, but need not sum to it."
)


@dataclass(frozen=True)
class MessageTerms:
    """Of the score ``<u, i> |i|^(norm_power - 1)``, or of the cosine."""

    encoder: Encoder
    graph: Graph
    edge_index: Tensor  # of its messages (``Encoder.message_index``)
    norm_power: float
    cosine: bool
    steps: int = STEPS

    @property
    def note(self) -> str:
        return NOTE

    def terms(self, user: int, item: int) -> list[Term]:
        """A term for each item of the history that sends the user messages, and the score without them."""
        from ltgnn.inference.explanation.message_gradients import explain_score, scaled_messages

        num_users, num_items = self.encoder.embedding.num_users, self.encoder.embedding.num_items
        sender, receiver = self.edge_index
        other = torch.where(sender == user, receiver, sender)
        chosen = ((sender == user) | (receiver == user)) & (other >= num_users) & (other < num_users + num_items)
        model = PairScore(self, user, item).eval()
        with ONE_AT_A_TIME:
            with torch.no_grad(), scaled_messages(model, 1 - chosen.float()):
                rest = float(model())
            changes = explain_score(model, self.edge_index, chosen, self.steps)
        items, places = torch.unique(other[chosen] - num_users, return_inverse=True)
        values = torch.zeros(len(items), dtype=torch.float64, device=items.device)
        values.index_add_(0, places, changes[chosen].double())
        found = [Term(j, "", {LABEL: v}) for j, v in zip(items.tolist(), values.tolist(), strict=True)]
        return [*found, Term(None, "without the history", {LABEL: rest})]


class PairScore(nn.Module):
    """The score of one user and item, as a model that ``torch_geometric.explain`` can call."""

    def __init__(self, score: MessageTerms, user: int, item: int) -> None:
        super().__init__()
        self.encoder, self.graph = score.encoder, score.graph
        self.norm_power, self.cosine, self.user, self.item = score.norm_power, score.cosine, user, item

    def forward(self, x: Tensor | None = None, edge_index: Tensor | None = None) -> Tensor:
        """A number; both arguments are those of the encoder's graph, which it has."""
        encoded = self.encoder(self.graph)
        user, item = encoded.users[self.user], encoded.items[self.item]
        if self.cosine:
            return F.cosine_similarity(user, item, dim=0)
        score: Tensor = user @ item * item.norm().clamp_min(1e-12) ** (self.norm_power - 1)
        return score
