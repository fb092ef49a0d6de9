"""Broken losses, fusions, encoders, closed forms and samplers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from ltgnn.models.fusion import ItemFusion
from ltgnn.sampling.negatives import Negatives
from ltgnn.scoring.item_weights import ItemItemWeights
from ltgnn.scoring.masked import MaskedScorer
from ltgnn.scoring.scorers import InnerProduct
from ltgnn.testing.closed_form import ClosedFormCase
from ltgnn.testing.encoder import EncoderCase
from ltgnn.testing.fusion import FusionCase
from ltgnn.testing.loss import LossCase
from ltgnn.testing.sampler import SamplerCase
from ltgnn.types import Batch, Encoded, Loss, Term
from tests.testing.broken import breaks
from tests.testing.test_encoder import Fading


class Product(Loss):
    """Mean inner product of the pairs, cubed where ``cubed``, times the train number of the user where ``numbered``."""

    local = row_separable = column_separable = True

    def __init__(self, **words: Any) -> None:
        self.words = words

    def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        users, items = main.users[batch.users], main.items[batch.pos]
        value = (users * items).sum(1)
        if "numbered" in self.words:
            value = value * batch.users
        if "random" in self.words:
            value = value * torch.rand(())
        if "detached" in self.words:
            value = value * items.detach().sum(1)
        return value if "each" in self.words else value.mean() ** 3 if "cubed" in self.words else value.mean()


@breaks(LossCase, "is_a_loss_with_one_finite_value")
def a_number_for_each_row(case: LossCase) -> Loss:
    return Product(each=True)


@breaks(LossCase, "same_arguments_give_the_same_value")
def a_random_loss(case: LossCase) -> Loss:
    return Product(random=True)


@breaks(LossCase, "a_local_loss_needs_the_nodes_of_the_batch_alone")
def a_loss_by_the_number_of_the_user(case: LossCase) -> Loss:
    return Product(numbered=True)


@breaks(LossCase, "a_row_separable_loss_is_the_mean_of_its_rows", "a_column_separable_loss_adds_up_over_processes")
def a_cube_of_the_mean_without_the_other_columns(case: LossCase) -> Loss:
    return Product(cubed=True)


class WrongGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, states: Tensor) -> Tensor:
        return states.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return 2 * gradient


@breaks(LossCase, "gradients_are_those_of_the_value", "says_whether_it_changes_the_ranking")
def a_wrong_gradient(case: LossCase) -> Loss:
    class Wrong(Product):
        changes_ranking = True

        def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
            return super().__call__(batch, main._replace(users=WrongGradient.apply(main.users)), views)

    return Wrong()


class Wrong(ItemFusion):
    """Ids, and what ``change`` makes of them."""

    def __init__(self, change: Any, dim: int, features_dim: int) -> None:
        super().__init__()
        self.change, self.projector = change, nn.Linear(features_dim, dim)

    def forward(self, ids: Tensor, features: Tensor, counts: Tensor) -> tuple[Tensor, Tensor | None]:
        return self.change(ids, features, self.projector), self.projector(features)

    def project(self, features: Tensor) -> Tensor:
        return 2 * self.projector(features)


@breaks(FusionCase, "shapes", "abilities_that_are_stated")
def a_fusion_with_one_column(case: FusionCase, dim: int, features_dim: int) -> ItemFusion:
    return Wrong(lambda ids, features, project: ids[:, :1], dim, features_dim)


@breaks(FusionCase, "same_arguments_give_the_same_state_in_evaluation")
def a_random_fusion(case: FusionCase, dim: int, features_dim: int) -> ItemFusion:
    return Wrong(lambda ids, features, project: ids + torch.rand(()), dim, features_dim)


@breaks(FusionCase, "each_item_is_fused_by_itself", "known_items_are_those_whose_state_says_something")
def a_fusion_less_the_mean_of_all_ids(case: FusionCase, dim: int, features_dim: int) -> ItemFusion:
    return Wrong(lambda ids, features, project: ids - ids.mean(0), dim, features_dim)


@breaks(FusionCase, "columns_that_are_separable", "parts_sum_to_the_state")
def a_fusion_that_mixes_columns(case: FusionCase, dim: int, features_dim: int) -> ItemFusion:
    class Mixed(Wrong):
        column_separable = True

        def parts(self, ids: Any, features: Any, counts: Tensor) -> tuple[Tensor, Tensor]:
            return ids, self.projector(features)

    return Mixed(lambda ids, features, project: ids.cumsum(1), dim, features_dim)


class Off(Fading):
    """Whose abilities are each a little off."""

    def at(self, graph: Any, batch: Batch) -> Any:
        return self(graph), batch

    def fold_in(self, graph: Any) -> Any:
        return lambda layers: layers[0]

    def linear_terms(self, graph: Any, norm_power: float) -> Any:
        return SimpleNamespace(terms=lambda user, item: [Term(0, "", {"ids": 1.0})], note="")

    def known_items(self, graph: Any) -> Tensor:
        return torch.zeros(self.embedding.num_items, dtype=torch.bool)


@breaks(
    EncoderCase,
    "known_items_are_a_mask",
    "states_at_some_nodes_are_those_rows_of_the_whole",
    "linear_terms_sum_to_the_score_or_say_why_not",
    "fold_in_reads_the_layers_of_a_pass",
)
def an_encoder_whose_abilities_are_off(case: EncoderCase, embedding: Any) -> Any:
    return Off(embedding, 2, 0.5)


@breaks(EncoderCase, "shapes", "same_graph_gives_the_same_states_in_evaluation", "columns_that_are_separable")
def a_random_encoder_without_its_last_item(case: EncoderCase, embedding: Any) -> Any:
    class Random(Fading):
        column_separable = True

        def forward(self, graph: Any, *perturb: Any) -> Encoded:
            found = super().forward(graph)
            return found._replace(users=found.users + torch.rand(()), items=found.items[:-1].cumsum(1))

    return Random(embedding, 2, 0.5)


class Fit:
    """A closed form that fits what it is given a function for."""

    def __init__(self, fit: Any, reads_features: bool = False) -> None:
        self.fit, self.reads_features = fit, reads_features


@breaks(ClosedFormCase, "is_a_closed_form_that_fits_a_scorer")
def a_table_in_place_of_a_scorer(case: ClosedFormCase) -> Any:
    return Fit(lambda train, features: torch.zeros(train.num_users, train.num_items))


@breaks(ClosedFormCase, "candidates_alone_have_finite_scores", "unmasked_scores_are_finite_and_the_same_for_candidates")
def scores_that_are_no_numbers(case: ClosedFormCase) -> Any:
    def fit(train: Any, features: Any) -> Any:
        return MaskedScorer(lambda users: torch.full((len(users), train.num_items), torch.nan), train.item_counts > 0)

    return Fit(fit)


@breaks(
    ClosedFormCase,
    "another_fit_gives_the_same_scores_and_leaves_the_data",
    "says_whether_it_reads_features",
    "scores_of_some_users_are_their_rows",
    "parts_that_the_scorer_states",
)
def a_random_fit_by_the_place_in_the_block(case: ClosedFormCase) -> Any:
    class Placed(InnerProduct):
        def scores(self, users: Tensor) -> Tensor:
            return super().scores(users) + torch.arange(len(users))[:, None]

    def fit(train: Any, features: Any) -> Any:
        return Placed(torch.rand(train.num_users, 3), torch.rand(3, train.num_items))

    return Fit(fit)


@breaks(ClosedFormCase, "terms_of_the_history_sum_to_the_score")
def terms_that_are_twice_the_score(case: ClosedFormCase) -> Any:
    class Twice(ItemItemWeights):
        def history_terms(self, user: int, item: int) -> tuple[Tensor, Tensor]:
            items, values = super().history_terms(user, item)
            return items, 2 * values

    return Fit(lambda train, features: Twice(*train.by_user, torch.ones(train.num_items, train.num_items)))


class Draws(Negatives):
    """Negatives of a function of the shape and the generator."""

    def __init__(self, draw: Any, proposal: Tensor | None = None) -> None:
        super().__init__()
        self.draw, self.chances = draw, proposal

    def forward(self, users: Tensor, pos: Tensor, generator: torch.Generator) -> Tensor:
        return self.draw((len(users), 3), generator)


@breaks(SamplerCase, "shape_and_range", "same_generator_same_draws")
def items_that_are_not_there_by_no_generator(case: SamplerCase, train: Any) -> Negatives:
    return Draws(lambda shape, generator: torch.randint(100, 10**6, shape))


@breaks(SamplerCase, "own_items_are_left_out_where_that_is_promised", "the_proposal_is_what_is_drawn")
def own_items_too_and_another_proposal(case: SamplerCase, train: Any) -> Negatives:
    proposal = torch.arange(16).double() / 120
    return Draws(lambda shape, generator: torch.randint(16, shape, generator=generator), proposal)


@breaks(SamplerCase, "narrow_leaves_some_of_the_negatives")
def narrow_takes_others(case: SamplerCase, train: Any) -> Negatives:
    class Others(Draws):
        def narrow(self, batch: Batch, main: Encoded) -> Batch:
            return batch._replace(neg=(batch.neg + 1) % 16)

    return Others(lambda shape, generator: torch.zeros(shape, dtype=torch.int64))
