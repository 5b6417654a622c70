"""External validation against rms 6.5.0 val.prob (prediction.json) and the aSAH split half.

Tolerance 1e-10 relative for closed forms; 1e-9 for logistic fits (lrm stops at 1e-9 or so).
"""

import numpy as np
import pytest
from scipy.special import expit, logit

from igfmood.association.models.logistic import fit_logistic
from igfmood.performance.metrics.calibration import (
    brier,
    calibration_in_the_large,
    calibration_slope,
    observed_expected,
    scaled_brier,
)
from igfmood.performance.metrics.discrimination import auc_delong
from igfmood.performance.metrics.smooth_calibration import calibration_error
from igfmood.splines import rcs_basis, rcs_knots
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("prediction.json")


@pytest.fixture(scope="module")
def pima(shared):
    return load_oracle("pred_pima.csv")


@pytest.fixture(scope="module")
def outcome(pima):
    return pima.loc[pima["split"] == "test", "y"].to_numpy()


@pytest.fixture(scope="module")
def risk(oracle):
    return np.array(oracle["pima_test_p"])


def test_val_prob(oracle, outcome, risk):
    expected = oracle["pima_val_prob"]
    assert brier(outcome, risk).estimate == pytest.approx(expected["Brier"], rel=1e-10)
    # lrm, behind val.prob, groups predicted risks before it counts pairs; we count them all.
    assert auc_delong(outcome, risk).auc[0] == pytest.approx(expected["C (ROC)"], abs=1e-4)
    slope = calibration_slope(outcome, risk).estimate
    assert slope == pytest.approx(expected["Slope"], abs=1e-9)
    joint = fit_logistic(np.column_stack([np.ones(risk.size), logit(risk)]), outcome)
    assert joint.coef[0] == pytest.approx(expected["Intercept"], abs=1e-9)


def test_logistic_with_spline_equals_lrm(oracle, pima):
    train = pima[pima["split"] == "train"]
    spline = rcs_basis(train["glu"], rcs_knots(train["glu"], 4))
    others = train[["age", "bmi", "ped", "npreg"]]
    fit = fit_logistic(np.column_stack([np.ones(len(train)), spline, others]), train["y"])
    expected = oracle["pima_lrm"]
    assert fit.coef == pytest.approx(list(expected["coef"].values()), rel=1e-8)
    assert fit.se == pytest.approx(list(expected["se"].values()), rel=1e-8)
    # The C of lrm itself (0.85027) is of grouped risks; validate() counts all pairs, as we do.
    dxy = oracle["pima_validate_B200"]["values"][0][0]
    score = spline @ fit.coef[1:4] + others.to_numpy() @ fit.coef[4:]
    assert 2 * auc_delong(train["y"], score).auc[0] - 1 == pytest.approx(dxy, rel=1e-12)


def test_split_half_of_asah(shared):
    # Fitted on odd rows, tested on even rows; figures printed to 8 and 7 decimals.
    table = load_oracle("auc_asah.csv")
    X = np.column_stack([np.ones(len(table)), table[["age", "wfns_n", "s100b"]]])
    y = table["y"].to_numpy()
    train = fit_logistic(X[::2], y[::2])
    assert train.coef == pytest.approx([-4.43822531, 0.04283241, 0.60068295, 1.27845265], abs=6e-9)
    p = expit(X[1::2] @ train.coef)
    assert auc_delong(y[1::2], p).auc[0] == pytest.approx(0.8377193, abs=6e-8)
    assert brier(y[1::2], p).estimate == pytest.approx(0.1620815, abs=6e-8)
    assert calibration_in_the_large(y[1::2], p).estimate == pytest.approx(-0.6643013, abs=6e-8)
    assert calibration_slope(y[1::2], p).estimate == pytest.approx(1.1370792, abs=6e-8)


def test_incremental_value_on_asah(shared):
    # The marker lowers the AUC although its coefficient is positive; 10 decimals were printed.
    table = load_oracle("auc_asah.csv")
    y = table["y"].to_numpy()
    X = np.column_stack([np.ones(len(table)), table[["age", "wfns_n", "s100b"]]])
    base, full = fit_logistic(X[:, :3], y), fit_logistic(X, y)
    result = auc_delong(y, np.column_stack([X[:, :3] @ base.coef, X @ full.coef]))
    assert result.auc == pytest.approx([0.8426490515, 0.8387533875], abs=6e-11)
    assert 2 * (full.loglik - base.loglik) == pytest.approx(1.0956862, abs=6e-8)


def test_smooth_calibration(oracle, outcome, risk):
    expected = oracle["pima_val_prob"]
    found = calibration_error(outcome, risk)
    # The same local lines; 1e-7 allows for the rounding of two implementations of lowess.
    assert found.ici == pytest.approx(expected["Eavg"], rel=1e-7)
    assert found.e90 == pytest.approx(expected["E90"], rel=1e-6)
    assert found.emax == pytest.approx(expected["Emax"], rel=1e-6)
    table = load_oracle("auc_asah.csv")
    X = np.column_stack([np.ones(len(table)), table[["age", "wfns_n", "s100b"]]])
    y = table["y"].to_numpy()
    p = expit(X[1::2] @ fit_logistic(X[::2], y[::2]).coef)
    split = calibration_error(y[1::2], p)
    assert (split.ici, split.e90, split.emax) == pytest.approx(
        (0.1077601, 0.1311082, 0.1458826), abs=6e-7
    )


def test_observed_over_expected_and_scaled_brier(oracle, outcome, risk):
    expected = oracle["pima_calibration"]
    ratio = np.exp(observed_expected(outcome, risk).estimate)
    assert ratio == pytest.approx(expected["oe"], rel=1e-12)
    assert scaled_brier(outcome, risk).estimate == pytest.approx(
        expected["brier_scaled"], rel=1e-12
    )
