"""Whether acting on a prediction helps: decision curves, cut-points, predictive values.

Takes the predictions of one cohort; writes rows for the two models whose difference is what the
analyte adds.
"""

from dataclasses import astuple

import numpy as np

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import WaldEstimate
from igfmood.performance.metrics.cut_points import Validated, cut_point, validate_cut
from igfmood.performance.metrics.net_benefit import (
    DecisionCurve,
    interventions_avoided,
    net_benefit,
    net_benefit_difference,
    treat_all,
)
from igfmood.performance.metrics.predictive_values import (
    Ratio,
    TwoByTwo,
    exact_share,
    likelihood_ratio,
    predictive_value,
)
from igfmood.performance.metrics.survival import net_benefit_at
from igfmood.performance.predict import Key, rule_of
from igfmood.performance.rows.unit import FloatArray, Unit, combine, main_keys

#: Tier under which acting on everybody is written.
EVERYBODY = "treat_all"
#: Measures of a cut that is used as it is.
_OF_A_CUT = ("threshold", "sensitivity", "specificity", "lr_positive", "lr_negative")
#: Rows about a cut chosen again in bootstrap samples: measure, and term after the rule.
_OF_BAGS = (
    ("cut_gain", "apparent"), ("cut_gain", "in bag"), ("cut_gain", "out of bag"),
    ("sensitivity", "out of bag"), ("specificity", "out of bag"), ("threshold", "bootstrap"),
)  # fmt: skip
#: Bootstrap samples in which a cut is chosen again.
_RESAMPLES = 200


def add_clinical_use(unit: Unit) -> None:
    """Write net benefit, cuts, and what results mean at the declared prevalences."""
    if unit.task.kind == "classes" or not main_keys(unit):
        return
    _add_decision_curves(unit)
    if unit.task.kind == "binary":
        for key in main_keys(unit):
            _add_smallest_cells(unit, key)
            for cut in unit.study.prediction.cut_points:
                _add_cut(unit, key, cut.name)
        _add_bootstrapped_cuts(unit, main_keys(unit)[0])


def _add_decision_curves(unit: Unit) -> None:
    thresholds = np.array(unit.study.prediction.thresholds)
    keys = main_keys(unit)
    model = keys[0][0]
    whole = [_everybody(unit, thresholds)]
    words = "net benefit, acting on everybody; normal interval"
    _add_curve(unit, (model, EVERYBODY), "net_benefit", whole, words)
    for key in keys:
        found = [_net_benefit(unit, p, thresholds) for p in unit.found.p[key]]
        words = _words(unit, key, "net benefit, true positives")
        _add_curve(unit, key, "net_benefit", found, words)
        if unit.task.kind == "binary":
            avoided = [
                interventions_avoided(unit.y, p, thresholds, unit.level) for p in unit.found.p[key]
            ]
            words = _words(unit, key, "interventions avoided, against acting on all,")
            _add_curve(unit, key, "interventions_avoided", avoided, words)
    if len(keys) == 2 and unit.task.kind == "binary":
        pairs = zip(unit.found.p[keys[0]], unit.found.p[keys[1]], strict=True)
        added = [
            net_benefit_difference(unit.y, new, old, thresholds, unit.level) for new, old in pairs
        ]
        words = _words(unit, keys[0], f"net benefit minus that of {keys[1][1]}, true positives")
        _add_curve(unit, keys[0], "delta_net_benefit", added, words)


def _words(unit: Unit, key: Key, what: str) -> str:
    return unit.method(key, f"{what} per person; normal interval")


def _everybody(unit: Unit, thresholds: FloatArray) -> DecisionCurve:
    if unit.task.kind == "time":
        acts = np.ones((len(unit.y), len(thresholds)), dtype=bool)
        return _at_horizon(unit, acts, thresholds)
    return treat_all(unit.y, thresholds, unit.level)


def _net_benefit(unit: Unit, p: FloatArray, thresholds: FloatArray) -> DecisionCurve:
    if unit.task.kind == "time":
        return _at_horizon(unit, p[:, None] >= thresholds, thresholds)
    return net_benefit(unit.y, p, thresholds, unit.level)


def _at_horizon(unit: Unit, acts: np.ndarray, thresholds: FloatArray) -> DecisionCurve:
    horizon = unit.study.prediction.horizon_years
    return net_benefit_at(
        unit.found.people.time, unit.y == 1, acts, thresholds, horizon, unit.level
    )


def _add_curve(unit: Unit, key: Key, measure: str, found: list[DecisionCurve], method: str) -> None:
    """Write a quantity at each threshold, averaged over draws."""
    for i, threshold in enumerate(found[0].threshold):
        where = unit.keys(key, measure=measure, term=f"at {threshold:g}")
        values = [
            WaldEstimate(float(one.estimate[i]), float(one.se[i]), 0.0, 0.0, unit.level)
            for one in found
        ]
        if not all(np.isfinite(one.estimate) for one in values):
            reason = "none of those at or above the threshold is followed to the horizon"
            unit.rows.add_not_estimable(reason, **where)
            continue
        pooled = combine(values, unit.found.imputed, unit.level)
        limits = (
            {"ci_low": pooled.ci_low, "ci_high": pooled.ci_high, "se": pooled.se}
            if pooled.se > 0 else {}
        )  # fmt: skip
        unit.rows.add(
            **where, **unit.counts, estimate=pooled.estimate, **limits, method=method,
        )  # fmt: skip


def _add_smallest_cells(unit: Unit, key: Key) -> None:
    """Write the fewest people who stand in a cell of the table behind numbers at a threshold."""
    case = unit.y == 1
    for threshold in unit.study.prediction.thresholds:
        cells = [
            n for p in unit.found.p[key] for n in astuple(_table(p >= threshold, case)) if n > 0
        ]  # fmt: skip
        unit.rows.add(
            **unit.keys(key, measure="smallest_cell", term=f"at {threshold:g}"), **unit.counts,
            estimate=min(cells),
            method="fewest people among true and false positives and negatives, of all draws; "
            "cells without anybody do not count",
        )  # fmt: skip


def _table(positive: np.ndarray, case: np.ndarray) -> TwoByTwo:
    return TwoByTwo(
        int((positive & case).sum()), int((~positive & case).sum()),
        int((positive & ~case).sum()), int((~positive & ~case).sum()),
    )  # fmt: skip


def _add_cut(unit: Unit, key: Key, rule: str) -> None:
    """Write what a cut chosen in the training people does among those tested."""
    cuts = unit.found.cuts.get((key, rule))
    p = unit.found.p[key][0]
    if cuts is None or not np.isfinite(cuts[0]).all():
        asked = [(measure, rule) for measure in _OF_A_CUT]
        asked += [
            (measure, _at_prevalence(rule, prevalence.value))
            for prevalence in unit.study.prediction.prevalences for measure in ("ppv", "npv")
        ]  # fmt: skip
        for measure, term in asked:
            unit.rows.add_not_estimable(
                "in some training part the rule finds no cut: nobody or everybody is positive",
                **unit.keys(key, measure=measure, term=term),
            )
        return
    table = _table(p >= cuts[0], unit.y == 1)
    words = f"risk at or above a cut chosen in the training people ({rule}); first draw"
    unit.rows.add(
        **unit.keys(key, measure="threshold", term=rule), **unit.counts,
        estimate=float(cuts[0].mean()),
        method=f"cut of the risk, mean over training parts; {words}",
    )  # fmt: skip
    _add_ratio(unit, key, "sensitivity", rule, exact_share(table.tp, table.tp + table.fn,
                                                           unit.level), words)  # fmt: skip
    _add_ratio(unit, key, "specificity", rule, exact_share(table.tn, table.tn + table.fp,
                                                           unit.level), words)  # fmt: skip
    for measure, positive_result in (("lr_positive", True), ("lr_negative", False)):
        where = unit.keys(key, measure=measure, term=rule)
        try:
            ratio = likelihood_ratio(table, positive_result, unit.level)
        except NotEstimable as error:
            unit.rows.add_not_estimable(error.reason, **where)
            continue
        _add_ratio(unit, key, measure, rule, ratio, f"log-normal interval; {words}")
    _add_predictive_values(unit, key, rule, table, words)


def _add_predictive_values(unit: Unit, key: Key, rule: str, table: TwoByTwo, words: str) -> None:
    for prevalence in unit.study.prediction.prevalences:
        for measure, positive in (("ppv", True), ("npv", False)):
            term = _at_prevalence(rule, prevalence.value)
            try:
                found = predictive_value(
                    table, positive, prevalence.value, prevalence.se, unit.level
                )
            except NotEstimable as error:
                where = unit.keys(key, measure=measure, term=term)
                unit.rows.add_not_estimable(error.reason, **where)
                continue
            known = "known" if prevalence.se == 0 else "uncertain"
            _add_ratio(
                unit, key, measure, term, found,
                f"at this prevalence ({known}), logit interval (Mercaldo 2007); {words}",
            )  # fmt: skip


def _at_prevalence(rule: str, prevalence: float) -> str:
    return f"{rule}, prevalence {prevalence:g}"


def _add_ratio(unit: Unit, key: Key, measure: str, term: str, found: Ratio, words: str) -> None:
    unit.rows.add(
        **unit.keys(key, measure=measure, term=term), **unit.counts, estimate=found.estimate,
        ci_low=found.ci_low, ci_high=found.ci_high, method=words,
    )  # fmt: skip


def _add_bootstrapped_cuts(unit: Unit, key: Key) -> None:
    """Write what is lost when a cut is chosen in the same people: in and out of bag."""
    p = unit.found.p[key][0]
    for cut in unit.study.prediction.cut_points:
        rule = rule_of(cut, float(unit.y.mean()))
        try:
            apparent = cut_point(unit.y, p, rule)
            found = validate_cut(unit.y, p, rule, _RESAMPLES, unit.rng("cut", cut.name))
            if not np.isfinite(found.out_of_bag).any():
                raise NotEstimable("in no bootstrap sample does the rule find a cut")
        except NotEstimable as error:
            for measure, term in _OF_BAGS:
                where = unit.keys(key, measure=measure, term=f"{cut.name}: {term}")
                unit.rows.add_not_estimable(error.reason, **where)
            continue
        _add_in_and_out(unit, key, cut.name, apparent.gain, found)


def _add_in_and_out(unit: Unit, key: Key, name: str, apparent: float, found: Validated) -> None:
    """Write `_OF_BAGS`, means over the samples in which there is a cut."""
    used = int(np.isfinite(found.threshold).sum())
    of = f"{used} of {_RESAMPLES} bootstrap samples by outcome"
    gain, elsewhere = "what the rule makes large", f"people who were not drawn, mean over {of}"
    low, high = np.nanquantile(found.threshold, [0.5 - unit.level / 2, 0.5 + unit.level / 2])
    values: list[tuple[dict[str, float], str]] = [
        ({"estimate": apparent}, f"{gain}, in all people"),
        ({"estimate": _mean(found.in_bag)}, f"{gain}, in people who were drawn, mean over {of}"),
        ({"estimate": _mean(found.out_of_bag)}, f"{gain}, in {elsewhere}"),
        ({"estimate": _mean(found.sensitivity)}, f"share of cases among {elsewhere}"),
        ({"estimate": _mean(found.specificity)}, f"share of controls among {elsewhere}"),
        (
            {"estimate": float(np.nanmedian(found.threshold)), "ci_low": float(low),
             "ci_high": float(high)},
            f"cut of the risk, median and percentiles over {of}",
        ),
    ]  # fmt: skip
    for (measure, term), (numbers, words) in zip(_OF_BAGS, values, strict=True):
        unit.rows.add(
            **unit.keys(key, measure=measure, term=f"{name}: {term}"), **unit.counts, **numbers,
            method=f"{words}; risks of the first draw",
        )  # fmt: skip


def _mean(values: FloatArray) -> float:
    return float(np.nanmean(values))
