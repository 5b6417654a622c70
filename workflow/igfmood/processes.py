"""Work spread over processes, with the same results for any number of them.

Takes pieces of work that need nothing of each other; gives what each of them returns, in order.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

from igfmood import progress

_Out = TypeVar("_Out")

#: What a process of the pool does, handed over as it is made.
_shared: Sequence[Callable[[], Any]] = ()


def do_all(what: str, work: Sequence[Callable[[], _Out]], processes: int) -> list[_Out]:
    """Do every piece of work.

    Parameters
    ----------
    what
        What is done, in words, for those who wait.
    work
        What is done, without arguments; what it returns must survive pickling.
    processes
        How many processes work; with 1, this one.

    Returns
    -------
    list
        What each returned, in the order of `work`.
    """
    with progress.stage(what, len(work)) as stage:
        if processes == 1 or len(work) < 2:
            return list(_told((piece() for piece in work), stage))
        # Forked: tables are not copied to the processes, and nothing is imported again.
        with ProcessPoolExecutor(
            min(processes, len(work)), get_context("fork"), _take, (work, os.getpid())
        ) as pool:
            futures = [pool.submit(_do, place) for place in range(len(work))]
            for future in futures:
                future.add_done_callback(lambda done: stage.advance())
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _told(results: Iterable[_Out], stage: progress.Stage) -> Iterator[_Out]:
    for result in results:
        stage.advance()
        yield result


def _take(work: Sequence[Callable[[], Any]], parent: int) -> None:
    global _shared
    _shared = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that made it answers its user
    _end_with(parent)


def _end_with(parent: int) -> None:
    """Let this process be killed with the one that made it: nobody would take what it returns.

    Known to Linux alone (prctl(2), PR_SET_PDEATHSIG); elsewhere it waits until it is ended.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:  # it died before that was said
            os._exit(1)


def _do(place: int) -> Any:
    return _shared[place]()
