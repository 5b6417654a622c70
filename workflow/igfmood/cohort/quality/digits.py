"""Whether some terminal digits are preferred: rounding by hand, or ages guessed.

Takes one participants table; gives, per variable, the distribution of the last digit recorded, how
far it is from even, and the share that ends in 0 or 5, as results.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from igfmood.cohort.quality.proportions import wilson_interval
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.results import Rows

#: Fewer values than this say nothing about ten digits.
_FEWEST = 100
#: More decimals than this are the work of a computer, not of a reader of a scale.
_MOST_DECIMALS = 3
#: Values that may have more decimals than the rest without changing what the last digit is.
_ODD = 0.01
#: Spread, in units of the last digit, from which on ten digits are evenly met without preference:
#: a normal distribution then deviates by less than 2 % (Poisson summation, 2 exp(-2 pi² s² / 100)).
_SPREAD = 5.0


@dataclass(frozen=True)
class DigitPreference:
    """Terminal digits of a variable, recorded with `decimals` decimals.

    `shares` (ten, of digits 0 to 9) of `n` values; `chi2` on 9 degrees of freedom and its `p`;
    `dissimilarity` is the share of values that would have to move for the digits to be even.
    """

    decimals: int
    shares: tuple[float, ...]
    chi2: float
    p: float
    dissimilarity: float
    n: int


def recorded_decimals(values: np.ndarray) -> int | None:
    """Return with how many decimals values were written, None if with more than three.

    Parameters
    ----------
    values
        Numbers read from text, shape (n,), none missing. One in a hundred may have more decimals.
    """
    for decimals in range(_MOST_DECIMALS + 1):
        if _written(values, decimals).mean() >= 1 - _ODD:
            return decimals
    return None


def _written(values: np.ndarray, decimals: int) -> np.ndarray:
    scaled = values * 10.0**decimals
    return np.asarray(np.abs(scaled - np.rint(scaled)) < 1e-6 * np.maximum(1, np.abs(scaled) / 1e3))


def digit_preference(values: np.ndarray) -> DigitPreference:
    """Compare terminal digits with an even distribution.

    Only whole tens of units from the smallest value on are counted, so that every digit has the
    same chance when the range is cut off (ages 18 to 65).

    Parameters
    ----------
    values
        Shape (n,); missing values are left out.

    Raises
    ------
    NotEstimable
        Fewer than 100 values, no common last digit, or a spread too narrow for ten digits.
    """
    from scipy.special import chdtrc

    known = values[np.isfinite(values)]
    if len(known) < _FEWEST:
        raise NotEstimable(f"too few values for ten digits: {len(known)} < {_FEWEST}")
    decimals = recorded_decimals(known)
    if decimals is None:
        raise NotEstimable(f"values were recorded with more than {_MOST_DECIMALS} decimals")
    units = np.rint(known[_written(known, decimals)] * 10**decimals).astype(np.int64)
    if units.std() < _SPREAD:
        raise NotEstimable(
            f"values spread over too few units of their last digit: SD {units.std():.1f} < "
            f"{_SPREAD:g}"
        )
    start = units.min()
    units = units[units < start + (units.max() - start + 1) // 10 * 10]
    if len(units) < _FEWEST:
        raise NotEstimable(f"too few values in whole tens of units: {len(units)} < {_FEWEST}")
    counts = np.bincount(units % 10, minlength=10)
    n = len(units)
    chi2 = float(((counts - n / 10) ** 2).sum() / (n / 10))
    shares = counts / n
    return DigitPreference(
        decimals, tuple(shares.tolist()), chi2, float(chdtrc(9, chi2)),
        float(np.abs(shares - 0.1).sum() / 2), n,
    )  # fmt: skip


def add_digits(rows: Rows, first: pd.DataFrame, study: Study) -> None:
    """Add the digit preference of the analyte as given, age and BMI to the results."""
    analyte = study.analyte
    quantified = first.assign(
        **{analyte.value: first[analyte.value].mask(first[analyte.below_lod])}
    )
    for name in (analyte.value, "age_years", "bmi"):
        if name in first and quantified[name].notna().any():
            _add_digits_of(rows, name, quantified[name].to_numpy(float))


def _add_digits_of(rows: Rows, name: str, values: np.ndarray) -> None:
    keys = {"analysis": "quality", "stratum": "all", "term": name}
    try:
        found = digit_preference(values)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys, measure="digit_dissimilarity")
        return
    method = f"last of {found.decimals} decimals against even digits, chi-square on 9 df"
    shared = {**keys, "n": found.n, "method": method}
    rows.add(**shared, measure="digit_dissimilarity", estimate=found.dissimilarity)
    rows.add(**shared, measure="digit_chi2", estimate=found.chi2, p=found.p, df=9)
    counts = [round(share * found.n) for share in found.shares]
    for digit, (share, count) in enumerate(zip(found.shares, counts, strict=True)):
        rows.add(**shared, measure=f"digit_{digit}", estimate=share, n_events=count)
    heaped = counts[0] + counts[5]
    low, high = wilson_interval(heaped, found.n, rows.source.level)
    rows.add(
        **shared, measure="digit_0_or_5", estimate=heaped / found.n, n_events=heaped, ci_low=low,
        ci_high=high,
    )  # fmt: skip
