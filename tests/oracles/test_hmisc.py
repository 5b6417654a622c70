"""Restricted cubic splines against Hmisc 4.8.0 rcspline.eval (lm_robust.json, prediction.json).

Tolerance 1e-12 relative: closed forms in float64.
"""

import numpy as np
import pytest

from igfmood.splines import rcs_basis, rcs_knots
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("lm_robust.json")["rcs"]


@pytest.fixture(scope="module")
def weight(shared):
    return load_oracle("lm_birthwt.csv")["lwt"].to_numpy(float)


@pytest.mark.parametrize("n_knots", [3, 4, 5, 6, 7])
def test_default_knots(oracle, weight, n_knots):
    expected = oracle["default_knots"][str(n_knots)]
    assert rcs_knots(weight, n_knots) == pytest.approx(expected, rel=1e-12)


def test_default_knots_of_glucose(shared):
    pima = load_oracle("pred_pima.csv")
    glucose = pima.loc[pima["split"] == "train", "glu"]
    expected = load_oracle("prediction.json")["pima_lrm"]["knots_glu"]
    assert rcs_knots(glucose, 4) == pytest.approx(expected, rel=1e-12)


def test_basis(oracle, weight):
    found = rcs_basis(weight[:10], oracle["knots4"])
    np.testing.assert_allclose(found, oracle["basis4_head"], rtol=1e-12, atol=1e-12)
