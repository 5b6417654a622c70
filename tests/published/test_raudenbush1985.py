"""Raudenbush SW, Bryk AS (1985) J Educ Stat 10:75-98, table 1: teacher expectancy, 19 studies.

The constants are the table's effect sizes and squared standard errors. Tolerance: half a unit
of the last printed digit.
"""

import pytest

from igfmood.synthesis.random_effects import random_effects

YI = [0.03, 0.12, -0.14, 1.18, 0.26, -0.06, -0.02, -0.32, 0.27, 0.80]
YI += [0.54, 0.18, -0.02, 0.23, -0.18, -0.06, 0.30, 0.07, -0.07]
SE = [0.125, 0.147, 0.167, 0.373, 0.369, 0.103, 0.103, 0.220, 0.164, 0.251]
SE += [0.302, 0.223, 0.289, 0.290, 0.159, 0.167, 0.139, 0.094, 0.174]


def test_reml():
    found = random_effects(YI, [round(se**2, 4) for se in SE])
    assert found.q == pytest.approx(35.8295, abs=5e-5)
    assert found.tau2 == pytest.approx(0.0188, abs=5e-5)
    assert found.mu == pytest.approx(0.0837, abs=5e-5)
    assert found.se == pytest.approx(0.0616, abs=5e-5)
    assert (found.k, found.q_df) == (19, 18)
