"""The score of a linear graph model, taken apart: what each item of the user's history, the ids and the text add.

``final_u = c_0 x_u + sum over the user's items j of A[u, j] h_j``, ``h_j = sum over l >= 1 of c_l (A^(l-1) x)_j``: all
that the user hears comes through the items of the history. With the item's final state ``v`` held, the score
``<final_u, v>`` is a sum over them, and since ``x = ids + text``, each term splits once more: ids on both sides, text
on both sides, or one of each. Nothing is approximated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ltgnn.types import Mistake


@dataclass(frozen=True)
class Term:
    """One summand of a score: ``value`` is the sum of ``by``."""

    item: int | None  # of the user's history; None: none in particular
    name: str  # where it is no item
    by: dict[str, float]

    @property
    def value(self) -> float:
        return sum(self.by.values())


class LinearScore:
    """Layers of a LightGCN in float64, split into ids and text; made once, asked for any user and item."""

    def __init__(self, encoder: Any, graph: Any, norm_power: float) -> None:
        """``encoder`` LightGCN, or one with a text match beside it, ``graph`` a BipartiteGraph.

        ``norm_power`` as in ``Scoring``. Raises ``Mistake`` where the model is not linear in its first state.
        """
        self.match: tuple[float, Tensor] | None = None  # weight, texts [I, width]
        if type(encoder).__name__ == "WithContent":
            self.match = float(encoder.log_weight.exp()), encoder.text.double()
            encoder = encoder.encoder
        refuse(encoder, graph)
        embedding, readout, layers = encoder.embedding, encoder.readout, encoder.num_layers
        self.num_users, self.graph, self.norm_power = embedding.num_users, graph, norm_power
        with torch.no_grad():
            first = [part.double() for part in embedding.parts()]
            self.layers = [[part] for part in first]  # ids, text: (L + 1) x [N, d]
            for kind in self.layers:
                for _ in range(layers):
                    kind.append(graph.propagate(kind[-1]))
            self.heard = coefficients(readout, layers)
            self.unheard = coefficients(readout, layers, heard=False)

    def of(self, node: int) -> list[float]:
        """Weight of each layer in the final state of a node: another where it hears nothing."""
        some = any(bool((kind[layer][node] != 0).any()) for kind in self.layers for layer in range(1, len(kind)))
        return self.heard if some or len(self.heard) == 1 else self.unheard

    def final(self, node: int) -> tuple[Tensor, Tensor]:
        """Final state of a node from ids and from text.  2 x [d]"""
        ids, text = (sum((c * x[node] for c, x in zip(self.of(node), kind, strict=True)), torch.zeros(1).double())
                     for kind in self.layers)  # fmt: skip
        return ids, text

    def terms(self, user: int, item: int) -> list[Term]:
        """Summands of ``<final_u, final_i> |final_i|^(p - 1)``: the user's own vector, and each item of the history."""
        with torch.no_grad():
            ids, text = self.final(self.num_users + item)
            match, squared = torch.zeros(self.graph.num_items), (ids + text).square().sum()
            if self.match is not None:
                match = self.match[0] * (self.match[1] @ self.match[1][item])
                squared = squared + match[item]
            if self.norm_power != 1.0:
                factor = squared.sqrt().clamp_min(1e-12) ** (self.norm_power - 1.0)
                ids, text, match = ids * factor, text * factor, match * factor
            weights = self.of(user)
            own = [weights[0] * kind[0][user] for kind in self.layers]
            found = [Term(None, "the user's own vector", _by(own, ids, text))] if weights[0] else []
            entries = slice(int(self.graph.offsets[user]), int(self.graph.offsets[user + 1]))
            nodes, edges = self.graph.columns[entries].long(), self.graph.weights[entries].double()
            heard = [
                sum((c * x[nodes] for c, x in zip(weights[1:], kind, strict=False)), torch.zeros(1).double())
                * edges[:, None]
                for kind in self.layers
            ]
            length = 1.0
            if self.match is not None and len(nodes):
                length = float((edges @ self.match[1][nodes - self.num_users]).norm().clamp_min(1e-12))
            for row, node in enumerate((nodes - self.num_users).tolist()):
                by = _by([kind[row] for kind in heard], ids, text) if len(weights) > 1 else {}
                if self.match is not None:
                    by["text match"] = float(edges[row] * match[node]) / length
                if by:
                    found.append(Term(node, "", by))
        return found


def coefficients(readout: Any, num_layers: int, heard: bool = True) -> list[float]:
    """Weight of each layer in the final state, asked of the readout; not heard: of a node whose later layers are 0."""

    def read(*numbers: float) -> float:
        return float(readout([torch.full((1, 1), number, dtype=torch.float64) for number in numbers]))

    zeros = [0.0] * (num_layers + 1)
    if not heard:
        return [read(1.0, *zeros[1:]), *zeros[1:]]
    later = [read(*zeros[:layer], 1.0, *zeros[layer + 1 :]) for layer in range(1, num_layers + 1)]
    return [read(*[1.0] * (num_layers + 1)) - sum(later), *later]


def refuse(encoder: Any, graph: Any) -> None:
    """``Mistake`` where a model is not linear in its first state, with the reason."""
    reasons = {
        "LayerGCN": "it weighs what a node hears by its likeness to the first state",
        "SequenceModel": "it reads the history as a sequence, item by item in the light of the others",
        "SideChannel": "part of its item states comes over a second graph, which is not split yet",
    }
    kind = type(encoder).__name__
    if kind in reasons:
        raise Mistake(f"this model's score is no sum over the history: {reasons[kind]}.")
    if kind != "LightGCN":
        raise Mistake(
            f"it is not known whether this model's score is a sum over the history: {kind} is a class of its own, and "
            "only LightGCN (model=lightgcn, mf, lightgcnpp, lightgcn_content) is taken apart."
        )
    if graph.message is not None:
        raise Mistake(
            "this model's score is no sum over the history: its graph sends messages of unit length "
            "(graph=lightgcnpp), which is not linear in the states."
        )


def _by(said: list[Tensor], ids: Tensor, text: Tensor) -> dict[str, float]:
    """What is said by ids and by text, against the item's ids and text."""
    return {
        "ids": float(said[0] @ ids),
        "text": float(said[1] @ text),
        "ids x text": float(said[0] @ text + said[1] @ ids),
    }
