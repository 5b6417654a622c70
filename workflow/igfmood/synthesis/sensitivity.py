"""What a synthesis of cohorts hinges on: the estimator, single cohorts, and how cohorts differ.

Takes the cohorts' estimates of the main numbers, and what is known of each cohort; writes other
estimators of tau2, influence, meta-regression, subgroups by assay and small-study tests.
"""

from collections.abc import Iterator, Mapping
from typing import get_args

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.association.question import Question
from igfmood.association.questions import all_questions
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.results import Rows
from igfmood.synthesis.influence import influence
from igfmood.synthesis.meta_regression import meta_regression, moderator_columns
from igfmood.synthesis.random_effects import random_effects
from igfmood.synthesis.small_study import egger_test, trim_and_fill
from igfmood.synthesis.subgroups import subgroups_common_tau2
from igfmood.synthesis.tau2 import Tau2Estimator

_PLURALS = {"assay": "assays", "matrix": "matrices"}
#: `assay` of a cohort whose configuration does not name it.
UNKNOWN = "unknown"
#: With fewer cohorts than this, leaving out or explaining one says nothing.
FEWEST = 3


def add_sensitivity(rows: Rows, cohorts: pd.DataFrame, study: Study) -> None:
    """Write the sensitivity analyses of every main number that two cohorts or more estimated.

    Parameters
    ----------
    rows
        Where results go.
    cohorts
        Result rows of the cohorts that count.
    study
        Main adjustment, questions and assays.
    """
    moderators = _moderators(cohorts, study)
    for question, measure, term in _main_numbers(study):
        found = results.select(
            cohorts, analysis=question.analysis, target=question.target, model=question.model,
            adjustment=study.main_tier, stratum="all", measure=measure, term=term, status="ok",
        ).sort_values("cohort", kind="stable")  # fmt: skip
        if len(found) < 2:
            continue
        keys = {
            "target": question.target, "model": question.analysis, "exposure": study.analyte.sds,
            "adjustment": study.main_tier, "term": term, "measure": measure,
        }  # fmt: skip
        yi, vi = found["estimate"].to_numpy(float), found["se"].to_numpy(float) ** 2
        names = [str(name) for name in found["cohort"]]
        _add_estimators(rows, keys, yi, vi)
        _add_influence(rows, keys, yi, vi, names)
        _add_moderators(rows, keys, yi, vi, moderators.loc[names])
        _add_subgroups(rows, keys, yi, vi, "assay", [_assay(study, name) for name in names])
        matrices = [_matrix(study, name) for name in names]
        if len(set(matrices)) > 1:
            _add_subgroups(rows, keys, yi, vi, "matrix", matrices)
        add_small_studies(rows, {**keys, "analysis": "small_studies"}, yi, vi)


def _main_numbers(study: Study) -> Iterator[tuple[Question, str, str]]:
    """Yield question, measure and term of the numbers that claims are judged by."""
    for question in all_questions(study):
        if question.analysis == "tails":
            yield from ((question, *key) for key in question.keys)
        elif question.forked is not None:
            yield question, *question.forked


def _assay(study: Study, cohort: str) -> str:
    """Return the assay of a cohort, empty where nobody has named it."""
    analyte = study.cohort(cohort).analyte
    return "" if analyte is None or analyte.assay == UNKNOWN else analyte.assay


def _matrix(study: Study, cohort: str) -> str:
    """Return whether serum or plasma was assayed in a cohort."""
    analyte = study.cohort(cohort).analyte
    return "" if analyte is None else analyte.matrix.split("_")[0]


def _moderators(cohorts: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return mean age and share of women of every cohort (NaN if unknown), cohort as index."""
    described = results.select(cohorts, analysis="table1", status="ok")
    found = {}
    for cohort in study.cohorts:
        own = described[described["cohort"] == cohort.name]
        ages = own[(own["term"] == "age_years") & (own["measure"] == "mean")]
        women = own[(own["term"] == "female") & (own["measure"] == "count")]
        found[cohort.name] = {
            "mean age": _mean(ages["estimate"], ages["n"]),
            "share of women": _mean(women["estimate"] / women["n"].astype(float), women["n"]),
        }
    return pd.DataFrame.from_dict(found, orient="index", dtype=float)


def _mean(values: pd.Series, weights: pd.Series) -> float:
    total = float(weights.sum())
    return float((values * weights.astype(float)).sum()) / total if total else np.nan


def _add_estimators(
    rows: Rows, keys: Mapping[str, str], yi: np.ndarray, vi: np.ndarray
) -> None:  # fmt: skip
    """Write the synthesis with every estimator of tau2."""
    for estimator in get_args(Tau2Estimator):
        shared = {**keys, "analysis": "tau2_estimator", "stratum": estimator}
        try:
            fit = random_effects(yi, vi, rows.source.level, estimator)
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **shared)
            continue
        rows.add(
            **shared, estimate=fit.mu, se=fit.se, ci_low=fit.ci_low, ci_high=fit.ci_high, p=fit.p,
            df=fit.df, method=f"random effects: {estimator}, Knapp-Hartung interval, t(k-1)",
        )  # fmt: skip
        rows.add(
            **{**shared, "measure": "tau2", "term": f"{keys['measure']} {keys['term']}".strip()},
            estimate=fit.tau2, method=f"between-cohort variance by {estimator}",
        )  # fmt: skip


def _add_influence(
    rows: Rows, keys: Mapping[str, str], yi: np.ndarray, vi: np.ndarray, names: list[str]
) -> None:
    """Write what each cohort does to the synthesis."""
    shared = {**keys, "analysis": "influence", "term": f"{keys['measure']} {keys['term']}".strip()}
    try:
        if len(yi) < FEWEST:
            raise NotEstimable(f"too few cohorts: {len(yi)} < {FEWEST}")
        found = influence(yi, vi)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **shared)
        return
    for place, name in enumerate(names):
        word = "influential" if found.influential[place] else "not influential"
        for measure in ("rstudent", "dffits", "cook_d", "hat", "tau2_del"):
            rows.add(
                **{**shared, "measure": measure, "stratum": f"without {name}"},
                estimate=float(getattr(found, measure)[place]),
                method=f"deletion diagnostics (Viechtbauer and Cheung 2010): {word}",
            )


def _add_moderators(
    rows: Rows, keys: Mapping[str, str], yi: np.ndarray, vi: np.ndarray, moderators: pd.DataFrame
) -> None:
    """Write a meta-regression on each moderator, one at a time."""
    for name in moderators:
        shared = {**keys, "analysis": "meta_regression", "stratum": str(name)}
        try:
            if len(yi) < FEWEST:
                raise NotEstimable(f"too few cohorts: {len(yi)} < {FEWEST}")
            fit = meta_regression(yi, vi, moderator_columns(moderators[[name]]), rows.source.level)
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **shared)
            continue
        slope = fit.coefficient(str(name))
        few = "" if len(yi) >= 10 else f"; {len(yi)} cohorts: a guess, not a finding"
        rows.add(
            **shared, estimate=slope.estimate, se=slope.se, ci_low=slope.ci_low,
            ci_high=slope.ci_high, p=slope.p, df=slope.df,
            method=f"meta-regression on {name} of the cohorts: REML, Knapp-Hartung{few}",
        )  # fmt: skip


def _add_subgroups(
    rows: Rows, keys: Mapping[str, str], yi: np.ndarray, vi: np.ndarray, what: str,
    labels: list[str],
) -> None:  # fmt: skip
    """Write the mean of the cohorts of each assay (or matrix), and whether they differ.

    Cohorts whose assay is not named take no part: they need not share one.
    """
    shared = {**keys, "analysis": "subgroup"}
    named = [place for place, label in enumerate(labels) if label]
    known = [labels[place] for place in named]
    if not 2 <= len(set(known)) < len(known):
        rows.add_not_estimable(
            f"no two named {_PLURALS[what]} to compare, one of them used by two cohorts or more",
            **shared, stratum=what,
        )  # fmt: skip
        return
    unnamed = len(labels) - len(known)
    left_out = f"; left out, as their {what} is not named: {unnamed}" if unnamed else ""
    try:
        found = subgroups_common_tau2(yi[named], vi[named], known, rows.source.level)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **shared, stratum=what)
        return
    for group in found.subgroups:
        rows.add(
            **shared, stratum=f"{what}: {group.label}", estimate=group.estimate, se=group.se,
            ci_low=group.ci_low, ci_high=group.ci_high, p=group.p, df=group.df,
            method=f"mean of this {what} (cohorts: {group.k}), tau2 in common, Knapp-Hartung"
            + left_out,
        )  # fmt: skip
    rows.add(
        **{**shared, "measure": "f", "term": f"{keys['measure']} {keys['term']}".strip()},
        stratum=what, estimate=found.between.stat, p=found.between.p,
        df=None if np.isinf(found.between.df2) else found.between.df2,
        method=f"test that the {_PLURALS[what]} share one mean effect{left_out}",
    )  # fmt: skip


def add_small_studies(
    rows: Rows, keys: Mapping[str, str], yi: np.ndarray, vi: np.ndarray
) -> None:  # fmt: skip
    """Write Egger's test and trim-and-fill, each with its reason where it cannot be done."""
    _add_egger(rows, {**keys, "stratum": "Egger"}, yi, vi)
    _add_trim_and_fill(rows, {**keys, "stratum": "trim and fill"}, yi, vi)


def _add_egger(rows: Rows, egger: Mapping[str, str], yi: np.ndarray, vi: np.ndarray) -> None:
    try:
        test = egger_test(yi, vi, rows.source.level)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **egger)
        return
    rows.add(
        **egger, estimate=test.limit, ci_low=test.limit_low, ci_high=test.limit_high,
        method="Egger's regression: effect at a standard error of 0",
    )  # fmt: skip
    rows.add(
        **{**egger, "measure": "slope", "stratum": "Egger asymmetry"}, estimate=test.slope,
        se=test.se, p=test.p, df=test.df,
        method="Egger's regression: asymmetry, effect per unit of standard error",
    )  # fmt: skip


def _add_trim_and_fill(
    rows: Rows, filled: Mapping[str, str], yi: np.ndarray, vi: np.ndarray
) -> None:  # fmt: skip
    try:
        trimmed = trim_and_fill(yi, vi, level=rows.source.level)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **filled)
        return
    pooled = trimmed.pooled
    rows.add(
        **filled, estimate=pooled.mu, se=pooled.se, ci_low=pooled.ci_low, ci_high=pooled.ci_high,
        p=pooled.p, df=pooled.df,
        method=f"trim and fill: {trimmed.k0} studies added on the {trimmed.side}",
    )  # fmt: skip
