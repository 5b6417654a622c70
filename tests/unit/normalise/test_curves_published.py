"""Published tables: read as printed, never beyond their ages, refused when they cannot be."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from igfmood.errors import DataError
from igfmood.normalise.curves import bccg
from igfmood.normalise.curves.published import published_curve


def table(**changes):
    rows = {
        "sex": ["male", "male", "Female ", "female"],
        "age": [20, 40, 40, 20],
        "mu": [240.0, 150.0, 155.0, 235.0],
        "sigma": [0.2, 0.24, 0.22, 0.26],
        "nu": [0.4, 0.2, 0.0, 0.3],
    }
    return rows | changes


def test_linear_in_age_between_rows():
    curve = published_curve(table(), "lms")
    sds = curve.sds(np.array([180.0]), np.array([30.0]), np.zeros(1))
    assert sds == pytest.approx(bccg.sds(np.array([180.0]), 195.0, 0.22, 0.3))
    assert curve.centile(0.5, np.array([20.0, 40.0]), 1.0) == pytest.approx([235, 155], rel=1e-3)
    assert curve.centile(ndtr(1.0), 40.0, 1.0) == pytest.approx(155 * np.exp(0.22))
    assert (curve.n, curve.method) == (0, "published")
    assert curve.describe().endswith("male 20 to 40 years; female 20 to 40 years")


def test_a_sex_or_age_outside_the_table_is_counted_not_extrapolated():
    men = pd.DataFrame(table()).iloc[:2]
    curve = published_curve(men, "bccg")
    age, female = np.array([19.9, 20, 40, 41, 30, np.nan]), np.array([0, 0, 0, 0, 1, 0.0])
    sds = curve.sds(np.full(6, 150.0), age, female)
    assert np.isfinite(sds).tolist() == [False, True, True, False, False, False]
    assert curve.outside(age, female).sum() == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sex": ["male", "m", "female", "female"]}, "row 2, column sex.*male or female.*'m'"),
        ({"mu": [240, 150, -1, 235]}, "row 3, column mu.*above 0.*-1"),
        ({"sigma": [0.2, "a", 0.2, 0.2]}, "row 2, column sigma"),
        ({"nu": [0.4, np.nan, 0, 0.3]}, "row 2, column nu.*a number"),
        ({"age": [20, 20, 40, 20]}, "row 2, column age.*each age once"),
    ],
)
def test_bad_tables_are_refused_by_row(changes, message):
    with pytest.raises(DataError, match=message):
        published_curve(table(**changes), "lms")


def test_missing_columns_are_named():
    with pytest.raises(DataError, match="no column tau; a bcpe table needs sex, age, mu"):
        published_curve(table(), "bcpe")
    with pytest.raises(DataError, match="no row"):
        published_curve(pd.DataFrame(table()).iloc[:0], "lms")
