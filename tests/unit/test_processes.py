"""Processes that share work end with the one that asked for it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WORK = """
import sys, time
sys.path.insert(0, sys.argv[1])
from igfmood.processes import do_all
def wait():
    time.sleep(60)
do_all("waiting", [wait] * 4, 2)
"""


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
