"""What a prediction is worth, by igfmood, for `stack_ours.py`; beside ``r/stack_predict.R``.

Takes: outcome, risks of two models and thirty predictors of n people; a seed.
Gives: the steps: what is timed, and the numbers of what it gave.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import expit, ndtri

from igfmood.association.models.logistic import fit_logistic
from igfmood.performance.metrics.auc_difference import delta_auc
from igfmood.performance.metrics.calibration import (
    brier,
    calibration_in_the_large,
    calibration_slope,
)
from igfmood.performance.metrics.discrimination import auc, auc_delong, auc_interval
from igfmood.performance.metrics.net_benefit import net_benefit, net_benefit_difference, treat_all
from igfmood.performance.metrics.optimism import correct_optimism
from igfmood.performance.metrics.rank_resampling import auc_of_counts, resample_ranks
from igfmood.performance.metrics.smooth_calibration import calibration_error
from igfmood.performance.models.elastic_net import elastic_net_cv

SAMPLES, REPLICATES = 2_000, 200
#: The error that the samples leave of the end of a 95 % interval, as a share of its width.
_DENSITY = np.exp(-(ndtri(0.975) ** 2) / 2) / np.sqrt(2 * np.pi)
END_ERROR = float(np.sqrt(0.025 * 0.975 / SAMPLES) / _DENSITY / (2 * ndtri(0.975)))


def steps(
    people: Mapping[str, np.ndarray], seed: int
) -> dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]]:
    y, risk, other = people["y"], people["risk"], people["other"]
    x = np.column_stack([people[f"x{j}"] for j in range(30)])

    def delong() -> list[float]:
        found = auc_delong(y, risk)
        return [float(found.auc[0]), *auc_interval(float(found.auc[0]), float(found.se[0]))]

    def paired() -> list[float]:
        found = delta_auc(auc_delong(y, np.column_stack([risk, other])), 0, 1)
        return [found.z, found.p]

    def bootstrap() -> np.ndarray:
        rng = np.random.default_rng(seed)
        found = resample_ranks(y, risk, {"auc": auc_of_counts}, SAMPLES, rng)
        return np.quantile(found["auc"], [0.025, 0.975])

    def ends(found: np.ndarray) -> list[float]:
        error = END_ERROR * float(found[1] - found[0])
        return [found[0], error, found[1], error]

    def benefit() -> list[np.ndarray]:
        at = np.arange(1, 51) / 100
        curves = [net_benefit(y, risk, at), treat_all(y, at),
                  net_benefit_difference(y, risk, other, at)]  # fmt: skip
        return [np.column_stack([c.estimate, c.se]) for c in curves]

    return {
        "delong": (delong, np.asarray),
        "paired": (paired, np.asarray),
        "bootstrap": (bootstrap, ends),
        "optimism": (lambda: optimism(x[:, :8], y, seed), np.asarray),
        "nested": (lambda: nested(x, y, seed), np.atleast_1d),
        "calibration": (lambda: calibration(y, risk), np.asarray),
        "benefit": (benefit, lambda found: np.stack(found, axis=1).ravel()),
    }


def optimism(x: np.ndarray, y: np.ndarray, seed: int) -> list[float]:
    """Dxy, calibration slope and Brier score, each with its Monte Carlo error."""
    design = np.column_stack([np.ones(len(y)), x])
    start = fit_logistic(design, y).coef
    rng = np.random.default_rng(seed)

    def learn(rows: np.ndarray) -> np.ndarray:
        fit = fit_logistic(design.take(rows, axis=0), y[rows], start=start)
        return expit(design @ fit.coef)[None]

    draws = (rng.integers(0, y.size, y.size) for _ in range(REPLICATES))
    measures = {
        "auc": lambda rows, p: auc(y[rows], p),
        "slope": lambda rows, p: calibration_slope(y[rows], p).estimate,
        "brier": lambda rows, p: brier(y[rows], p).estimate,
    }
    (found,) = correct_optimism(learn, y.size, draws, measures)
    area, slope, score = found["auc"], found["slope"], found["brier"]
    return [2 * area.corrected - 1, 2 * area.se, slope.corrected, slope.se, score.corrected,
            score.se]  # fmt: skip


def nested(x: np.ndarray, y: np.ndarray, seed: int) -> float:
    """Mean AUC of ten held-out folds, the penalty chosen in five inner ones."""
    outer = np.arange(len(y)) % 10
    used = np.stack([outer != held for held in range(10)])
    folds = np.random.default_rng(seed).integers(0, 5, used.shape)
    found = elastic_net_cv(np.broadcast_to(x, (10, *x.shape)), y, used, folds, 0.5)
    return float(np.mean([
        auc(y[~rows], x[~rows] @ found.coef[i] + found.intercept[i]) for i, rows in enumerate(used)
    ]))  # fmt: skip


def calibration(y: np.ndarray, risk: np.ndarray) -> list[float]:
    large, distance = calibration_in_the_large(y, risk), calibration_error(y, risk)
    return [large.estimate, large.se, calibration_slope(y, risk).estimate, brier(y, risk).estimate,
            distance.ici, distance.e90, distance.emax]  # fmt: skip
