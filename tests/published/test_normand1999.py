"""Normand SLT (1999) Stat Med 18:321-359: stay in stroke units, nine trials.

Mean differences in days with pooled SD, and standardised mean differences (Hedges' g); printed
figures from the metafor benchmark. Tolerance: half a unit of the last printed digit.
"""

import numpy as np
import pytest

from igfmood.association.effect_sizes import hedges_g, pooled_sd
from igfmood.synthesis.random_effects import random_effects
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def trials(shared):
    return list(load_oracle("meta_normand1999.csv").itertuples())


def test_mean_difference(trials):
    yi = [x.m1i - x.m2i for x in trials]
    vi = [pooled_sd(x.sd1i, x.n1i, x.sd2i, x.n2i) ** 2 * (1 / x.n1i + 1 / x.n2i) for x in trials]
    found = random_effects(yi, vi)
    assert found.tau2 == pytest.approx(685.1965, abs=5e-5)
    assert found.mu == pytest.approx(-15.1217, abs=5e-5)
    normal = np.sum(1 / (np.array(vi) + found.tau2)) ** -0.5
    limits = (found.mu - 1.959964 * normal, found.mu + 1.959964 * normal)
    assert limits == pytest.approx((-32.6716, 2.4282), abs=1e-4)


def test_standardised_mean_difference(trials):
    found = [hedges_g(x.m1i, x.sd1i, x.n1i, x.m2i, x.sd2i, x.n2i) for x in trials]
    yi, vi = [x.g for x in found], [x.se**2 for x in found]
    assert yi[:4] == pytest.approx([-0.3552, -0.3479, -2.3176, -1.8880], abs=5e-5)
    assert vi[:4] == pytest.approx([0.0131, 0.0645, 0.0458, 0.1606], abs=5e-5)
    pooled = random_effects(yi, vi)
    assert pooled.mu == pytest.approx(-0.5371, abs=5e-5)
    assert pooled.tau2 == pytest.approx(0.7908, abs=5e-5)
    assert pooled.i2 == pytest.approx(95.49, abs=5e-3)
    assert pooled.q == pytest.approx(123.7293, abs=5e-5)
