"""What a data set leaves out is counted, printed and kept on its card; ids that look like none are ids."""

import json
import logging
from pathlib import Path

import pytest

from ltgnn.commands.data import main
from ltgnn.data.card import what_is_left_out
from ltgnn.experiment.target import target
from ltgnn.types import UserError

IDS = ("NA", "null", "None", "nan", "NULL")


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{user},p{n},{1_600_000_000 + 10 * n}" for user in (*IDS, "u1", "u2") for n in range(6)]
    Path("e.csv").write_text("\n".join(["user_id,item_id,t", *rows, ",p1,1600000000", "u1,,1600000000"]) + "\n")
    goods = [f"p{n},title {n},about {n}" for n in range(8)]
    Path("g.csv").write_text("\n".join(["item_id,name,about", *goods, ",nobody,x"]) + "\n")
    return tmp_path


IMPORT = ["import", "e.csv", "--time", "t", "--items", "g.csv", "--field", "title=name", "--field", "about=about"]


def test_it_is_counted_where_one_looks(files, capsys, caplog):
    assert main([*IMPORT, "--drop-incomplete", "--out", "out"]) == 0
    printed = capsys.readouterr().out
    assert caplog.records == []  # it is all printed
    left = {
        "rows without a required value (id, time or rating)": 2,
        "items without an id": 1,
        "items without an interaction": 2,
    }
    assert json.loads(Path("out/data_card.json").read_text())["left out"] == left
    assert what_is_left_out(left)[1:] == ["1 item without an id", "2 items without an interaction"]
    assert all(line in printed for line in what_is_left_out(left))
    assert "2 items without interactions are left out; --keep-untouched keeps them" in printed
    assert "warning: 2 rows without a required value (id, time or rating) are left out" in printed
    assert main(["stats", "out", "split=leave_one_out"]) == 0
    printed = capsys.readouterr().out
    assert all(line in printed for line in what_is_left_out(left))
    with caplog.at_level(logging.WARNING):
        card = target("out", []).dataset.card
    assert card["left out"] == left
    assert "2 rows without a required value" in caplog.text  # a run logs it, too
    assert card["warnings"] == json.loads(Path("out/data_card.json").read_text())["warnings"]


def test_its_closing_line_names_all_text_fields(files, capsys):
    main([*IMPORT, "--drop-incomplete", "--out", "out"])
    last = capsys.readouterr().out.rstrip().splitlines()[-1]
    assert last.endswith("data.files.path=out \"data.template='{title}. {about}'\"")


def test_untouched_items_are_kept_by_an_option(files, capsys):
    assert main([*IMPORT, "--drop-incomplete", "--keep-untouched", "--out", "out"]) == 0
    assert "without interactions" not in capsys.readouterr().out
    data = target("out", []).dataset
    assert (data.num_items, data.card["items without an interaction"]) == (8, 2)
    with pytest.raises(SystemExit):
        main(["import", "--help"])
    help_ = capsys.readouterr().out
    for option in ("--keep-untouched", "--repeats", "--time-unit", "--missing", "--first-counts", "--keep-unknown"):
        assert option in help_


def test_words_for_no_value_are_ids_unless_said(files, capsys):
    main([*IMPORT, "--drop-incomplete", "--out", "out"])
    printed = capsys.readouterr().out
    assert set(IDS) <= set(target("out", []).dataset.user_ids)
    assert "taken as user ids: 'NA', 'NULL', 'None', 'nan', 'null' (no ids: --missing NA,NULL,None,nan,null)" in printed
    main([*IMPORT, "--drop-incomplete", "--missing", ",".join(IDS), "--out", "less"])
    data = target("less", []).dataset
    assert sorted(data.user_ids) == ["u1", "u2"]
    assert data.card["left out"]["rows without a required value (id, time or rating)"] == 2 + 6 * len(IDS)


def test_options_of_a_named_format(files, capsys):
    Path("x.inter").write_text("user_id:token\titem_id:token\tt:float\na\tb\t1500000000000\nc\td\t1500000001000\n")
    named = ["import", "recbole", "data.name=x", "--time", "t", "--time-unit", "ms", "--repeats", "last"]
    assert main([*named, "--out", "out"]) == 0
    printed = capsys.readouterr().out
    assert "2017-07-14 02:40:00" in printed
    assert "repeated pairs: last kept, by time" in printed
    with pytest.raises(UserError, match="--rating: the reader of shop has no 'rating'; it has products, behaviour"):
        main(["import", "shop", "--rating", "r", "--out", "no"])


def test_a_folder_is_meant(files):
    with pytest.raises(UserError, match=r"No data set 'my-shop', and no folder of that name here \(.*\)"):
        main(["stats", "my-shop"])


def test_diff_of_times_and_numbers(files, capsys):
    main([*IMPORT, "--drop-incomplete", "--out", "one"])
    text = Path("e.csv").read_text()
    Path("e.csv").write_text(text.replace("u1,p5,1600000050", "u1,p5,1600000051"))
    main([*IMPORT, "--drop-incomplete", "--out", "two"])
    capsys.readouterr()
    assert main(["diff", "one", "two"]) == 1
    assert (
        "1 pair with another time, e.g. (u1, p5): 2020-09-13 12:27:30 and 2020-09-13 12:27:31"
        in capsys.readouterr().out
    )
    cards = [json.loads(Path(f"{name}/data_card.json").read_text()) for name in ("one", "two")]
    assert cards[0]["sha256"] != cards[1]["sha256"]
    main(["import", "e.csv", "--drop-incomplete", "--out", "untimed"])
    capsys.readouterr()
    main(["diff", "one", "untimed"])
    assert "times only in one" in capsys.readouterr().out


def test_a_recbole_reader_has_what_its_messages_advise(files):
    """Own atomic files: commas, an item twice, a time that is a date."""
    Path("x.inter").write_text("user_id:token,item_id:token,t:token\na,b,2020-01-01\nc,d,2020-01-02\n")
    Path("x.item").write_text("item_id:token,title:token_seq\nb,one\nd,two\nb,three\n")
    words = ["data.name=x", "data.reader.items=x.item", "+data.reader.item_fields.title=title", "data.reader.time=t"]
    said = []
    for option in ("data.reader.separator=','", "data.reader.time_format=iso", "data.reader.first_counts=true"):
        with pytest.raises(UserError) as caught:
            _ = target("recbole", words).dataset
        said.append(str(caught.value))
        words.append(option)
    data = target("recbole", words).dataset
    assert (list(data.item_ids), data.item_fields["title"]) == (["b", "d"], ["one", "two"])
    for part, text in zip(
        ("data.reader.separator", "data.reader.time_format", "data.reader.first_counts=true"), said, strict=True
    ):
        assert part in text
