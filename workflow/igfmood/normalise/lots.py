"""Assay quality control: how much reagent lots differ, and whether they age.

Takes: concentrations of control sera, the age of the reagent (tracer) in days, and its lot.
Gives: a tidy table of each lot's deviation, the between-lot and within-lot CV, and the drift.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood.errors import NotEstimable
from igfmood.normalise.mixed import MixedFit, fit_random_slopes

DRIFT_DAYS = 30
COLUMNS = ("quantity", "lot", "unit", "estimate", "se", "ci_low", "ci_high", "n", "boundary")


def qc_lots(
    conc: npt.ArrayLike, age_days: npt.ArrayLike, lot: npt.ArrayLike, *, level: float = 0.95
) -> pd.DataFrame:
    """Mixed model of control concentrations: a line in tracer age for each lot.

    ``conc = b0 + b1 age + (u0 + u1 age) of the lot + e``, by REML.

    Parameters
    ----------
    conc : array_like, shape (n,)
        Concentrations of the control material, one unit throughout; > 0, no missing values.
    age_days : array_like, shape (n,)
        Age of the tracer, days.
    lot : array_like, shape (n,)
        Lot of each measurement.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`. Quantities:

        - ``level`` (conc): mean line at the mean tracer age;
        - ``drift_per_30_days`` (conc) and ``drift_per_30_days_pct`` (per cent of ``level``);
        - ``between_lot_cv``, ``within_lot_cv`` (per cent of ``level``), without an interval;
        - ``lot_intercept`` (conc, at age 0) and ``lot_slope`` (conc per day): predicted deviation
          of each lot from the mean line.

        `n` is the number of measurements (of the lot); `boundary` is the same text in every row,
        empty when the optimum is an interior one.

    Raises
    ------
    ValueError
        A concentration that is not positive, values that are not finite, lengths that differ.
    NotEstimable
        Too few lots or measurements, or a fit whose optimum cannot be confirmed.

    Notes
    -----
    Lots may cross, so that the variance between them depends on age: the between-lot variance is
    ``z' G z`` averaged over the ages measured. The mean line's intervals are by Student t on lots
    - 1, because a drift common to all lots is told from the lots' own drifts by lots, not by
    measurements. Intervals of lots use the normal quantile.
    The drift in per cent takes ``level`` as known.

    References
    ----------
    Pinheiro JC, Bates DM (2000). Mixed-Effects Models in S and S-PLUS, chapter 5 (these data).
    """
    from scipy.special import ndtri, stdtrit

    values, days = np.asarray(conc, dtype=float), np.asarray(age_days, dtype=float)
    if values.ndim != 1 or days.shape != values.shape:
        raise ValueError(f"conc {values.shape} and age_days {days.shape} do not match")
    if not (values > 0).all():
        raise ValueError("control concentrations must be positive and known")
    line = np.column_stack([np.ones_like(days), days])
    labels = np.asarray(lot)
    fit = fit_random_slopes(values, line, line, labels)
    if not fit.converged:
        raise NotEstimable("the optimum of the mixed model of the lots cannot be confirmed")
    t = float(stdtrit(len(fit.groups) - 1, 0.5 + level / 2))
    rows = _overall_rows(fit, line, t)
    counts = pd.Series(labels.astype(str)).value_counts()
    rows += _lot_rows(fit, counts, float(ndtri(0.5 + level / 2)))
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    table["boundary"] = fit.boundary
    return table


def _overall_rows(fit: MixedFit, line: np.ndarray, t: float) -> list[tuple[object, ...]]:
    middle = line.mean(axis=0)
    level = float(middle @ fit.beta)
    level_se = float(np.sqrt(middle @ fit.cov_beta @ middle))
    between = np.sqrt(np.einsum("ij,jk,ik->i", line, fit.covariance, line).mean())
    drift, drift_se = DRIFT_DAYS * float(fit.beta[1]), DRIFT_DAYS * float(fit.se[1])
    pct = 100 / level
    name = f"drift_per_{DRIFT_DAYS}_days"
    nan = np.nan
    return [
        _row("level", "", "conc", level, level_se, t, fit.n),
        _row(name, "", "conc", drift, drift_se, t, fit.n),
        _row(f"{name}_pct", "", "%", pct * drift, pct * drift_se, t, fit.n),
        ("between_lot_cv", "", "%", pct * float(between), nan, nan, nan, fit.n),
        ("within_lot_cv", "", "%", pct * fit.sigma, nan, nan, nan, fit.n),
    ]


def _lot_rows(fit: MixedFit, counts: "pd.Series[int]", normal: float) -> list[tuple[object, ...]]:
    rows = []
    for j, (name, unit) in enumerate((("lot_intercept", "conc"), ("lot_slope", "conc/day"))):
        for i, label in enumerate(fit.groups):
            deviation, se = float(fit.random[i, j]), float(fit.random_se[i, j])
            rows.append(_row(name, label, unit, deviation, se, normal, int(counts[label])))
    return rows


def _row(
    quantity: str, lot: str, unit: str, estimate: float, se: float, quantile: float, n: int
) -> tuple[object, ...]:
    half = quantile * se
    return (quantity, lot, unit, estimate, se, estimate - half, estimate + half, n)
