"""What tests of sources share."""


def lines(*texts):
    return "\n".join(texts) + "\n"
