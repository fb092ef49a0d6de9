"""Every option that a reader names in a message stands in its yaml, and what the message says is read by Hydra."""

import re
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from ltgnn.commands.data.flags import describe_reading, with_flags

CONF = Path(__file__).parents[2] / "conf" / "data"

WANTED = {
    "Table": ("separator", "quote", "encoding", "escape", "names", "item_names"),
    "ShopPair": ("separator", "quote", "encoding", "escape", "names", "product_names"),
    "RecBoleAtomic": ("separator", "quote", "encoding", "escape"),
    "MMRec": ("separator", "quote", "encoding", "escape"),
    "LightGCNText": ("separator", "quote", "encoding", "escape"),
    "MovieLens": ("rating_separator", "movie_separator", "quote", "encoding", "escape", "movie_names"),
    "AmazonReviews": ("encoding",),
    "Processed": (),
    "PyG": (),
}


READING = [file for file in sorted(CONF.glob("*.yaml")) if "reader" in OmegaConf.load(file)]
"""The others have the reader of the file that they extend."""


@pytest.mark.parametrize("file", READING, ids=lambda file: file.stem)
def test_keys_of_the_yaml(file):
    reader = OmegaConf.load(file).reader
    assert set(WANTED[reader._target_.rpartition(".")[2]]) <= set(reader)


@pytest.mark.parametrize(
    ("text", "value", "flag"),
    [
        ("data.reader.quote=null", None, "--no-quotes"),
        ("'data.reader.escape=\\\\'", "\\", "--escape '\\'"),
        ("\"data.reader.separator=','\"", ",", "--separator ','"),
        ("data.reader.encoding=cp1252", "cp1252", "--encoding cp1252"),
        ("'data.reader.names=[user,item,...]'", ["user", "item", "..."], "--names user,item,..."),
        ("'data.reader.item_names=[user,item,...]'", ["user", "item", "..."], "--item-names user,item,..."),
        ("data.reader.drop_incomplete=true", True, "--drop-incomplete"),
    ],
)
def test_advice_is_read_by_hydra_and_has_its_flag(text, value, flag):
    override = OverridesParser.create().parse_override(text[1:-1] if text[0] in "'\"" else text)
    got = override.value()
    assert (getattr(got, "text", got) if not isinstance(got, list) else got) == value
    assert with_flags(f"Correct it: {text}.") == f"Correct it: {flag}."
    assert not re.search("data.reader", with_flags(text))


def test_how_files_were_read():
    source = {
        "interactions": [{"file": "a.csv", "separator": "','", "rows": 2000, "dropped": 0}],
        "items": {"file": "b"},
    }
    assert describe_reading(source) == ["read a.csv: 2,000 rows; separator ','", "read b: 0 rows"]
