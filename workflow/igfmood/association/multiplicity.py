"""How p values change when several questions are asked at once.

Takes: the p values of one declared family.
Gives: adjusted p values in the same order: Holm for primary claims, Benjamini-Hochberg (or
Benjamini-Yekutieli under any dependence) for the rest.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def holm(p: npt.ArrayLike) -> FloatArray:
    """Holm's step-down adjustment: controls the chance of even one false rejection.

    Parameters
    ----------
    p : array_like, shape (m,)
        All p values of the family; one that is not estimable is left out by the caller, who
        says whether the family shrinks.

    Returns
    -------
    ndarray, shape (m,)
        ``max over j <= i of (m - j + 1) p_(j)``, at most 1, in the order of `p`.

    Raises
    ------
    ValueError
        A p that is missing or outside 0 to 1.

    References
    ----------
    Holm S (1979). Scand J Stat 6:65-70.
    """
    values = _checked(p)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1))
    return _in_order(np.minimum(stepped, 1.0), order)


def benjamini_hochberg(p: npt.ArrayLike) -> FloatArray:
    """Benjamini-Hochberg adjustment: controls the expected share of false rejections.

    Parameters
    ----------
    p : array_like, shape (m,)
        All p values of the family.

    Returns
    -------
    ndarray, shape (m,)
        ``min over j >= i of m p_(j) / j``, at most 1, in the order of `p`.

    Raises
    ------
    ValueError
        A p that is missing or outside 0 to 1.

    References
    ----------
    Benjamini Y, Hochberg Y (1995). J R Stat Soc B 57:289-300.
    """
    return _step_up(_checked(p), 1.0)


def benjamini_yekutieli(p: npt.ArrayLike) -> FloatArray:
    """False discovery control whatever the dependence between the tests.

    Parameters
    ----------
    p : array_like, shape (m,)
        All p values of the family.

    Returns
    -------
    ndarray, shape (m,)
        Benjamini-Hochberg times ``1 + 1/2 + ... + 1/m``, at most 1, in the order of `p`.

    Raises
    ------
    ValueError
        A p that is missing or outside 0 to 1.

    References
    ----------
    Benjamini Y, Yekutieli D (2001). Ann Stat 29:1165-1188, theorem 1.3.
    """
    values = _checked(p)
    return _step_up(values, float(np.sum(1 / np.arange(1, values.size + 1))))


def _step_up(values: FloatArray, factor: float) -> FloatArray:
    order = np.argsort(values, kind="stable")
    # The ratio first: it is 1 for the largest p, which must not come out below itself.
    raised = values[order] * (factor * (values.size / np.arange(1, values.size + 1)))
    stepped = np.minimum.accumulate(raised[::-1])[::-1]
    return _in_order(np.minimum(stepped, 1.0), order)


def _checked(p: npt.ArrayLike) -> FloatArray:
    values = np.asarray(p, dtype=float)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(
            "expected a one-dimensional array of p values between 0 and 1, none missing"
        )
    return values


def _in_order(sorted_values: FloatArray, order: npt.NDArray[np.intp]) -> FloatArray:
    out = np.empty_like(sorted_values)
    out[order] = sorted_values
    return out
