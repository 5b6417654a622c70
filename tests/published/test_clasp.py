"""CLASP: aspirin in pregnancy, six trials, log odds ratio.

DerSimonian R, Kacker R (2007) Contemp Clin Trials 28:105-114; REML as reproduced with metafor.
Tolerance: half a unit of the last printed digit.
"""

import numpy as np
import pytest

from igfmood.synthesis.random_effects import random_effects

N_ASPIRIN = np.array([156, 303, 565, 1570, 103, 4659.0])
N_CONTROL = np.array([74, 303, 477, 1565, 105, 4650.0])
EVENTS_ASPIRIN = np.array([5, 5, 12, 69, 9, 313.0])
EVENTS_CONTROL = np.array([8, 17, 9, 94, 11, 352.0])


def test_reml():
    a, c = EVENTS_ASPIRIN, EVENTS_CONTROL
    b, d = N_ASPIRIN - a, N_CONTROL - c
    vi = 1 / a + 1 / b + 1 / c + 1 / d
    found = random_effects(np.log(a * d / (b * c)), vi)
    assert np.sqrt(found.tau2) == pytest.approx(0.1843, abs=5e-5)
    assert found.mu == pytest.approx(-0.2980, abs=5e-5)
    # The paper's standard error is the normal one.
    assert np.sum(1 / (vi + found.tau2)) ** -0.5 == pytest.approx(0.1343, abs=5e-5)
