"""Curves on a grid too coarse to tell of any one person.

Takes outcomes and predictions; gives the ROC curve at fixed false positive rates and a smooth
calibration curve at fixed centiles of the prediction.
"""

import numpy as np

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.roc import roc
from igfmood.performance.metrics.smooth_calibration import smoothed_at

#: False positive rates at which the ROC curve is given.
GRID = np.round(np.linspace(0, 1, 21), 2)
#: Centiles of the prediction at which the calibration curve is given.
CENTILES = np.linspace(5, 95, 10)


def roc_curve(y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return false positive rates and the sensitivity at each, by linear interpolation.

    Parameters
    ----------
    y
        1 for cases, 0 for controls, shape (n,); both must occur.
    p
        Predictions, shape (n,).

    Returns
    -------
    (fpr, sensitivity), each shape (21,)
    """
    curve = roc(y, p)
    return GRID, np.array([curve.sensitivity_at(1 - rate) for rate in GRID])


def calibration_curve(y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return predicted risks and the smoothed share of cases at each.

    Parameters
    ----------
    y
        1 for cases, 0 for controls, shape (n,).
    p
        Predictions, shape (n,).

    Returns
    -------
    (predicted, observed), each shape (10,)

    Raises
    ------
    NotEstimable
        If the predictions hardly differ.

    References
    ----------
    Austin & Steyerberg 2014, Stat Med 33:517 (lowess, span 2/3, without robustness steps as in
    rms::val.prob).
    """
    grid = np.percentile(p, CENTILES)
    if len(np.unique(grid)) < len(grid):
        raise NotEstimable("the predictions hardly differ: no calibration curve")
    return grid, smoothed_at(y, p, grid)
