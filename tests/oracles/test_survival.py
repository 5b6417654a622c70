"""Cox regression against R's survival 3.5.3 on survival::lung and survival::pbc (survival.json).

Tolerance 1e-9 relative: both are Newton's method run to rounding (coxph with eps = 1e-14); the
robust covariance and the score tests follow from the same maximum.
"""

import numpy as np
import pytest

from igfmood.association.models.cox import fit_cox, proportional_hazards
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("survival.json")


@pytest.fixture(scope="module")
def lung(shared):
    return load_oracle("surv_lung.csv").dropna(subset=["ph.ecog"])


@pytest.fixture(scope="module")
def lung_fit(lung):
    return fit_cox(lung[["age", "sex", "ph.ecog"]], lung["time"], lung["ev"])


def check(fit, expected):
    assert fit.coef == pytest.approx(list(expected["coef"].values()), rel=TOLERANCE)
    assert fit.se == pytest.approx(list(expected["se"].values()), rel=TOLERANCE)
    assert [fit.loglik_null, fit.loglik] == pytest.approx(expected["loglik"], rel=TOLERANCE)
    wald = fit.coef @ np.linalg.solve(fit.cov, fit.coef)
    assert wald == pytest.approx(expected["wald"], rel=TOLERANCE)


def test_efron(oracle, lung_fit):
    check(lung_fit, oracle["lung"]["efron"])


def test_strata(oracle, lung):
    fit = fit_cox(lung[["age", "ph.ecog"]], lung["time"], lung["ev"], strata=lung["sex"])
    check(fit, oracle["lung_strata_sex"])


def test_robust(oracle, lung, lung_fit):
    robust = lung_fit.robust(np.arange(len(lung)))
    assert robust.se == pytest.approx(list(oracle["lung_robust_se"].values()), rel=TOLERANCE)


def test_proportional_hazards(oracle, lung_fit):
    found = proportional_hazards(lung_fit, "km")
    table = [(test.chi2, test.df, test.p) for test in (*found.columns, found.overall)]
    np.testing.assert_allclose(table, oracle["lung_zph"]["values"], rtol=TOLERANCE)


def test_covariates_on_unlike_scales(oracle):
    pbc = load_oracle("surv_pbc.csv")
    columns = [pbc["age"], pbc["edema"], *np.log(pbc[["bili", "protime", "albumin"]].to_numpy()).T]
    X = np.column_stack(columns)
    rows = np.isfinite(X).all(axis=1)
    check(fit_cox(X[rows], pbc["time"][rows], pbc["ev"][rows]), oracle["pbc"])
