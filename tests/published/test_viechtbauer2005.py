"""Viechtbauer W (2005) J Educ Behav Stat 30:261-293, examples on pages 271 and 272.

Tolerance: half a unit of the last printed digit.
"""

import numpy as np
import pytest

from igfmood.synthesis.random_effects import random_effects

EXAMPLE_1 = (
    [-0.581, 0.530, 0.771, 1.031, 0.553, 0.295, 0.078, 0.573, -0.176, -0.232],
    [0.023, 0.052, 0.060, 0.115, 0.095, 0.203, 0.200, 0.211, 0.051, 0.040],
)
YI_2 = """
    0.100 -0.162 -0.090 -0.049 -0.046 -0.010 -0.431 -0.261 0.134
    0.019 0.175 0.056 0.045 0.103 0.121 -0.482 0.290 0.342
"""
VI_2 = """
    0.016 0.015 0.050 0.050 0.032 0.052 0.036 0.024 0.034
    0.033 0.031 0.034 0.039 0.167 0.134 0.096 0.016 0.035
"""


def test_example_1():
    found = random_effects(*EXAMPLE_1)
    assert found.tau2 == pytest.approx(0.2232, abs=5e-5)
    assert found.se_tau2 == pytest.approx(0.1464, abs=5e-5)
    assert found.i2 == pytest.approx(76.84, abs=5e-3)
    assert found.h2 == pytest.approx(4.32, abs=5e-3)


def test_example_2():
    found = random_effects(np.array(YI_2.split(), float), np.array(VI_2.split(), float))
    assert found.tau2 == pytest.approx(0.0157, abs=5e-5)
    assert found.i2 == pytest.approx(32.02, abs=5e-3)
    assert found.h2 == pytest.approx(1.47, abs=5e-3)
