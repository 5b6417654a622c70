"""What a simulated world is, and how the package is asked about it.

Takes columns of invented people; gives estimate, standard error and interval of the package's own
answer, by the way that a study takes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from igfmood.association.people import people_at_baseline
from igfmood.association.question import Question, answer
from igfmood.association.questions import question_of
from igfmood.association.sample import COMPLETE, IMPUTED, CohortData, Specification
from igfmood.config.load import parse_study
from igfmood.config.study import Study
from igfmood.impute.participants import complete

#: Replicates where one takes less than a millisecond, a few, and a tenth of a second.
CHEAP, MANY, FEW = 10_000, 4_000, 2_000
#: Why a row of maximum likelihood with few events is known not to meet the criterion of bias.
MAXIMUM_LIKELIHOOD = (
    "maximum likelihood is biased away from 0, the more the fewer events and the larger the "
    "effect; the interval covers all the same"
)


@dataclass(frozen=True)
class Found:
    """One answer; `target` is what the interval is for where each replicate has its own."""

    estimate: float
    se: float
    low: float
    high: float
    target: float | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table: a number that a world gives, and its true value.

    `limit` says why the method is known not to reach its level there; such a row is shown apart.
    """

    label: str
    truth: float
    limit: str = ""


@dataclass(frozen=True)
class World:
    """A generator with known truth, and the package's answers to it.

    Parameters
    ----------
    name
        Key of its random streams.
    about
        What is simulated, and what the true value is, in a sentence.
    n
        Size, in words.
    rows
        The numbers it gives.
    simulate
        A generator of random numbers in, one answer for each row out.
    replicates
        How often, unless the caller says otherwise.
    """

    name: str
    about: str
    n: str
    rows: tuple[Row, ...]
    simulate: Callable[[np.random.Generator], tuple[Found, ...]]
    replicates: int = MANY


@dataclass(frozen=True)
class Query:
    """Which number of which question, with these covariates and m completed tables."""

    analysis: str
    target: str
    measure: str
    term: str = ""
    covariates: tuple[str, ...] = ("age_years", "bmi")
    m: int = 0


@cache
def study_of(covariates: tuple[str, ...], m: int) -> Study:
    """Return a study of one cohort with one tier of covariates."""
    cohort = {
        "name": "clinic", "design": "case_control", "table": "clinic.csv",
        "columns": {"participant_id": "id", "age_years": "age", "sex": "sex"},
        "analyte": {"column": "igf1", "unit": "ng/mL"},
        "diagnosis": {"source": "labels", "columns": ["dx"], "labels": {"mdd": "mdd"}},
    }  # fmt: skip
    return parse_study(
        {
            "study": "calibration", "cohorts": [cohort], "imputation": {"m": m},
            "covariate_tiers": {"tier": list(covariates)},
        }
    )  # fmt: skip


@cache
def _question(query: Query) -> Question:
    study = study_of(query.covariates, query.m)
    found = question_of(study, query.analysis, query.target, query.measure, query.term)
    assert found is not None, query
    return found


def participants(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return a participants table: the given columns, and what each table must have."""
    n = len(columns["igf1_sds"])
    given = {
        "participant_id": np.arange(n).astype(str), "visit": "baseline", "is_baseline": True,
        "sex": "female", "diagnosis": "unknown", "igf1_below_lod": False,
        "igf1_sds_limit": np.nan, "igf1_ng_ml": 150.0, "igf1_harmonised_ng_ml": 150.0, **columns,
    }  # fmt: skip
    return pd.DataFrame(given, index=range(n))


def ask(table: pd.DataFrame, query: Query, seed: int = 1) -> tuple[Found]:
    """Return what the package answers."""
    study = study_of(query.covariates, query.m).model_copy(update={"seed": seed})
    people = people_at_baseline(table, study)
    (cohort,) = study.cohorts
    data = CohortData(people, complete(people, study, cohort), study, cohort)
    how = Specification("tier", missing=IMPUTED if query.m else COMPLETE)
    # Columns of a result row; a number in each of these.
    row: dict[str, Any] = answer(_question(query), how, data)[query.measure, query.term]
    return (Found(row["estimate"], row["se"], row["ci_low"], row["ci_high"]),)


def seed_from(rng: np.random.Generator) -> int:
    """Return a study's seed, so that replicates do not share the package's own random numbers."""
    return int(rng.integers(2**31))


def years_old(z: np.ndarray) -> np.ndarray:
    """Return ages from z scores."""
    return 45 + 12 * z


def body_mass(z: np.ndarray) -> np.ndarray:
    """Return BMIs from z scores."""
    return 26 + 4 * z
