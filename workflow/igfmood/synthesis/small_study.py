"""Whether small studies show larger effects, as they do when null results stay unpublished.

Takes: study estimates and their sampling variances, ten studies or more.
Gives: regression tests of funnel asymmetry, and the synthesis after trim-and-fill.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr, stdtrit

from igfmood.errors import NotEstimable
from igfmood.synthesis.meta_regression import INTERCEPT, meta_regression
from igfmood.synthesis.random_effects import RandomEffects, checked_studies, random_effects
from igfmood.synthesis.tau2 import Tau2Estimator

FloatArray = npt.NDArray[np.float64]

#: With fewer studies these methods cannot tell chance from bias (Sterne et al 2011).
FEWEST_STUDIES = 10
MAX_ROUNDS = 100

Side = Literal["left", "right"]
Trimming = Literal["L0", "R0"]


@dataclass(frozen=True)
class AsymmetryTest:
    """Regression of effects on their imprecision.

    Attributes
    ----------
    slope, se : float
        Change of the effect per unit of the predictor.
    stat, df, p : float
        ``slope / se``, two-sided p by t on `df` (infinite: normal).
    limit, limit_low, limit_high : float
        The effect where the imprecision is 0, with its interval: what studies without
        sampling error would show.
    level : float
        Coverage of the interval.
    k : int
        Studies.
    """

    slope: float
    se: float
    stat: float
    df: float
    p: float
    limit: float
    limit_low: float
    limit_high: float
    level: float
    k: int


@dataclass(frozen=True)
class TrimAndFill:
    """Studies added on `side` of the funnel, and the synthesis with them.

    `k0` is how many are missing by the estimator; `filled_yi` and `filled_vi` are their mirror
    images, shape (k0,).
    """

    side: Side
    k0: int
    filled_yi: FloatArray
    filled_vi: FloatArray
    pooled: RandomEffects
    trimming: Trimming


def egger_test(
    yi: npt.ArrayLike,
    vi: npt.ArrayLike,
    level: float = 0.95,
    fewest: int = FEWEST_STUDIES,
) -> AsymmetryTest:
    """Egger's regression: least squares on the standard error with weights 1 / vi.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Estimates and sampling variances.
    level : float
        Coverage of the interval.
    fewest : int
        Refuse with fewer studies than this.

    Returns
    -------
    AsymmetryTest
        t on k - 2; overdispersion multiplies the sampling variances.

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite.
    NotEstimable
        Fewer than `fewest` studies; standard errors that are all the same; studies that lie
        exactly on the regression.

    Notes
    -----
    The slope is the intercept of Egger's own form, in which ``y / se`` is regressed on ``1 / se``,
    and the limit is its slope: both minimise ``sum((y - limit - slope * se)^2 / vi)``.

    References
    ----------
    Egger M et al (1997). BMJ 315:629-634.
    Sterne JAC, Egger M (2005). In Rothstein HR et al, Publication Bias in Meta-Analysis, chapter 6.
    Sterne JAC et al (2011). BMJ 343:d4002 (ten studies).
    """
    y, v = _enough(yi, vi, fewest)
    sei = _differing(np.sqrt(v), "standard error")
    root, k = 1 / sei, y.size
    q, r = np.linalg.qr(root[:, None] * np.column_stack([np.ones(k), sei]))
    inverse = np.linalg.inv(r)
    limit, slope = inverse @ (q.T @ (root * y))
    residual, df = root * (y - limit - slope * sei), k - 2
    squares = float(residual @ residual)
    # Rounding leaves some 1e-30 of the total where there is no residual.
    if not squares > 1e-26 * float((root * y) @ (root * y)):
        raise NotEstimable(f"the k = {k} studies lie on the regression: standard errors are 0")
    cov = inverse @ inverse.T * squares / df
    se, reach = float(np.sqrt(cov[1, 1])), float(stdtrit(df, 0.5 + level / 2) * np.sqrt(cov[0, 0]))
    stat = float(slope) / se
    p = 2 * float(stdtr(df, -abs(stat)))
    low, high = float(limit) - reach, float(limit) + reach
    return AsymmetryTest(float(slope), se, stat, float(df), p, float(limit), low, high, level, k)


def mixed_egger_test(
    yi: npt.ArrayLike,
    vi: npt.ArrayLike,
    predictor: Literal["se", "variance"] = "se",
    level: float = 0.95,
    estimator: Tau2Estimator = "REML",
    fewest: int = FEWEST_STUDIES,
) -> AsymmetryTest:
    """Egger's regression as a random-effects meta-regression, normal inference.

    Between-study variance is added to the sampling variances, where `egger_test` multiplies them.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Estimates and sampling variances.
    predictor : {"se", "variance"}
        What effects are regressed on; the variance gives a limit less prone to overcorrection.
    level : float
        Coverage of the interval.
    estimator : {"REML", "ML", "PM", "DL"}
        Of the residual between-study variance.
    fewest : int
        Refuse with fewer studies than this.

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    ValueError, NotEstimable
        As in `egger_test`.

    References
    ----------
    Sterne JAC, Egger M (2005). In Rothstein HR et al, Publication Bias in Meta-Analysis, chapter 6.
    Stanley TD, Doucouliagos H (2014). Res Synth Methods 5:60-78 (variance as predictor).
    """
    y, v = _enough(yi, vi, fewest)
    values = {"se": np.sqrt(v), "variance": v}[predictor]
    columns = pd.DataFrame({predictor: _differing(values, predictor)})
    fit = meta_regression(y, v, columns, level, estimator)
    slope, limit = fit.normal_coefficient(predictor), fit.normal_coefficient(INTERCEPT)
    return AsymmetryTest(
        slope.estimate, slope.se, slope.stat, slope.df, slope.p,
        limit.estimate, limit.ci_low, limit.ci_high, level, fit.k,
    )  # fmt: skip


def trim_and_fill(
    yi: npt.ArrayLike,
    vi: npt.ArrayLike,
    trimming: Trimming = "L0",
    level: float = 0.95,
    estimator: Tau2Estimator = "REML",
    fewest: int = FEWEST_STUDIES,
) -> TrimAndFill:
    """Estimate how many studies one side of the funnel lacks, add them and pool again.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Estimates and sampling variances.
    trimming : {"L0", "R0"}
        Estimator of the number missing.
    level : float
        Coverage of intervals.
    estimator : {"REML", "ML", "PM", "DL"}
        Of the between-study variance, in every round.
    fewest : int
        Refuse with fewer studies than this.

    Returns
    -------
    TrimAndFill
        The side is that to which `mixed_egger_test` says that small studies do not lean.

    Raises
    ------
    ValueError, NotEstimable
        As in `egger_test`; rounds that do not settle.

    Notes
    -----
    A sensitivity analysis: it mends asymmetry by symmetry, whatever the asymmetry comes from.

    With T the sum of the ranks of ``|y - centre|`` on the crowded side, and r the largest rank on
    the other side::

        L0 = (4 T - k (k + 1)) / (2 k - 1)
        R0 = k - r - 1

    rounded, and not below 0. The largest of the studies are trimmed by that number, the centre is
    found anew, until the number stays; mirror images of the trimmed are then added.

    References
    ----------
    Duval S, Tweedie R (2000). J Am Stat Assoc 95:89-98. Biometrics 56:455-463.
    """
    if trimming not in get_args(Trimming):
        raise ValueError(f"trimming {trimming!r}: expected one of {get_args(Trimming)}")
    y, v = _enough(yi, vi, fewest)
    slope = mixed_egger_test(y, v, "se", level, estimator, fewest).slope
    side: Side = "right" if slope < 0 else "left"
    # The algorithm trims the largest effects; for the right side the funnel is mirrored.
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    mirrored, variances = sign * y[order], v[order]
    k0, centre = _missing(mirrored, variances, trimming, estimator)
    filled = sign * (2 * centre - mirrored[mirrored.size - k0 :])
    filled_vi = variances[variances.size - k0 :]
    pooled = random_effects(
        np.concatenate([y, filled]), np.concatenate([v, filled_vi]), level, estimator
    )
    return TrimAndFill(side, k0, filled, filled_vi, pooled, trimming)


def _missing(
    y: FloatArray, v: FloatArray, trimming: Trimming, estimator: Tau2Estimator
) -> tuple[int, float]:
    """Trim the largest of sorted effects until their number settles; number and centre."""
    k, k0 = y.size, 0
    for _ in range(MAX_ROUNDS):
        if k - k0 < 2:
            raise NotEstimable(f"trim-and-fill trims all but {k - k0} of {k} studies")
        centre = random_effects(y[: k - k0], v[: k - k0], estimator=estimator).mu
        found = _missing_by_ranks(y - centre, trimming)
        if found == k0:
            return k0, centre
        k0 = found
    raise NotEstimable(f"trim-and-fill does not settle in {MAX_ROUNDS} rounds (k = {k})")


def _missing_by_ranks(deviations: FloatArray, trimming: Trimming) -> int:
    """Number missing, from the signed ranks of the deviations; the first of ties ranks lower."""
    k = deviations.size
    ranks = np.empty(k)
    ranks[np.argsort(np.abs(deviations), kind="stable")] = np.arange(1, k + 1)
    if trimming == "R0":
        below = ranks[deviations < 0]
        return max(0, round(k - float(below.max(initial=0.0)) - 1))
    rank_sum = float(ranks[deviations > 0].sum())
    return max(0, round((4 * rank_sum - k * (k + 1)) / (2 * k - 1)))


def _enough(yi: npt.ArrayLike, vi: npt.ArrayLike, fewest: int) -> tuple[FloatArray, FloatArray]:
    y, v = checked_studies(yi, vi)
    # The regressions need a degree of freedom whatever the caller allows.
    needed = max(fewest, 3)
    if y.size < needed:
        raise NotEstimable(
            f"too few studies to look for small-study effects: k = {y.size} < {needed}"
        )
    return y, v


def _differing(values: FloatArray, name: str) -> FloatArray:
    if not np.ptp(values) > 1e-9 * float(values.max()):
        raise NotEstimable(
            f"all studies have the same {name} ({values[0]:g}): small and large cannot be compared"
        )
    return values
