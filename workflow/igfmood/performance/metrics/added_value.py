"""What a marker adds to a model, by the likelihood: the sharpest test there is.

Takes the designs of a model without and with the marker; gives the likelihood-ratio test and the
adequacy of the model without it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable


@dataclass(frozen=True)
class AddedValue:
    """Likelihood-ratio test of the marker's columns, and the adequacy of the model without.

    `adequacy` is the share of the full model's likelihood-ratio chi-squared that the model without
    the marker reaches alone: 1 means that the marker adds nothing.
    """

    chi2: float
    df: int
    p: float
    adequacy: float


def added_value(base: npt.ArrayLike, full: npt.ArrayLike, y: npt.ArrayLike) -> AddedValue:
    """Compare nested logistic models on the same people.

    Parameters
    ----------
    base : array_like, shape (n, p)
        Design without the marker, with intercept.
    full : array_like, shape (n, q)
        Design with it; its columns span those of `base`.
    y : array_like, shape (n,)
        Outcome, 1 for cases and 0 for controls.

    Raises
    ------
    NotEstimable
        A full model with no more columns than the base: the marker's do not vary. A model that
        cannot be fitted, or a full model that explains nothing.

    References
    ----------
    Harrell FE (2015). Regression Modeling Strategies, 2nd ed., sections 9.8.2 and 9.8.4.
    """
    small, large = np.asarray(base, dtype=float), np.asarray(full, dtype=float)
    outcome = np.asarray(y, dtype=float)
    df = large.shape[1] - small.shape[1]
    if df < 1:
        raise NotEstimable("the marker adds no column: it does not vary among these people")
    nothing = fit_logistic(np.ones((outcome.size, 1)), outcome).loglik
    without, with_it = fit_logistic(small, outcome).loglik, fit_logistic(large, outcome).loglik
    explained = with_it - nothing
    if not explained > 0:
        raise NotEstimable("the model with the marker explains nothing")
    statistic = max(0.0, 2 * (with_it - without))
    return AddedValue(statistic, df, float(chi2.sf(statistic, df)), (without - nothing) / explained)
