"""What tests of read any table share."""

import codecs
import csv
import io

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


def write_table(path, text, encoding):
    path.write_bytes(ENCODINGS[encoding] + text.encode(encoding, errors="replace"))
    return text.encode(encoding, errors="replace").decode(encoding)
