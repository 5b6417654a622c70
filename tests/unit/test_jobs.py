"""How a job reports, and what a cohort's failure may and may not stop."""

import logging
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from igfmood.errors import DataError
from igfmood.jobs import log, logged, or_record


@pytest.fixture(autouse=True)
def restored_logging():
    """Give the root logger its handlers back: a job takes them for its own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_everything_a_job_says_goes_to_its_log(tmp_path, capfd):
    path = tmp_path / "job.log"
    with logged(path):
        print("printed")
        print("complained", file=sys.stderr)
        log.info("logged")
    text = path.read_text(encoding="utf-8")
    assert [word in text for word in ("printed", "complained", "INFO logged")] == [True] * 3
    assert capfd.readouterr() == ("", "")


def test_a_job_that_fails_ends_with_one_line_and_keeps_the_traceback_in_its_log(tmp_path, capfd):
    path = tmp_path / "job.log"
    with pytest.raises(SystemExit) as caught, logged(path):
        raise ZeroDivisionError("by nothing")
    assert caught.value.code == 1
    assert "Traceback" in path.read_text(encoding="utf-8")
    shown = capfd.readouterr().err
    assert shown == f"ZeroDivisionError: by nothing\nlog: {path}\n"


def test_an_interrupted_job_ends_at_once_with_one_line_and_no_other_program_does(tmp_path):
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[1]);"
        "from igfmood.jobs import logged\n"
        "with logged(sys.argv[2]): os.kill(os.getpid(), signal.SIGINT)"
    )
    package = str(Path(__file__).parents[2] / "workflow")
    done = subprocess.run(
        [sys.executable, "-c", code, package, str(tmp_path / "association.clinic.log")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "association.clinic: interrupted\n")
    before = signal.getsignal(signal.SIGINT)
    with logged(tmp_path / "job.log"):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_is_not_swallowed(tmp_path):
    with pytest.raises(KeyboardInterrupt), logged(tmp_path / "job.log"):
        raise KeyboardInterrupt


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DataError("the table is empty"), "the table is empty"),
        (KeyError("bmi"), "KeyError: 'bmi'"),
        (AssertionError("2 rows are in no account"), "AssertionError: 2 rows are in no account"),
    ],
)
def test_a_failure_of_the_data_is_recorded_and_the_study_goes_on(error, reason, caplog):
    recorded = []
    or_record(raising(error), recorded.append)
    assert recorded == [reason]
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("error", [OSError("disk full"), PermissionError("no"), MemoryError()])
def test_trouble_with_the_machine_ends_the_job(error):
    recorded = []
    with pytest.raises(type(error)):
        or_record(raising(error), recorded.append)
    assert recorded == []


def test_work_that_succeeds_records_nothing():
    done, recorded = [], []
    or_record(lambda: done.append(1), recorded.append)
    assert (done, recorded) == ([1], [])


def test_a_failure_while_recording_is_not_hidden():
    with pytest.raises(OSError, match="disk full"):
        or_record(raising(DataError("bad")), lambda reason: raising(OSError("disk full"))())
