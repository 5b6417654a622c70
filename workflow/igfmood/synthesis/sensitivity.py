"""What a synthesis of cohorts hinges on: the estimator, single cohorts, and how cohorts differ.

Takes the cohorts' estimates of the numbers that claims are judged by, and what is known of each
cohort; writes other estimators of tau2, influence, meta-regression, subgroups by assay and
small-study tests, or why there are none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.config.analysis import ALL, within
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.results import Rows
from igfmood.synthesis.influence import influence
from igfmood.synthesis.meta_regression import meta_regression, moderator_columns
from igfmood.synthesis.pool import (
    IDENTITY,
    Scale,
    Studies,
    estimate_columns,
    on_scale,
    scale_of,
    why_none,
)
from igfmood.synthesis.random_effects import random_effects
from igfmood.synthesis.small_study import egger_test, trim_and_fill
from igfmood.synthesis.subgroups import subgroups_common_tau2
from igfmood.synthesis.tau2 import Tau2Estimator

#: Analyses of this module.
KINDS = ("tau2_estimator", "influence", "meta_regression", "subgroup", "small_studies")
_PLURALS = {"assay": "assays", "matrix": "matrices"}
#: `assay` of a cohort whose configuration does not name it.
UNKNOWN = "unknown"
#: With fewer cohorts than this, leaving out or explaining one says nothing.
FEWEST = 3


@dataclass(frozen=True)
class MainNumber:
    """The keys of a number of every cohort that a claim is judged by, and the claim."""

    claim: str
    analysis: str
    target: str
    adjustment: str
    measure: str
    term: str
    population: str = ALL

    def of(self, cohorts: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the cohorts that hold it, or say why there is none."""
        found = results.select(
            cohorts, analysis=self.analysis, target=self.target, adjustment=self.adjustment,
            stratum=self.population, measure=self.measure, term=self.term,
        )  # fmt: skip
        return found.sort_values("cohort", kind="stable")

    @property
    def keys(self) -> dict[str, str]:
        """What its rows here share."""
        return {
            "claim": self.claim, "target": self.target, "model": self.analysis,
            "adjustment": self.adjustment, "term": self.term, "measure": self.measure,
        }  # fmt: skip


def add_sensitivity(
    rows: Rows, cohorts: pd.DataFrame, study: Study, numbers: Iterable[MainNumber]
) -> None:
    """Write the sensitivity analyses of numbers, each on the scale on which it is pooled.

    Parameters
    ----------
    rows
        Where results go.
    cohorts
        Result rows of the cohorts that count.
    study
        The cohorts' assays.
    numbers
        The numbers. Of one that fewer than two cohorts estimated one row of each analysis says so.
    """
    moderators = _moderators(cohorts, study)
    for number in numbers:
        found = Rows(rows.source)
        _add_number(found, cohorts, study, number, moderators)
        rows.rows += [
            {**row, "stratum": within(number.population, row["stratum"])} for row in found.rows
        ]


def _add_number(
    rows: Rows, cohorts: pd.DataFrame, study: Study, number: MainNumber, moderators: pd.DataFrame
) -> None:
    """Write the sensitivity analyses of one number, or why there are none."""
    found = number.of(cohorts)
    usable = found[found["status"] == "ok"]
    try:
        if len(usable) < 2:
            raise NotEstimable(_too_few(number, found, usable))
        scale = scale_of(number.measure)
        studies = on_scale(usable, scale)
    except NotEstimable as error:
        for kind in KINDS:
            keys = {**number.keys, "analysis": kind, "stratum": ALL}
            rows.add_not_estimable(error.reason, **keys)
        return
    _add_all(rows, number, usable, studies, scale, moderators, study)


def _too_few(number: MainNumber, found: pd.DataFrame, usable: pd.DataFrame) -> str:
    if number.analysis == "mendelian":
        return (
            "no synthesis of cohorts: Mendelian randomisation has sensitivity analyses of its own"
        )
    if found.empty:
        return "no cohort was asked for this number"
    return why_none(found) if usable.empty else f"one cohort only: {usable['cohort'].iloc[0]}"


def _add_all(
    rows: Rows, number: MainNumber, usable: pd.DataFrame, studies: Studies, scale: Scale,
    moderators: pd.DataFrame, study: Study,
) -> None:  # fmt: skip
    keys = {**number.keys, "exposure": str(usable["exposure"].iloc[0])}
    names = [str(name) for name in usable["cohort"]]
    _add_estimators(rows, keys, studies, scale)
    _add_influence(rows, keys, studies, scale, names)
    _add_moderators(rows, keys, studies, scale, moderators.loc[names], number.population)
    assays = [_assay(study, name) for name in names]
    _add_subgroups(rows, keys, studies, scale, "assay", assays)
    matrices = [_matrix(study, name) for name in names]
    if len(set(matrices)) > 1:
        _add_subgroups(rows, keys, studies, scale, "matrix", matrices)
    add_small_studies(rows, {**keys, "analysis": "small_studies"}, studies, scale)


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
    rows: Rows, keys: Mapping[str, str], studies: Studies, scale: Scale
) -> None:  # fmt: skip
    """Write the synthesis with every estimator of tau2."""
    for estimator in get_args(Tau2Estimator):
        shared = {**keys, "analysis": "tau2_estimator", "stratum": estimator}
        try:
            fit = random_effects(*studies, rows.source.level, estimator)
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **shared)
            continue
        rows.add(
            **shared, **estimate_columns(fit, scale), p=fit.p if scale is IDENTITY else None,
            method=f"random effects: {estimator}, Knapp-Hartung interval, t(k-1){scale.name}",
        )  # fmt: skip
        rows.add(
            **{**shared, "measure": "tau2", "term": f"{keys['measure']} {keys['term']}".strip()},
            estimate=fit.tau2, method=f"between-cohort variance by {estimator}{scale.name}",
        )  # fmt: skip


def _add_influence(
    rows: Rows, keys: Mapping[str, str], studies: Studies, scale: Scale, names: list[str]
) -> None:
    """Write what each cohort does to the synthesis."""
    shared = {**keys, "analysis": "influence"}
    try:
        _require(studies)
        found = influence(*studies)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **shared, stratum="all")
        return
    shared["term"] = f"{keys['measure']} {keys['term']}".strip()
    for place, name in enumerate(names):
        word = "influential" if found.influential[place] else "not influential"
        for measure in ("rstudent", "dffits", "cook_d", "hat", "tau2_del"):
            rows.add(
                **{**shared, "measure": measure, "stratum": f"without {name}"},
                estimate=float(getattr(found, measure)[place]),
                method=f"deletion diagnostics (Viechtbauer and Cheung 2010){scale.name}: {word}",
            )


def _require(studies: Studies) -> None:
    if len(studies[0]) < FEWEST:
        raise NotEstimable(f"too few cohorts: k = {len(studies[0])} < {FEWEST}")


def _add_moderators(
    rows: Rows, keys: Mapping[str, str], studies: Studies, scale: Scale, moderators: pd.DataFrame,
    population: str,
) -> None:  # fmt: skip
    """Write a meta-regression on each moderator, one at a time; slopes are on the pooling scale."""
    for name in moderators:
        shared = {**keys, "analysis": "meta_regression", "stratum": str(name)}
        try:
            _require(studies)
            if population != ALL:
                raise NotEstimable(f"{name} is known of everybody, not of {population} alone")
            columns = moderator_columns(moderators[[name]])
            fit = meta_regression(*studies, columns, rows.source.level)
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **shared)
            continue
        slope, k = fit.coefficient(str(name)), fit.k
        few = "" if k >= 10 else f"; {k} cohorts: a guess, not a finding"
        rows.add(
            **shared, estimate=slope.estimate, se=slope.se, ci_low=slope.ci_low,
            ci_high=slope.ci_high, p=slope.p, df=slope.df,
            method=f"meta-regression on {name} of the cohorts{scale.name}: REML, Knapp-Hartung"
            + few,
        )  # fmt: skip


def _add_subgroups(
    rows: Rows, keys: Mapping[str, str], studies: Studies, scale: Scale, what: str,
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
    yi, vi = studies
    try:
        found = subgroups_common_tau2(yi[named], vi[named], known, rows.source.level)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **shared, stratum=what)
        return
    own = scale is IDENTITY
    for group in found.subgroups:
        rows.add(
            **shared, stratum=f"{what}: {group.label}", estimate=scale.back(group.estimate),
            se=group.se if own else None, ci_low=scale.back(group.ci_low),
            ci_high=scale.back(group.ci_high), p=group.p if own else None, df=group.df,
            method=f"mean of this {what} (cohorts: {group.k}), tau2 in common, Knapp-Hartung"
            + scale.name + left_out,
        )  # fmt: skip
    rows.add(
        **{**shared, "measure": "f", "term": f"{keys['measure']} {keys['term']}".strip()},
        stratum=what, estimate=found.between.stat, p=found.between.p,
        df=None if np.isinf(found.between.df2) else found.between.df2,
        method=f"test that the {_PLURALS[what]} share one mean effect{left_out}",
    )  # fmt: skip


def add_small_studies(
    rows: Rows, keys: Mapping[str, str], studies: Studies, scale: Scale = IDENTITY
) -> None:  # fmt: skip
    """Write Egger's test and trim-and-fill, each with its reason where it cannot be done."""
    _add_egger(rows, {**keys, "stratum": "Egger"}, studies, scale)
    _add_trim_and_fill(rows, {**keys, "stratum": "trim and fill"}, studies, scale)


def _add_egger(rows: Rows, egger: Mapping[str, str], studies: Studies, scale: Scale) -> None:
    try:
        test = egger_test(*studies, rows.source.level)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **egger)
        return
    rows.add(
        **egger, estimate=scale.back(test.limit), ci_low=scale.back(test.limit_low),
        ci_high=scale.back(test.limit_high),
        method=f"Egger's regression{scale.name}: effect at a standard error of 0",
    )  # fmt: skip
    rows.add(
        **{**egger, "measure": "slope", "stratum": "Egger asymmetry"}, estimate=test.slope,
        se=test.se, p=test.p, df=test.df,
        method=f"Egger's regression{scale.name}: asymmetry, effect per unit of standard error",
    )  # fmt: skip


def _add_trim_and_fill(
    rows: Rows, filled: Mapping[str, str], studies: Studies, scale: Scale
) -> None:  # fmt: skip
    try:
        trimmed = trim_and_fill(*studies, level=rows.source.level)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **filled)
        return
    pooled = trimmed.pooled
    rows.add(
        **filled, **estimate_columns(pooled, scale), p=pooled.p if scale is IDENTITY else None,
        method=f"trim and fill{scale.name}: {trimmed.k0} studies added on the {trimmed.side}",
    )  # fmt: skip
