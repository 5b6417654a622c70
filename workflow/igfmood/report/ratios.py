"""Logarithms of ratios written as the ratios that papers print.

Takes result rows; gives text with the exponential of the row's own numbers, tied to that row.
"""

import math

import pandas as pd

from igfmood.report.numbers import Number, Text, decimals_apart, fixed

#: Measure: what its exponential is called, short and in full.
_NAMES = {
    "log_or": ("OR", "odds ratio"),
    "log_hr": ("HR", "hazard ratio"),
    "log_rr": ("RR", "rate ratio"),
    "log_rom": ("ratio", "ratio of geometric means"),
    "log_vr": ("ratio", "ratio of SDs"),
}


def names_of(row: pd.Series) -> tuple[str, str] | None:
    """Return what the exponential of a row is called, short and in full; None if it is no log."""
    if row["analysis"] == "mendelian" and row["measure"] == "beta":
        return _NAMES["log_or"]
    if row["analysis"] == "treatment" and row["term"] == "predictive":
        return "ratio of ORs", "ratio of odds ratios"
    return _NAMES.get(row["measure"])


def ratio(row: pd.Series) -> Text:
    """Return the ratio with its interval, without its name: ``0.87 (0.72 to 1.05)``."""
    values = [math.exp(float(row[name])) for name in ("estimate", "ci_low", "ci_high")]
    # Limits on one side of 1 must not be written as if they reached it.
    digits = decimals_apart(values[1:], [1.0], 2)
    shown = [Number(fixed(one, digits), row["result_id"], one) for one in values]
    return (shown[0], " (", shown[1], " to ", shown[2], ")")


def beside(row: pd.Series) -> Text:
    """Return a ratio as it stands in brackets behind its logarithm: ``; HR 0.87, 0.72 to 1.05``.

    Nothing for a number that is no logarithm.
    """
    found = names_of(row)
    if found is None:
        return ()
    estimate, _, low, to, high, _ = ratio(row)
    return (f"; {found[0]} ", estimate, ", ", low, to, high)
