"""A study from its file to its predictions, beside the R packages a biostatistician would take.

Takes: how often; numbers of people; Rscript with the packages of ``r/stack_*.R``.
Gives: its part of ``benchmarks/results.json``, and the tables between its marks of
``benchmarks/README.md``. It fails where the two disagree.

Run with ``python benchmarks/stack.py --runs 5 --sizes 5000 100000``. In every run R and igfmood
take turns, stage by stage, on the same tables, each with one thread, timed inside the process.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from plot import draw
from run import README, RESULTS, ROOT, between_marks, machine, shown, spread, write_results
from stack_data import OUTCOMES, TABLES, write_inputs

SIZES = (5_000, 100_000)
#: Up to so many people every step is done once before it is timed, on both sides, and a run takes
#: so little that five of them are the default; beyond, three.
SMALL = 10_000
RUNS, LARGE_RUNS = 5, 3
BEGIN, END = "<!-- stack: begin -->", "<!-- stack: end -->"
STAGES = {
    "cohort": "read and derive", "normalise": "normalise", "impute": "impute",
    "associate": f"associate, {TABLES} tables", "survey": "survey",
    "pool": f"pool, {OUTCOMES} outcomes", "predict": "predict",
}  # fmt: skip

Turn = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Step:
    """One piece of work, and how near the numbers of R and igfmood must be.

    Parameters
    ----------
    stage, name, words
        Where it belongs, its name in both programs, and what it is.
    relative, absolute
        Tolerance of every number, where both compute the same thing.
    apart
        Largest root mean square difference, where the methods differ.
    draws
        Both draw random numbers: numbers come in pairs with their Monte Carlo errors, and may
        differ by five of those of the difference.
    """

    stage: str
    name: str
    words: str
    relative: float = 1e-6
    absolute: float = 1e-9
    apart: float | None = None
    draws: bool = False

    def disagreement(self, r: np.ndarray, ours: np.ndarray) -> str:
        """Say how the numbers differ, empty where they agree."""
        if r.shape != ours.shape:
            return f"{r.size} numbers in R, {ours.size} in igfmood"
        if not np.array_equal(np.isfinite(r), np.isfinite(ours)):
            return "not the same numbers are missing"
        known = np.isfinite(r)
        if self.draws:
            difference, error = np.abs(r - ours)[::2], np.maximum(r, ours)[1::2]
            most = float((difference / error).max()) / np.sqrt(2)
            return "" if most <= 5 else f"{most:.1f} Monte Carlo errors apart"
        difference = np.abs(r[known] - ours[known])
        if self.apart is not None:
            rms = float(np.sqrt(np.mean(difference**2)))
            return "" if rms <= self.apart else f"root mean square difference {rms:.3g}"
        excess = difference - self.absolute - self.relative * np.abs(r[known])
        place = int(excess.argmax())
        if excess[place] <= 0:
            return ""
        return f"R gives {r[known][place]:.10g}, igfmood {ours[known][place]:.10g} (place {place})"


#: glm and its kin stop at 1e-8 of the deviance and keep the information of the step before: their
#: standard errors have five digits, and degrees of freedom, which go with the fourth power, four.
STOPPED = 2e-4
STEPS = (
    Step("cohort", "derive", "CSV to participants: mapped, checked, scored, coded, excluded", 0, 0),
    Step("normalise", "batch", "40 plates to one level and spread", apart=0.01),
    Step("normalise", "curve", "reference curve, scores of everybody", apart=0.08),
    Step("impute", "mice", f"chained equations, m = {TABLES}, 5 iterations, pmm", draws=True),
    Step("associate", "linear", "least squares, HC3"),
    Step("associate", "logistic", "logistic", STOPPED),
    Step("associate", "cox", "Cox, Efron", STOPPED),
    Step("associate", "ordinal", "proportional odds, 28 levels", STOPPED),
    Step("associate", "counts", "negative binomial", STOPPED),
    Step("survey", "prevalence", "prevalence, whole and 8 subpopulations"),
    Step("survey", "svy_linear", "linear model"),
    Step("survey", "svy_logistic", "logistic model", STOPPED),
    Step("pool", "reml", "REML, Knapp-Hartung, prediction interval", 1e-4, 1e-6),
    Step("pool", "leave_one_out", "the same without each cohort", 1e-4, 1e-6),
    Step("predict", "delong", "AUC with DeLong's interval"),
    Step("predict", "paired", "paired DeLong test"),
    Step("predict", "bootstrap", "2,000 bootstrap AUCs", draws=True),
    Step("predict", "optimism", "200 optimism replicates, logistic", draws=True),
    Step("predict", "nested", "nested cross-validation 10 × 5, elastic net", apart=0.003),
    Step("predict", "calibration", "calibration: slope, in the large, curve, Brier", STOPPED),
    Step("predict", "benefit", "net benefit of two models, 50 thresholds"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words = f"runs of each size (default: {RUNS}, and {LARGE_RUNS} beyond {SMALL:,} people)"
    parser.add_argument("--runs", type=int, help=words)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="people of the cohort")
    arguments = parser.parse_args()
    if arguments.runs is not None and arguments.runs < 1:
        parser.error("--runs must be 1 or more")
    rscript = shutil.which("Rscript")
    if rscript is None:
        sys.exit("Rscript is not on the path: install R and the packages that r/stack_*.R name")
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    sizes = []
    for n in arguments.sizes:
        runs = arguments.runs or (RUNS if n <= SMALL else LARGE_RUNS)
        with tempfile.TemporaryDirectory() as folder:
            sizes.append(measure(rscript, Path(folder), n, runs))
    found = {"machine": machine(), "sizes": sizes}
    write_results({"stack": found})
    text = between_marks(README.read_text("utf-8"), tables(found), BEGIN, END)
    README.write_text(text, encoding="utf-8")
    draw()
    print(f"Wrote {RESULTS} and {README}")


def measure(rscript: str, folder: Path, n: int, runs: int) -> dict[str, Any]:
    """Return times, ratios and numbers of every step, stage and of the whole."""
    write_inputs(folder, n)
    turns = [turn(rscript, folder, n, seed) for seed in range(1, runs + 1)]
    first = turns[0]
    steps = [
        {"stage": step.stage, "name": step.name, "words": step.words,
         **{key: first[step.name][key] for key in ("packages", "r_number", "number")},
         **times(turns, [step.name])}
        for step in STEPS
    ]  # fmt: skip
    stages = [
        {"stage": stage, **times(turns, [step.name for step in STEPS if step.stage == stage])}
        for stage in STAGES
    ]
    whole = times(turns, [step.name for step in STEPS])
    about = {name: first["about"][name] for name in ("r", "blas")}
    return {"rows": n, "runs": runs, **about, "steps": steps, "stages": stages, "whole": whole}


def times(turns: list[Turn], names: list[str]) -> dict[str, Any]:
    """Spread over the runs of the sum over these steps, and of the ratio of the sums."""
    sums = [[sum(turn[name][key] for name in names) for key in ("r_s", "s")] for turn in turns]
    return {
        "r_s": spread(r for r, _ in sums), "s": spread(ours for _, ours in sums),
        "ratio": spread(r / ours for r, ours in sums),
    }  # fmt: skip


def turn(rscript: str, folder: Path, n: int, seed: int) -> Turn:
    """Every stage once in R and once in igfmood; exits where they disagree."""
    found: Turn = {}
    scripts = ROOT / "benchmarks"
    for stage in STAGES:
        words = [str(folder), stage, str(int(n <= SMALL)), str(seed)]
        r = program([rscript, str(scripts / "r" / "stack.R"), *words])
        ours = program([sys.executable, str(scripts / "stack_ours.py"), *words])
        found["about"] = dict(zip(("r", "blas"), r.pop("about"), strict=True))
        for step in (step for step in STEPS if step.stage == stage):
            numbers = [np.fromfile(folder / f"{who}.{step.name}.bin") for who in ("r", "ours")]
            problem = step.disagreement(*numbers)
            if problem:
                sys.exit(f"{step.words}, n = {n:,}: R and igfmood disagree: {problem}")
            seconds, *packages = r[step.name]
            found[step.name] = {
                "r_s": float(seconds), "s": float(ours[step.name][0]),
                "packages": ", ".join(packages),
                **{key: float(one[0]) for key, one in zip(("r_number", "number"), numbers,
                                                          strict=True)},
            }  # fmt: skip
        mine = [step.name for step in STEPS if step.stage == stage]
        r_s, s = (sum(found[name][key] for name in mine) for key in ("r_s", "s"))
        print(f"n = {n:,}, run {seed}, {stage}: R {r_s:.3f} s, igfmood {s:.3f} s", flush=True)
    return found


def program(command: list[str]) -> dict[str, list[str]]:
    """Run one stage; return the fields of each line that it printed, by its first or second."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[1:4])} did not run:\n{done.stderr.strip()[-4000:]}")
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        kind, *fields = line.rstrip("\t").split("\t")
        if kind == "step":
            found[fields[0]] = fields[1:]
        elif kind == "about":
            found[kind] = fields
    return found


def tables(found: dict[str, Any]) -> str:
    """Return the measurements as Markdown."""
    on, sizes = found["machine"], found["sizes"]
    runs = ", ".join(f"{size['runs']} at n = {size['rows']:,}" for size in sizes)
    lines = [
        f"Runs: {runs}; one thread ({on['cpu']}), {on['system']}, Python {on['python']}, "
        f"R {sizes[0]['r']} with {sizes[0]['blas']}. Median (range).",
        "",
    ]
    head = ["R, s", "igfmood, s", "times as fast"]
    for size in sizes:
        lines += row([f"n = {size['rows']:,}", *head]) + row(["---"] * 4)
        for stage in size["stages"]:
            lines += row([STAGES[stage["stage"]], *cells(stage)])
        lines += [*row(["**the whole**", *cells(size["whole"])]), ""]
    for size in sizes:
        lines += row([f"step, n = {size['rows']:,}", "R package", *head, "both give"])
        lines += row(["---"] * 6)
        for step in size["steps"]:
            both = f"{step['r_number']:.5g}, {step['number']:.5g}"
            lines += row([step["words"], step["packages"], *cells(step), both])
        lines.append("")
    return "\n".join(lines[:-1])


def row(texts: list[str]) -> list[str]:
    return [f"| {' | '.join(texts)} |"]


def cells(times: dict[str, Any]) -> list[str]:
    """Seconds of R, seconds of igfmood, and the ratio; small ones with more digits."""
    seconds = [times[key] for key in ("r_s", "s")]
    digits = [3 if one["median"] < 1 else 1 for one in seconds]
    ratio = times["ratio"]
    return [*map(shown, seconds, digits), shown(ratio, 2 if ratio["median"] < 2 else 1)]


if __name__ == "__main__":
    main()
