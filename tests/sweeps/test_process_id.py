"""The process that runs a job, and whether it is still alive."""

from __future__ import annotations

import os

from ltgnn.sweeps.process_id import alive, start_time, this_process


def test_numbers_of_processes_are_used_again() -> None:
    assert alive(this_process()) is True
    assert alive({**this_process(), "born": "1"}) is False
    assert alive({**this_process(), "host": "elsewhere"}) is None
    assert start_time(os.getpid()) == this_process()["born"]
