"""What tests of formats share."""

import json
import time

import pytest

from ltgnn.types import UserError
from tests.data.readers import reader

PAIRS = [("a", "1", "all"), ("b", "2", "all"), ("é", "1", "all")]

TEXT = "user_id,item_id\na,1\nb,2\né,1\n"

OBJECTS = [{"user_id": user, "item_id": item, "words": ['ok, "fine"', "it's"]} for user, item, _ in PAIRS]

LINES = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in OBJECTS)


def read(folder, content, name="x", **changes):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return reader("table", **{"interactions": {"all": name}, **changes})(folder)


def said(folder, content, name="x", **changes):
    start = time.process_time()
    with pytest.raises(UserError) as caught:
        read(folder, content, name, **changes)
    assert time.process_time() - start < 20  # seconds of this process alone: the machine may be busy
    assert len(str(caught.value)) < 700
    return str(caught.value)
