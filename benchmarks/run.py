"""Time and memory of every rule of the default study, from a cold start and when it is run again.

Takes: the repository; the number of runs.
Gives: its part of ``benchmarks/results.json``, and the tables between its marks of
``benchmarks/README.md``.

Run with ``make bench`` or ``python benchmarks/run.py --runs 5``. Each run happens in a fresh
temporary copy, on two cores; nothing of the working tree is used or changed but the two files.
"""

import argparse
import csv
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from again import add_cohort, run_study
from plot import draw

ROOT = Path(__file__).resolve().parents[1]
RESULTS, README = ROOT / "benchmarks" / "results.json", ROOT / "benchmarks" / "README.md"
PARTS = ("Snakefile", "environment.yml", "workflow", "config", "data_synthetic")
CORES = 2
#: Rows of the large cohorts, and how often each is normalised.
SIZES = (50_000, 500_000)
SIZE_RUNS = 3
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

#: Added to the copy's `jobs.py`: CPU seconds between the end of a job's imports and its end, of the
#: job and of the processes that share its work.
STOPWATCH = '''

_logged = logged


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """As before, and write how much CPU the work took, without start and imports.

    Processes that share the work are forked after the imports: theirs is work alone.
    """
    start = sum(os.times()[:4])
    with _logged(path):
        yield
    Path(path).with_suffix(".cpu").write_text(str(sum(os.times()[:4]) - start))
'''

Run = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="cold runs (default: 5)")
    runs = parser.parse_args().runs
    if runs < 1:
        parser.error("--runs must be 1 or more")
    measured = []
    for number in range(1, runs + 1):
        measured.append(cold_run())
        print(f"run {number} of {runs}: {measured[-1]['wall_s']:.1f} s")
    summary = {
        "machine": machine(),
        "runs": runs,
        "total": {
            name: spread(run.get(name) for run in measured)
            for name in (
                "wall_s",
                "cpu_s",
                "analysis_cpu_s",
                "outside_share",
                "warm_s",
                "added_s",
                "added_share",
            )
        },
        "rules": rules(measured),
        "kernels_ms": kernels(),
        "sizes": sizes(),
    }
    write_results(summary)
    text = between_marks(README.read_text("utf-8"), tables(summary), BEGIN, END)
    README.write_text(text, encoding="utf-8")
    draw()
    print(f"Wrote {RESULTS} and {README}")


def cold_run() -> Run:
    """Run the default study in a fresh copy, again, and with a sixth cohort; return its times."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_study(folder)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall = run_study(folder, CORES)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        jobs = job_times(folder / "results" / "synthetic")
        again = {"warm_s": run_study(folder, CORES)}
        add_cohort(folder)
        again["added_s"] = run_study(folder, CORES)
        again["added_share"] = again["added_s"] / wall
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    analysis = sum(job["analysis_cpu_s"] or 0.0 for job in jobs)
    return {
        "wall_s": wall, "cpu_s": cpu, "analysis_cpu_s": analysis,
        "outside_share": 1 - analysis / cpu, "jobs": jobs, **again,
    }  # fmt: skip


def copy_study(folder: Path) -> None:
    """Copy what a run needs, and put a stopwatch into the copy."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".mypy_cache", "*.egg-info")
            shutil.copytree(source, folder / part, ignore=ignored)
        else:
            shutil.copy2(source, folder / part)
    with (folder / "workflow" / "igfmood" / "jobs.py").open("a", encoding="utf-8") as stream:
        stream.write(STOPWATCH)


def job_times(results: Path) -> list[dict[str, Any]]:
    """Read Snakemake's benchmark file of every job, and the stopwatch's."""
    jobs = []
    for path in sorted((results / "benchmarks").glob("*.tsv")):
        with path.open(encoding="utf-8") as stream:
            row = next(csv.DictReader(stream, delimiter="\t"))
        stopwatch = results / "logs" / f"{path.stem}.cpu"
        jobs.append(
            {
                "job": path.stem, "rule": path.stem.split(".")[0], "wall_s": number(row["s"]),
                "cpu_s": number(row["cpu_time"]), "max_rss_mb": number(row["max_rss"]),
                "analysis_cpu_s": float(stopwatch.read_text()) if stopwatch.is_file() else None,
            }
        )  # fmt: skip
    return jobs


def number(text: str) -> float | None:
    """Return a measurement; Snakemake writes NA for a job too short to be looked at."""
    return None if text in ("NA", "-") else float(text)


def spread(values: Iterable[float | None]) -> dict[str, float] | None:
    """Return median, smallest and largest; None if nothing was measured."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    found = {"median": median(known), "min": min(known), "max": max(known)}
    return {name: round(value, 3) for name, value in found.items()}


def rules(measured: list[Run]) -> dict[str, dict[str, Any]]:
    """Return, by rule, jobs in a run and the spread over all its jobs in all runs."""
    jobs = [job for run in measured for job in run["jobs"]]
    found: dict[str, dict[str, Any]] = {}
    for rule in dict.fromkeys(job["rule"] for job in jobs):
        mine = [job for job in jobs if job["rule"] == rule]
        found[rule] = {"jobs": len(mine) // len(measured)} | {
            name: spread(job[name] for job in mine)
            for name in ("wall_s", "cpu_s", "analysis_cpu_s", "max_rss_mb")
        }
    return found


def kernels() -> dict[str, float]:
    """Run `kernels.py`; return milliseconds by kernel."""
    done = subprocess.run(
        [sys.executable, "benchmarks/kernels.py"], cwd=ROOT, check=True, capture_output=True,
        text=True, env={**os.environ, "PYTHONPATH": "workflow"},
    )  # fmt: skip
    lines = [line.rsplit(maxsplit=2) for line in done.stdout.splitlines()]
    return {" ".join(name.split()): float(value) for name, value, _ in lines}


def sizes() -> list[dict[str, float]]:
    """Run `size.py`; return rows, times and memory of each size, medians of `SIZE_RUNS` runs."""
    command = [sys.executable, "benchmarks/size.py", *map(str, SIZES)]
    environment = {**os.environ, "PYTHONPATH": "workflow"}
    found: list[list[dict[str, float]]] = []
    for _ in range(SIZE_RUNS):
        done = subprocess.run(
            command, cwd=ROOT, check=True, capture_output=True, text=True, env=environment
        )
        found.append([json.loads(line) for line in done.stdout.splitlines()])
    return [
        {key: median(run[key] for run in same) for key in same[0]}
        for same in zip(*found, strict=True)
    ]


def machine() -> dict[str, Any]:
    """Return what the numbers were measured on."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores_of_the_machine": os.cpu_count(),
        "cores_used": CORES,
        "system": platform.system(),
        "python": platform.python_version(),
        "snakemake": version("snakemake"),
    }


def tables(summary: dict[str, Any]) -> str:
    """Return the measurements as Markdown."""
    on, total = summary["machine"], summary["total"]
    lines = [
        f"{summary['runs']} cold run(s) on {on['cores_used']} of {on['cores_of_the_machine']} "
        f"cores ({on['cpu']}), {on['system']}, Python {on['python']}, "
        f"Snakemake {on['snakemake']}.",
        "",
        "| whole study | median (range) |",
        "| --- | --- |",
        f"| wall time, s | {shown(total['wall_s'])} |",
        f"| CPU time of all processes, s | {shown(total['cpu_s'])} |",
        f"| CPU time of the analysis, s | {shown(total['analysis_cpu_s'])} |",
        f"| share of CPU outside the analysis | {shown(total['outside_share'], 2)} |",
        f"| wall time of a run with nothing new, s | {shown(total['warm_s'])} |",
        f"| wall time after a sixth cohort was added, s | {shown(total['added_s'])} |",
        f"| the same, as a share of the first run | {shown(total['added_share'], 2)} |",
        "",
        "| rule | jobs | wall, s | CPU, s | of it analysis, s | max RSS, MB |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for rule, row in summary["rules"].items():
        cells = [shown(row[name]) for name in ("wall_s", "cpu_s")]
        cells += [shown(row["analysis_cpu_s"], 2), shown(row["max_rss_mb"], 0)]
        lines.append(f"| `{rule}` | {row['jobs']} | " + " | ".join(cells) + " |")
    lines += ["", "| kernel | ms |", "| --- | --- |"]
    lines += [f"| {name} | {value:.2f} |" for name, value in summary["kernels_ms"].items()]
    lines += [
        "",
        "| rows × columns | read, mapped, scored, excluded, normalised: wall, s | CPU, s "
        "| peak memory, MB |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {size['rows']:,.0f} × {size['columns']:.0f} | {size['wall_s']:.1f} "
        f"| {size['cpu_s']:.1f} | {size['max_rss_mb']:,.0f} |"
        for size in summary["sizes"]
    ]
    return "\n".join(lines)


def shown(found: dict[str, float] | None, digits: int = 1) -> str:
    """Return median and range, as in 2.3 (1.1–2.4)."""
    if found is None:
        return "not measured"
    middle, low, high = (f"{found[name]:,.{digits}f}" for name in ("median", "min", "max"))
    return middle if low == high else f"{middle} ({low}–{high})"


def write_results(measured: dict[str, Any]) -> None:
    """Renew these entries of the results; another benchmark's stay as they are."""
    known = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {}
    RESULTS.write_text(json.dumps(known | measured, indent=2) + "\n", encoding="utf-8")


def between_marks(text: str, new: str, begin: str, end: str) -> str:
    """Return the text with what is between the marks replaced."""
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        sys.exit(f"the marks {begin} and {end} are not in benchmarks/README.md")
    return f"{before}{begin}\n\n{new}\n\n{end}{after}"


if __name__ == "__main__":
    main()
