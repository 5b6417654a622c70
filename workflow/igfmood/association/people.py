"""One row per person: the first visit, with what later visits say of the outcome.

Takes a participants table; gives the people that every question at the first visit is asked of.
"""

import numpy as np
import pandas as pd

from igfmood.config.study import Study

#: Outcomes that a later visit tells about the person.
OUTCOMES = ("response", "entry_years")
#: Outcomes that count over all visits: what came about once has come about, and follow-up lasts to
#: the visit that is furthest away.
OVER_VISITS = ("incident_depression", "incident_bipolar", "followup_years")


def people_at_baseline(participants: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the first visits, with outcomes of later ones and the analyte's log score.

    An outcome that is missing at the first visit is taken from the last visit that has it; an
    event and the length of follow-up are the largest of all visits. The log score is the z of the
    log concentration after correction of batches, in SDs of the cohort.
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
    return people.assign(**{study.analyte.log_score: log_score(people, study)})


def log_score(people: pd.DataFrame, study: Study) -> np.ndarray:
    """Return the z of the log concentration, shape (n,), missing where nothing was measured."""
    values = np.log(people[study.analyte.harmonised].to_numpy(float))
    known = values[np.isfinite(values)]
    if len(known) < 2 or not known.std() > 0:
        return np.full(len(people), np.nan)
    return (values - known.mean()) / known.std(ddof=1)
