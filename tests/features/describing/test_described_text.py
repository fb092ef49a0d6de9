"""Fields, described and encoded; the features store and the card; new items; other encoders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from ltgnn.features.describing.described_text import DescribedText, need_described
from ltgnn.features.item_features import FeatureSource, ItemText, NoFeatures
from ltgnn.features.new_items import encode_new_items
from ltgnn.features.store import FeatureStore
from ltgnn.features.tfidf import TfidfSvd
from ltgnn.features.transform import Keep
from ltgnn.testing import toy
from ltgnn.testing.features import FeaturesCase
from ltgnn.types import Dataset, UserError
from tests.features.describing.writers import StubWriter, echo, make_describer

FIELDS = {"title": ["red hose", "blue hose", "", "blue soap"], "year": ["1995", "", "", "1999"]}
SHOP = Dataset("shop", {}, ["u"], ["a", "b", "c", "d"], FIELDS)
COUNTS = torch.tensor([1, 1, 1, 1])


def source(
    folder: Path, writer: StubWriter | None = None, text: str = "{item}. {description} {uses}", **changes: Any
) -> DescribedText:
    encoder = TfidfSvd(dim=3, ngrams=1, min_df=1, max_words=None, seed=0)
    return DescribedText(
        encoder, "{title} ({year})", FeatureStore(folder / "text"), Keep(), Keep(), text, writer or StubWriter(echo),
        lambda given: make_describer(given, folder / "descriptions", **changes),
    )  # fmt: skip


WANTED = [
    "red hose (1995). the red hose (1995) of the shop using red hose (1995)",
    "blue hose. the blue hose of the shop using blue hose",
    "",
    "blue soap (1999). the blue soap (1999) of the shop using blue soap (1999)",
]


class TestDescribed(FeaturesCase):
    def make(self, folder: Path) -> FeatureSource:
        made = source(folder)
        made.template = "{title}"
        return made


def test_fields_and_what_is_written_are_one_text(tmp_path: Path) -> None:
    assert source(tmp_path).texts(SHOP) == WANTED
    alone = source(tmp_path, text="{uses}").texts(SHOP)
    assert alone == ["using red hose (1995)", "using blue hose", "", "using blue soap (1999)"]


def test_features_are_those_of_that_text(tmp_path: Path) -> None:
    made = source(tmp_path)
    features = made(SHOP, COUNTS)
    assert features is not None
    torch.testing.assert_close(features.values, made.encoder(WANTED))
    described = features.card["described"]
    assert described["writer"] == {"class": "StubWriter", "name": "stub"}
    assert described["cost"]["texts"] == 3
    assert described["cost"]["tokens_out"] == 30


def test_both_stores_hit(tmp_path: Path) -> None:
    first = source(tmp_path)(SHOP, COUNTS)
    writer = StubWriter(echo)
    again = source(tmp_path, writer)(SHOP, COUNTS)
    assert first is not None
    assert again is not None
    assert torch.equal(first.values, again.values)
    assert not writer.asked


def test_a_part_that_could_not_be_read_leaves_no_label(tmp_path: Path) -> None:
    made = source(tmp_path, StubWriter(lambda prompt: "Uses: a, b"), text="{item}. About: {description}. Uses: {uses}")
    assert made.texts(SHOP)[1] == "blue hose. Uses: a, b"


def test_the_model_sees_the_text_of_the_fields_alone(tmp_path: Path) -> None:
    """No id of user or item, no pair, no field outside of the template is in any prompt."""
    dataset = toy.dataset(5)
    secret = Dataset(
        "secret", dataset.parts, ["USERID"] * dataset.num_users, [f"ITEMID{n}" for n in range(dataset.num_items)],
        {**dataset.item_fields, "also_bought": ["LEAK"] * dataset.num_items},
    )  # fmt: skip
    writer = StubWriter(echo)
    made = source(tmp_path, writer)
    made.template = "{title}"
    made(secret, toy.interactions().item_counts)
    said = "".join(prompt for batch in writer.asked for prompt in batch)
    assert said
    assert not any(word in said for word in ("USERID", "ITEMID", "LEAK"))


def test_new_items_are_described(tmp_path: Path) -> None:
    made = source(tmp_path)
    features = made(SHOP, COUNTS)
    assert features is not None
    grown = Dataset(
        "shop", {}, ["u"], [*SHOP.item_ids, "e"], {name: [*one, "red soap"] for name, one in FIELDS.items()}
    )
    rows = encode_new_items(made, features, SHOP, COUNTS, grown)
    text = "red soap (red soap). the red soap (red soap) of the shop using red soap (red soap)"
    torch.testing.assert_close(rows, made.encoder.queries(WANTED)([text]))


def test_another_encoder_reads_the_same_texts(tmp_path: Path) -> None:
    made = source(tmp_path)
    other = made.with_encoder(TfidfSvd(dim=2, ngrams=1, min_df=1, max_words=None, seed=0))
    assert isinstance(other, DescribedText)
    assert other.texts(SHOP) == WANTED
    features = other(SHOP, COUNTS)
    assert features is not None
    assert features.values.shape == (4, 2)
    assert made(SHOP, COUNTS).values.shape == (4, 3)  # type: ignore[union-attr]


def test_what_is_no_described_text_is_refused(tmp_path: Path) -> None:
    made = source(tmp_path)
    assert need_described(made) is made
    with pytest.raises(UserError, match=r"NoFeatures.*features=described"):
        need_described(NoFeatures())
    plain = ItemText(made.encoder, None, made.store, Keep(), Keep())
    with pytest.raises(UserError, match=r"ItemText.*features=described"):
        need_described(plain)
    with pytest.raises(UserError, match="'item' is the text of the fields"):
        source(tmp_path, parts=["item"])


def test_yaml_builds_it_and_its_writers() -> None:
    from hydra.utils import instantiate

    from ltgnn.config.composing import compose_config
    from ltgnn.features.describing.causal_lm import CausalLM
    from ltgnn.features.describing.causal_states import CausalStates
    from ltgnn.features.describing.openai_endpoint import OpenAIEndpoint

    def built(*words: str) -> Any:
        return instantiate(compose_config("train", ["data=ml100k", *words], None).features)

    described = built("features=described")
    assert isinstance(described.describer.writer, CausalLM)
    assert described.describer.writer.stop == ["\n\n", "\nItem:"]
    assert described.encoder.weights_sha256 is not None
    served = built("features=described", "features/writer=openai", "features.writer.model=x").describer.writer
    assert isinstance(served, OpenAIEndpoint)
    assert isinstance(built("features=causal_lm").encoder, CausalStates)
    both: Sequence[str] = ["features=described", "features/encoder=causal_lm", "features.encoder.model=x"]
    assert isinstance(built(*both, "features.encoder.weights_sha256=null").encoder, CausalStates)
