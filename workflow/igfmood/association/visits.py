"""What changes over visits: decline of cognition, and symptoms with the analyte within persons.

Takes a participants table of all visits; writes the slope of cognition by the analyte at the first
visit (random intercepts and slopes), and PHQ-9 points per SD of change in the same person.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from igfmood.association.design import centred, complete_rows, require_analyte
from igfmood.association.models.growth import fit_growth, within_between
from igfmood.association.models.linear import Contrast
from igfmood.association.sample import Values
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.results import Rows

_MISSING = "rows with every value, which a mixed model takes as missing at random"


def add_visits(rows: Rows, participants: pd.DataFrame, study: Study) -> None:
    """Write what changes over visits, adjusted as the last tier says."""
    shared = {"exposure": study.analyte.sds, "adjustment": study.main_tier, "stratum": "all"}
    _add(
        rows, lambda: decline(participants, study),
        [
            {**shared, "analysis": "cognition", "target": "cognition_score", "model": "growth",
             "measure": "beta", "term": term}
            for term in ("decline", "level_over_visits")
        ],
    )  # fmt: skip
    _add(
        rows, lambda: change_within(participants, study),
        [
            {**shared, "analysis": "within_person", "target": "phq9_total",
             "model": "within_between", "measure": "beta", "term": term}
            for term in ("", "between")
        ],
    )  # fmt: skip


def _add(
    rows: Rows, estimate: Callable[[], dict[str, tuple[Contrast, int, str]]],
    keys: list[dict[str, str]],
) -> None:  # fmt: skip
    try:
        found = estimate()
    except NotEstimable as error:
        for one in keys:
            rows.add_not_estimable(error.reason, **one)
        return
    for one in keys:
        if one["term"] not in found:
            rows.add_not_estimable("everybody has the same mean of the analyte", **one)
            continue
        contrast, n, method = found[one["term"]]
        rows.add(
            **one, estimate=contrast.estimate, se=contrast.se, ci_low=contrast.ci_low,
            ci_high=contrast.ci_high, p=contrast.p, df=contrast.df, n=n, method=method,
        )  # fmt: skip


def _visits(participants: pd.DataFrame, outcome: str, study: Study) -> pd.DataFrame:
    """Return the rows that have the outcome, with years since the first visit.

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
    first = participants[participants["is_baseline"]].set_index("participant_id")
    at_first = known["participant_id"].map(first["age_years"])
    years = (known["age_years"] - at_first).to_numpy(float)
    if not np.nanmax(np.abs(years), initial=0.0) > 0:
        # Ages that stand still tell no time; visits named by numbers (weeks, years) do.
        years = pd.to_numeric(known["visit"], errors="coerce").to_numpy(float)
    return known.assign(time=years, baseline_age=at_first.to_numpy(float))


def decline(participants: pd.DataFrame, study: Study) -> dict[str, tuple[Contrast, int, str]]:
    """Return SDs of cognition at the first visit, and per unit of time, per SD of the analyte."""
    analyte = study.analyte
    first = participants[participants["is_baseline"]]
    require_analyte(first, study)
    table = _visits(participants, "cognition_score", study)
    at_first = first.set_index("participant_id")
    names = [name for name in study.covariate_tiers[study.main_tier] if name != "age_years"]
    for name in (analyte.sds, *(name for name in names if name in at_first)):
        table[name] = table["participant_id"].map(at_first[name])
    table["age_years"] = table["baseline_age"]
    covariates = study.covariate_tiers[study.main_tier]
    used = table[complete_rows(table, [analyte.sds, *covariates]) & table["time"].notna()]
    people = used["participant_id"].nunique()
    if people < 2 * study.gates.group_size:
        raise NotEstimable(f"too few people with complete data: {people}")
    scale = float(first["cognition_score"].std()) or 1.0
    values = Values(used)
    matrix = centred(np.hstack([np.empty((len(used), 0)), *map(values.coded, covariates)]))
    fit = fit_growth(
        used["cognition_score"].to_numpy(float) / scale, used["time"].to_numpy(float),
        used[analyte.sds].to_numpy(float), matrix, used["participant_id"].to_numpy(str),
        study.level, on_change=range(matrix.shape[1]),
    )  # fmt: skip
    notes = "; ".join(filter(None, (fit.reason, fit.boundary)))
    method = (
        f"mixed model, random {fit.random_effects}, REML from several starts, Satterthwaite df; "
        f"{_MISSING}" + (f"; {notes}" if notes else "")
    )
    return {
        "level_over_visits": (fit.level, fit.n_persons, method),
        "decline": (fit.change, fit.n_persons, f"per unit of time; {method}"),
    }


def change_within(participants: pd.DataFrame, study: Study) -> dict[str, tuple[Contrast, int, str]]:
    """Return PHQ-9 points per SD by which the analyte of the same person changed."""
    analyte = study.analyte
    require_analyte(participants, study)
    table = _visits(participants, "phq9_total", study)
    used = table[table[analyte.sds].notna() & table["time"].notna()]
    if used.groupby("participant_id").size().max() < 2:
        raise NotEstimable("nobody has the analyte and the PHQ-9 at two visits")
    moments = sorted(used["visit"].unique())[1:]
    dummies = np.column_stack([(used["visit"] == visit).to_numpy(float) for visit in moments])
    found = within_between(
        used["phq9_total"].to_numpy(float), used[analyte.sds].to_numpy(float),
        used["participant_id"].to_numpy(str), dummies, study.level,
    )  # fmt: skip
    if found.n_changing < study.gates.group_size:
        raise NotEstimable(
            f"too few people whose analyte changed: {found.n_changing} < {study.gates.group_size}"
        )
    method = f"{{}} persons, visits as covariates, CR2 errors by person; {_MISSING}"
    answer = {"": (found.within, found.n_changing, method.format("within"))}
    if found.between is not None:
        answer["between"] = (found.between, found.n_persons, method.format("between"))
    return answer
