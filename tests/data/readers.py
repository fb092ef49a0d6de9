"""Readers with the arguments of their yaml, changed where a test says so."""

from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

CONF = Path(__file__).parents[2] / "conf"


def reader(data, **changes):
    """The reader of ``conf/data/<data>.yaml``."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose(overrides=[f"+data={data}"])
    arguments = {**cfg.data.reader, **changes}
    return instantiate(arguments, _convert_="all")


def rows(raw):
    """Raw ids of each row, with its part."""
    parts = raw.parts.tolist() if raw.parts is not None else [0] * len(raw)
    return [
        (raw.user_ids[user], raw.item_ids[item], raw.part_names[part])
        for user, item, part in zip(raw.users.tolist(), raw.items.tolist(), parts, strict=True)
    ]
