"""Random effects and effect sizes against metafor 3.8 (meta.json, iterations to 1e-12).

Tolerance 1e-8 relative for REML results: metafor stops its scoring at a step of 1e-12, we at
1e-12 of the sampling variance. 1e-12 for closed forms.
"""

import numpy as np
import pytest

from igfmood.association.effect_sizes import hedges_g
from igfmood.synthesis.random_effects import leave_one_out, random_effects
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-8
SETS = ["bcg_logrr", "normand_smd", "molloy_zcor"]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("meta.json")


def studies(oracle, name):
    if name == "bcg_logrr":
        table = load_oracle("meta_bcg.csv")
        # Counts again, because the csv holds yi and vi with 15 digits.
        a, b, c, d = (table[x].to_numpy(float) for x in ("tpos", "tneg", "cpos", "cneg"))
        yi = np.log(a / (a + b)) - np.log(c / (c + d))
        return yi, 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    return np.array(oracle[name]["yi"]), np.array(oracle[name]["vi"])


@pytest.mark.parametrize("name", SETS)
def test_reml_with_knapp_hartung(oracle, name):
    found, expected = random_effects(*studies(oracle, name)), oracle[name]["REML_knha"]
    pairs = {
        "b": found.mu,
        "se": found.se,
        "stat": found.t,
        "p": found.p,
        "ci": (found.ci_low, found.ci_high),
        "pi": (found.pi_low, found.pi_high),
        "tau2": found.tau2,
        "se_tau2": found.se_tau2,
        "I2": found.i2,
        "H2": found.h2,
        "QE": found.q,
        "QEp": found.q_p,
    }
    for key, value in pairs.items():
        assert value == pytest.approx(expected[key], rel=TOLERANCE), key


@pytest.mark.parametrize("name", SETS)
def test_weights_give_the_normal_standard_error(oracle, name):
    yi, vi = studies(oracle, name)
    found, expected = random_effects(yi, vi), oracle[name]["REML_z"]
    assert found.se_normal == pytest.approx(expected["se"], rel=1e-8)
    assert found.weights @ yi == pytest.approx(expected["b"], rel=1e-8)
    assert found.weights.sum() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("name", SETS)
def test_leave_one_out(oracle, name):
    expected = oracle[name]["leave1out_REML"]
    yi, vi = studies(oracle, name)
    found = leave_one_out(yi, vi)
    kept = ~np.eye(yi.size, dtype=bool)
    assert [x.mu for x in found] == pytest.approx(expected["b"], rel=1e-6)
    assert [x.tau2 for x in found] == pytest.approx(expected["tau2"], rel=1e-6)
    assert [x.i2 for x in found] == pytest.approx(expected["I2"], rel=1e-6)
    # metafor left these with z inference.
    normal = [np.sum(1 / (vi[r] + x.tau2)) ** -0.5 for r, x in zip(kept, found, strict=True)]
    assert normal == pytest.approx(expected["se"], rel=1e-6)


def test_hedges_g_and_its_variance(oracle):
    table = load_oracle("meta_normand1999.csv")
    found = [
        hedges_g(row.m1i, row.sd1i, row.n1i, row.m2i, row.sd2i, row.n2i)
        for row in table.itertuples()
    ]
    assert [x.g for x in found] == pytest.approx(oracle["normand_smd"]["yi"], rel=1e-12)
    assert [x.se**2 for x in found] == pytest.approx(oracle["normand_smd"]["vi"], rel=1e-12)
