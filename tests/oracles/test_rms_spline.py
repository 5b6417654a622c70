"""Spline tests against rms 6.5.0 anova of ols (lm_robust.json) and of lrm (prediction.json).

Tolerance 1e-8 relative: rms forms the basis and the least squares in another order.
"""

import numpy as np
import pytest

from igfmood.association.models.logistic import fit_logistic
from igfmood.association.shape_tests import SplineEffect
from igfmood.splines import rcs_basis
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def birthwt(shared):
    return load_oracle("lm_birthwt.csv")


def _design(birthwt, knots):
    basis = rcs_basis(birthwt.lwt, knots)
    return np.column_stack([np.ones(len(basis)), basis, birthwt.age, birthwt.smoke])


def test_ols_with_its_classical_covariance(birthwt):
    oracle = load_oracle("lm_robust.json")
    knots = np.array(oracle["rcs"]["knots4"], dtype=float)
    X = _design(birthwt, knots)
    beta, rss = np.linalg.lstsq(X, birthwt.bwt, rcond=None)[:2]
    df = len(X) - X.shape[1]
    cov = rss[0] / df * np.linalg.inv(X.T @ X)
    effect = SplineEffect(beta[1:4], cov[1:4, 1:4], df, knots)
    table = dict(
        zip(oracle["ols_rcs4"]["anova"]["rows"], oracle["ols_rcs4"]["anova"]["values"], strict=True)
    )
    for test, row in ((effect.joint_test(), "lwt"), (effect.nonlinearity_test(), " Nonlinear")):
        expected = [table[row][0], table[row][3], table[row][4]]
        assert [test.df, test.f, test.p] == pytest.approx(expected, rel=1e-8)
        assert test.df_denominator == 183


def test_lrm(shared):
    oracle = load_oracle("prediction.json")["pima_lrm"]
    train = load_oracle("pred_pima.csv").query("split == 'train'")
    knots = np.array(oracle["knots_glu"], dtype=float)
    X = [np.ones(len(train)), rcs_basis(train.glu, knots), train[["age", "bmi", "ped", "npreg"]]]
    fit = fit_logistic(np.column_stack(X), train.y)
    effect = SplineEffect(fit.coef[1:4], fit.cov[1:4, 1:4], np.inf, knots)
    rows, values = oracle["anova"]["rows"], oracle["anova"]["values"]
    table = dict(zip(rows, values, strict=True))
    for test, row in ((effect.joint_test(), "glu"), (effect.nonlinearity_test(), " Nonlinear")):
        chi2, df, p = table[row]
        assert [test.chi2, test.df, test.p] == pytest.approx([chi2, df, p], rel=1e-8)
