"""How much of a model must change where it is used: the closed test procedure, per held-out cohort.

Takes predictions from other cohorts, and the columns that they were made from; writes rows.
"""

import numpy as np
from scipy.special import logit

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.recalibration import closed_test
from igfmood.performance.predict import Key
from igfmood.performance.rows.unit import Unit, main_keys

#: Analysis under which these rows stand.
RECALIBRATION = "recalibration"
_AGAIN = "all coefficients have to be estimated again"
_WORDS = "closed test procedure (Vergouwe 2017), level 5 %; predictions of the first draw"


def add_update(unit: Unit) -> None:
    """Write which change of the main models the people of the cohort call for.

    Rows are ``p_update`` with the change in `term` (each smaller change against a new model, in
    order, until one is not rejected), and ``update_intercept`` and ``update_slope`` of what was
    chosen.
    """
    if unit.task.kind != "binary":
        return
    for key in main_keys(unit):
        if key in unit.found.columns:
            _add(unit, key)


def _add(unit: Unit, key: Key) -> None:
    where = unit.keys(key, analysis=RECALIBRATION)
    coefficients = ("update_intercept", "update_slope")
    try:
        line = logit(unit.found.p[key][0])
        found = closed_test(unit.found.columns[key], line, unit.y)
    except NotEstimable as error:
        for measure in coefficients:
            unit.rows.add_not_estimable(error.reason, **where, measure=measure)
        return
    for change, p in found.p.items():
        unit.rows.add(
            **where, **unit.counts, measure="p_update", term=change, estimate=p, p=p,
            method=unit.method(key, f"this change against a new model; {_WORDS}"),
        )  # fmt: skip
    chosen = f"smallest change not rejected: {found.change}; {_WORDS}"
    for measure, value in zip(coefficients, (found.intercept, found.slope), strict=True):
        if np.isnan(value):
            unit.rows.add_not_estimable(_AGAIN, **where, measure=measure)
            continue
        unit.rows.add(
            **where, **unit.counts, measure=measure, term=found.change, estimate=value,
            method=unit.method(key, chosen),
        )  # fmt: skip
