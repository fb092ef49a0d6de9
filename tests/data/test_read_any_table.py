"""Any text with separators: the rows of Python's csv module, or a refusal that names a line; never other rows."""

import codecs
import csv
import io
import random
import re

import pytest

from ltgnn.data.columns import Column, Kind
from ltgnn.data.delimited import Delimited
from ltgnn.data.formats import table_file
from ltgnn.data.rows import RowTable
from ltgnn.types import UserError

WORDS = ["a", "u1", "x y", "", " ", "5", "é", "日本", '"', '""', 'say "hi"', '13" tv', 'TV 32"', '"Heroes" and', "a,b"]
WORDS += [
    "a;b",
    "a\tb",
    "two\nlines",
    "r\rn",
    "\r\n",
    "'q'",
    "\\",
    '\\"',
    "#tag",
    "NA",
    "null",
    "\u2028",
    "\x0b",
    "\x1e",
]
SIGNS = ['"', '"', '"', "\n", "\n", "\r\n", "\r", "a", "b", " ", "\\", "é", "\x1e"]
BLANKS = " \t\r\n\x0b\u2028"
ENCODINGS = {
    "utf-8": b"",
    "utf-8-sig": b"",
    "utf-16": b"",
    "utf-16-le": b"",
    "utf-16-be": codecs.BOM_UTF16_BE,
    "cp1252": b"",
}


def made(random_):
    """A table's text, separator, columns, encoding, and whether the csv module wrote it."""
    written = False
    separator = random_.choice(",,,;|\t\t ")
    fields = random_.choice([1, 2, 2, 3, 3, 4])
    end = random_.choice(["\n", "\n", "\r\n", "\r"])
    names = [f"c{n}" for n in range(fields)]
    if random_.random() < 0.4:  # anything at all
        signs = [*SIGNS, separator, separator, separator]
        body = "".join(random_.choices(signs, k=random_.randint(0, 40)))
        text = separator.join(names) + end + body
    elif random_.random() < 0.5:  # as the csv module writes
        stream = io.StringIO()
        quoting = csv.QUOTE_ALL if end == "\r" else random_.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
        writer = csv.writer(stream, delimiter=separator, lineterminator=end, quoting=quoting)
        writer.writerow(names)
        words = [word for word in WORDS if "\r" not in word]  # the module leaves a bare CR outside of quotes
        writer.writerows(random_.choices(words, k=fields) for _ in range(random_.randint(0, 8)))
        text, written = stream.getvalue(), True
    else:  # as most programs write: values and separators; some rows blank, some ragged
        rows = [separator.join(names)]
        for _ in range(random_.randint(0, 8)):
            size = fields if random_.random() < 0.93 else random_.randint(0, fields + 1)
            rows.append(separator.join(random_.choices(WORDS, k=size)))
        text = end.join(rows) + end * random_.randint(0, 2)
    encoding = random_.choice(list(ENCODINGS)) if random_.random() < 0.5 else "utf-8"
    return text, separator, names, encoding, written


def by_csv(text, separator, quote='"'):
    """Rows of the csv module below the header; blank lines left out."""
    quoting = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quotechar='"', quoting=quoting)
    header = next(rows, [])
    return [row for row in rows if row and not (len(row) == 1 < len(header) and not row[0].strip(" \t"))]


def read(file, names):
    columns = {name: Column(name, Kind.TEXT, required=False) for name in names}
    return [list(row) for row in file.read(columns).frame.fill_null("").iter_rows()]


def attempt(file, names):
    """The rows, or the message of the refusal."""
    try:
        return read(file, names), ""
    except UserError as mistake:
        return [], str(mistake)


def write(path, text, encoding):
    path.write_bytes(ENCODINGS[encoding] + text.encode(encoding, errors="replace"))
    return text.encode(encoding, errors="replace").decode(encoding)


@pytest.mark.parametrize("piece", [7, 64, 1 << 24])
def test_rows_of_the_csv_module_or_a_refusal(tmp_path, piece):
    random_ = random.Random(piece)
    read_whole = refused = 0
    for number in range(700):
        text, separator, names, encoding, written = made(random_)
        path = tmp_path / "table.csv"
        text = write(path, text, encoding)
        given = encoding if encoding in ("utf-16-le", "cp1252") else None
        got, said = attempt(Delimited(path, separator, '"', encoding=given, piece=piece), names)
        if said:
            assert re.search(r"table\.csv, line \d+", said), (number, text, said)
            assert not written or "each of them is a row, too" in said, (number, text, said)
            refused += 1
            continue
        wanted = [by_csv(text, separator)]
        if separator == "\t":  # no value closed: quotes are ordinary characters
            wanted.append(by_csv(text, separator, None))
        assert got in wanted, (number, text, separator, encoding)
        assert all(len(row) == len(names) for row in got)
        read_whole += 1
    assert read_whole > 200
    assert refused > 100


def test_quotes_switched_off(tmp_path):
    random_ = random.Random(3)
    for number in range(300):
        text, separator, names, *_ = made(random_)
        path = tmp_path / "table.csv"
        write(path, text, "utf-8")
        if text.startswith('"'):  # names in quotes
            continue
        rows = by_csv(text, separator, None)
        got, said = attempt(Delimited(path, separator, None, piece=16), names)
        if said:
            assert any(len(row) != len(names) for row in rows), (number, text, said)
            continue
        assert got == rows, (number, text, separator)


def test_separator_found_and_events_as_imported(tmp_path):
    """The way of ``ltgnn data import``: format and separator by content, ids coded, the same pairs in their order."""
    random_ = random.Random(4)
    whole = 0
    for number in range(300):
        text, separator, names, *_ = made(random_)
        if len(names) < 2 or separator == "\t":
            continue
        path = tmp_path / "table.csv"
        write(path, text, "utf-8")
        rows = by_csv(text, separator)
        try:
            columns, texts, notes = RowTable({"all": table_file(path)}, "c0", "c1", drop_incomplete=True).read()
        except UserError:
            continue
        users = [texts["users"][code] for code in columns["users"].tolist()]
        items = [texts["items"][code] for code in columns["items"].tolist()]
        kept = [(row[0].strip(BLANKS), row[1].strip(BLANKS)) for row in rows]
        wanted = [pair for pair in kept if all(pair)]
        assert list(zip(users, items, strict=True)) == wanted, (number, text)
        assert notes["interactions"][0]["rows without a required value, dropped"] == len(kept) - len(wanted)
        whole += 1
    assert whole > 20


@pytest.mark.parametrize("piece", [1 << 10, 1 << 14])
@pytest.mark.parametrize("kind", ["plain", "inches", "quoted", "mixed", "lines"])
def test_many_pieces(tmp_path, kind, piece):
    """Thousands of rows over many pieces, of each way in which quotes can stand."""
    random_ = random.Random(piece)
    titles = {
        "plain": ["Lamp", "", "Écharpe"],
        "inches": ['TV 32" black', 'Screen 4"', "Lamp"],
        "quoted": ['"a ""b"" c"', '"x, y"', "z", '""'],
        "mixed": ['"a, b"', 'TV 32" black', '"Heroes" and', "z"],
        "lines": ['"two\nlines"', '"three\n\n""lines"", each\n"', "one", '"r\r\nn"'],
    }[kind]
    text = "u,i,title\n" + "".join(f"{n},i{n % 77},{random_.choice(titles)}\n" for n in range(5000))
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    rows = by_csv(text, ",")
    assert read(Delimited(path, None, '"', piece=piece), ["u", "i", "title"]) == rows
    assert len(rows) == 5000
    assert [row[0] for row in read(Delimited(path, None, '"', piece=piece), ["u"])] == [row[0] for row in rows]
