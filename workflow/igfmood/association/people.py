"""One row per person: the first visit, with what later visits say of the outcome.

Takes a participants table; gives the people that every question at the first visit is asked of.
"""

import numpy as np
import pandas as pd

from igfmood.association.design import age_and_sex
from igfmood.config.study import Study

#: Outcomes that a later visit tells about the person.
OUTCOMES = ("response", "entry_years")
#: Outcomes that count over all visits: what came about once has come about, and follow-up lasts to
#: the visit that is furthest away.
OVER_VISITS = ("incident_depression", "incident_bipolar", "followup_years")
#: Illness to come: the diagnosis that it is.
INCIDENT = {"incident_depression": "mdd", "incident_bipolar": "bipolar"}


def people_at_baseline(participants: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the first visits, with outcomes of later ones and the analyte's log score.

    An outcome that is missing at the first visit is taken from the last visit that has it; an
    event and the length of follow-up are the largest of all visits. Illness to come is missing of
    who has it at the first visit.
    """
    people = participants[participants["is_baseline"]].reset_index(drop=True)
    later = participants[~participants["is_baseline"]]
    for name in OUTCOMES:
        if name in people and len(later):
            last = later.dropna(subset=[name]).groupby("participant_id")[name].last()
            found = people["participant_id"].map(last)
            people[name] = (
                people[name].where(people[name].notna(), found).astype(people[name].dtype)
            )
    for name in OVER_VISITS:
        if name in people and len(later):
            largest = participants.groupby("participant_id")[name].max()
            people[name] = people["participant_id"].map(largest).astype(people[name].dtype)
    for name, diagnosis in INCIDENT.items():
        if name in people:
            # Who is ill at the first visit cannot fall ill: neither event nor time at risk.
            people[name] = people[name].mask(people["diagnosis"] == diagnosis)
    return people.assign(**{study.analyte.log_score: log_score(people, study)})


def log_score(people: pd.DataFrame, study: Study) -> np.ndarray:
    """Return the log concentration about its mean, in SDs of people of one age, sex and group.

    Shape (n,), missing where nothing was measured. With the SD of everybody, which holds age and
    sex, an effect per SD would be another than that of SDS, whose SD does not.
    """
    values = np.log(people[study.analyte.harmonised].to_numpy(float))
    known = np.isfinite(values)
    spread = _spread(values, people)
    if not spread > 0:
        return np.full(len(people), np.nan)
    return np.asarray((values - values[known].mean()) / spread)


def _spread(values: np.ndarray, people: pd.DataFrame) -> float:
    """Return the SD of what age, sex and diagnosis leave of log concentrations, 0 if nothing."""
    design = pd.get_dummies(people["diagnosis"]).to_numpy(float)
    if {"age_years", "sex"} <= set(people):
        age = people["age_years"].to_numpy(float, na_value=np.nan)
        design = np.column_stack([design, age_and_sex(age, people["sex"].to_numpy(object))])
    known = np.isfinite(values) & np.isfinite(design).all(axis=1)
    design, found = design[known], values[known]
    beta, _, rank, _ = np.linalg.lstsq(design, found, rcond=None)
    df, left = len(found) - int(rank), found - design @ beta
    # Rounding must not stand for spread.
    return float(np.sqrt(left @ left / df)) if df > 0 and np.ptp(found) > 0 else 0.0
