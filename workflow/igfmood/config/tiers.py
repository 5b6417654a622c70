"""What the tiers of covariates and of predictors cannot say.

Takes the tiers, the analyte and the cohorts of a study; gives a problem for each name that is not
known, each model without a predictor, and each tier that adjusts the analyte for itself or adds
nothing of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from igfmood.config.analysis import Forks
from igfmood.config.cohort import Cohort
from igfmood.config.near import meant_or_allowed
from igfmood.config.prediction import ANALYTE_FORMS, DEFAULT_TIERS, PREDICTORS, Prediction
from igfmood.config.vocabulary import COVARIATES, SUBSTANCES, VARIABLES


def default_tiers(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the tiers of predictors of a study that names none, without its analyte.

    Parameters
    ----------
    given
        The study as it was written, not checked yet.
    """
    analyte = given.get("analyte")
    name = analyte.get("name") if isinstance(analyte, Mapping) else None
    itself = {str(name).casefold()}
    cohorts = given.get("cohorts")
    for cohort in cohorts if isinstance(cohorts, list) else []:
        itself |= _of_the_same_column(cohort) if isinstance(cohort, Mapping) else set()
    return {
        tier: [one for one in names if one not in SUBSTANCES or one not in itself]
        for tier, names in DEFAULT_TIERS.items()
    }


def _of_the_same_column(cohort: Mapping[str, Any]) -> set[str]:
    measured, columns = cohort.get("analyte"), cohort.get("columns")
    if not isinstance(measured, Mapping) or not isinstance(columns, Mapping):
        return set()
    found = set()
    for name, entry in columns.items():
        column = entry.get("column") if isinstance(entry, Mapping) else entry
        if column is not None and column == measured.get("column"):
            found.add(str(name))
    return found


def tier_problems(
    covariates: Mapping[str, Sequence[str]], predictors: Mapping[str, Sequence[str]],
    analyte: str, cohorts: Sequence[Cohort],
) -> Iterator[str]:  # fmt: skip
    """Give the problems of ``covariate_tiers`` and ``prediction_tiers``.

    Parameters
    ----------
    covariates, predictors
        Tier: its variables.
    analyte
        Name of the analyte of the study.
    cohorts
        Cohorts of the study, which say what stands in the analyte's column.
    """
    itself = _names_of_itself(analyte, cohorts)
    for tier, names in covariates.items():
        yield from unknown(f"covariate_tiers.{tier}", names, COVARIATES)
        yield from _adjusted_for_itself(f"covariate_tiers.{tier}", names, itself)
    for tier, names in predictors.items():
        if not names:
            yield f"prediction_tiers.{tier} is empty: a model needs a predictor"
        yield from unknown(f"prediction_tiers.{tier}", names, PREDICTORS)
        yield from _adjusted_for_itself(f"prediction_tiers.{tier}", names, itself)


def prediction_problems(
    tasks: Sequence[str], prediction: Prediction, tiers: Mapping[str, Sequence[str]],
    added_value: tuple[str, str],
) -> Iterator[str]:  # fmt: skip
    """Give the problems of what is predicted, and of the two tiers that are compared.

    Parameters
    ----------
    tasks
        Names of the contrasts of groups.
    prediction
        Outcomes besides them.
    tiers
        Tier: its predictors.
    added_value
        The tier with the analyte, and the one without.
    """
    for outcome in prediction.outcomes:
        if outcome in tasks:
            yield f"tasks share the name {outcome!r} with an outcome of prediction.outcomes"
    yield from unknown("added_value", list(added_value), list(tiers))
    new, old = (tiers.get(tier, []) for tier in added_value)
    if new and old and (not set(new) & set(ANALYTE_FORMS) or set(old) - set(new)):
        yield (
            f"added_value {list(added_value)}: the first tier must have the analyte, and every "
            "predictor of the second"
        )


def unknown(where: str, names: Sequence[str], allowed: Sequence[str]) -> Iterator[str]:
    """Give a problem if some of the names are not allowed."""
    wrong = [name for name in names if name not in allowed]
    if wrong:
        yield f"{where} has unknown names {wrong}; {meant_or_allowed(wrong, allowed)}"


def control_problems(
    outcomes: Sequence[str], analytes: Sequence[str], analyte: str, adjusted: Sequence[str]
) -> Iterator[str]:
    """Give a problem for each list of negative controls that has what cannot be one.

    Parameters
    ----------
    outcomes, analytes
        What the study names as `negative_controls` and as `negative_control_analytes`.
    analyte
        The analyte of the study.
    adjusted
        Covariates of the main tier: with one of them in the model its own slope is 0.
    """
    numbers = [one for one in COVARIATES if VARIABLES[one].kind == "number"]
    flags = [one for one in COVARIATES if VARIABLES[one].kind == "flag"]
    for key, given, possible in (
        ("negative_controls", outcomes, [*numbers, *flags]),
        ("negative_control_analytes", analytes, [*dict.fromkeys([*numbers, *SUBSTANCES])]),
    ):
        allowed = [one for one in possible if one not in (analyte, "age_years", *adjusted)]
        twice = sorted({name for name in given if given.count(name) > 1})
        if twice:
            yield f"{key} names {twice} twice: each is asked once"
        held = [name for name in given if name in adjusted]
        if held:
            yield f"{key} names {held}, which the models adjust for; allowed: {allowed}"
        yield from unknown(key, [name for name in given if name not in held], allowed)


def fork_problems(forks: Forks, tiers: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Give a problem for forks of which no combination is left, or that name no tier."""
    asked = forks.adjustment or list(tiers)
    known = [set(tiers[name]) for name in asked if name in tiers]
    if forks.exposure == ["log"] and not any({"age_years", "sex"} <= one for one in known):
        yield (
            "forks leave no combination: a log concentration needs age_years and sex beside "
            f"it, and none of the tiers {asked} has both; add one, or `sds` to forks.exposure"
        )
    yield from unknown("forks.adjustment", forks.adjustment, list(tiers))


def _names_of_itself(analyte: str, cohorts: Sequence[Cohort]) -> dict[str, str]:
    """Return variables that are the analyte under another name: why each of them is."""
    found = {
        name: f"columns.{name} of cohort {cohort.name!r} and its analyte are both column "
        f"{cohort.analyte.column!r}"
        for cohort in cohorts
        if cohort.analyte is not None
        for name, entry in cohort.columns.items()
        if name in SUBSTANCES and entry.column == cohort.analyte.column
    }
    return found | {
        name: f"analyte.name is {analyte!r}"
        for name in SUBSTANCES
        if name == analyte.casefold()
    }  # fmt: skip


def _adjusted_for_itself(
    where: str, names: Sequence[str], itself: Mapping[str, str]
) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if name in itself:
            yield (
                f"{where} names {name!r}, which is the analyte itself ({itself[name]}): adjusted "
                f"for it, nothing of the analyte is left to estimate; take {name!r} out of the tier"
            )
