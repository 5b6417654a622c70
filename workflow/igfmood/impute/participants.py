"""The gaps of a cohort's people, filled m times.

Takes people at the first visit, which columns the analyses use, and the study; gives completed
copies of their table and which cells were filled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from igfmood.config.cohort import Cohort
from igfmood.config.study import Study
from igfmood.config.vocabulary import VARIABLES
from igfmood.errors import NotEstimable
from igfmood.impute.chained import impute
from igfmood.impute.imputations import Imputations
from igfmood.impute.terms import ENTRY, TIME, against_control, score_knots, with_predictors
from igfmood.impute.variables import Variable
from igfmood.splines import rcs_basis, rcs_knots

#: Outcomes and exposures that predict one another, whatever the covariates; and the weights of a
#: survey, without which imputed values would follow the sample and not the population.
_ALWAYS = (
    "phq9_total", "stress_score", "cognition_score", "hippocampal_volume", "intracranial_volume",
    "ad_use", "treatment", "response", "incident_depression", "incident_bipolar", "followup_years",
    "weight_survey",
)  # fmt: skip
#: More categories than this are no variable for a regression.
_MOST_CATEGORIES = 12


@dataclass(frozen=True, eq=False)
class Completed:
    """Completed copies of the people's table.

    Parameters
    ----------
    tables
        m copies; none where nothing was imputed.
    filled
        Column: rows whose value was imputed (bool, shape (n,)); below the limit counts.
    imputations
        The chains, None where nothing was imputed.
    note
        Why nothing was imputed, if so.
    left
        Columns with gaps that were not imputed, and why.
    """

    tables: tuple[pd.DataFrame, ...]
    filled: dict[str, np.ndarray]
    imputations: Imputations | None
    note: str
    left: dict[str, str]


def complete(people: pd.DataFrame, study: Study, cohort: Cohort) -> Completed:
    """Impute what is missing among a cohort's people.

    The score is imputed below its limit where the value was below detection, and freely where
    nothing was measured; diagnosis and every variable of the models predict it, with the products,
    the spline and the cumulative hazards of `igfmood.impute.terms.with_predictors`.

    Parameters
    ----------
    people
        One row per person.
    study
        For the analyte, the covariates and the settings.
    cohort
        Its name, for the random stream, and its control arm.
    """
    settings = study.imputation
    if settings.m == 0:
        return Completed((), {}, None, "imputation is switched off (imputation.m is 0)", {})
    variables, left = _variables(people, study)
    filled = _gaps(variables)
    if not filled:
        return Completed((), {}, None, "nothing that can be imputed is missing", left)
    drug = (
        against_control(people["treatment"], cohort.control_arm) if "treatment" in people else None
    )
    variables, passive = with_predictors(
        variables, study.analyte.sds, score_knots(people, study), drug
    )
    try:
        found = impute(
            variables, m=settings.m, iterations=settings.iterations, seed=study.seed,
            keys=("impute", cohort.name), passive=passive,
        )  # fmt: skip
    except NotEstimable as error:
        return Completed((), {}, None, error.reason, left)
    tables = tuple(_completed(people, found, i, filled, study) for i in range(settings.m))
    if study.analyte.sds in filled:
        filled = filled | {study.analyte.log_score: _log_gaps(people, filled, study)}
    return Completed(tables, filled, found, "", left)


def to_be_filled(people: pd.DataFrame, study: Study) -> dict[str, np.ndarray]:
    """Return column: whose value `complete` would impute (bool, shape (n,)), without imputing it.

    Parameters
    ----------
    people, study
        As of `complete`.
    """
    return _gaps(_variables(people, study)[0]) if study.imputation.m else {}


def _gaps(variables: Sequence[Variable]) -> dict[str, np.ndarray]:
    missing = {one.name: np.isnan(one.values) for one in variables}
    return {name: rows for name, rows in missing.items() if rows.any()}


def _variables(people: pd.DataFrame, study: Study) -> tuple[list[Variable], dict[str, str]]:
    """Return the variables of the imputation, and what has gaps and is not imputed."""
    names = dict.fromkeys(
        [name for tier in study.covariate_tiers.values() for name in tier] + list(_ALWAYS)
    )
    found = [_score(people, study)] if people[study.analyte.sds].notna().any() else []
    found += _diagnosis(people)
    left: dict[str, str] = {}
    for name in names:
        if name not in people or people[name].isna().all():
            continue
        share = float(people[name].isna().mean())
        if share > study.imputation.max_missing:
            left[name] = f"missing in {share:.0%} of the people"
            continue
        variable = _variable(name, people[name])
        if variable is None:
            if share > 0:
                left[name] = "too many categories, or too few people in one"
        else:
            found.append(variable)
    if ENTRY in people and any(one.name == TIME for one in found):
        found.append(Variable(ENTRY, "normal", people[ENTRY].fillna(0.0).to_numpy(float)))
    return found, left


def _score(people: pd.DataFrame, study: Study) -> Variable:
    analyte = study.analyte
    below = people[analyte.below_lod].to_numpy(bool) & people[analyte.sds_limit].notna().to_numpy()
    values = people[analyte.sds].to_numpy(np.float64).copy()
    limit: np.ndarray = np.where(below, people[analyte.sds_limit].to_numpy(float), np.nan)
    values[below] = np.nan
    return Variable(analyte.sds, "censored", values, limit)


def _diagnosis(people: pd.DataFrame) -> list[Variable]:
    """Return diagnosis as codes; groups of a few people are put together."""
    counts = people["diagnosis"].value_counts()
    kept = [name for name, n in counts.items() if n >= 10]
    codes = people["diagnosis"].map({name: float(i) for i, name in enumerate(kept)})
    values = codes.fillna(float(len(kept))).to_numpy(float)
    _, dense = np.unique(values, return_inverse=True)
    if dense.max() == 0:
        return []
    return [_codes("diagnosis", dense.astype(float))]


def _codes(name: str, values: np.ndarray) -> Variable:
    return Variable(name, "logistic" if np.nanmax(values) == 1 else "multinomial", values)


def _variable(name: str, column: pd.Series) -> Variable | None:
    kind = VARIABLES[name].kind if name in VARIABLES else "number"
    known = column.dropna()
    if kind == "number":
        values = column.to_numpy(float, na_value=np.nan)
        return Variable(name, "pmm", values) if known.nunique() > 1 else None
    if kind == "flag":
        rarer = min((known.astype(bool)).sum(), (~known.astype(bool)).sum())
        flags: np.ndarray = column.astype("Float64").to_numpy(float, na_value=np.nan)
        return Variable(name, "logistic", flags) if rarer >= 5 else None
    words = sorted(known.unique())
    if not 2 <= len(words) <= _MOST_CATEGORIES or known.value_counts().min() < 5:
        return None
    codes = column.map({word: float(i) for i, word in enumerate(words)}).to_numpy(float)
    return _codes(name, codes)


def _completed(
    people: pd.DataFrame, found: Imputations, index: int, filled: dict[str, np.ndarray],
    study: Study,
) -> pd.DataFrame:  # fmt: skip
    """Return a copy of the table with the gaps filled by the chain of that index."""
    columns = {}
    for name, rows in filled.items():
        values = found.imputed[name][:, index]
        kind = VARIABLES[name].kind if name in VARIABLES else "number"
        column = people[name].copy()
        if kind in ("number", "flag"):
            column[rows] = values.astype(bool) if kind == "flag" else values
        else:
            words = sorted(people[name].dropna().unique())
            column[rows] = [words[int(code)] for code in values]
        columns[name] = column
    table = people.assign(**columns)
    if study.analyte.sds not in filled:
        return table
    return table.assign(**{study.analyte.log_score: _log_score(people, table, filled, study)})


def _log_gaps(
    people: pd.DataFrame, filled: Mapping[str, np.ndarray], study: Study
) -> np.ndarray:  # fmt: skip
    """Return whose log score follows from an imputed score: not who was measured (bool, (n,))."""
    analyte = study.analyte
    unknown = people[analyte.below_lod] | people[analyte.log_score].isna()
    return filled[analyte.sds] & unknown.to_numpy(bool)


def _log_score(
    people: pd.DataFrame, table: pd.DataFrame, filled: dict[str, np.ndarray], study: Study
) -> np.ndarray:
    """Return the log score that follows from an imputed score, age and sex."""
    analyte = study.analyte
    rows = _log_gaps(people, filled, study)
    values = people[analyte.log_score].to_numpy(float).copy()
    design = _score_design(table, study)
    known = np.isfinite(values) & ~filled[analyte.sds] & np.isfinite(design).all(axis=1)
    beta = np.linalg.lstsq(design[known], values[known], rcond=None)[0]
    values[rows] = design[rows] @ beta
    return values


def _score_design(table: pd.DataFrame, study: Study) -> np.ndarray:
    age = table["age_years"].to_numpy(float)
    score = table[study.analyte.sds].to_numpy(float)
    female = (table["sex"] == "female").to_numpy(float)
    try:
        curve = rcs_basis(age, rcs_knots(age[np.isfinite(age)], 4))
    except NotEstimable:
        curve = age[:, None]
    # The spread of the curve changes with age, and by sex: so does what an SD is in logs.
    return np.column_stack([np.ones(len(age)), score, female, curve, score[:, None] * curve[:, :1]])
