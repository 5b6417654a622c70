"""BCG vaccine against tuberculosis: 13 trials, log risk ratio.

Colditz GA et al (1994) JAMA 271:698-702; REML figures as reproduced with metafor.
Tolerance: half a unit of the last printed digit.
"""

import numpy as np
import pytest

from igfmood.synthesis.random_effects import leave_one_out, random_effects
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def trials(shared):
    table = load_oracle("meta_bcg.csv")
    a, b, c, d = (table[x].to_numpy(float) for x in ("tpos", "tneg", "cpos", "cneg"))
    return np.log(a / (a + b)) - np.log(c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def test_heterogeneity(trials):
    found = random_effects(*trials)
    assert found.tau2 == pytest.approx(0.3132433, abs=5e-8)
    assert found.se_tau2 == pytest.approx(0.1664, abs=5e-5)
    assert found.i2 == pytest.approx(92.2214, abs=5e-5)
    assert found.h2 == pytest.approx(12.8558, abs=5e-5)
    assert (found.q, found.q_df) == (pytest.approx(152.2330, abs=5e-5), 12)


def test_mean_effect_with_knapp_hartung(trials):
    found = random_effects(*trials)
    assert found.mu == pytest.approx(-0.7145, abs=5e-5)
    assert found.se == pytest.approx(0.1808, abs=5e-5)
    assert found.t == pytest.approx(-3.9522, abs=5e-5)
    assert (found.ci_low, found.ci_high) == pytest.approx((-1.1084, -0.3206), abs=5e-5)
    assert (found.pi_low, found.pi_high) == pytest.approx((-1.9960, 0.5670), abs=5e-5)
    assert (found.k, found.df) == (13, 12)


def test_without_the_first_trial(trials):
    assert leave_one_out(*trials)[0].mu == pytest.approx(-0.7071, abs=5e-5)
