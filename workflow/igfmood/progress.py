"""How far a long job is: a line in the console and the log every ten seconds.

Takes what is being done, of how many parts it is and each part that is finished; gives lines such
as ``association.clinic: imputing, 7 of 20, about 40 s left``.

An alarm of the operating system interrupts the work for a line: no thread is needed, which the
processes that share the work could not be forked beside.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

#: Seconds between two lines; a job that ends before says nothing.
EVERY = 10.0
#: Share of the parts from which the time left is told.
_TOLD_FROM = 0.1
#: Seconds from which the time left is told in minutes.
_MINUTES = 100


@dataclass
class Stage:
    """What is being done; `total` is 0 where nobody knows of how many parts it is."""

    what: str
    total: int = 0
    done: int = 0
    began: float = field(default_factory=time.monotonic)

    def advance(self) -> None:
        """Say that one more part is done."""
        self.done += 1

    def line(self) -> str:
        """Return how far it is, in words.

        The time left is what the parts so far have taken, for those that remain; of the first few
        parts nobody knows whether they are like the rest.
        """
        elapsed = time.monotonic() - self.began
        counted = f"{self.what}, {self.done} of {self.total}" if self.total else self.what
        if not self.done or self.done < _TOLD_FROM * self.total:
            return f"{counted}, {_span(elapsed)} so far"
        return f"{counted}, about {_span(elapsed * (self.total - self.done) / self.done)} left"


#: Stages that have begun and not ended; one within another says nothing.
_open: list[Stage] = []


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _MINUTES else f"{seconds / 60:.0f} min"


@contextmanager
def stage(what: str, total: int = 0) -> Iterator[Stage]:
    """Say what is being done until the end of this context.

    Parameters
    ----------
    what
        In words, such as ``imputing``.
    total
        Of how many parts it is; 0 where nobody knows.
    """
    _open.append(Stage(what, total))
    try:
        yield _open[-1]
    finally:
        _open.pop()


@contextmanager
def told(job: str, *files: int, every: float = EVERY) -> Iterator[None]:
    """Write a line on the progress of a job now and then, as long as it runs.

    Parameters
    ----------
    job
        Its name, at the front of every line.
    *files
        Descriptors of open files that the lines are written to.
    every
        Seconds between two lines.
    """
    whole = Stage("at work")

    def tell(number: int, frame: FrameType | None) -> None:
        current = _open[0] if _open else whole
        text = f"{job}: {current.line()}\n".encode()
        for file in files:
            # A console that is gone or a disk that is full must not end the work.
            with suppress(OSError):
                os.write(file, text)

    before = signal.signal(signal.SIGALRM, tell)
    signal.setitimer(signal.ITIMER_REAL, every, every)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
