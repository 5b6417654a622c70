"""The published studies of group differences, beside the study's own cohorts, as results.

Takes the table of published studies and the cohorts' adjusted differences; writes every published
study, those that are never pooled with the reason, and the synthesis of the published, of the own
and of both.
"""

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.config.study import Study
from igfmood.errors import ConfigError, DataError, NotEstimable
from igfmood.results import Rows
from igfmood.synthesis.pool import FEW, PREDICTION, PREDICTION_TERM, tau2_interval
from igfmood.synthesis.published import (
    TARGETS,
    Choice,
    PublishedEffect,
    Synthesis,
    choose,
    effects,
    pool_published,
    pool_with_cohorts,
    read_published,
)
from igfmood.synthesis.sensitivity import add_small_studies

ANALYSIS = "published"
#: Strata of the three syntheses.
PUBLISHED, OWN, BOTH = "published", "own cohorts", "both"
#: `model` of a published study that enters the synthesis, and of one that does not.
ENTERS, APART = "enters", "apart"


def refuse_unreadable(study: Study) -> None:
    """Refuse a study whose table of published studies cannot be used, before it runs.

    Raises
    ------
    ConfigError
        File, line, column, value and remedy; or a `published_as` that no row of the table has.
    """
    if study.published_evidence is not None:
        try:
            _published(study)
        except DataError as error:
            raise ConfigError(f"published_evidence: {error}") from error


def add_literature(rows: Rows, cohorts: pd.DataFrame, study: Study) -> None:
    """Write the published layer, if the study names a table of published studies.

    A table that cannot be read is a failure of this part alone.
    """
    if study.published_evidence is None:
        return
    try:
        published = _published(study)
    except (ConfigError, DataError) as error:
        rows.add_failure(ANALYSIS, str(error))
        return
    alone = choose(published)
    for choice in alone:
        _add_study(rows, choice, study)
    tasks = {task.name for task in study.tasks}
    for target in TARGETS:
        own = _own(cohorts, target, study) if target in tasks else None
        _add_published(rows, target, alone, study)
        if own is not None:
            silent = set(cohorts["cohort"]) - set(own["cohort"])
            beside = choose(published, same_people=_same_people(study, silent))
            _add_beside(rows, target, beside, own, study)


def _published(study: Study) -> tuple[PublishedEffect, ...]:
    """Return every published effect; refuses a cohort that is published as a group not there."""
    published = effects(read_published(Path(str(study.published_evidence))))
    try:
        choose(published, same_people=_same_people(study))
    except ConfigError as error:
        raise ConfigError(f"published_as: {error}") from error
    return published


def _same_people(study: Study, silent: Collection[str] = ()) -> dict[str, str]:
    """Return overlap group: cohort with the same people.

    The published one of a cohort that is silent, having no number of its own, stays. A cohort
    without any row may be left out for one with its people, so that its published one goes too.
    """
    return {
        cohort.published_as: cohort.name
        for cohort in study.cohorts
        if cohort.published_as and cohort.name not in silent
    }


def _keys(target: str, study: Study, stratum: str, model: str) -> dict[str, str]:
    return {
        "analysis": ANALYSIS, "target": target, "exposure": study.analyte.name, "model": model,
        "stratum": stratum, "measure": "smd",
    }  # fmt: skip


def _add_study(rows: Rows, choice: Choice, study: Study) -> None:
    effect = choice.effect
    paper = effect.study
    keys = _keys(paper.target, study, paper.study, ENTERS if choice.enters else APART)
    if effect.smd is None:
        rows.add_not_estimable(effect.reason, **keys)
        return
    half = _quantile(rows.source.level) * effect.smd.se
    source = paper.doi or paper.pmid or paper.url
    apart = "" if choice.enters else f"; not pooled: {choice.reason}"
    rows.add(
        **keys, estimate=effect.smd.estimate, se=effect.smd.se,
        ci_low=effect.smd.estimate - half, ci_high=effect.smd.estimate + half,
        n=paper.n or None, n_events=paper.n_case,
        method=f"{effect.smd.method}; {paper.matrix.replace('_', ' ')}; {source}{apart}",
    )  # fmt: skip


def _quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def _own(cohorts: pd.DataFrame, target: str, study: Study) -> pd.DataFrame:
    """Return the adjusted differences of the cohorts that count."""
    return results.select(
        cohorts, analysis="contrast", target=target, adjustment=study.main_tier, stratum="all",
        measure="smd", term="", status="ok",
    ).sort_values("cohort", kind="stable")  # fmt: skip


def _add_published(
    rows: Rows, target: str, alone: Collection[Choice], study: Study
) -> None:  # fmt: skip
    """Write the synthesis of the published studies, and whether small ones lie elsewhere."""
    level = rows.source.level
    found = _pooled(rows, _keys(target, study, PUBLISHED, "synthesis"),
                    lambda: pool_published(alone, target, level))  # fmt: skip
    if found is not None:
        keys = _keys(target, study, PUBLISHED, "small_studies")
        add_small_studies(rows, keys, found.yi, found.vi)


def _add_beside(
    rows: Rows, target: str, beside: Collection[Choice], own: pd.DataFrame, study: Study
) -> None:  # fmt: skip
    """Write the synthesis of the study's cohorts, and that of both."""
    level = rows.source.level
    estimates, ses = own["estimate"].to_numpy(float), own["se"].to_numpy(float)
    names = [study.cohort(str(name)).title for name in own["cohort"]]
    _pooled(rows, _keys(target, study, OWN, "synthesis"),
            lambda: _alone(target, names, estimates, ses, level))  # fmt: skip
    _pooled(rows, _keys(target, study, BOTH, "synthesis"),
            lambda: pool_with_cohorts(beside, target, names, estimates, ses, level))  # fmt: skip


def _alone(
    target: str, names: list[str], estimates: np.ndarray, ses: np.ndarray, level: float
) -> Synthesis:
    return pool_with_cohorts((), target, names, estimates, ses, level)


def _pooled(rows: Rows, keys: dict[str, str], pool: Callable[[], Synthesis]) -> Synthesis | None:
    """Write a synthesis with its prediction interval and heterogeneity, or why there is none."""
    try:
        found = pool()
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys)
        return None
    fit = found.fit
    few = f"; {fit.k} studies: the interval hinges on tau2" if fit.k <= FEW else ""
    rows.add(
        **keys, estimate=fit.mu, se=fit.se, ci_low=fit.ci_low, ci_high=fit.ci_high, p=fit.p,
        df=fit.df, method=f"random effects: REML, Knapp-Hartung interval, t(k-1){few}",
    )  # fmt: skip
    rows.add(
        **{**keys, "term": PREDICTION_TERM}, estimate=fit.mu, ci_low=fit.pi_low,
        ci_high=fit.pi_high, df=fit.df, method=PREDICTION,
    )  # fmt: skip
    for measure, value, method in (
        ("k", fit.k, "studies pooled"),
        ("i2", fit.i2, "percent, from tau2 and the typical variance"),
    ):
        rows.add(**{**keys, "measure": measure, "term": "smd"}, estimate=value, method=method)
    rows.add(
        **{**keys, "measure": "tau2", "term": "smd"}, estimate=fit.tau2,
        **tau2_interval(found.yi, found.vi, rows),
        method="REML between-study variance, Q-profile interval where there is one",
    )  # fmt: skip
    return found
