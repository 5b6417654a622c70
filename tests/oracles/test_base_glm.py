"""Logistic regression against R's glm on MASS::birthwt (prediction.json, epsilon 1e-14).

Tolerance 1e-9 relative for estimates: Newton ends quadratically, both sides are at rounding.
"""

import numpy as np
import pytest

from igfmood.association.models.logistic import fit_logistic
from igfmood.performance.metrics.calibration import calibration_in_the_large, calibration_slope
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("prediction.json")


@pytest.fixture(scope="module")
def birthwt(shared):
    return load_oracle("pred_birthwt.csv")


def design(b, *names):
    columns = {"race2": b.race == 2, "race3": b.race == 3}
    chosen = [columns.get(name, b.get(name)) for name in names]
    return np.column_stack([np.ones(len(b)), *chosen])


def test_coefficients_errors_and_deviance(oracle, birthwt):
    expected = oracle["birthwt_logit"]
    X = design(birthwt, "age", "lwt", "race2", "race3", "smoke", "ptl", "ht", "ui")
    fit = fit_logistic(X, birthwt.low)
    assert fit.coef == pytest.approx(list(expected["coef"].values()), rel=TOLERANCE)
    assert fit.se == pytest.approx(list(expected["se"].values()), rel=TOLERANCE)
    assert -2 * fit.loglik == pytest.approx(expected["dev"], rel=1e-12)
    assert (fit.n, fit.n_events, fit.converged) == (189, 59, True)


def test_null_deviance(oracle, birthwt):
    fit = fit_logistic(np.ones((189, 1)), birthwt.low)
    assert -2 * fit.loglik == pytest.approx(oracle["birthwt_logit"]["null_dev"], rel=1e-12)


def test_printed_model(birthwt):
    # Printed to 8 decimals, hence the tolerance.
    fit = fit_logistic(design(birthwt, "age", "lwt", "race2", "race3", "smoke"), birthwt.low)
    printed = [0.33245157, -0.02247828, -0.01252566, 1.23167137, 0.94326265, 1.05443865]
    assert fit.coef == pytest.approx(printed, abs=6e-9)
    assert fit.loglik == pytest.approx(-107.288617, abs=6e-7)


def test_calibration_in_the_large_and_slope(oracle):
    # glm ran at its default epsilon of 1e-8 here: its estimates are good to about 1e-10, its
    # standard errors, from the weights one step earlier, to about 1e-6.
    pima = load_oracle("pred_pima.csv")
    y = pima.loc[pima["split"] == "test", "y"]
    expected = oracle["pima_calibration"]
    intercept = calibration_in_the_large(y, oracle["pima_test_p"])
    slope = calibration_slope(y, oracle["pima_test_p"])
    assert intercept.estimate == pytest.approx(expected["citl"], abs=1e-9)
    assert intercept.se == pytest.approx(expected["citl_se"], rel=1e-6)
    assert slope.estimate == pytest.approx(expected["slope"], abs=1e-9)
    assert slope.se == pytest.approx(expected["slope_se"], rel=1e-6)
