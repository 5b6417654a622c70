"""Firth's logistic regression against brglm2 0.9 on endometrial (ordinal_count.json) and logistf.

In these 79 women all of the 13 with neovasculature (NV) have a high grade: plain maximum
likelihood has no finite estimate (brglm2 records 18.19 where its iterations happened to stop).
Tolerance 1e-9 relative: both sides iterate to rounding.
"""

import numpy as np
import pytest

from igfmood.association.models.firth import fit_firth, log_odds
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("ordinal_count.json")


@pytest.fixture(scope="module")
def endometrial(shared):
    e = load_oracle("sep_endometrial.csv")
    return np.column_stack([np.ones(len(e)), e.NV, e.PI, e.EH]), e.HG.to_numpy()


def test_mean_bias_reduction(oracle, endometrial):
    fit = fit_firth(*endometrial)
    expected = oracle["endometrial_firth"]
    assert fit.coef == pytest.approx(list(expected["coef"].values()), rel=TOLERANCE)
    assert fit.se == pytest.approx(list(expected["se"].values()), rel=TOLERANCE)
    assert (fit.n, fit.n_events) == (79, 30)


def test_the_jeffreys_penalty_is_the_same_estimate(oracle, endometrial):
    expected = list(oracle["endometrial_jeffreys"].values())
    assert fit_firth(*endometrial).coef == pytest.approx(expected, rel=TOLERANCE)


def test_penalty_takes_over_where_the_data_separate(oracle, endometrial):
    found = log_odds(*endometrial)
    assert found.model == "logistic regression, Firth (the data separate)"
    expected = list(oracle["endometrial_firth"]["coef"].values())
    assert found.coef == pytest.approx(expected, rel=TOLERANCE)


def test_profile_intervals_of_logistf(endometrial):
    # logistf prints 8 digits; it stops at a change of 1e-5 in the log-likelihood.
    fit = fit_firth(*endometrial)
    printed = [
        (1.0825371, 7.20928050),
        (0.6097244, 7.85463171),
        (-0.1244587, 0.04045547),
        (-4.3651832, -1.23272106),
    ]
    found = [fit.profile_interval(j) for j in range(4)]
    np.testing.assert_allclose(found, printed, rtol=1e-5)
