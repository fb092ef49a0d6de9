"""What tests of repeats share."""

import random

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from tests.data.readers import reader

USERS, ITEMS = 40, 7


def events():
    """Each user buys 7 items, one of them twice: (user, item, time); and each user's last new item."""
    draw = random.Random(0)
    rows, last = [], {}
    for user in range(USERS):
        items = draw.sample(range(30), ITEMS)
        times = [1_600_000_000 + 1000 * user + 10 * n for n in range(ITEMS)]
        rows += [(f"u{user}", f"i{item}", time) for item, time in zip(items, times, strict=True)]
        rows.append((f"u{user}", f"i{items[0]}", times[-1] + 50))  # the first item again, last of all
        last[f"u{user}"] = f"i{items[-1]}"
    return rows, last


def read(folder, rows, header="user_id,item_id,t", **keys):
    (folder / "interactions.csv").write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    columns = {name: name for name in ("time",) if name in header} or ({"time": "t"} if ",t" in header else {})
    return load(lambda: folder, reader("table", **columns), Cleaning(None, None, None, 1, 1, False, False, **keys))
