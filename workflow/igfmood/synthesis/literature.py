"""The published studies of group differences, beside the study's own cohorts, as results.

Takes the table of published studies and the cohorts' adjusted differences; writes every published
study, those that are never pooled with the reason, and the synthesis of the published, of the own
and of both.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.config.study import Study
from igfmood.errors import ConfigError, DataError, NotEstimable
from igfmood.results import Rows
from igfmood.synthesis.pool import COHORTS, STUDIES, Kind, add_synthesis
from igfmood.synthesis.published.choose import TARGETS, Choice, choose
from igfmood.synthesis.published.effects import PublishedEffect, effects
from igfmood.synthesis.published.pool import Synthesis, pool_published, pool_with_cohorts
from igfmood.synthesis.published.read import read_published
from igfmood.synthesis.sensitivity import add_small_studies

ANALYSIS = "published"
#: Strata of the three syntheses.
PUBLISHED, OWN, BOTH = "published", "own cohorts", "both"
#: `model` of a published study that enters the synthesis, and of one that does not.
ENTERS, APART = "enters", "apart"
_INVENTED = "the cohorts are invented: published studies are not pooled with them"


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


def published_errors(target: str, study: Study) -> list[float]:
    """Return the standard errors of the published studies that enter the synthesis of a target."""
    if study.published_evidence is None or target not in TARGETS:
        return []
    return [
        choice.effect.smd.se for choice in choose(_published(study))
        if choice.enters and choice.effect.study.target == target and choice.effect.smd is not None
    ]  # fmt: skip


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
    level, sizes = rows.source.level, _sizes(alone, target)
    found = _pooled(rows, _keys(target, study, PUBLISHED, "synthesis"), STUDIES, sizes,
                    lambda: pool_published(alone, target, level))  # fmt: skip
    if found is not None:
        keys = _keys(target, study, PUBLISHED, "small_studies")
        add_small_studies(rows, keys, (found.yi, found.vi))


def _add_beside(
    rows: Rows, target: str, beside: Collection[Choice], own: pd.DataFrame, study: Study
) -> None:  # fmt: skip
    """Write the synthesis of the study's cohorts, and that of both."""
    level = rows.source.level
    estimates, ses = own["estimate"].to_numpy(float), own["se"].to_numpy(float)
    names = [study.cohort(str(name)).title for name in own["cohort"]]
    sizes = [_Size(_known(row["n"]), _known(row["n_events"])) for _, row in own.iterrows()]
    _pooled(rows, _keys(target, study, OWN, "synthesis"), COHORTS, sizes,
            lambda: _alone(target, names, estimates, ses, level))  # fmt: skip
    if study.synthetic:
        rows.add_not_estimable(_INVENTED, **_keys(target, study, BOTH, "synthesis"))
        return
    _pooled(rows, _keys(target, study, BOTH, "synthesis"), STUDIES,
            [*_sizes(beside, target), *sizes],
            lambda: pool_with_cohorts(beside, target, names, estimates, ses, level))  # fmt: skip


def _alone(
    target: str, names: list[str], estimates: np.ndarray, ses: np.ndarray, level: float
) -> Synthesis:
    return pool_with_cohorts((), target, names, estimates, ses, level)


@dataclass(frozen=True)
class _Size:
    """People of a study, and cases among them; None where its paper does not say."""

    n: int | None
    n_events: int | None


def _known(number: object) -> int | None:
    return None if pd.isna(number) else int(number)  # type: ignore[call-overload]


def _sizes(choices: Collection[Choice], target: str) -> list[_Size]:
    """Return the size of every published study that enters the synthesis of a target."""
    papers = [c.effect.study for c in choices if c.enters and c.effect.study.target == target]
    return [_Size(paper.n or None, paper.n_case) for paper in papers]


def _counts(sizes: Collection[_Size]) -> dict[str, int | None]:
    """Return the people of all studies, None where one does not say."""

    def total(numbers: list[int | None]) -> int | None:
        known = [one for one in numbers if one is not None]
        return sum(known) if len(known) == len(numbers) else None

    return {
        "n": total([size.n for size in sizes]),
        "n_events": total([size.n_events for size in sizes]),
    }


def _pooled(
    rows: Rows, keys: dict[str, str], kind: Kind, sizes: Collection[_Size],
    pool: Callable[[], Synthesis],
) -> Synthesis | None:  # fmt: skip
    """Write a synthesis with its other intervals and heterogeneity, or why there is none."""
    try:
        found = pool()
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys)
        return None
    add_synthesis(rows, {**keys, "term": ""}, found.fit, (found.yi, found.vi), _counts(sizes), kind)
    return found
