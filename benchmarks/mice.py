"""Chained equations beside R's mice, and on 500,000 people.

Takes: how often; Rscript with the package mice.
Gives: its part of ``benchmarks/results.json``, and the tables between its marks of
``benchmarks/README.md``; with ``--profile``, only a printed table of where the time goes.

Run with ``python benchmarks/mice.py --runs 3``. In every run the programs take turns on the same
table: mice, igfmood with one thread, igfmood with two. Seconds are of the imputation alone.
"""

import argparse
import cProfile
import os
import pstats
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from run import README, RESULTS, ROOT, between_marks, machine, shown, spread, write_results

sys.path.insert(0, str(ROOT / "workflow"))

SIZES = (5_000, 50_000)
VARIABLES, TABLES, ITERATIONS = 8, 20, 5
LARGE_ROWS, LARGE_VARIABLES, LARGE_TABLES, LARGE_ITERATIONS = 500_000, 12, 20, 10
MODELS = ("pmm", "normal", "mixed")
WORKERS = 2
MISSING = 0.2
BEGIN, END = "<!-- chained equations: begin -->", "<!-- chained equations: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default: 3)")
    parser.add_argument("--profile", action="store_true", help="where the time goes, no files")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs must be 1 or more")
    # Of the processes started below: each chain has one core, whatever BLAS would like.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        if arguments.profile:
            print("\n".join(apart(profiled)))
            return
        found = measure(Path(folder), arguments.runs)
    write_results({"chained_equations": found})
    text = between_marks(README.read_text("utf-8"), tables(found), BEGIN, END)
    README.write_text(text, encoding="utf-8")
    print(f"Wrote {RESULTS} and {README}")


def measure(folder: Path, runs: int) -> dict[str, Any]:
    """Return medians and ranges of everything."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        sys.exit("Rscript is not on the path: install R and its package mice")
    found: dict[str, Any] = {"machine": machine(), "runs": runs, "beside_mice": [], "large": []}
    for n in SIZES:
        path = folder / "table.csv"
        header = ",".join(f"x{j}" for j in range(VARIABLES))
        np.savetxt(path, people(n, VARIABLES), delimiter=",", header=header, comments="")
        # R reads "nan" as text.
        path.write_text(path.read_text("ascii").replace("nan", "NA"), encoding="ascii")
        turns = [turn(rscript, path, seed) for seed in range(1, runs + 1)]
        found |= {name: turns[0][name] for name in ("r", "mice")}
        found["beside_mice"].append({"rows": n} | summary_of_turns(turns))
        print(f"n = {n:,}: done")
    np.save(folder / "table.npy", people(LARGE_ROWS, LARGE_VARIABLES))
    for models in MODELS:
        large = [apart(large_run, folder / "table.npy", models, seed) for seed in range(runs)]
        spreads = {name: spread(run[name] for run in large) for name in large[0]}
        found["large"].append({"models": models} | spreads)
        print(f"n = {LARGE_ROWS:,}, {models}: done")
    return found


def turn(rscript: str, path: Path, seed: int) -> dict[str, Any]:
    """Impute the same table with mice, and with one and two threads of igfmood."""
    found = r_mice(rscript, path, seed)
    one = apart(timed, path, 1, seed)
    two = apart(timed, path, WORKERS, seed)
    return found | {
        "one_s": one["s"], "two_s": two["s"],
        "one_ratio": found["mice_s"] / one["s"], "two_ratio": found["mice_s"] / two["s"],
        "slope": one["slope"], "se": one["se"],
    }  # fmt: skip


def summary_of_turns(turns: list[dict[str, Any]]) -> dict[str, Any]:
    """Spread of times and ratios, means of the pooled estimates."""
    spreads = ("mice_s", "one_s", "one_ratio", "two_s", "two_ratio")
    means = ("mice_slope", "mice_se", "slope", "se")
    return {name: spread(turn[name] for turn in turns) for name in spreads} | {
        name: round(mean(turn[name] for turn in turns), 5) for name in means
    }


def r_mice(rscript: str, table: Path, seed: int) -> dict[str, Any]:
    script = ROOT / "benchmarks" / "r" / "mice.R"
    settings = [str(TABLES), str(ITERATIONS), "pmm", str(seed)]
    done = subprocess.run(
        [rscript, str(script), str(table), *settings], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"mice did not run:\n{done.stderr.strip()}")
    r, mice, *numbers = done.stdout.split()
    names = ("mice_s", "mice_slope", "mice_se")
    return {"r": r, "mice": mice} | dict(zip(names, map(float, numbers), strict=True))


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do the work in a fresh process, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def people(n: int, variables: int) -> np.ndarray:
    """Normal variables, pairwise correlation 0.3, all but the first with gaps."""
    rng = np.random.default_rng(n)
    table = np.sqrt(0.7) * rng.normal(size=(n, variables)) + np.sqrt(0.3) * rng.normal(size=(n, 1))
    table[:, 1:][rng.random((n, variables - 1)) < MISSING] = np.nan
    return table


def timed(path: Path, workers: int, seed: int) -> dict[str, float]:
    from igfmood.association.models.linear import ols_hc3
    from igfmood.impute.chained import impute
    from igfmood.impute.pooling import pool
    from igfmood.impute.variables import Variable

    table = np.genfromtxt(path, delimiter=",", skip_header=1, missing_values="NA")
    start = time.perf_counter()
    found = impute(
        [Variable(f"x{j}", "pmm", column) for j, column in enumerate(table.T)],
        m=TABLES,
        iterations=ITERATIONS,
        seed=seed,
        keys=("bench",),
        workers=workers,
    )
    seconds = time.perf_counter() - start
    slopes, squares = [], []
    for index in range(TABLES):
        c = found.completed(index)
        X = np.column_stack([np.ones(len(table)), c["x0"], c["x1"]])
        fit = ols_hc3(X, c[f"x{table.shape[1] - 1}"])
        slopes.append(fit.beta[2])
        squares.append(fit.sigma**2 * np.linalg.inv(X.T @ X)[2, 2])
    pooled = pool(slopes, squares)
    return {"s": seconds, "slope": pooled.estimate, "se": pooled.se}


def large_variables(table: np.ndarray, models: Any) -> list[Any]:
    """All of one model; or 4 matched, 3 normal, 2 of two and 1 of four categories, 1 censored."""
    from igfmood.impute.variables import Variable

    if models != "mixed":
        return [Variable(f"x{j}", models, column) for j, column in enumerate(table.T)]
    kinds: list[Any] = [
        "normal",
        *["pmm"] * 4,
        *["normal"] * 3,
        *["logistic"] * 2,
        "multinomial",
        "censored",
    ]
    variables = []
    for j, (kind, values) in enumerate(zip(kinds, table.T, strict=True)):
        limit = None
        if kind == "logistic":
            values = np.where(np.isnan(values), np.nan, values > 1)
        elif kind == "multinomial":
            values = np.where(np.isnan(values), np.nan, np.digitize(values, [-1, 0, 1]))
        elif kind == "censored":
            limit = np.where(values < -1, -1.0, np.nan)
            values = np.where(values < -1, np.nan, values)
        variables.append(Variable(f"x{j}", kind, values, limit))
    return variables


def large_run(path: Path, models: str, seed: int) -> dict[str, float]:
    from igfmood.impute.chained import impute

    variables = large_variables(np.load(path), models)
    start, cpu = time.perf_counter(), time.process_time()
    impute(
        variables,
        m=LARGE_TABLES,
        iterations=LARGE_ITERATIONS,
        seed=seed,
        keys=("bench",),
        workers=WORKERS,
    )
    return {
        "wall_s": time.perf_counter() - start,
        "cpu_s": time.process_time() - cpu,
        "max_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def profiled() -> list[str]:
    """Own time of the functions that take most of one iteration, as Markdown."""
    from igfmood.impute.chained import _Chain
    from igfmood.impute.design import build_design

    variables = large_variables(people(LARGE_ROWS, LARGE_VARIABLES), "mixed")
    chain = _Chain(build_design(variables, []), np.random.default_rng(0))
    chain.iterate()
    profile = cProfile.Profile()
    profile.runcall(chain.iterate)
    stats: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    longest = sorted(stats.items(), key=lambda item: -item[1][2])[:10]
    return [
        f"One iteration of one chain, {LARGE_ROWS:,} × {LARGE_VARIABLES}, mixed:\n",
        "| function | calls | own time, ms |",
        "| --- | --- | --- |",
        *(f"| `{key[2]}` | {value[1]} | {1e3 * value[2]:.0f} |" for key, value in longest),
    ]


def tables(found: dict[str, Any]) -> str:
    """Return the measurements as Markdown."""
    on = found["machine"]
    lines = [
        f"{found['runs']} run(s) on {on['cores_used']} of {on['cores_of_the_machine']} cores "
        f"({on['cpu']}), {on['system']}, Python {on['python']}, R {found['r']}, "
        f"mice {found['mice']}. Median (range).",
        "",
        f"| {VARIABLES} variables, m = {TABLES}, {ITERATIONS} iterations, pmm "
        "| mice, s | igfmood, one thread, s | times as fast | two threads, s | times as fast |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| n = {row['rows']:,} | {shown(row['mice_s'])} | {shown(row['one_s'], 2)} "
        f"| {shown(row['one_ratio'])} | {shown(row['two_s'], 2)} | {shown(row['two_ratio'])} |"
        for row in found["beside_mice"]
    ]
    lines += [
        "",
        "| pooled slope (SE), mean of the runs | mice | igfmood |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| n = {row['rows']:,} | {row['mice_slope']:.4f} ({row['mice_se']:.4f}) "
        f"| {row['slope']:.4f} ({row['se']:.4f}) |"
        for row in found["beside_mice"]
    ]
    lines += [
        "",
        f"| n = {LARGE_ROWS:,}, {LARGE_VARIABLES} variables, m = {LARGE_TABLES}, "
        f"{LARGE_ITERATIONS} iterations, two threads | wall, s | CPU, s | max RSS, MB |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['models']} | {shown(row['wall_s'], 0)} | {shown(row['cpu_s'], 0)} "
        f"| {shown(row['max_rss_mb'], 0)} |"
        for row in found["large"]
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
