"""Who becomes ill later, by the analyte at the first visit.

Takes the study; gives log hazard ratios per SD (Cox, Efron ties, late entry), the check of
proportional hazards, and the discrete-time odds ratio.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from igfmood.association.estimate import Answer, Estimate, Plain
from igfmood.association.models.cox import CoxFit, fit_cox, proportional_hazards
from igfmood.association.models.discrete_time import fit_discrete_time
from igfmood.association.models.firth import FIRTH_INTERVAL, firth_log_odds, log_odds
from igfmood.association.people import INCIDENT
from igfmood.association.question import Question
from igfmood.association.sample import Sample
from igfmood.association.shifts import of_group
from igfmood.config.study import Study
from igfmood.errors import NotEstimable

#: Outcome: column that says whether it came about.
OUTCOMES = {"depression": "incident_depression", "bipolar": "incident_bipolar"}
_KEYS = (("log_hr", ""),)


def questions(study: Study) -> Iterator[Question]:
    """Yield the questions about each outcome."""
    for target, column in OUTCOMES.items():
        observed = (column, "followup_years")
        ill = of_group(partial(_became_ill, column=column), "people who became ill")
        yield Question(
            "incidence", target, "cox", _KEYS, partial(hazard_ratio, column=column),
            observed=observed, in_subsets=True, forked=("log_hr", ""),
            shifts={("log_hr", ""): ill},
        )  # fmt: skip
        yield Question(
            "incidence", target, "discrete_time", (("log_or", ""),),
            partial(odds_ratio, column=column), observed=observed, every_tier=False,
            shifts={("log_or", ""): ill},
        )  # fmt: skip
        yield Question(
            "incidence", target, "proportional_hazards",
            (("chi2", "score"), ("chi2", "global")), partial(proportionality, column=column),
            observed=observed, only_complete=True, every_tier=False,
        )  # fmt: skip


def _became_ill(sample: Sample, column: str) -> np.ndarray:
    return sample.column(column).astype(bool)


def _events(sample: Sample, column: str) -> np.ndarray:
    """Return who had the event (bool, shape (n,)); refuses too few."""
    event = _became_ill(sample, column)
    n_events, smallest = int(event.sum()), sample.study.gates.group_size
    if n_events < smallest:
        raise NotEstimable(f"too few events: {n_events} < {smallest}")
    return event


def _entry(sample: Sample) -> np.ndarray | None:
    """Return when everybody's follow-up begins, 0 where that is not known; None if nobody's is.

    Raises
    ------
    NotEstimable
        If somebody who enters late has left by then.
    """
    if not sample.has("entry_years"):
        return None
    entry = np.nan_to_num(sample.column("entry_years"))
    gone = int(((entry > 0) & (sample.column("followup_years") <= entry)).sum())
    if gone:
        raise NotEstimable(f"{gone} people leave observation no later than they enter it")
    return entry


def _cox(sample: Sample, column: str) -> CoxFit:
    event, entry = _events(sample, column), _entry(sample)
    if entry is not None:
        # At risk from before the first event on, also who is seen once: as without late entry.
        entry = np.where(entry > 0, entry, -1.0)
    design = np.column_stack([sample.score, sample.covariates])
    return fit_cox(design, sample.column("followup_years"), event, entry=entry)


def _late(sample: Sample) -> str:
    return ", late entry" if sample.has("entry_years") else ""


def _ill_before(sample: Sample, column: str) -> str:
    """Return how many people had the outcome at the first visit, and are not at risk of it."""
    ill = int((sample.values.table["diagnosis"] == INCIDENT[column]).sum())
    return f"; {ill} ill at the first visit are not at risk" if ill else ""


def hazard_ratio(sample: Sample, column: str) -> Answer:
    """Return the log hazard ratio per SD of the analyte."""
    fit = _cox(sample, column)
    return {
        ("log_hr", ""): Estimate(
            float(fit.coef[0]), float(fit.se[0]), len(sample), n_events=fit.n_events,
            method=f"Cox regression, Efron ties{_late(sample)}, Wald interval{sample.unweighted}"
            f"{_ill_before(sample, column)}",
        )
    }  # fmt: skip


def proportionality(sample: Sample, column: str) -> Answer:
    """Return whether the hazard ratio stays the same over follow-up, for the score and for all."""
    test = proportional_hazards(_cox(sample, column))
    method = (
        "score test of proportional hazards against drift with 1 - Kaplan-Meier"
        f"{_late(sample)}{sample.unweighted}"
    )
    return {
        ("chi2", term): Plain(found.chi2, len(sample), found.p, method, float(found.df))
        for term, found in (("score", test.columns[0]), ("global", test.overall))
    }


def odds_ratio(sample: Sample, column: str) -> Answer:
    """Return the log odds ratio of the event per SD, given follow-up of whole years.

    Where visits are few, times tie heavily and a hazard in continuous time is a fiction; years are
    the intervals.
    """
    event, begins = _events(sample, column), _entry(sample)
    years = np.maximum(np.ceil(sample.column("followup_years")), 1).astype(int)
    entry = None if begins is None else np.floor(begins).astype(int)
    design = np.column_stack([sample.score, sample.covariates])
    fit = fit_discrete_time(
        design, years, event, entry, firth_log_odds if sample.firth else log_odds
    )
    errors = FIRTH_INTERVAL if fit.profiles else "standard errors by person"
    method = (
        f"discrete-time {fit.model}, by year of follow-up{_late(sample)}, {errors}"
        f"{sample.unweighted}"
    )
    if fit.dropped:
        method += f"; {fit.dropped} person-years without information left out"
    return {
        ("log_or", ""): Estimate(
            float(fit.coef[0]), float(fit.se[0]), len(sample), n_events=fit.n_events,
            method=method, profile=fit.profiles[0] if fit.profiles else None,
        )
    }  # fmt: skip
