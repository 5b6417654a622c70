"""Whether the numbers keep their promises: bias and coverage on simulated cohorts of known truth.

Takes: how many replicates, and how many processes.
Gives: ``docs/calibration.md``.

Run with ``make calibrate`` or ``python benchmarks/calibrate.py``. The numbers do not depend on the
number of processes; ``--only`` and ``--replicates`` print the table and leave the file alone.
"""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from calibration.document import document, table
from calibration.registry import WORLDS, Line, lines, replicates
from calibration.world import World

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "calibration.md"
#: Replicates that a process does at a time.
BLOCK = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, help="of every world (default: its own number)")
    parser.add_argument("--processes", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--only", nargs="+", metavar="WORLD", help="names of worlds")
    arguments = parser.parse_args()
    names = [world.name for world in WORLDS]
    unknown = sorted(set(arguments.only or []) - set(names))
    if unknown:
        parser.error(f"no worlds {unknown}; there are {names}")
    if min(arguments.replicates or 2, arguments.processes + 1) < 2:
        parser.error("--replicates must be 2 or more, --processes 1 or more")
    worlds = [world for world in WORLDS if not arguments.only or world.name in arguments.only]
    found = [
        line
        for _, several in sorted(measure(worlds, arguments.replicates, arguments.processes))
        for line in several
    ]
    print("\n" + "\n".join(table(found)))
    if arguments.only or arguments.replicates:
        return
    PAGE.write_text(document(WORLDS, found), encoding="utf-8")
    print(f"Wrote {PAGE}")


def measure(
    worlds: Sequence[World], fixed: int | None, processes: int
) -> Iterator[tuple[int, Sequence[Line]]]:
    """Yield position and lines of every world as it is done, and print how far it is."""
    # Of the processes started below: each has one core, whatever BLAS would like.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    start = time.perf_counter()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        place: dict[Future[np.ndarray], tuple[int, int]] = {}
        parts: dict[int, dict[int, np.ndarray]] = {}
        waiting: dict[int, int] = {}
        for number, world in enumerate(worlds):
            total = fixed or world.replicates
            for first in range(0, total, BLOCK):
                last = min(first + BLOCK, total)
                place[pool.submit(replicates, world.name, first, last)] = number, first
                waiting[number] = waiting.get(number, 0) + 1
        done = 0
        for block in as_completed(list(place)):
            number, first = place.pop(block)
            parts.setdefault(number, {})[first] = block.result()
            waiting[number] -= 1
            if waiting[number]:
                continue
            done += 1
            seconds = time.perf_counter() - start
            print(f"{done} of {len(worlds)}: {worlds[number].name}, {seconds:.0f} s", flush=True)
            whole = np.concatenate([part for _, part in sorted(parts.pop(number).items())], axis=1)
            yield number, lines(worlds[number], whole)


if __name__ == "__main__":
    main()
