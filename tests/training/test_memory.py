"""Large tables are in huge pages and stay with the process; each case in a process of its own."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

TABLE = """
from ltgnn.training.memory import keep_large_tables
{keep}
import torch

def megabytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20

torch.ones(4)
before = megabytes()
table = torch.ones(16 * 2**20)  # 64 MB
there = megabytes()
del table
print(there - before, megabytes() - before)
"""


def printed(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_a_freed_table_stays_with_the_process() -> None:
    there, after = map(int, printed(TABLE.format(keep="keep_large_tables()")).split())
    assert there >= 60
    assert after >= 60
    there, after = map(int, printed(TABLE.format(keep="")).split())
    assert there >= 60
    assert after < 10  # what it is there for


def test_the_command_line_asks_for_huge_pages_before_torch_is_there() -> None:
    code = """
import os, sys
os.environ.pop("THP_MEM_ALLOC_ENABLE", None)
from ltgnn import cli
from ltgnn.training import memory
ask = memory.huge_pages
memory.huge_pages = lambda: (print("torch" in sys.modules), ask())
try:
    cli.main(["models", "--help"])
except SystemExit:
    pass
print("huge", os.environ["THP_MEM_ALLOC_ENABLE"])
"""
    lines = printed(code).splitlines()
    assert (lines[0], lines[-1]) == ("False", "huge 1")
