"""What the analyte adds, by measures beside the AUC.

Takes the predictions of one cohort, or its people; writes differences of Brier scores, the
likelihood-ratio test with adequacy, and, for readers who ask for them, NRI and IDI.
"""

import numpy as np

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.added_value import added_value
from igfmood.performance.metrics.calibration import WaldEstimate, mean_se, wald
from igfmood.performance.metrics.reclassification import continuous_nri, idi
from igfmood.performance.models.linear_risk import strata
from igfmood.performance.prepare import prepare, resolve
from igfmood.performance.rows.unit import FloatArray, Unit, columns, combine, main_keys
from igfmood.performance.splits import Split
from igfmood.performance.task_data import TaskData

#: Analyses under which these rows stand.
ADDED_VALUE, RECLASSIFICATION = "added_value", "reclassification"
_RECLASSIFIED = {
    "nri": "continuous net reclassification",
    "nri_events": "net rise of risk among cases",
    "nri_nonevents": "net fall of risk among controls",
    "idi": "integrated discrimination improvement",
}
_WARNING = "grows for useless markers of a miscalibrated model: no verdict rests on it"


def add_added_value(unit: Unit) -> None:
    """Write what the larger of the main models gains over the smaller one."""
    keys = main_keys(unit)
    if unit.task.kind != "binary" or len(keys) < 2:
        return
    new, old = keys
    term = f"over {old[1]}"
    pairs = list(zip(unit.found.p[new], unit.found.p[old], strict=True))
    _add(unit, "delta_scaled_brier", term, "difference of scaled Brier scores, same people",
         [_delta_scaled_brier(unit, *pair) for pair in pairs])  # fmt: skip
    try:
        found = [
            (continuous_nri(unit.y, a, b, unit.level), idi(unit.y, a, b, unit.level))
            for a, b in pairs
        ]
    except NotEstimable as error:
        where = unit.keys(new, analysis=RECLASSIFICATION, stratum=unit.found.analysis, term=term)
        for measure in _RECLASSIFIED:
            unit.rows.add_not_estimable(error.reason, **{**where, "measure": measure})
        return
    values = (
        [nri.total for nri, _ in found], [nri.events for nri, _ in found],
        [nri.nonevents for nri, _ in found], [one for _, one in found],
    )  # fmt: skip
    for (measure, words), these in zip(_RECLASSIFIED.items(), values, strict=True):
        _add(unit, measure, term, f"{words}; {_WARNING}", these, RECLASSIFICATION)


def _add(
    unit: Unit, measure: str, term: str, words: str, values: list[WaldEstimate],
    analysis: str = "",
) -> None:  # fmt: skip
    key = main_keys(unit)[0]
    changes = {"analysis": analysis, "stratum": unit.found.analysis} if analysis else {}
    pooled = combine(values, unit.found.imputed, unit.level)
    unit.rows.add(
        **unit.keys(key, measure=measure, term=term, **changes), **unit.counts, **columns(pooled),
        method=unit.method(key, words),
    )  # fmt: skip


def _delta_scaled_brier(unit: Unit, new: FloatArray, old: FloatArray) -> WaldEstimate:
    """Difference of scaled Brier scores, by the influence of people."""
    share = float(unit.y.mean())
    spread = share * (1 - share)
    gain = (old - unit.y) ** 2 - (new - unit.y) ** 2
    mean = float(gain.mean())
    influence = (gain - mean) / spread
    influence -= mean / spread**2 * (1 - 2 * share) * (unit.y - share)
    return wald(mean / spread, mean_se(influence), unit.level)


def add_likelihood_ratio(unit: Unit, data: TaskData) -> None:
    """Write the likelihood-ratio test of the analyte among all people of the cohort."""
    if unit.task.kind != "binary":
        return
    new, old = unit.study.added_value
    cohort = unit.found.cohort
    key = ("logistic", new)
    where = {
        **unit.keys(key, analysis=ADDED_VALUE, term=f"over {old}"), "stratum": "all people",
    }  # fmt: skip
    own = np.flatnonzero(data.people.cohort == cohort)
    whole = Split(ADDED_VALUE, cohort, 0, 0, own, own)
    try:
        ready = prepare(data, whole, unit.study)
        designs = []
        for tier in (old, new):
            X, _, _ = ready.columns(resolve(data, [cohort], tier, unit.study), unit.study)
            designs.append(np.hstack([strata(ready.train.cohort)[1], X]))
        found = added_value(designs[0], designs[1], ready.train.y)
    except NotEstimable as error:
        for measure in ("chi2", "adequacy"):
            unit.rows.add_not_estimable(error.reason, **where, measure=measure)
        return
    words = "logistic models of all people of the cohort"
    if unit.found.imputed:
        words += ", gaps of predictors filled once"
    unit.rows.add(
        **where, **unit.counts, measure="chi2", estimate=found.chi2, df=found.df, p=found.p,
        method=f"likelihood-ratio test of the analyte; {words}",
    )  # fmt: skip
    unit.rows.add(
        **where, **unit.counts, measure="adequacy", estimate=found.adequacy,
        method=f"share of the larger model's chi-squared without the analyte (Harrell); {words}",
    )  # fmt: skip
