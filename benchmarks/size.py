"""How long a large cohort takes to read, map, score, exclude and normalise.

Takes: numbers of rows. Gives: a line of JSON for each: wall time, CPU time, peak memory.

Run with ``PYTHONPATH=workflow python benchmarks/size.py 50000 500000``. The table has 40 columns,
all of them used, and goes through what the `participants` job of a study does. Each size runs in
a process of its own, on at most two threads; writing the invented table is not counted.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

#: Canonical variable: column, of those that are plain numbers: mean and SD.
NUMBERS = {
    "bmi": (27, 5), "height_cm": (171, 9), "crp": (2.5, 1), "hba1c": (5.5, 0.6), "egfr": (88, 14),
    "alt": (25, 8), "cortisol": (380, 90), "insulin": (9, 3), "fasting_h": (10, 2),
    "stress_score": (20, 6), "cognition_score": (0, 1), "hippocampal_volume": (3800, 350),
    "intracranial_volume": (1_450_000, 120_000), "alcohol_g_day": (12, 4),
    "weight_survey": (1, 0.1),
}  # fmt: skip
FLAGS = (
    "pregnant", "ad_use", "lithium", "valproate", "antipsychotic", "oc_use", "glucocorticoid",
    "gh_disorder", "cirrhosis", "active_cancer",
)  # fmt: skip


def table(n: int) -> pd.DataFrame:
    """Return an invented cohort of n people, 40 columns."""
    rng = np.random.default_rng(1)
    age = rng.uniform(18, 85, n)
    mdd = rng.random(n) < 0.1
    columns: dict[str, object] = {
        "id": np.char.mod("P%07d", np.arange(n)),
        "age": age.round(1),
        "sex": rng.choice([1, 2], n),
        "dx": np.where(mdd, rng.choice(["F32.1", "F33.2", "F31.4"], n), ""),
        "igf1": np.exp(5.6 - 0.012 * age + rng.normal(0, 0.27, n)).round(1),
        "plate": np.char.mod("L%02d", rng.integers(0, 40, n)),
    }
    columns |= {f"q{item}": np.minimum(rng.poisson(0.4 + mdd), 3) for item in range(1, 10)}
    columns |= {
        name: np.abs(rng.normal(mean, sd, n)).round(3) for name, (mean, sd) in NUMBERS.items()
    }
    columns |= {name: (rng.random(n) < 0.03).astype(int) for name in FLAGS}
    found = pd.DataFrame(columns)
    return found.mask(rng.random(found.shape) < 0.02).assign(id=columns["id"])


def study(folder: Path) -> dict[str, object]:
    """Return the study of that table."""
    named = {"participant_id": "id", "age_years": "age", "bmi": "bmi"}
    named |= {name: name for name in (*NUMBERS, *FLAGS)}
    cohort = {
        "name": "large", "design": "population", "table": "large.csv",
        "columns": {**named, "sex": {"column": "sex", "recode": {1: "male", 2: "female"}}},
        "analyte": {"column": "igf1", "unit": "ng/mL", "batch": "plate"},
        "phq9": {"items": [f"q{item}" for item in range(1, 10)], "rule": "prorate"},
        "diagnosis": {"source": "icd10", "columns": ["dx"], "no_code": "control"},
        "exclude": ["standard"],
    }  # fmt: skip
    return {
        "study": "large", "data_root": str(folder), "cohorts": [cohort],
        "normalise": {"reference": {"method": "bccg"}},
    }  # fmt: skip


def measure(folder: Path) -> None:
    """Normalise the table that lies in the folder, and print what it took."""
    from igfmood.config.load import parse_study
    from igfmood.normalise.participants import prepare_cohort

    checked = parse_study(study(folder))
    start, cpu = time.perf_counter(), time.process_time()
    prepared = prepare_cohort(checked, checked.cohorts[0])
    found = {
        "rows": prepared.flow.rows_in,
        "columns": 40,
        "analysed": prepared.flow.analysed,
        "wall_s": round(time.perf_counter() - start, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "max_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(found), flush=True)


def main() -> None:
    if sys.argv[1] == "--measure":
        measure(Path(sys.argv[2]))
        return
    for rows in map(int, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as folder:
            table(rows).to_csv(Path(folder) / "large.csv", index=False)
            command = [sys.executable, __file__, "--measure", folder]
            threads = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
            subprocess.run(command, check=True, env={**os.environ, **threads})


if __name__ == "__main__":
    main()
