"""IGF-1 radioimmunoassay quality control by tracer lot (nlme's IGF data).

Pinheiro JC, Bates DM (2000), chapter 5; the optimum as found by direct maximisation of the
restricted likelihood, -297.183088. R's lme stops at -297.2955, statsmodels' MixedLM at -297.400.
Tolerance: half a unit of the last digit known.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from igfmood.normalise.lots import qc_lots
from igfmood.normalise.mixed import fit_random_slopes

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def lots(shared):
    return pd.read_csv(shared / "data" / "igf1" / "assay_qc_lots.csv")


@pytest.fixture(scope="module")
def line(lots):
    return np.column_stack([np.ones(len(lots)), lots["age"]])


@pytest.fixture(scope="module")
def fit(lots, line):
    return fit_random_slopes(lots["conc"], line, line, lots["Lot"])


def dense_loglik(y, x, z, group, relative):
    """Restricted log-likelihood from the covariance matrix of each lot, sigma profiled out."""
    log_det, information, moment, square = 0.0, 0.0, 0.0, 0.0
    for lot in np.unique(group):
        xi, zi, yi = x[group == lot], z[group == lot], y[group == lot]
        v = np.eye(len(yi)) + zi @ relative @ zi.T
        log_det += np.linalg.slogdet(v)[1]
        solved = np.linalg.solve(v, np.column_stack([xi, yi]))
        information = information + xi.T @ solved[:, :-1]
        moment = moment + xi.T @ solved[:, -1]
        square += yi @ solved[:, -1]
    df = len(y) - x.shape[1]
    rss = square - moment @ np.linalg.solve(information, moment)
    log_det += np.linalg.slogdet(information)[1]
    return -0.5 * (log_det + df * (1 + np.log(2 * np.pi * rss / df)))


def test_the_optimum_is_reached_from_every_start(fit):
    assert fit.loglik == pytest.approx(-297.183088, abs=5e-6)
    assert fit.beta == pytest.approx([5.374974, -0.00253499], abs=5e-7)
    assert fit.se == pytest.approx([0.107488, 0.005044], abs=5e-7)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx([0.08251, 0.008092], abs=5e-6)
    assert fit.sigma == pytest.approx(0.820628, abs=5e-7)
    assert fit.converged
    assert fit.n_agree == fit.n_starts


def test_the_boundary_is_named(fit):
    assert fit.boundary == "random intercept and slope perfectly correlated (−1)"
    assert fit.theta[2] == pytest.approx(0, abs=1e-6)


def test_no_point_of_a_grid_is_higher(lots, line, fit):
    y, group = lots["conc"].to_numpy(), lots["Lot"].to_numpy()
    sds = (np.linspace(0, 0.3, 11), np.linspace(0, 0.02, 11), np.linspace(-1, 1, 11))
    highest = -np.inf
    for intercept, slope, correlation in product(*sds):
        covariance = correlation * intercept * slope
        relative = np.array([[intercept**2, covariance], [covariance, slope**2]])
        highest = max(highest, dense_loglik(y, line, line, group, relative))
    assert highest <= fit.loglik
    assert highest == pytest.approx(fit.loglik, abs=0.05)
    at_optimum = dense_loglik(y, line, line, group, fit.covariance / fit.sigma**2)
    assert at_optimum == pytest.approx(fit.loglik, abs=1e-8)


def test_simpler_model(lots, line):
    found = fit_random_slopes(lots["conc"], line, line[:, :1], lots["Lot"])
    assert found.loglik == pytest.approx(-298.43554, abs=5e-6)
    assert found.beta == pytest.approx([5.3544350, -0.00081726], abs=5e-8)
    assert found.sigma == pytest.approx(0.8299980, abs=5e-8)


def test_table_of_the_lots(lots):
    table = qc_lots(lots["conc"], lots["age"], lots["Lot"])
    overall = table[table["lot"] == ""].set_index("quantity")
    drift = overall.loc["drift_per_30_days"]
    assert drift["estimate"] == pytest.approx(30 * -0.00253499, abs=2e-6)
    assert drift["ci_low"] < 0 < drift["ci_high"]
    level = 5.374974 - 0.00253499 * lots["age"].mean()
    assert overall.loc["level", "estimate"] == pytest.approx(level, abs=2e-6)
    within = overall.loc["within_lot_cv", "estimate"]
    assert within == pytest.approx(100 * 0.820628 / level, abs=5e-5)
    # With a correlation of -1 the SD between lots is |0.08251 - 0.008092 age|.
    between = np.sqrt(np.mean((0.08251 - 0.008092 * lots["age"]) ** 2))
    found = overall.loc["between_lot_cv", "estimate"]
    assert found == pytest.approx(100 * between / level, rel=5e-4)
    assert table["boundary"].unique().tolist() == [
        "random intercept and slope perfectly correlated (−1)"
    ]
    each = table[table["quantity"] == "lot_slope"]
    assert each["lot"].tolist() == [str(i) for i in range(1, 11)]
    assert each["n"].tolist() == lots["Lot"].value_counts().sort_index().tolist()
