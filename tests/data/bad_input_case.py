"""What tests of bad input share."""

import pytest

from ltgnn.types import UserError
from tests.data.readers import reader

HEADER = "user_id,item_id,time\n"

TITLES = {"items": "items.csv", "item_fields": {"title": "title"}}


def message(folder, data="table", **changes):
    with pytest.raises(UserError) as caught:
        reader(data, **changes)(folder)
    return str(caught.value)


def write(folder, text, name="interactions.csv"):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
