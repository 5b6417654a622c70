"""Cumulative-logit regression against ordinal's clm, rms's lrm and orm, and MASS's polr.

Tolerance 1e-9 relative against clm, lrm and orm, which end by Newton steps as this does. polr
ends by a quasi-Newton search (reltol 1e-14) with a numeric Hessian: 1e-5.
"""

import itertools

import numpy as np
import pytest
import statsmodels.api as sm

from igfmood.association.models.ordinal import fit_ordinal, proportional_odds
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-9
POLR = 1e-5


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("ordinal_count.json")


@pytest.fixture(scope="module")
def wine(shared):
    w = load_oracle("ord_wine.csv")
    return fit_ordinal(np.column_stack([w.temp == "warm", w.contact == "yes"]), w.rating)


@pytest.fixture(scope="module")
def phq(shared):
    return load_oracle("ord_synth_phq.csv")


def test_wine_against_clm(oracle, wine):
    expected = oracle["wine_clm"]["logit"]
    found = np.concatenate([wine.thresholds, wine.beta])
    assert found == pytest.approx(list(expected["coef"].values()), rel=TOLERANCE)
    se = np.sqrt(np.diag(wine.cov))
    assert se == pytest.approx(list(expected["se"].values()), rel=TOLERANCE)
    assert wine.loglik == pytest.approx(expected["logLik"], rel=1e-12)
    assert (wine.n, wine.n_levels) == (72, 5)


def test_wine_against_lrm_whose_intercepts_have_the_other_sign(oracle, wine):
    expected = oracle["wine_lrm"]
    found = np.concatenate([-wine.thresholds, wine.beta])
    assert found == pytest.approx(list(expected["coef"].values()), rel=TOLERANCE)
    assert wine.se == pytest.approx(list(expected["se"].values())[4:], rel=TOLERANCE)


def test_wine_against_polr(oracle, wine):
    expected = oracle["wine_polr"]["logistic"]
    assert wine.beta == pytest.approx(list(expected["coef"].values()), rel=POLR)
    assert wine.thresholds == pytest.approx(list(expected["zeta"].values()), rel=POLR)
    assert wine.se == pytest.approx(list(expected["se"].values())[:2], rel=POLR)


def test_housing_with_a_row_for_each_household(oracle):
    h = load_oracle("ord_housing.csv")
    h = h.loc[h.index.repeat(h.Freq)]
    columns = [
        *(h.Infl == level for level in ("Medium", "High")),
        *(h.Type == level for level in ("Apartment", "Atrium", "Terrace")),
        h.Cont == "High",
    ]
    fit = fit_ordinal(np.column_stack(columns), h.Sat.map({"Low": 0, "Medium": 1, "High": 2}))
    expected = oracle["housing_polr_weighted"]
    assert fit.beta == pytest.approx(list(expected["coef"].values()), rel=POLR)
    assert fit.thresholds == pytest.approx(list(expected["zeta"].values()), rel=POLR)
    assert fit.se == pytest.approx(list(expected["se"].values())[:6], rel=POLR)
    assert fit.loglik == pytest.approx(expected["logLik"], rel=1e-10)


def test_phq_total_of_25_levels_against_orm(oracle, phq):
    fit = fit_ordinal(phq[["x", "sex"]], phq.phq)
    expected = oracle["synthetic_phq"]
    assert fit.beta == pytest.approx(list(expected["orm_beta"].values()), rel=TOLERANCE)
    assert fit.se == pytest.approx(list(expected["orm_se"].values()), rel=TOLERANCE)
    assert fit.thresholds == pytest.approx(list(expected["polr"]["zeta"].values()), rel=POLR)
    assert fit.loglik == pytest.approx(expected["polr"]["logLik"], rel=1e-10)


def test_continuous_outcome_of_120_levels_against_orm(oracle):
    p = load_oracle("ord_pima_tr.csv")
    fit = fit_ordinal(np.column_stack([p.age, p.glu, p.type == "Yes"]), p.bmi)
    expected = oracle["pima_orm_bmi"]["logistic"]
    assert fit.n_levels == 120
    assert fit.beta == pytest.approx(list(expected["beta"].values()), rel=TOLERANCE)
    assert fit.se == pytest.approx(list(expected["se"].values()), rel=TOLERANCE)


def test_proportional_odds_at_the_bands_of_the_phq(phq):
    # R 4.2.2: three glm fits (epsilon 1e-14). Their covariance by Brant's formula, from the fits of
    # statsmodels: who is above the higher of two cuts is above both.
    cuts = (5, 10, 15)
    test = proportional_odds(phq[["x", "sex"]], phq.phq, cuts)
    expected = [0.435022872013614, 0.382970860538346, 0.296067745266345]
    assert test.log_odds == pytest.approx(expected, rel=TOLERANCE)
    design = sm.add_constant(phq[["x", "sex"]].to_numpy(float))
    y = phq.phq.to_numpy()
    fits = [sm.Logit((y >= cut).astype(float), design).fit(disp=0, tol=1e-12) for cut in cuts]
    risk = [fit.predict() for fit in fits]
    cov = np.empty((3, 3))
    for j, k in itertools.product(range(3), repeat=2):
        both = np.minimum(risk[j], risk[k])
        middle = (design * (both - risk[j] * risk[k])[:, None]).T @ design
        cov[j, k] = (fits[j].cov_params() @ middle @ fits[k].cov_params())[1, 1]
    contrast = np.array([[1, -1, 0], [1, 0, -1]])
    gap = contrast @ [fit.params[1] for fit in fits]
    chi2 = gap @ np.linalg.solve(contrast @ cov @ contrast.T, gap)
    assert test.chi2 == pytest.approx(chi2, rel=1e-7)
    assert (test.df, test.cuts) == (2, (5.0, 10.0, 15.0))
