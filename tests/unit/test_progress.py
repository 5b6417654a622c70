"""How far a job is: the words, and the lines that come while it works."""

import os
import time
from functools import partial

import pytest

from igfmood import progress
from igfmood.processes import do_all
from igfmood.progress import Stage


@pytest.mark.parametrize(
    ("stage", "elapsed", "words"),
    [
        (Stage("reading", began=0.0), 12.4, "reading, 12 s so far"),
        (Stage("imputing", 20, 0, 0.0), 30.0, "imputing, 0 of 20, 30 s so far"),
        (Stage("imputing", 20, 5, 0.0), 30.0, "imputing, 5 of 20, about 90 s left"),
        (Stage("trying worlds", 80, 10, 0.0), 60.0, "trying worlds, 10 of 80, about 7 min left"),
        (Stage("trying worlds", 80, 7, 0.0), 60.0, "trying worlds, 7 of 80, 60 s so far"),
        (Stage("imputing", 20, 20, 0.0), 60.0, "imputing, 20 of 20, about 0 s left"),
    ],
)
def test_the_time_left_is_what_the_rest_takes_at_this_pace(monkeypatch, stage, elapsed, words):
    monkeypatch.setattr(time, "monotonic", lambda: elapsed)
    assert stage.line() == words


def lines_of(tmp_path, work, every=0.05):
    path = tmp_path / "job.log"
    with path.open("wb") as file, progress.told("association.clinic", file.fileno(), every=every):
        work()
    return path.read_text(encoding="utf-8").splitlines()


def wait(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


def test_a_long_job_says_how_far_it_is(tmp_path):
    def work():
        with progress.stage("estimating", 3) as stage:
            for _ in range(3):
                wait(0.12)
                stage.advance()

    lines = lines_of(tmp_path, work)
    assert lines[0].startswith("association.clinic: estimating, 0 of 3, ")
    assert any(line.startswith("association.clinic: estimating, 2 of 3, about ") for line in lines)


def test_a_short_job_says_nothing(tmp_path):
    assert lines_of(tmp_path, lambda: None) == []


def test_nothing_is_said_once_the_job_is_done(tmp_path):
    path = tmp_path / "job.log"
    with path.open("wb") as file:
        with progress.told("job", file.fileno(), every=0.05):
            pass
        wait(0.15)
    assert path.read_bytes() == b""


@pytest.mark.parametrize("processes", [1, 2])
def test_work_in_processes_is_counted_and_said_once(tmp_path, processes):
    pieces = [partial(wait, 0.1) for _ in range(4)]
    lines = lines_of(tmp_path, lambda: do_all("drawing figures", pieces, processes))
    assert lines
    assert all(line.startswith("association.clinic: drawing figures, ") for line in lines)
    counts = [int(line.split(", ")[1].split(" of ")[0]) for line in lines]
    assert counts == sorted(counts)
    assert 0 < counts[-1] <= 4


def test_a_stage_within_another_says_nothing(tmp_path):
    def work():
        with progress.stage("validating models", 2), progress.stage("imputing", 20):
            wait(0.12)

    assert all("validating models, 0 of 2" in line for line in lines_of(tmp_path, work))
    assert lines_of(tmp_path, work)


def test_a_console_that_is_gone_ends_no_work():
    reading, writing = os.pipe()
    os.close(reading)
    with progress.told("job", writing, every=0.05):
        wait(0.15)


def test_an_alarm_interrupts_no_waiting_or_writing(tmp_path):
    """System calls that an alarm interrupts go on: bytes of a pipe arrive whole."""
    reading, writing = os.pipe()

    def work():
        pid = os.fork()
        if pid == 0:
            wait(0.2)
            os.write(writing, b"all of it")
            os._exit(0)
        assert os.read(reading, 100) == b"all of it"
        os.waitpid(pid, 0)

    assert lines_of(tmp_path, work)
