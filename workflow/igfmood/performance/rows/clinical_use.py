"""Whether acting on a prediction helps: decision curves, cut-points, predictive values.

Takes the predictions of one cohort; writes rows for the two models whose difference is what the
analyte adds.
"""

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
#: Bootstrap samples in which a cut is chosen again.
_RESAMPLES = 200
_OF_RESAMPLES = f"out-of-fold risks, {_RESAMPLES} bootstrap samples by outcome"


def add_clinical_use(unit: Unit) -> None:
    """Write net benefit, cuts, and what results mean at the declared prevalences."""
    if unit.task.kind == "classes" or not main_keys(unit):
        return
    _add_decision_curves(unit)
    if unit.task.kind == "binary":
        for key in main_keys(unit):
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


def _add_cut(unit: Unit, key: Key, rule: str) -> None:
    """Write what a cut chosen in the training people does among those tested."""
    cuts = unit.found.cuts.get((key, rule))
    p = unit.found.p[key][0]
    if cuts is None or not np.isfinite(cuts[0]).all():
        for measure in ("threshold", "sensitivity", "specificity"):
            unit.rows.add_not_estimable(
                "in some training part the rule finds no cut: nobody or everybody is positive",
                **unit.keys(key, measure=measure, term=rule),
            )  # fmt: skip
        return
    positive, case = p >= cuts[0], unit.y == 1
    table = TwoByTwo(
        int((positive & case).sum()), int((~positive & case).sum()),
        int((positive & ~case).sum()), int((~positive & ~case).sum()),
    )  # fmt: skip
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
            term = f"{rule}, prevalence {prevalence.value:g}"
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
            where = unit.keys(key, measure="cut_gain", term=f"{cut.name}: out of bag")
            unit.rows.add_not_estimable(error.reason, **where)
            continue
        _add_in_and_out(unit, key, cut.name, apparent.gain, found)


def _add_in_and_out(unit: Unit, key: Key, name: str, apparent: float, found: Validated) -> None:
    for term, value in (
        ("apparent", apparent),
        ("in bag", float(np.nanmean(found.in_bag))),
        ("out of bag", float(np.nanmean(found.out_of_bag))),
    ):
        unit.rows.add(
            **unit.keys(key, measure="cut_gain", term=f"{name}: {term}"), **unit.counts,
            estimate=value,
            method=f"what the rule makes large; {_OF_RESAMPLES}",
        )  # fmt: skip
    low, high = np.nanquantile(found.threshold, [0.5 - unit.level / 2, 0.5 + unit.level / 2])
    unit.rows.add(
        **unit.keys(key, measure="cut_gain", term=f"{name}: cut"), **unit.counts,
        estimate=float(np.nanmedian(found.threshold)), ci_low=float(low), ci_high=float(high),
        method=f"cut of the risk, median and percentiles; {_OF_RESAMPLES}",
    )  # fmt: skip
