"""What each column holds: gaps, ranges, values below the limit, and the lag between two dates.

Takes one participants table; gives shares and quantiles, as results.
"""

from collections.abc import Callable, Iterable, Iterator

import pandas as pd

from igfmood.cohort.quality.proportions import wilson_interval
from igfmood.config.study import Study
from igfmood.config.vocabulary import DIAGNOSES, PHQ9_ITEMS, VARIABLES
from igfmood.results import Rows

_AT_FIRST = "at the first visit"
#: Keys and derived columns, in which nothing can be missing that a cohort could have given.
_NOT_ASKED = ("participant_id", "visit")
_QUANTILES = {"p1": 0.01, "p5": 0.05, "p50": 0.5, "p95": 0.95, "p99": 0.99}
#: Days between blood draw and questionnaire beyond which they do not belong to one occasion.
LONGEST_LAG = 14


def groups(first: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield everybody, then each diagnosis that somebody has."""
    yield "all", first
    for group in DIAGNOSES:
        people = first[first["diagnosis"] == group]
        if len(people):
            yield group, people


def add_missing(
    rows: Rows, first: pd.DataFrame, study: Study,
    by: Callable[[pd.DataFrame], Iterable[tuple[str, pd.DataFrame]]] = groups,
) -> None:  # fmt: skip
    """Add the share of missing values by variable, for everybody and `by` diagnosis."""
    gaps = _gaps(first, study)
    for group, people in by(first):
        n = len(people)
        for name, missing in gaps.loc[people.index].sum().items():
            if name == "diagnosis" and group != "all":
                continue
            rows.add(
                analysis="quality", stratum=group, term=str(name), measure="missing",
                estimate=int(missing) / n, n=n, n_events=int(missing),
                method=f"share {_AT_FIRST}; n_events are missing",
            )  # fmt: skip


def _gaps(first: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return what is missing, one column a variable (bool)."""
    analyte = study.analyte
    names = [name for name in VARIABLES if name in first and name not in _NOT_ASKED]
    names += [name for name in ("phq9_total", *PHQ9_ITEMS) if name in first]
    gaps = first[names].isna() | (first[names] == "").fillna(False).astype(bool)
    # Below the limit is a measurement, and an unknown diagnosis is none.
    gaps[analyte.name] = first[analyte.value].isna() & ~first[analyte.below_lod]
    gaps["diagnosis"] = first["diagnosis"] == "unknown"
    return gaps


def add_ranges(rows: Rows, first: pd.DataFrame, study: Study) -> None:
    """Add quantiles of every number; never an extreme, which would be one person's value.

    A quantile beyond which lie fewer people than may be shown is one of few people's values, and
    is not given.
    """
    names = [name for name, variable in VARIABLES.items() if variable.kind == "number"]
    for name in (*names, "phq9_total", study.analyte.converted):
        if name in first and first[name].notna().any():
            _add_quantiles(rows, name, first[name].dropna(), study.disclosure.min_cell)


def _add_quantiles(rows: Rows, name: str, values: pd.Series, min_cell: int) -> None:
    n = len(values)
    keys = {"analysis": "quality", "stratum": "all", "term": name}
    for measure, probability in _QUANTILES.items():
        beyond = n * min(probability, 1 - probability)
        if beyond < min_cell:
            rows.add_not_estimable(
                f"fewer than {min_cell} people lie beyond this quantile: n = {n}", **keys,
                measure=measure,
            )  # fmt: skip
            continue
        rows.add(
            **keys, measure=measure, estimate=float(values.quantile(probability)), n=n,
            method=_AT_FIRST,
        )  # fmt: skip


def add_below_limit(rows: Rows, first: pd.DataFrame, study: Study) -> None:
    """Add the share of measurements below the detection limit by diagnosis."""
    analyte = study.analyte
    measured = first[first[analyte.value].notna() | first[analyte.below_lod]]
    if measured.empty:
        return
    for group, people in groups(measured):
        n, below = len(people), int(people[analyte.below_lod].sum())
        low, high = wilson_interval(below, n, rows.source.level)
        rows.add(
            analysis="quality", stratum=group, term=analyte.name, measure="below_limit",
            estimate=below / n, ci_low=low, ci_high=high, n=n, n_events=below,
            method=f"share of measurements {_AT_FIRST}, Wilson interval",
        )  # fmt: skip
    numbers = int((first[analyte.value].notna() & first[analyte.below_lod]).sum())
    if numbers:
        rows.add(
            analysis="quality", stratum="all", term=analyte.name, measure="number_below_limit",
            estimate=numbers / len(measured), n=len(measured), n_events=numbers,
            method=f"share of measurements {_AT_FIRST} given as a number below the declared limit",
        )  # fmt: skip


def add_lag(rows: Rows, first: pd.DataFrame, smallest: int) -> None:
    """Add how long after the blood draw the questionnaire was asked."""
    if "lag_days" not in first:
        return
    lag = first["lag_days"].dropna()
    keys = {"analysis": "quality", "stratum": "all", "term": "lag_days"}
    if len(lag) < smallest:
        rows.add_not_estimable(
            f"too few people with both dates: {len(lag)} < {smallest}", **keys, measure="median"
        )
        return
    method = f"days from blood draw to questionnaire {_AT_FIRST}"
    for measure, probability in (("p25", 0.25), ("median", 0.5), ("p75", 0.75)):
        estimate = float(lag.quantile(probability))
        rows.add(**keys, measure=measure, estimate=estimate, n=len(lag), method=method)
    late = int((lag.abs() > LONGEST_LAG).sum())
    low, high = wilson_interval(late, len(lag), rows.source.level)
    rows.add(
        **keys, measure=f"beyond_{LONGEST_LAG}_days", estimate=late / len(lag), ci_low=low,
        ci_high=high, n=len(lag), n_events=late, method=f"{method}, Wilson interval",
    )  # fmt: skip
