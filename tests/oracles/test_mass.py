"""Negative binomial regression against MASS's glm.nb, sandwich and stats::glm.

Data: MASS::quine (days absent from school), pscl::bioChemists (articles), a synthetic PHQ-9.
glm.nb stops when the deviance settles: its estimates are good to about 1e-8 and the standard
error of theta, taken at the theta of one round before, to about 1e-6. glm.nb of the synthetic
PHQ-9 ran at its default epsilon of 1e-8: 1e-6 for that one.
"""

import numpy as np
import pytest

from igfmood.association.models.negative_binomial import fit_negative_binomial
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-7


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("ordinal_count.json")


@pytest.fixture(scope="module")
def quine(shared):
    q = load_oracle("cnt_quine.csv")
    ages = [q.Age == age for age in ("F1", "F2", "F3")]
    X = np.column_stack([np.ones(len(q)), q.Sex == "M", *ages, q.Eth == "N", q.Lrn == "SL"])
    return fit_negative_binomial(X, q.Days)


@pytest.fixture(scope="module")
def articles(shared):
    b = load_oracle("cnt_bioChemists.csv")
    columns = [b.fem == "Women", b.mar == "Married", b.kid5, b.phd, b.ment]
    return fit_negative_binomial(np.column_stack([np.ones(len(b)), *columns]), b.art)


def test_quine_against_glm_nb(oracle, quine):
    expected = oracle["quine_negbin"]
    assert quine.beta == pytest.approx(list(expected["coef"].values()), rel=TOLERANCE)
    assert quine.se == pytest.approx(list(expected["se"].values()), rel=TOLERANCE)
    assert quine.theta == pytest.approx(expected["theta"], rel=TOLERANCE)
    assert quine.se_theta == pytest.approx(expected["se_theta"], rel=1e-5)
    assert quine.loglik == pytest.approx(expected["logLik"], rel=1e-12)
    assert (quine.n, quine.poisson) == (146, False)


def test_quine_sandwich(quine):
    # sandwich::sandwich(glm.nb), R 4.2.2, epsilon 1e-14; printed to 12 digits.
    expected = [
        0.221237641465, 0.155168201376, 0.260442570820, 0.251125747932, 0.253401587187,
        0.148200264346, 0.198196852868,
    ]  # fmt: skip
    assert np.sqrt(np.diag(quine.cov_robust)) == pytest.approx(expected, rel=TOLERANCE)


def test_articles_against_glm_nb(articles):
    # R 4.2.2, epsilon 1e-14; printed to 12 digits.
    beta = [
        0.2561440238538, -0.2164184231323, 0.1504894513727, -0.1764152421773, 0.0152711555730,
        0.0290823417153,
    ]  # fmt: skip
    se = [
        0.13734770155505, 0.07263608849678, 0.08209654269324, 0.05281329759551, 0.03587299097719,
        0.00321431918527,
    ]  # fmt: skip
    robust = [
        0.13973563195655, 0.07079218949905, 0.08063624115451, 0.05275602761671, 0.03744189455074,
        0.00335114141722,
    ]  # fmt: skip
    assert articles.beta == pytest.approx(beta, rel=1e-6)
    assert articles.se == pytest.approx(se, rel=TOLERANCE)
    assert np.sqrt(np.diag(articles.cov_robust)) == pytest.approx(robust, rel=TOLERANCE)
    assert articles.theta == pytest.approx(2.26438769306598, rel=TOLERANCE)
    assert articles.se_theta == pytest.approx(0.27117528470924, rel=1e-5)
    assert articles.loglik == pytest.approx(-1560.95833849647920, rel=1e-12)


def test_phq_total_against_glm_nb(oracle):
    phq = load_oracle("ord_synth_phq.csv")
    fit = fit_negative_binomial(np.column_stack([np.ones(len(phq)), phq.x, phq.sex]), phq.phq)
    expected = oracle["synthetic_phq"]["nb"]
    assert fit.beta == pytest.approx(list(expected["coef"].values()), rel=1e-6)
    assert fit.theta == pytest.approx(expected["theta"], rel=1e-6)
