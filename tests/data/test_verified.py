"""Digests of the files of a data set, kept beside them so that a file that did not change is hashed once."""

import pytest

from tests.data.fetch_case import CONTENT, Shelf, files


def test_present_files_ask_no_source_and_are_not_hashed_again(tmp_path, monkeypatch):
    files(tmp_path, Shelf(CONTENT))()
    monkeypatch.setattr("ltgnn.data.verified.digest_of", lambda *_: pytest.fail("hashed again"))
    assert files(tmp_path, Shelf({}, "must not be asked"))() == tmp_path
