"""Subgroups of studies: means with one variance in common, and whether they differ."""

import numpy as np
import pandas as pd
import pytest

from igfmood.errors import NotEstimable
from igfmood.synthesis.meta_regression import meta_regression
from igfmood.synthesis.subgroups import subgroups_common_tau2

YI = np.array([-0.6, -0.3, -0.8, 0.1, 0.4, 0.05])
VI = np.array([0.02, 0.05, 0.03, 0.04, 0.02, 0.06])
LABELS = ["serum", "serum", "serum", "plasma", "plasma", "plasma"]
PLASMA = np.array([label == "plasma" for label in LABELS])


def test_one_variance_in_common_is_the_meta_regression_on_the_label():
    found = subgroups_common_tau2(YI, VI, LABELS)
    fit = meta_regression(YI, VI, pd.DataFrame({"serum": (~PLASMA).astype(float)}))
    plasma, serum = found.subgroups
    assert plasma.estimate == pytest.approx(fit.beta[0])
    assert serum.estimate == pytest.approx(fit.beta[0] + fit.beta[1])
    assert plasma.se == pytest.approx(np.sqrt(fit.cov[0, 0]))
    assert plasma.tau2 == serum.tau2 == pytest.approx(fit.tau2)
    assert (found.between.stat, found.between.p) == pytest.approx((fit.qm, fit.qm_p))
    assert (found.between.df1, found.between.df2) == (1, 4.0)


def test_a_group_of_one_study_borrows_the_variance_of_the_rest():
    labels = [*LABELS[:5], "blood"]
    common = subgroups_common_tau2(YI, VI, labels)
    blood = next(one for one in common.subgroups if one.label == "blood")
    assert (blood.k, blood.estimate) == (1, pytest.approx(YI[5]))


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(NotEstimable, match="one subgroup only: serum"):
        subgroups_common_tau2(YI, VI, ["serum"] * 6)
    with pytest.raises(ValueError, match="5 labels do not match 6 studies"):
        subgroups_common_tau2(YI, VI, LABELS[:5])
