"""BCG vaccine against tuberculosis: 13 trials, log risk ratio.

Colditz GA et al (1994) JAMA 271:698-702; REML figures as reproduced with metafor. Where a comment
gives an R call, they are what metafor 3.8-1 prints for it.
Tolerance: half a unit of the last printed digit.
"""

import numpy as np
import pytest

from igfmood.synthesis.random_effects import leave_one_out, random_effects
from igfmood.synthesis.small_study import egger_test, mixed_egger_test, trim_and_fill
from igfmood.synthesis.subgroups import subgroups_common_tau2
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


def test_asymmetry_of_the_funnel(trials):
    # regtest(rma(yi, vi)), regtest(rma(yi, vi), model = "lm")
    mixed, egger = mixed_egger_test(*trials), egger_test(*trials)
    assert (mixed.stat, mixed.p) == pytest.approx((-0.8033, 0.4218), abs=5e-5)
    assert (egger.stat, egger.df, egger.p) == pytest.approx((-1.4013, 11, 0.1887), abs=5e-5)


def test_trim_and_fill(trials):
    # trimfill(rma(yi, vi))
    found = trim_and_fill(*trials)
    normal = found.pooled.normal()
    assert (found.k0, found.side) == (1, "right")
    assert (normal.estimate, normal.se) == pytest.approx((-0.6571, 0.1785), abs=5e-5)
    assert (normal.ci_low, normal.ci_high) == pytest.approx((-1.0070, -0.3072), abs=5e-5)
    assert found.pooled.tau2 == pytest.approx(0.3313, abs=5e-5)


def test_by_how_patients_were_allocated(trials):
    # rma(yi, vi, mods = ~ alloc - 1, test = "knha"); for the test mods = ~ alloc
    found = subgroups_common_tau2(*trials, load_oracle("meta_bcg.csv")["alloc"])
    assert [(one.label, one.k) for one in found.subgroups] == [
        ("alternate", 2), ("random", 7), ("systematic", 4),
    ]  # fmt: skip
    assert [one.estimate for one in found.subgroups] == pytest.approx(
        [-0.5180, -0.9658, -0.4289], abs=5e-5
    )
    assert [one.se for one in found.subgroups] == pytest.approx([0.4219, 0.2556, 0.3299], abs=5e-5)
    assert found.subgroups[0].tau2 == pytest.approx(0.3615, abs=5e-5)
    assert (found.between.stat, found.between.p) == pytest.approx((0.9662, 0.4134), abs=5e-5)
    assert (found.between.df1, found.between.df2) == (2, 10)
