"""Invented people for `stack.py`: one cohort as a file, and what its later stages start from.

Takes: a folder, a number of people.
Gives: ``cohort.csv``, and for every stage a table that R and igfmood both read without rounding:
``NAME.txt`` with the names of the columns, ``NAME.bin`` with the columns one after the other.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from mice import people as people_with_gaps
from scipy.special import expit
from size import study as size_study
from size import table as size_table

TABLES = 20
#: Diseases and codes of the invented diagnoses, beside those of `size.py`.
CODES = ("F31.1", "F34.1", "F20.0", "F41.1", "I10")
#: Shares of cells that cannot be read, that cannot be, and of rows that stand twice.
UNREAD, IMPOSSIBLE, TWICE = 0.002, 0.001, 0.001
OUTCOMES = 300


def write_inputs(folder: Path, n: int) -> None:
    """Write what all stages of n people need."""
    rng = np.random.default_rng(n)
    cohort(n, rng).to_csv(folder / "cohort.csv", index=False)
    write_table(folder, "normalise", measured(n, rng))
    gaps = people_with_gaps(n, 8)
    write_table(folder, "impute", {f"x{j}": column for j, column in enumerate(gaps.T)})
    fixed, drawn = completed(n, rng)
    write_table(folder, "fixed", fixed)
    write_table(folder, "drawn", drawn)
    write_table(folder, "survey", survey(n, rng))
    write_table(folder, "pool", studies(n, rng))
    write_table(folder, "predict", predictions(n, rng))


def write_table(folder: Path, name: str, table: Mapping[str, np.ndarray]) -> None:
    (folder / f"{name}.txt").write_text("\n".join(table) + "\n", encoding="ascii")
    np.concatenate([np.asarray(c, dtype=float) for c in table.values()]).tofile(
        folder / f"{name}.bin"
    )


def read_table(folder: Path, name: str) -> dict[str, np.ndarray]:
    names = (folder / f"{name}.txt").read_text(encoding="ascii").split()
    columns = np.fromfile(folder / f"{name}.bin").reshape(len(names), -1)
    return dict(zip(names, columns, strict=True))


def cohort(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the table of `size.py` with more diagnoses, mistakes, and people who stand twice."""
    table = size_table(n).astype({"bmi": object})
    ill = table["dx"].notna().to_numpy() & (table["dx"] != "").to_numpy(bool)
    others = ill & (rng.random(n) < 0.3)
    table.loc[others, "dx"] = rng.choice(CODES, int(others.sum()))
    table.loc[rng.random(n) < UNREAD, "bmi"] = "refused"
    table.loc[rng.random(n) < IMPOSSIBLE, "age"] = 199.0
    table.loc[rng.random(n) < IMPOSSIBLE, "q3"] = 7
    again = table[rng.random(n) < TWICE]
    return pd.concat([table, again, again.iloc[:1].assign(crp=1.5)])


def study(folder: Path) -> dict[str, object]:
    """Return the study of that table."""
    found = dict(size_study(folder))
    cohorts: object = found["cohorts"]
    assert isinstance(cohorts, list)
    return found | {"cohorts": [cohorts[0] | {"table": "cohort.csv"}]}


def measured(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Concentrations from 40 plates that differ in level and spread; controls are the reference."""
    age, female = rng.uniform(18, 85, n), (rng.random(n) < 0.5).astype(float)
    group, plate = rng.choice(3, n, p=[0.8, 0.15, 0.05]), rng.integers(0, 40, n)
    noise = rng.normal(0, 0.27, n) * np.exp(rng.normal(0, 0.1, 40))[plate]
    level = 5.6 - 0.012 * age + 0.03 * female - 0.08 * (group == 1)
    value = np.exp(level + rng.normal(0, 0.1, 40)[plate] + noise)
    return {
        "value": value, "level": np.exp(level + rng.normal(0, 0.27, n)), "plate": plate,
        "age": age, "female": female, "group": group, "reference": group == 0,
    }  # fmt: skip


def covariates(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Eight covariates of n people."""
    return {
        "sds": rng.normal(size=n), "age": rng.uniform(18, 85, n).round(1),
        "female": (rng.random(n) < 0.5).astype(float), "bmi": rng.normal(27, 5, n).round(1),
        "smoker": (rng.random(n) < 0.2).astype(float), "alcohol": rng.gamma(2, 5, n).round(1),
        "education": rng.integers(0, 4, n).astype(float), "activity": rng.normal(size=n),
    }  # fmt: skip


def completed(
    n: int, rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Outcomes and covariates, and twenty times the three that a fifth of the people lack."""
    x = covariates(n, rng)
    line = -0.2 * x["sds"] + 0.01 * (x["age"] - 50) + 0.2 * x["female"] + 0.02 * (x["bmi"] - 27)
    total = np.minimum(rng.poisson(rng.gamma(0.8, 4 * np.exp(line))), 27)
    years = rng.exponential(40 * np.exp(-line))
    fixed = {name: x[name] for name in ("age", "female", "smoker", "education", "activity")}
    fixed |= {
        "outcome": line + rng.normal(size=n) * (1 + 0.2 * x["smoker"]),
        "case": rng.random(n) < expit(line - 1.5),
        "time": np.ceil(np.minimum(years, 10) * 12) / 12, "event": years < 10, "total": total,
    }  # fmt: skip
    drawn = {}
    gone = {name: rng.random(n) < 0.2 for name in ("sds", "bmi", "alcohol")}
    for i in range(TABLES):
        for name, out in gone.items():
            values = x[name].copy()
            values[out] += 0.5 * x[name].std() * rng.normal(size=int(out.sum()))
            drawn[f"{name}{i}"] = values
    return fixed, drawn


def survey(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A sample of 50 strata with 8 sampling units each, and who scores 10 or more."""
    x = covariates(n, rng)
    stratum, psu = rng.integers(0, 50, n), rng.integers(0, 8, n)
    line = -0.2 * x["sds"] + 0.2 * x["female"] + rng.normal(0, 0.2, (50, 8))[stratum, psu]
    return {
        "stratum": stratum, "psu": psu, "weight": rng.lognormal(0, 0.5, n),
        "high": rng.random(n) < expit(line - 2), "outcome": line + rng.normal(size=n),
        "band": np.digitize(x["age"], [30, 45, 60]),
        **{name: x[name] for name in ("sds", "age", "female", "bmi")},
    }  # fmt: skip


def studies(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Estimates of 5 to 13 cohorts of about n people for each of several hundred outcomes."""
    k = rng.integers(5, 14, OUTCOMES)
    outcome = np.repeat(np.arange(OUTCOMES), k)
    vi = 20 / n * rng.lognormal(0, 0.7, outcome.size)
    true = rng.normal(-0.1, 0.1, OUTCOMES)[outcome]
    between = (rng.random(OUTCOMES) * 3 * np.sqrt(20 / n))[outcome]
    effect = true + between * rng.normal(size=outcome.size)
    yi = effect + np.sqrt(vi) * rng.normal(size=outcome.size)
    return {"outcome": outcome, "yi": yi, "vi": vi}


def predictions(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Thirty predictors, an outcome, and the risks that two models give."""
    x = rng.normal(size=(n, 30))
    line = 0.7 * x[:, 0] - 0.3 * x[:, 1] - 0.8
    return {
        "y": rng.random(n) < expit(line),
        "risk": expit(0.8 * line + 0.5 * rng.normal(size=n)),
        "other": expit(0.8 * line + 0.7 * rng.normal(size=n)),
        **{f"x{j}": column for j, column in enumerate(x.T)},
    }  # fmt: skip
