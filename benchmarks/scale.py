"""How a study grows: time and memory of its rules with ten to a hundred times as many people.

Takes: how many people each of the five cohorts has, several times; how often.
Gives: its part of ``benchmarks/results.json``, and the tables between its marks of
``benchmarks/README.md``; sizes that were measured before and are not named stay as they are.

Run with ``python benchmarks/scale.py 2000 20000 100000 200000 --runs 5``. The cohorts are made by
`igfmood simulate --scale`; each run is one in a fresh temporary copy, on two cores, with 20
imputations and 2,000 bootstrap samples of predictions. A slope is that of log time, or log memory,
on log people: 1 is proportional. It fails where one is steeper than 1.1.
"""

import argparse
import csv
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from again import add_cohort, run_study
from plot import draw
from run import (
    CORES,
    README,
    RESULTS,
    between_marks,
    copy_study,
    machine,
    shown,
    spread,
    write_results,
)

BEGIN, END = "<!-- scale: begin -->", "<!-- scale: end -->"
#: Every stage, as by default but for 20 imputations and 2,000 samples for intervals; once through
#: the folds, as chance is small in a large study; and one world of each kind.
SETTINGS = {
    "resampling": {"repeats": 1, "permutations": 20, "bootstrap": 50, "intervals": 2000},
    "operating": {"worlds": 1},
    "imputation": {"m": 20},
}
#: Largest study to which a sixth cohort is added: it takes half as long again.
_ADDED_TO = 20_000
#: Slopes are told from this size on: in smaller studies much of the time is the start of Python.
_SLOPES_FROM = 20_000
#: Jobs shorter than this are mostly the start of Python: no slope is told of them.
_MEASURED_FROM_S = 3.0
#: No slope may be steeper.
_STEEPEST = 1.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("people", type=int, nargs="+", help="people of each cohort")
    parser.add_argument("--runs", type=int, default=1, help="runs of each size (default: 1)")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs must be 1 or more")
    sizes = known_sizes()
    for people in sorted(set(arguments.people)):
        sizes[people] = measured(people, arguments.runs)
    found = [sizes[people] for people in sorted(sizes)]
    summary = {"machine": machine(), "cores": CORES, "settings": SETTINGS, "sizes": found}
    write_results({"scale": summary | {"slopes": slopes(found)}})
    text = between_marks(README.read_text("utf-8"), tables(found), BEGIN, END)
    README.write_text(text, encoding="utf-8")
    draw()
    print(f"Wrote {RESULTS} and {README}")
    steep = [f"{name} {slope}" for name, slope in slopes(found).items() if slope > _STEEPEST]
    if steep:
        sys.exit(f"steeper than {_STEEPEST}: {', '.join(steep)}")


def known_sizes() -> dict[int, dict[str, Any]]:
    """Return what was measured before, on this kind of machine with these settings, by people."""
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {}
    before = results.get("scale", {})
    same = {"machine": machine(), "cores": CORES, "settings": SETTINGS}
    if any(before.get(key) != value for key, value in same.items()):
        return {}
    return {size["people"]: size for size in before["sizes"]}


def measured(people: int, runs: int) -> dict[str, Any]:
    """Return what studies with cohorts of so many people, and their rules, took: medians, ranges.

    A sixth cohort is added to the first of them.
    """
    found = [once(people, add=run == 0 and people <= _ADDED_TO) for run in range(runs)]
    rules = {
        name: {
            key: spread(run["rules"][name][key] for run in found)
            for key in ("wall_s", "max_rss_mb")
        }
        for name in found[0]["rules"]
    }
    return {
        "people": people, "runs": runs, "wall_s": spread(run["wall_s"] for run in found),
        "peak_mb": spread(run["peak_mb"] for run in found), "rules": rules,
        "added_share": found[0]["added_share"],
    }  # fmt: skip


def once(people: int, add: bool) -> dict[str, Any]:
    """Run the study with cohorts of so many people; return what it and its rules took."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_study(folder)
        made = [sys.executable, "-m", "igfmood.cli", "simulate", "data_synthetic"]
        environment = {**os.environ, "PYTHONPATH": "workflow"}
        subprocess.run(
            [*made, "--scale", str(people)], cwd=folder, env=environment, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        path = folder / "config/config.yaml"
        config = yaml.safe_load(path.read_text("utf-8")) | SETTINGS
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        start = time.perf_counter()
        peak = watched(
            [sys.executable, "-m", "snakemake", "--cores", str(CORES), "--nocolor"], folder
        )
        wall = time.perf_counter() - start
        rules = rules_of(folder / "results/synthetic/benchmarks")
        added = added_to(folder, people) if add else None
    print(f"5 × {people:,} people: {wall:.0f} s, {peak / 1024:.1f} GB", flush=True)
    share = None if added is None else round(added / wall, 2)
    return {"wall_s": wall, "peak_mb": peak, "rules": rules, "added_share": share}


def added_to(folder: Path, people: int) -> float:
    """Add a sixth cohort of as many people to a finished study; return seconds of the run."""
    add_cohort(folder, people)
    return run_study(folder, CORES)


def watched(command: list[str], folder: Path) -> float:
    """Run a command to its end; return the largest memory of all its processes at once, in MB."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with (folder / "console.txt").open("wb") as console:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=console, stderr=subprocess.STDOUT
        )
        peak = [0.0]
        thread = threading.Thread(target=_watch, args=(process, peak))
        thread.start()
        code = process.wait()
        thread.join()
    if code:
        sys.exit(f"the study did not finish:\n{(folder / 'console.txt').read_text()[-4000:]}")
    return peak[0]


def _watch(process: "subprocess.Popen[bytes]", peak: list[float]) -> None:
    """Note the memory of a process and its descendants (proportional set size) while it runs."""
    import psutil

    while process.poll() is None:
        total = 0
        try:
            parent = psutil.Process(process.pid)
            for one in [parent, *parent.children(recursive=True)]:
                try:
                    total += one.memory_full_info().pss
                except psutil.Error:
                    continue
        except psutil.Error:
            continue
        peak[0] = max(peak[0], total / 2**20)
        time.sleep(0.5)


def rules_of(benchmarks: Path) -> dict[str, dict[str, float]]:
    """Return, by rule, the longest job's time and the largest memory."""
    found: dict[str, dict[str, float]] = {}
    for path in sorted(benchmarks.rglob("*.tsv")):
        with path.open(encoding="utf-8") as stream:
            row = next(csv.DictReader(stream, delimiter="\t"))
        mine = found.setdefault(path.stem.split(".")[0], {"wall_s": 0.0, "max_rss_mb": 0.0})
        mine["wall_s"] = max(mine["wall_s"], float(row["s"]))
        if row["max_rss"] not in ("-", "NA"):
            mine["max_rss_mb"] = max(mine["max_rss_mb"], float(row["max_rss"]))
    return found


def slopes(found: list[dict[str, Any]]) -> dict[str, float]:
    """Return the slopes of log time on log people of the study and its rules, and of its memory.

    From the first large size to the largest.
    """
    large = [one for one in found if one["people"] >= _SLOPES_FROM]
    if len(large) < 2:
        return {}
    first, last = large[0], large[-1]
    times = {"whole study": (first["wall_s"], last["wall_s"])} | {
        rule: (took["wall_s"], last["rules"][rule]["wall_s"])
        for rule, took in first["rules"].items()
        if took["wall_s"]["median"] >= _MEASURED_FROM_S
    }
    pairs = times | {"memory": (first["peak_mb"], last["peak_mb"])}
    ratio = math.log(last["people"] / first["people"])
    return {
        name: round(math.log(b["median"] / a["median"]) / ratio, 2)
        for name, (a, b) in pairs.items()
    }


def tables(found: list[dict[str, Any]]) -> str:
    """Return the measurements as Markdown."""
    on = machine()
    steep = {name: f"{slope:.2f}" for name, slope in slopes(found).items()}

    def row(name: str, cells: Iterable[str], slope: str = "–") -> str:
        return f"| {name} | {' | '.join(cells)} | {slope} |"

    lines = [
        f"Medians (ranges of more than one run) on {CORES} of {on['cores_of_the_machine']} cores "
        f"({on['cpu']}), "
        f"Python {on['python']}, Snakemake {on['snakemake']}. Of a rule: seconds of its longest "
        "job; its largest memory, MB.",
        "",
        row("people", (f"5 × {one['people']:,}" for one in found), "slope"),
        row("---", ["---"] * len(found), "---"),
        row("runs", (str(one["runs"]) for one in found)),
        row("whole study, s", (shown(one["wall_s"], 0) for one in found),
            steep.get("whole study", "–")),
        row("memory of all processes, MB", (shown(one["peak_mb"], 0) for one in found),
            steep.get("memory", "–")),
        row("after a sixth cohort, share of the first run", (
            "–" if one["added_share"] is None else f"{one['added_share']:.2f}" for one in found
        )),
    ]  # fmt: skip
    for rule in found[-1]["rules"]:
        cells = (
            f"{one['rules'][rule]['wall_s']['median']:.1f}; "
            f"{one['rules'][rule]['max_rss_mb']['median']:,.0f}"
            for one in found
        )
        lines.append(row(f"`{rule}`", cells, steep.get(rule, "–")))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
