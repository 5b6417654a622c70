"""Whether a model holds in everybody: discrimination and calibration by subgroup.

Takes the predictions of one cohort; writes AUC and observed over expected by sex, age band and
antidepressant use, or that a group is too small to judge.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.special import ndtr

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.auc_difference import unpaired_delta_auc
from igfmood.performance.metrics.calibration import WaldEstimate, observed_expected, wald
from igfmood.performance.metrics.discrimination import auc_delong, auc_interval
from igfmood.performance.rows.unit import Unit, columns, combine, combine_shares, main_keys

#: Limits of the age bands.
_AGES = (40, 60)
#: Groups whose AUCs are compared.
_COMPARED = (("women", "men"), ("antidepressant", "no antidepressant"))


def add_subgroups(unit: Unit) -> None:
    """Write AUC and O:E of the larger main model in every subgroup."""
    keys = main_keys(unit)
    if unit.task.kind != "binary" or not keys:
        return
    key = keys[0]
    smallest = unit.study.gates.class_size
    groups = dict(_groups(unit))
    for name, rows in groups.items():
        n_cases = int(unit.y[rows].sum())
        rarer = min(n_cases, int(rows.sum()) - n_cases)
        for measure, words in (
            ("auc", "AUC within the subgroup, across folds; DeLong"),
            ("log_oe", "log of cases observed over cases expected"),
        ):
            where = unit.keys(key, measure=measure, stratum=name)
            if rarer < smallest:
                unit.rows.add_not_estimable(
                    f"too small to judge: {rarer} of the rarer class < {smallest}", **where
                )
                continue
            try:
                each = [_measure(unit, measure, p[rows], rows) for p in unit.found.p[key]]
                together = combine_shares if measure == "auc" else combine
                found = together(each, unit.found.imputed, unit.level)
            except NotEstimable as error:
                unit.rows.add_not_estimable(error.reason, **where)
                continue
            unit.rows.add(
                **where, n=int(rows.sum()), n_events=n_cases, **columns(found),
                method=unit.method(key, words),
            )  # fmt: skip
    _add_differences(unit, groups)


def _add_differences(unit: Unit, groups: Mapping[str, np.ndarray]) -> None:
    """Write the AUC in some people minus that in others, where both can be judged."""
    key = main_keys(unit)[0]
    smallest = unit.study.gates.class_size
    for first, second in _COMPARED:
        if first not in groups:
            continue
        where = unit.keys(key, measure="delta_auc", stratum=f"{first} minus {second}")
        parts = [groups[first], groups[second]]
        rarer = min(int((unit.y[rows] == code).sum()) for rows in parts for code in (0, 1))
        if rarer < smallest:
            unit.rows.add_not_estimable(
                f"too small to judge: {rarer} of the rarer class < {smallest}", **where
            )
            continue
        try:
            found = combine(
                [_difference(unit, p, *parts) for p in unit.found.p[key]], unit.found.imputed,
                unit.level,
            )  # fmt: skip
        except NotEstimable as error:
            unit.rows.add_not_estimable(error.reason, **where)
            continue
        unit.rows.add(
            **where, n=int(sum(rows.sum() for rows in parts)),
            n_events=int(sum(unit.y[rows].sum() for rows in parts)), **columns(found),
            p=2 * float(ndtr(-abs(found.estimate / found.se))),
            method=unit.method(key, "unpaired difference of AUCs, different people; DeLong"),
        )  # fmt: skip


def _difference(unit: Unit, p: np.ndarray, first: np.ndarray, second: np.ndarray) -> WaldEstimate:
    found = unpaired_delta_auc(
        auc_delong(unit.y[first], p[first]), auc_delong(unit.y[second], p[second]), unit.level
    )
    return wald(found.difference, found.se, unit.level)


def _measure(unit: Unit, measure: str, p: np.ndarray, rows: np.ndarray) -> WaldEstimate:
    y = unit.y[rows]
    if measure == "log_oe":
        return observed_expected(y, p, unit.level)
    found = auc_delong(y, p)
    auc_interval(float(found.auc[0]), float(found.se[0]), unit.level)
    return wald(float(found.auc[0]), float(found.se[0]), unit.level)


def _groups(unit: Unit) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and members (bool, shape (n,)) of each subgroup."""
    known = unit.found.people.predictors
    age = unit.found.people.measured["age"].to_numpy(float)
    female = unit.found.people.measured["female"].to_numpy(float) == 1
    yield "women", female
    yield "men", ~female
    low, high = _AGES
    yield f"age below {low}", age < low
    yield f"age {low} to {high - 1}", (age >= low) & (age < high)
    yield f"age {high} or more", age >= high
    if "ad_use" in known and known["ad_use"].notna().any():
        yield "antidepressant", (known["ad_use"] == 1).to_numpy(bool)
        yield "no antidepressant", (known["ad_use"] == 0).to_numpy(bool)
