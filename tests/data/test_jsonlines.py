"""JSON (one object a line, or an array of objects; Python literals; gzip or not) as table files."""

import json

from tests.data.bad_input_case import message, write


def test_json_lines(tmp_path):
    good = {"user_id": "a", "item_id": "1"}
    for text, expected in [
        (json.dumps(good) + "\n{user_id: b}\n", "line 2: not JSON"),
        (json.dumps(good) + '\n["b"]\n', "line 2: wanted a JSON object"),
        (json.dumps(good) + '\n{"item_id": "2"}\n', "line 2, column 'user_id': no value"),
        (json.dumps(good | {"user_id": None}) + "\n", "line 1, column 'user_id': no value"),
    ]:
        write(tmp_path, text, "x.jsonl")
        assert expected in message(tmp_path, interactions={"all": "x.jsonl"})
    write(tmp_path, json.dumps(good | {"t": "x"}) + "\n", "x.jsonl")
    got = message(tmp_path, interactions={"all": "x.jsonl"}, time="t")
    assert "line 1, column 't': 'x' is not a number" in got
