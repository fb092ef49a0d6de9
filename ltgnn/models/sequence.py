"""Users as what they did, in order: sequence models over item vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.models.embedding import ItemEmbedding
from ltgnn.models.histories import Histories
from ltgnn.types import Batch, Encoded, Encoder, Graph, LinearTerms, Perturb, UserError, identity


class SequenceModel(Encoder):
    """User state = ``body`` of a learned start vector and the vectors of the user's train items, oldest first.

    In training the state of a batch's row is that before the row's positive, so the next item is predicted from the
    past only; in evaluation it is that after the last train event. Item vectors are what the fusion makes of ids and
    features (those of a trained GNN come in by features=run), and the graph is not looked at. ``max_length``:
    how many of the latest items are read.
    """

    mixes_columns: ClassVar[bool] = True

    embedding: ItemEmbedding

    def __init__(
        self, embedding: ItemEmbedding, body: Callable[..., nn.Module], max_length: Annotated[int, Ge(1)]
    ) -> None:
        super().__init__()
        self.embedding, self.max_length = embedding, max_length
        self.histories = Histories(embedding.interactions)
        self.start = nn.Parameter(0.1 * torch.randn(embedding.dim))
        self.body = body(dim=embedding.dim, max_length=max_length)
        self.rows: tuple[Tensor, Tensor] | None = None

    def prepare_batch(self, batch: Batch) -> Batch:
        """The next passes in training encode, as user ``n``, the user of row ``n`` before its positive."""
        self.rows = batch.users, self.histories.place(batch.users, batch.pos)
        places = torch.arange(len(batch.users), device=batch.users.device)
        return batch._replace(users=places, user_nodes=batch.users)

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        """States of the batch's rows [B, d] in training, else of all users [U, d]; items [I, d]."""
        items, content = self.embedding()
        if self.training and self.rows is not None:
            states = self.states(items, *self.rows)
        else:
            users = torch.arange(self.embedding.num_users, device=items.device)
            blocks = [self.states(items, some, self.histories.lengths(some)) for some in users.split(1024)]
            states = torch.cat(blocks)
        return Encoded(states, items, (torch.cat([states, items]),), content)

    def states(self, items: Tensor, users: Tensor, places: Tensor) -> Tensor:
        """State of each user before the event at ``places``.  [B], [B] -> [B, d]"""
        history, lengths = self.histories.select_before(users, places, self.max_length)
        table = torch.cat([items, items.new_zeros(1, items.shape[1])])
        start = self.start.to(items.dtype).expand(len(users), 1, -1)
        states: Tensor = self.body(torch.cat([start, F.embedding(history, table)], 1), lengths)
        return states

    def linear_terms(self, graph: Graph, norm_power: float) -> LinearTerms:
        raise UserError(
            "this model's score is not a sum over the history: it reads the history as a sequence, item by item in the "
            "light of the others."
        )
