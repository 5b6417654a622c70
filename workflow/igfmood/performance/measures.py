"""What the predictions are worth.

Takes stored out-of-fold predictions; gives AUC, added AUC, Brier score, calibration, and ROC and
calibration curves on a coarse grid, as results.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.performance.curves import calibration_curve, roc_curve
from igfmood.performance.metrics.calibration import (
    WaldEstimate,
    brier,
    calibration_in_the_large,
    calibration_slope,
)
from igfmood.performance.metrics.discrimination import (
    AucResult,
    auc_delong,
    auc_interval,
    delta_auc,
)
from igfmood.performance.predict import CROSS_VALIDATION, VALIDATION
from igfmood.results import Rows

AUC_METHOD = {
    CROSS_VALIDATION: "mean AUC within folds; interval by DeLong within folds (LeDell 2015)",
    VALIDATION: "AUC in a cohort not used for the model; DeLong interval",
}
_CALIBRATION: dict[str, tuple[Callable[..., WaldEstimate], str]] = {
    "brier": (brier, "mean squared error, Wald interval"),
    "calibration_intercept": (
        calibration_in_the_large,
        "logistic intercept with slope 1, Wald interval",
    ),
    "calibration_slope": (
        calibration_slope,
        "logistic slope on the log odds predicted, Wald interval",
    ),
}


def add_measures(rows: Rows, predictions: pd.DataFrame, study: Study) -> None:
    """Add every measure of one task, one way of validation and one cohort.

    Parameters
    ----------
    rows
        Where results go; its source should be that of the cohort.
    predictions
        Out-of-fold predictions that share analysis, task and held_out.
    study
        For the tiers and the level.
    """
    tiers = list(study.prediction_tiers)
    wide = predictions.pivot(
        index=["repeat", "fold", "participant", "y"], columns="tier", values="p"
    )
    wide = wide[tiers].reset_index()
    analysis = str(predictions["analysis"].iloc[0])
    keys = {
        "analysis": analysis,
        "target": str(predictions["task"].iloc[0]),
        "exposure": study.analyte.sds,
        "model": "logistic",
        "stratum": "all",
    }
    first = wide[wide["repeat"] == 0]
    counts = {"n": len(first), "n_events": int(first["y"].sum())}
    _add_auc(rows, wide, tiers, keys, counts, study)
    for tier in tiers:
        _add_calibration(rows, wide, tier, keys, counts)
        if analysis == VALIDATION:
            _add_curves(
                rows,
                wide["y"].to_numpy(),
                wide[tier].to_numpy(),
                {**keys, "adjustment": tier},
                counts,
            )


def add_refusal(rows: Rows, reason: str, analysis: str, task: str, study: Study) -> None:
    """Add why a cohort has none of the measures that `add_measures` writes."""
    keys = {"analysis": analysis, "target": task, "exposure": study.analyte.sds}
    keys |= {"model": "logistic", "stratum": "all"}
    for tier in study.prediction_tiers:
        for measure in ("auc", *_CALIBRATION):
            rows.add_not_estimable(reason, **keys, adjustment=tier, measure=measure)
    rows.add_not_estimable(reason, **keys, **_added(study))


def _added(study: Study) -> dict[str, str]:
    """Return the keys of the added AUC."""
    new, old = study.added_value
    return {"adjustment": new, "term": f"over {old}", "measure": "delta_auc"}


def _add_auc(
    rows: Rows,
    wide: pd.DataFrame,
    tiers: list[str],
    keys: dict[str, str],
    counts: dict[str, int],
    study: Study,
) -> None:
    scores = wide[tiers].to_numpy()
    y = wide["y"].to_numpy()
    resampled = keys["analysis"] == CROSS_VALIDATION
    places = {
        "folds": wide["fold"].to_numpy(),
        "repeats": wide["repeat"].to_numpy(),
        "participant": pd.factorize(wide["participant"])[0],
    }
    try:
        found = auc_delong(y, scores, **places) if resampled else auc_delong(y, scores)
    except NotEstimable as error:
        for tier in tiers:
            rows.add_not_estimable(error.reason, **keys, adjustment=tier, measure="auc")
        rows.add_not_estimable(error.reason, **keys, **_added(study))
        return
    method = AUC_METHOD[keys["analysis"]]
    for place, tier in enumerate(tiers):
        auc, se = float(found.auc[place]), float(found.se[place])
        where = {**keys, "adjustment": tier, "measure": "auc"}
        try:
            low, high = auc_interval(auc, se, study.level)
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **where)
            continue
        rows.add(**where, **counts, estimate=auc, se=se, ci_low=low, ci_high=high, method=method)
    _add_difference(rows, found, tiers, keys, counts, study)


def _add_difference(
    rows: Rows,
    found: AucResult,
    tiers: list[str],
    keys: dict[str, str],
    counts: dict[str, int],
    study: Study,
) -> None:
    new, old = study.added_value
    where = {**keys, **_added(study)}
    try:
        change = delta_auc(found, tiers.index(new), tiers.index(old), study.level)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **where)
        return
    rows.add(
        **where,
        **counts,
        estimate=change.difference,
        se=change.se,
        ci_low=change.ci_low,
        ci_high=change.ci_high,
        p=change.p,
        method="paired difference of AUCs, same people; DeLong covariance",
    )


def _add_calibration(
    rows: Rows, wide: pd.DataFrame, tier: str, keys: dict[str, str], counts: dict[str, int]
) -> None:
    """Add Brier score and calibration: the mean over repeats, with the mean variance."""
    for measure, (function, method) in _CALIBRATION.items():
        where = {**keys, "adjustment": tier, "measure": measure}
        try:
            found = [
                function(part["y"].to_numpy(), part[tier].to_numpy(), rows.source.level)
                for _, part in wide.groupby("repeat", sort=True)
            ]
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **where)
            continue
        se = float(np.sqrt(np.mean([one.se**2 for one in found])))
        estimate = float(np.mean([one.estimate for one in found]))
        half = (found[0].ci_high - found[0].ci_low) / 2 / found[0].se * se
        rows.add(
            **where,
            **counts,
            estimate=estimate,
            se=se,
            ci_low=estimate - half,
            ci_high=estimate + half,
            method=method + (", mean over repeats" if len(found) > 1 else ""),
        )


def _add_curves(
    rows: Rows, y: np.ndarray, p: np.ndarray, keys: dict[str, str], counts: dict[str, int]
) -> None:
    for x, sensitivity in zip(*roc_curve(y, p), strict=True):
        rows.add(
            **{**keys, "analysis": "roc_curve", "term": f"{x:.2f}", "measure": "sensitivity"},
            **counts,
            estimate=float(sensitivity),
            method="at the false positive rate in `term`, on a grid",
        )
    try:
        predicted, observed = calibration_curve(y, p)
    except NotEstimable as error:
        rows.add_not_estimable(
            error.reason, **{**keys, "analysis": "calibration_curve", "measure": "observed"}
        )
        return
    for order, (x, share) in enumerate(zip(predicted, observed, strict=True)):
        where = {**keys, "analysis": "calibration_curve", "term": f"{order:02d}"}
        rows.add(
            **where,
            **counts,
            measure="predicted",
            estimate=float(x),
            method="grid between the 5th and 95th centile",
        )
        rows.add(
            **where,
            **counts,
            measure="observed",
            estimate=float(share),
            method="lowess, span 2/3, no robustness steps",
        )
