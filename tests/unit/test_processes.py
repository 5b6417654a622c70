"""Processes that share work end with the one that asked for it."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from igfmood.processes import do_all

WORK = """
import sys, time
sys.path.insert(0, sys.argv[1])
from igfmood.processes import do_all
def wait():
    time.sleep(60)
do_all("waiting", [wait] * 4, 2)
"""


def fails():
    raise ValueError("the first piece fails")


def slow():
    time.sleep(3)


def test_a_failure_ends_the_work_without_doing_the_rest():
    start = time.monotonic()
    with pytest.raises(ValueError, match="the first piece fails"):
        do_all("trying", [fails, *[slow] * 20], 2)
    assert time.monotonic() - start < 20


def test_results_come_in_the_order_of_the_work():
    pieces = [partial(pow, base, 2) for base in range(50)]
    assert do_all("squaring", pieces, 2) == do_all("squaring", pieces, 1)


def children_of(process: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        state, parent = stat.rsplit(")", 1)[1].split()[:2]
        if int(parent) == process and state != "Z":
            found.append(int(entry.name))
    return found


def until(true) -> bool:
    end = time.monotonic() + 20
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(true())


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="known to Linux alone")
def test_killed_work_leaves_no_process_behind():
    package = str(Path(__file__).parents[2] / "workflow")
    parent = subprocess.Popen([sys.executable, "-c", WORK, package])
    try:
        assert until(lambda: len(children_of(parent.pid)) == 2)
        children = children_of(parent.pid)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        assert until(lambda: all(gone(child) for child in children))
    finally:
        parent.kill()
