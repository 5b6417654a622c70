"""Cumulative logit against ordinal::clm, rms::lrm and rms::orm (ordinal_count.json).

Tolerance 1e-6 relative against clm, lrm and orm, which iterate to the maximum; 1e-4 against
MASS::polr, whose optimiser stops earlier.
"""

import numpy as np
import pytest

from igfmood.association.models.ordinal import fit_ordinal
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("ordinal_count.json")


@pytest.fixture(scope="module")
def wine(shared):
    table = load_oracle("ord_wine.csv")
    design = np.column_stack([table["temp"] == "warm", table["contact"] == "yes"])
    return fit_ordinal(design.astype(float), table["rating"])


@pytest.fixture(scope="module")
def phq(shared):
    table = load_oracle("ord_synth_phq.csv")
    return fit_ordinal(table[["x", "sex"]], table["phq"])


def test_wine_against_clm(oracle, wine):
    expected = oracle["wine_clm"]["logit"]
    found = [*wine.thresholds, *wine.beta]
    assert found == pytest.approx(list(expected["coef"].values()), rel=1e-6)
    se = np.sqrt(np.diag(wine.cov))
    assert se == pytest.approx(list(expected["se"].values()), rel=1e-6)
    assert wine.loglik == pytest.approx(expected["logLik"], rel=1e-10)


def test_wine_against_lrm(oracle, wine):
    expected = oracle["wine_lrm"]
    found = [*(-wine.thresholds), *wine.beta]
    assert found == pytest.approx(list(expected["coef"].values()), rel=1e-7)
    assert np.sqrt(np.diag(wine.cov)) == pytest.approx(list(expected["se"].values()), rel=1e-6)


def test_phq_of_28_levels_against_orm(oracle, phq):
    expected = oracle["synthetic_phq"]
    assert phq.beta == pytest.approx(list(expected["orm_beta"].values()), rel=1e-6)
    assert phq.se == pytest.approx(list(expected["orm_se"].values()), rel=1e-6)


def test_phq_against_polr(oracle, phq):
    expected = oracle["synthetic_phq"]["polr"]
    assert phq.loglik == pytest.approx(expected["logLik"], rel=1e-8)
    assert phq.thresholds == pytest.approx(list(expected["zeta"].values()), rel=1e-4, abs=1e-5)


def test_pima_of_120_levels_against_orm(oracle, shared):
    table = load_oracle("ord_pima_tr.csv")
    design = np.column_stack([table["age"], table["glu"], table["type"] == "Yes"]).astype(float)
    found = fit_ordinal(design, table["bmi"])
    expected = oracle["pima_orm_bmi"]["logistic"]
    assert found.beta == pytest.approx(list(expected["beta"].values()), rel=1e-6)
    assert found.se == pytest.approx(list(expected["se"].values()), rel=1e-6)
    assert found.thresholds.size == expected["n_intercepts"]
