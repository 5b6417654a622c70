"""What changes over visits: decline of cognition, and symptoms with the analyte within persons.

Takes a participants table of all visits; writes the slope of cognition by the analyte at the first
visit (random intercepts and slopes), and PHQ-9 points per SD of change in the same person.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from igfmood.association.design import centred, complete_rows, require_analyte
from igfmood.association.effect_sizes import small_sample_correction
from igfmood.association.models.cluster_robust import student_contrast
from igfmood.association.models.growth import WithinBetween, fit_growth, within_between
from igfmood.association.models.linear import Contrast
from igfmood.association.sample import Values
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.results import Rows

#: An estimate, the people behind it and the method; or why there is none.
Found = tuple[Contrast, int, str] | str

_MISSING = "rows with every value, which a mixed model takes as missing at random"
#: Dates of a visit, the surest first; where there are none, ages tell the time between visits.
_DATES = ("phq9_date", "analyte_date")
_DAYS = 365.25


def add_visits(rows: Rows, participants: pd.DataFrame, study: Study) -> None:
    """Write what changes over visits, adjusted as the last tier says."""
    add_decline(rows, participants, study)
    add_change_within(rows, participants, study)


def add_decline(rows: Rows, participants: pd.DataFrame, study: Study) -> None:
    """Write the level of cognition, and its change with time, by the analyte."""
    _add(
        rows, lambda: decline(participants, study),
        [
            {**_shared(study), "analysis": "cognition", "target": "cognition_score",
             "model": "growth", "measure": "beta", "term": term}
            for term in ("decline", "level_over_visits")
        ],
    )  # fmt: skip


def add_change_within(rows: Rows, participants: pd.DataFrame, study: Study) -> None:
    """Write how symptoms go with the analyte within persons, and between them."""
    _add(
        rows, lambda: change_within(participants, study),
        [
            {**_shared(study), "analysis": "within_person", "target": "phq9_total",
             "model": "within_between", "measure": "beta", "term": term}
            for term in ("", "between")
        ],
    )  # fmt: skip


def _shared(study: Study) -> dict[str, str]:
    return {"exposure": study.analyte.sds, "adjustment": study.main_tier, "stratum": "all"}


def _add(
    rows: Rows, estimate: Callable[[], dict[str, Found]], keys: list[dict[str, str]]
) -> None:  # fmt: skip
    try:
        found = estimate()
    except NotEstimable as error:
        for one in keys:
            rows.add_not_estimable(error.reason, **one)
        return
    for one in keys:
        answer = found[one["term"]]
        if isinstance(answer, str):
            rows.add_not_estimable(answer, **one)
            continue
        contrast, n, method = answer
        rows.add(
            **one, estimate=contrast.estimate, se=contrast.se, ci_low=contrast.ci_low,
            ci_high=contrast.ci_high, p=contrast.p, df=contrast.df, n=n, method=method,
        )  # fmt: skip


def visits_of(participants: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Return the rows that have the outcome.

    Raises
    ------
    NotEstimable
        If the cohort has no such outcome, or one visit only.
    """
    if outcome not in participants or participants[outcome].isna().all():
        raise NotEstimable(f"{outcome} is not in this cohort")
    known = participants[participants[outcome].notna()].reset_index(drop=True)
    if known["visit"].nunique() < 2:
        raise NotEstimable(f"{outcome} is known at one visit only")
    return known


def years_of(table: pd.DataFrame, at_first: pd.DataFrame) -> np.ndarray:
    """Return years since the first visit (n,): by date where both visits have one, else by age.

    Raises
    ------
    NotEstimable
        If neither moves. Names of visits are no help: nobody says whether they count weeks.
    """
    person = table["participant_id"]
    years = (table["age_years"] - person.map(at_first["age_years"])).to_numpy(float)
    if "age_topcoded" in table:
        # An age that is only known to be high says nothing of the time since.
        unknown = (table["age_topcoded"] & ~table["is_baseline"]).to_numpy(bool)
        years = np.where(unknown, np.nan, years)
    for name in reversed([name for name in _DATES if name in table]):
        days = (table[name] - person.map(at_first[name])).dt.days.to_numpy(float, na_value=np.nan)
        years = np.where(np.isfinite(days), days / _DAYS, years)
    if not np.abs(years[np.isfinite(years)]).max(initial=0.0) > 0:
        raise NotEstimable(
            "the years between visits are not known: ages stand still, and there are no dates"
        )
    return years


def decline(participants: pd.DataFrame, study: Study) -> dict[str, Found]:
    """Return SDs of cognition at the first visit, and per year, per SD of the analyte."""
    analyte = study.analyte
    first = participants[participants["is_baseline"]]
    require_analyte(first, study)
    table = visits_of(participants, "cognition_score")
    at_first = first.set_index("participant_id")
    table["time"] = years_of(table, at_first)
    covariates = [one for one in study.covariate_tiers[study.main_tier] if one != "cognition_score"]
    table = _as_at_first(table, at_first, [analyte.sds, *covariates])
    used = table[complete_rows(table, [analyte.sds, *covariates]) & table["time"].notna()]
    people, smallest = used["participant_id"].nunique(), 2 * study.gates.group_size
    if people < smallest:
        raise NotEstimable(f"too few people with complete data: {people} < {smallest}")
    start = first["cognition_score"].dropna().to_numpy(float)
    if not (len(start) > 1 and start.std() > 0):
        raise NotEstimable("cognition_score is not known, or does not vary, at the first visit")
    scale = float(start.std(ddof=1))
    matrix = _matrix(used, covariates)
    fit = fit_growth(
        used["cognition_score"].to_numpy(float) / scale, used["time"].to_numpy(float),
        used[analyte.sds].to_numpy(float), matrix, used["participant_id"].to_numpy(str),
        study.level, on_change=range(matrix.shape[1]),
    )  # fmt: skip
    notes = "; ".join(filter(None, (fit.reason, fit.boundary)))
    method = (
        f"mixed model, random {fit.random_effects}, REML from several starts, Satterthwaite df; "
        f"{_MISSING}{_unweighted(participants, study)}" + (f"; {notes}" if notes else "")
    )
    return {
        "level_over_visits": (fit.level, fit.n_persons, method),
        "decline": (
            _in_estimated_sds(fit.change, len(start) - 1), fit.n_persons,
            f"per year, the SD itself an estimate as in Hedges g; {method}",
        ),
    }  # fmt: skip


def _in_estimated_sds(change: Contrast, df: int) -> Contrast:
    """Return a change in SDs, without the bias and with the variance of an SD on `df`.

    As for a difference between groups in `adjusted_hedges_g`: what the SD is of, the level at the
    first visit, is not what the change is of.
    """
    estimate = small_sample_correction(df) * change.estimate
    variance = change.se**2 + estimate**2 / (2 * df)
    return student_contrast(estimate, variance, change.df, change.level)


def _as_at_first(
    table: pd.DataFrame, at_first: pd.DataFrame, names: Sequence[str]
) -> pd.DataFrame:  # fmt: skip
    """Return the table with these columns as they were at the person's first visit."""
    person = table["participant_id"]
    return table.assign(**{name: person.map(at_first[name]) for name in names if name in at_first})


def _matrix(table: pd.DataFrame, covariates: Sequence[str]) -> np.ndarray:
    values = Values(table)
    return centred(np.hstack([np.empty((len(table), 0)), *map(values.coded, covariates)]))


def _unweighted(participants: pd.DataFrame, study: Study) -> str:
    weighted = study.cohorts[0].survey == "design" and "weight_survey" in participants
    return "; survey weights not used" if weighted else ""


def change_within(participants: pd.DataFrame, study: Study) -> dict[str, Found]:
    """Return PHQ-9 points per SD by which the analyte of the same person changed.

    Nothing that stays the same in a person can confound that, so it needs no covariates but what
    changes for everybody: the visit. In a trial that is another change in each arm, for a drug may
    move symptoms and the analyte at once; so where `treatment` is known, every arm has visits of
    its own (arm x visit), and people are compared with others of their arm.

    The difference between persons needs covariates: it has those of the first visit, among people
    who have them.
    """
    analyte = study.analyte
    require_analyte(participants, study)
    table = visits_of(participants, "phq9_total")
    used = table[table[analyte.sds].notna()]
    if not (used["participant_id"].value_counts() > 1).any():
        raise NotEstimable("nobody has the analyte and the PHQ-9 at two visits")
    found = _within_between(used, [], study)
    if found.n_changing < study.gates.group_size:
        raise NotEstimable(
            f"too few people whose analyte changed: {found.n_changing} < {study.gates.group_size}"
        )
    notes = f"CR2 errors by person; rows with every value{_unweighted(participants, study)}"
    first = participants[participants["is_baseline"]]
    return {
        "": (found.within, found.n_changing, f"within persons, {_moments(used)}, {notes}"),
        "between": _between(used, first, study, notes),
    }


def arms_of(table: pd.DataFrame) -> pd.Series:
    """Return the arm of each row's person, empty where nobody says; all empty without arms."""
    if "treatment" not in table:
        return pd.Series("", index=table.index)
    known = table.dropna(subset=["treatment"]).groupby("participant_id")["treatment"].first()
    return table["participant_id"].map(known).fillna("").astype(str)


def _moments(table: pd.DataFrame) -> str:
    return f"visits{' of each arm' if arms_of(table).nunique() > 1 else ''} as covariates"


def _between(used: pd.DataFrame, first: pd.DataFrame, study: Study, notes: str) -> Found:
    covariates = study.covariate_tiers[study.main_tier]
    used = _as_at_first(used, first.set_index("participant_id"), covariates)
    try:
        found = _within_between(used[complete_rows(used, covariates)], covariates, study)
    except NotEstimable as error:
        return error.reason
    if found.between is None:
        return "everybody has the same mean of the analyte"
    method = f"between persons, {_moments(used)} beside those of the first visit, {notes}"
    return found.between, found.n_persons, method


def _within_between(used: pd.DataFrame, covariates: Sequence[str], study: Study) -> WithinBetween:
    moments = arms_of(used) + "\n" + used["visit"].astype(str)
    dummies = pd.get_dummies(moments, dtype=float).to_numpy()
    return within_between(
        used["phq9_total"].to_numpy(float), used[study.analyte.sds].to_numpy(float),
        used["participant_id"].to_numpy(str),
        np.column_stack([dummies, _matrix(used, covariates)]), study.level,
    )  # fmt: skip
