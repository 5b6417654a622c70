"""How a job reports: its log, and a cohort that failed.

Takes the log file of a rule; gives a context in which messages, warnings and tracebacks go there,
and a function that turns a cohort's failure into a result instead of the end of the study.
"""

import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TextIO, cast

from igfmood.errors import IgfmoodError
from igfmood.progress import told
from igfmood.visible import VisibleStream, indented, one_line, visible

log = logging.getLogger("igfmood")


def let_jobs_find_the_package() -> None:
    """Put the folder of this package on the path of the processes that are started from here."""
    home = str(Path(__file__).parents[1])
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if home not in known:
        os.environ["PYTHONPATH"] = os.pathsep.join([home, *filter(None, known)])


def one_thread_a_job() -> None:
    """Let the algebra of each process that is started from here use one thread.

    Jobs, and processes of a job, share the cores; threads on top of them get in each other's way
    (validation takes a tenth longer), and sums in several threads depend on their number.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def keep_private() -> None:
    """Let nobody but owner and group read the files of this process and of those it starts."""
    os.umask(os.umask(0o077) | 0o007)


class _OneLine(logging.Formatter):
    """A message is one line, whatever it quotes; a traceback below it keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line."""
        return one_line(super().formatMessage(record))


def _stop(job: str, number: int, frame: FrameType | None) -> None:
    """End a job at once that its user has interrupted: what is not written whole is no file."""
    os.write(2, f"{job}: interrupted\n".encode())
    os._exit(128 + number)


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Send everything that a job says to its log; end the job with one line if it fails."""
    with (
        open(path, "w", encoding="utf-8") as file,
        redirect_stderr(stream := cast(TextIO, VisibleStream(file))),
        redirect_stdout(stream),
        told(Path(path).stem, file.fileno(), cast(TextIO, sys.__stderr__).fileno()),
    ):
        handler = logging.StreamHandler(stream)
        handler.setFormatter(_OneLine("%(levelname)s %(message)s"))
        logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
        before = signal.signal(signal.SIGINT, partial(_stop, Path(path).stem))
        try:
            yield
        except Exception as error:
            # Lines of a message are indented: what stands in a cell makes no line of its own.
            message = indented(str(error))
            stream.write(traceback.format_exc().replace(str(error), message))
            print(f"{type(error).__name__}: {message}\nlog: {path}", file=sys.__stderr__)
            raise SystemExit(1) from error
        finally:
            signal.signal(signal.SIGINT, before)


def or_record(
    work: Callable[[], None], record: Callable[[str], None], what: str = "this cohort"
) -> None:
    """Do the work, or a part of it, of one cohort; if its data make that impossible, record why.

    Trouble with the machine (disk, memory, permissions) is no property of the cohort and ends the
    job.
    """
    try:
        work()
    except (OSError, MemoryError):
        raise
    except Exception as error:
        log.exception("%s failed", what)
        reason = (
            str(error) if isinstance(error, IgfmoodError) else f"{type(error).__name__}: {error}"
        )
        record("; ".join(visible(reason).splitlines()))
