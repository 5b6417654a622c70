"""Table 1: who is in a cohort.

Takes one participants table; gives counts, means and quantiles by group at the first visit, as
results. Suppression of small counts is left to whoever shows them.
"""

import pandas as pd

from igfmood.config.study import Study
from igfmood.config.vocabulary import DIAGNOSES
from igfmood.results import Rows

#: Variables of table 1 besides PHQ-9 and the analyte.
_NUMBERS = ("age_years", "bmi")
_FLAGS = ("ad_use", "lithium")


def add_description(rows: Rows, participants: pd.DataFrame, study: Study) -> None:
    """Add table 1 of one cohort to the results, one row per group, variable and measure."""
    first = participants[participants["is_baseline"]]
    for group in DIAGNOSES:
        people = first[first["diagnosis"] == group]
        if len(people):
            _describe(rows, group, people, study)


def _describe(rows: Rows, group: str, people: pd.DataFrame, study: Study) -> None:
    def add(term: str, measure: str, value: float, n: int) -> None:
        rows.add(
            analysis="table1",
            stratum=group,
            term=term,
            measure=measure,
            estimate=float(value),
            n=n,
            method="at the first visit",
        )

    add("people", "count", len(people), len(people))
    numbers = [
        name for name in (*_NUMBERS, "phq9_total", study.analyte.converted) if name in people
    ]
    for name in numbers:
        values = people[name].dropna()
        add(name, "missing", len(people) - len(values), len(people))
        if len(values) > 1:
            for measure, value in _summary(values).items():
                add(name, measure, value, len(values))
    if people[study.analyte.converted].notna().any():
        add(
            study.analyte.below_lod,
            "count",
            int(people[study.analyte.below_lod].sum()),
            len(people),
        )
    women = people["sex"].dropna() == "female"
    add("female", "count", int(women.sum()), len(women))
    for name in _FLAGS:
        if name in people:
            known = people[name].dropna()
            add(name, "count", int(known.sum()), len(known))


def _summary(values: pd.Series) -> dict[str, float]:
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    return {"mean": values.mean(), "sd": values.std(), "p25": low, "median": middle, "p75": high}
