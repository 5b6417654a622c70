"""The kernels of prediction beside pROC, rms, glmnet, glm and sandwich, in the same run.

Takes: how often; Rscript with these packages.
Gives: its part of ``benchmarks/results.json``, and the table between its marks of
``benchmarks/README.md``.

Run with ``python benchmarks/prediction.py --runs 5``. In every run R and igfmood take turns on the
same table, each with one thread, timed inside the process. Without R it stops and says so.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from run import README, RESULTS, ROOT, between_marks, machine, shown, spread, write_results

sys.path.insert(0, str(ROOT / "workflow"))

BEGIN, END = "<!-- prediction: begin -->", "<!-- prediction: end -->"


@dataclass(frozen=True)
class Kernel:
    """One piece of work: its size, and how often R and we repeat it within a run."""

    job: str
    words: str
    n: int
    p: int
    r_times: int
    times: int


KERNELS = (
    Kernel("delong", "AUC with DeLong's interval", 50_000, 8, 5, 50),
    Kernel("paired", "paired DeLong test", 50_000, 8, 3, 20),
    Kernel("bootstrap", "2,000 bootstrap AUCs", 5_000, 8, 1, 5),
    Kernel("logistic", "logistic fit, 8 covariates", 5_000, 8, 20, 100),
    Kernel("hc3", "least squares with HC3", 50_000, 8, 3, 50),
    Kernel("optimism", "200 optimism replicates, logistic", 5_000, 8, 1, 3),
    Kernel("nested", "nested cross-validation 10 × 5, elastic net", 5_000, 30, 1, 2),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="runs of each (default: 5)")
    runs = parser.parse_args().runs
    if runs < 1:
        parser.error("--runs must be 1 or more")
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    rscript = shutil.which("Rscript")
    if rscript is None:
        sys.exit("Rscript is not on the path: install R with pROC, rms, glmnet and sandwich")
    with tempfile.TemporaryDirectory() as folder:
        found = [measure(kernel, rscript, Path(folder), runs) for kernel in KERNELS]
        whole = pipeline() | {"external": external(rscript, Path(folder))}
    write_results({"prediction": {"machine": machine(), "runs": runs, "kernels": found} | whole})
    text = between_marks(README.read_text("utf-8"), table(found, whole, runs), BEGIN, END)
    README.write_text(text, encoding="utf-8")
    print(f"Wrote {RESULTS} and {README}")


def people(n: int, p: int) -> dict[str, np.ndarray]:
    """Outcome, two scores and p predictors of n people, from a fixed seed."""
    rng = np.random.default_rng(n + p)
    x = rng.normal(size=(n, p))
    risk = 1 / (1 + np.exp(-(0.7 * x[:, 0] - 0.3 * x[:, 1] - 0.8)))
    y = (rng.random(n) < risk).astype(float)
    score = x[:, 0] + rng.normal(size=n)
    other = x[:, 0] + 1.5 * rng.normal(size=n)
    total = x[:, 0] + rng.normal(size=n) * (1 + 0.3 * np.abs(x[:, 1]))
    return {"y": y, "score": score, "other": other, "total": total, "x": x}


def measure(kernel: Kernel, rscript: str, folder: Path, runs: int) -> dict[str, Any]:
    data = people(kernel.n, kernel.p)
    path = folder / "table.csv"
    columns = [data[name] for name in ("y", "score", "other", "total")]
    names = ["y", "score", "other", "total", *(f"x{j}" for j in range(kernel.p))]
    whole = np.column_stack([*columns, data["x"]])
    np.savetxt(path, whole, delimiter=",", header=",".join(names), comments="")
    ours = OURS[kernel.job](data)
    turns = []
    for _ in range(runs):
        r = in_r(rscript, path, kernel)
        number, seconds = timed(ours, kernel.times)
        turns.append(
            r | {"ms": 1e3 * seconds, "ratio": r["r_ms"] / 1e3 / seconds, "number": number}
        )
    print(f"{kernel.words}: done")
    first = turns[0]
    return {
        "job": kernel.job, "words": kernel.words, "n": kernel.n, "package": first["package"],
        "r": first["r"], "r_number": first["r_number"], "number": first["number"],
        **{name: spread(turn[name] for turn in turns) for name in ("r_ms", "ms", "ratio")},
    }  # fmt: skip


def in_r(rscript: str, path: Path, kernel: Kernel) -> dict[str, Any]:
    script = ROOT / "benchmarks" / "r" / "prediction.R"
    done = subprocess.run(
        [rscript, str(script), str(path), kernel.job, str(kernel.r_times)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{kernel.job} did not run in R:\n{done.stderr.strip()}")
    r, package, version, seconds, number = done.stdout.split()[-5:]
    return {
        "r": r, "package": f"{package} {version}", "r_ms": 1e3 * float(seconds),
        "r_number": float(number),
    }  # fmt: skip


def timed(work: Callable[[], float], times: int) -> tuple[float, float]:
    number = work()
    start = time.perf_counter()
    for _ in range(times):
        work()
    return float(number), (time.perf_counter() - start) / times


def _delong(data: dict[str, np.ndarray]) -> Callable[[], float]:
    from igfmood.performance.metrics.discrimination import auc_delong, auc_interval

    def work() -> float:
        found = auc_delong(data["y"], data["score"])
        return auc_interval(float(found.auc[0]), float(found.se[0]))[0]

    return work


def _paired(data: dict[str, np.ndarray]) -> Callable[[], float]:
    from igfmood.performance.metrics.auc_difference import delta_auc
    from igfmood.performance.metrics.discrimination import auc_delong

    scores = np.column_stack([data["score"], data["other"]])
    return lambda: delta_auc(auc_delong(data["y"], scores), 0, 1).p


def _bootstrap(data: dict[str, np.ndarray]) -> Callable[[], float]:
    from igfmood.performance.metrics.rank_resampling import auc_of_counts, resample_ranks

    def work() -> float:
        measures = {"auc": auc_of_counts}
        rng = np.random.default_rng(1)
        found = resample_ranks(data["y"], data["score"], measures, 2000, rng)
        return float(np.quantile(found["auc"], 0.025))

    return work


def _logistic(data: dict[str, np.ndarray]) -> Callable[[], float]:
    from igfmood.association.models.logistic import fit_logistic

    design = np.column_stack([np.ones(len(data["y"])), data["x"]])
    return lambda: float(fit_logistic(design, data["y"]).coef[1])


def _hc3(data: dict[str, np.ndarray]) -> Callable[[], float]:
    from igfmood.association.models.linear import ols_hc3

    design = np.column_stack([np.ones(len(data["y"])), data["x"]])
    return lambda: float(np.sqrt(ols_hc3(design, data["total"]).cov[1, 1]))


def _optimism(data: dict[str, np.ndarray]) -> Callable[[], float]:
    from scipy.special import expit

    from igfmood.association.models.logistic import fit_logistic
    from igfmood.performance.metrics.discrimination import auc
    from igfmood.performance.metrics.optimism import correct_optimism

    y = data["y"]
    design = np.column_stack([np.ones(len(y)), data["x"]])
    start = fit_logistic(design, y).coef

    def learn(rows: np.ndarray) -> np.ndarray:
        return expit(design @ fit_logistic(design.take(rows, axis=0), y[rows], start=start).coef)[
            None
        ]

    def work() -> float:
        rng = np.random.default_rng(1)
        draws = (rng.integers(0, y.size, y.size) for _ in range(200))
        (found,) = correct_optimism(learn, y.size, draws, {"auc": lambda rows, p: auc(y[rows], p)})
        return 2 * found["auc"].corrected - 1

    return work


def _nested(data: dict[str, np.ndarray]) -> Callable[[], float]:
    from igfmood.performance.metrics.discrimination import auc
    from igfmood.performance.models.elastic_net import elastic_net_cv

    x, y = data["x"], data["y"]
    outer = np.arange(len(y)) % 10

    def work() -> float:
        rng = np.random.default_rng(1)
        used = np.stack([outer != held for held in range(10)])
        folds = rng.integers(0, 5, used.shape)
        found = elastic_net_cv(np.broadcast_to(x, (10, *x.shape)), y, used, folds, 0.5)
        return float(np.mean([
            auc(y[~rows], x[~rows] @ found.coef[i] + found.intercept[i])
            for i, rows in enumerate(used)
        ]))  # fmt: skip

    return work


OURS = {
    "delong": _delong, "paired": _paired, "bootstrap": _bootstrap, "logistic": _logistic,
    "hc3": _hc3, "optimism": _optimism, "nested": _nested,
}  # fmt: skip


def pipeline() -> dict[str, Any]:
    """Seconds of 500 optimism replicates of the whole pipeline, on 2,000 people of one cohort."""
    sys.path.insert(0, str(ROOT / "tests"))
    from builders import make_study
    from builders import people as made
    from igfmood import results
    from igfmood.performance.rows.optimism import add_optimism
    from igfmood.performance.task_data import task_data
    from igfmood.performance.tasks import prediction_tasks

    study = make_study("clinic", resampling={"bootstrap": 500})
    table = made({"control": 1_200, "mdd": 800}, effects={"mdd": -0.5})
    data = task_data({"clinic": table}, next(prediction_tasks(study)), study)
    start = time.perf_counter()
    add_optimism(results.Source("bench", results.POOLED, 1, "", ""), data, study)
    return {"pipeline_people": 2_000, "pipeline_s": round(time.perf_counter() - start, 2)}


def external(rscript: str, folder: Path) -> dict[str, Any]:
    """Slope and C of a Cox model in other people, beside R; exits where they differ."""
    from igfmood.association.models.cox import fit_cox
    from igfmood.performance.metrics.concordance import c_index

    script = ROOT / "benchmarks" / "r" / "external.R"
    done = subprocess.run(
        [rscript, str(script), str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"the Cox model did not run in R:\n{done.stderr.strip()}")
    version, *r = done.stdout.split()
    built, used = (
        np.loadtxt(folder / name, delimiter=",", skiprows=1)
        for name in ("rotterdam.csv", "gbsg.csv")
    )
    fit = fit_cox(built[:, :6], built[:, 6], built[:, 7] == 1)
    line = used[:, :6] @ fit.coef
    slope = fit_cox(line[:, None], used[:, 6], used[:, 7] == 1)
    ours = [float(slope.coef[0]), float(slope.se[0]),
            c_index(used[:, 6], used[:, 7] == 1, line).estimate]  # fmt: skip
    if not np.allclose(ours, [float(one) for one in r], rtol=0, atol=1e-6):
        sys.exit(f"slope, se and C are {ours}; survival {version} gives {r}")
    return {"package": f"survival {version}", "slope": ours[0], "se": ours[1], "c": ours[2]}


def table(found: list[dict[str, Any]], whole: dict[str, Any], runs: int) -> str:
    """Return the measurements as Markdown."""
    on = machine()
    lines = [
        f"{runs} run(s), one thread ({on['cpu']}), {on['system']}, Python {on['python']}, "
        f"R {found[0]['r']}. Median (range).",
        "",
        "| kernel | n | R package | R, ms | igfmood, ms | times as fast | both give |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['words']} | {row['n']:,} | {row['package']} | {shown(row['r_ms'])} "
        f"| {shown(row['ms'], 2)} | {shown(row['ratio'])} "
        f"| {row['r_number']:.4g}, {row['number']:.4g} |"
        for row in found
    ]
    lines += [
        "",
        f"500 optimism replicates of the whole pipeline (reference curve, gaps, knots, two models) "
        f"with {whole['pipeline_people']:,} people of one cohort: {whole['pipeline_s']:.1f} s.",
        "",
        "A Cox model of the Rotterdam tumour bank in the trial of the German Breast Cancer Study "
        f"Group: slope {whole['external']['slope']:.4f} (SE {whole['external']['se']:.4f}), C "
        f"{whole['external']['c']:.4f}, equal to {whole['external']['package']} to 1e-6. It tells "
        "people apart as well as where it was built, and its risks are too far apart.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
