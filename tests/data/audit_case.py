"""What tests of audit share."""

from ltgnn.data.audit import audit


def texts():
    return [f"thing number {n}" for n in range(200)]


def checks(audited, split, graph=None, counts=None, text=None, fields=()):
    return [finding.check for finding in audit(audited, split, graph, counts, text, fields)]
