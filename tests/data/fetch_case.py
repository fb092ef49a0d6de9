"""What tests of fetch share."""

import hashlib

from ltgnn.data.fetch import Files, Unavailable

CONTENT = {"a.txt": b"alpha\n", "b.txt": b"beta\n"}

DIGESTS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}


class Shelf:
    """A source that writes what it is given and counts its calls."""

    def __init__(self, content, failure=None):
        self.content, self.failure, self.asked = content, failure, []

    def __call__(self, name, wanted, into, parts):
        self.asked.append(tuple(wanted))
        if self.failure:
            raise Unavailable(self.failure)
        for file in wanted:
            if file in self.content:
                (into / file).write_bytes(self.content[file])


def files(folder, *sources, digests=DIGESTS):
    return Files("letters", str(folder), digests, sources, origin="https://example.org/letters")
