"""MMRec's form: ``.inter`` with a part label per row, and features as ``.npy`` with one row per item id."""

import numpy as np
import pytest

from ltgnn.types import UserError
from tests.data.readers import reader, rows
from tests.data.sources_case import lines


def test_mmrec(tmp_path):
    (tmp_path / "mmrec.inter").write_text(
        lines("userID\titemID\trating\ttimestamp\tx_label", "0\t2\t5.0\t1\t0", "0\t0\t5.0\t2\t1", "1\t2\t4.0\t3\t2")
    )
    np.save(tmp_path / "text_feat.npy", np.arange(8, dtype=np.float32).reshape(4, 2))
    raw = reader("mmrec")(tmp_path)
    assert rows(raw) == [("0", "2", "train"), ("0", "0", "val"), ("1", "2", "test")]
    assert raw.item_ids.to_list() == ["0", "1", "2", "3"]
    assert raw.item_vectors["text"][2].tolist() == [4, 5]
    np.save(tmp_path / "text_feat.npy", np.zeros((2, 2), dtype=np.float32))
    with pytest.raises(UserError, match=r"mmrec\.inter, line 2, column 'itemID'.*'2' has no row in text_feat\.npy"):
        reader("mmrec")(tmp_path)
    (tmp_path / "mmrec.inter").write_text(lines("userID\titemID\tx_label", "0\t0\t0", "0\t1\t7"))
    with pytest.raises(UserError, match=r"line 3, column 'x_label': '7' names no part"):
        reader("mmrec")(tmp_path)
    np.save(tmp_path / "text_feat.npy", np.zeros(3))
    with pytest.raises(UserError, match=r"text_feat\.npy: wanted numbers \[items, width\]"):
        reader("mmrec")(tmp_path)
