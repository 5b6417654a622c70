"""What the tiers of covariates and of predictors cannot say.

Takes the tiers, the analyte and the cohorts of a study; gives a problem for each name that is not
known, each model without a predictor, and each tier that adjusts the analyte for itself.
"""

from collections.abc import Iterator, Mapping, Sequence

from igfmood.config.cohort import Cohort
from igfmood.config.near import meant_or_allowed
from igfmood.config.vocabulary import COVARIATES, SUBSTANCES

#: Stands for the analyte's SDS in a list of predictors.
ANALYTE = "analyte"


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
        yield from unknown(f"prediction_tiers.{tier}", names, [*COVARIATES, ANALYTE])
        yield from _adjusted_for_itself(f"prediction_tiers.{tier}", names, itself)


def unknown(where: str, names: Sequence[str], allowed: Sequence[str]) -> Iterator[str]:
    """Give a problem if some of the names are not allowed."""
    wrong = [name for name in names if name not in allowed]
    if wrong:
        yield f"{where} has unknown names {wrong}; {meant_or_allowed(wrong, allowed)}"


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
