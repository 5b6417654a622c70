"""Influence, funnel asymmetry and trim-and-fill against metafor 3.8 (meta.json).

Tolerance 1e-6 relative where the answer is closed once tau2 is known (Egger by least
squares); 1e-4 where metafor's scoring for tau2 without one study stops at 1e-5 (influence,
leave-one-out, mixed Egger, trim-and-fill).
"""

import numpy as np
import pytest

from igfmood.errors import NotEstimable
from igfmood.synthesis.influence import influence
from igfmood.synthesis.random_effects import leave_one_out, random_effects
from igfmood.synthesis.small_study import egger_test, mixed_egger_test, trim_and_fill
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
EXACT, SCORING = 1e-6, 1e-4
SETS = ["bcg_logrr", "normand_smd", "molloy_zcor"]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("meta.json")


def studies(oracle, name):
    if name == "bcg_logrr":
        table = load_oracle("meta_bcg.csv")
        a, b, c, d = (table[x].to_numpy(float) for x in ("tpos", "tneg", "cpos", "cneg"))
        yi = np.log(a / (a + b)) - np.log(c / (c + d))
        return yi, 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    return np.array(oracle[name]["yi"]), np.array(oracle[name]["vi"])


@pytest.mark.parametrize("name", SETS)
def test_influence(oracle, name):
    found, expected = influence(*studies(oracle, name)), oracle[name]["influence_REML"]
    pairs = {"rstudent": "rstudent", "dffits": "dffits", "cook_d": "cook", "hat": "hat",
             "weight": "weight"}  # fmt: skip
    for ours, theirs in pairs.items():
        np.testing.assert_allclose(
            getattr(found, ours), expected[theirs], rtol=SCORING, atol=SCORING, err_msg=ours
        )


@pytest.mark.parametrize("name", SETS)
def test_leave_one_out(oracle, name):
    found, expected = leave_one_out(*studies(oracle, name)), oracle[name]["leave1out_REML"]
    for ours, theirs in (("mu", "b"), ("se_normal", "se"), ("tau2", "tau2"), ("i2", "I2")):
        values = [getattr(one, ours) for one in found]
        np.testing.assert_allclose(values, expected[theirs], rtol=SCORING, atol=1e-5, err_msg=ours)


@pytest.mark.parametrize("name", SETS)
def test_egger_by_least_squares(oracle, name):
    found, expected = (
        egger_test(*studies(oracle, name), fewest=3),
        oracle[name]["egger"]["lm_sei"],
    )
    assert found.stat == pytest.approx(expected["stat"], rel=EXACT)
    assert found.p == pytest.approx(expected["p"], rel=EXACT)
    assert found.df == expected["dfs"]
    assert found.limit == pytest.approx(expected["est"], rel=EXACT)
    assert (found.limit_low, found.limit_high) == pytest.approx(expected["est_ci"], rel=EXACT)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(("predictor", "theirs"), [("se", "rma_sei"), ("variance", "rma_vi")])
def test_egger_with_heterogeneity(oracle, name, predictor, theirs):
    found = mixed_egger_test(*studies(oracle, name), predictor, fewest=3)
    expected = oracle[name]["egger"][theirs]
    assert found.stat == pytest.approx(expected["stat"], rel=SCORING)
    assert found.p == pytest.approx(expected["p"], rel=SCORING)
    assert found.limit == pytest.approx(expected["est"], rel=SCORING, abs=SCORING)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("trimming", ["L0", "R0"])
def test_trim_and_fill(oracle, name, trimming):
    yi, vi = studies(oracle, name)
    found, expected = trim_and_fill(yi, vi, trimming, fewest=3), oracle[name]["trimfill"][trimming]
    assert (found.k0, found.side) == (expected["k0"], expected["side"])
    assert found.pooled.mu == pytest.approx(expected["b"], rel=SCORING)
    assert found.pooled.se_normal == pytest.approx(expected["se"], rel=SCORING)
    assert found.pooled.tau2 == pytest.approx(expected["tau2"], abs=1e-5)
    # Those filled in mirror the largest ones around the centre of the trimmed synthesis.
    assert found.filled_yi.size == found.filled_vi.size == found.k0
    again = random_effects(
        np.concatenate([yi, found.filled_yi]), np.concatenate([vi, found.filled_vi])
    )
    assert again.mu == pytest.approx(found.pooled.mu)


def test_fewer_than_ten_studies_are_refused(oracle):
    yi, vi = studies(oracle, "normand_smd")
    for ask in (egger_test, mixed_egger_test, trim_and_fill):
        with pytest.raises(NotEstimable, match="9 < 10"):
            ask(yi, vi)
