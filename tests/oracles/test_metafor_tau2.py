"""Estimators of tau2, intervals and meta-regression against metafor 3.8 and meta 6.2 (meta.json).

Tolerance 1e-6 relative where metafor's scoring was run to 1e-12. Its empirical Bayes estimate
solves the equation of Paule and Mandel by scoring, so it checks ours to 1e-6; its own Paule-Mandel
and Q-profile come from a root search (R's uniroot) that stops 1.2e-4 from the root, and meta and
the model without moderators (for R2) from scoring that stops at 1e-5.
"""

import numpy as np
import pytest

from igfmood.synthesis.heterogeneity import cochran_q, heterogeneity, i2_from_q
from igfmood.synthesis.meta_regression import meta_regression
from igfmood.synthesis.random_effects import random_effects
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
EXACT, SEARCH, UNIROOT = 1e-6, 1e-4, 1.3e-4
SETS = ["bcg_logrr", "normand_smd", "molloy_zcor"]
#: Our estimator, metafor's name of it, tolerance.
ESTIMATORS = [
    ("DL", "DL", EXACT),
    ("ML", "ML", EXACT),
    ("REML", "REML", EXACT),
    ("PM", "EB", EXACT),
    ("PM", "PM", SEARCH),
]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("meta.json")


def bcg():
    table = load_oracle("meta_bcg.csv")
    a, b, c, d = (table[x].to_numpy(float) for x in ("tpos", "tneg", "cpos", "cneg"))
    yi = np.log(a / (a + b)) - np.log(c / (c + d))
    return yi, 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d), table


def studies(oracle, name):
    if name == "bcg_logrr":
        return bcg()[:2]
    return np.array(oracle[name]["yi"]), np.array(oracle[name]["vi"])


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(("estimator", "theirs", "tolerance"), ESTIMATORS)
def test_knapp_hartung(oracle, name, estimator, theirs, tolerance):
    found = random_effects(*studies(oracle, name), estimator=estimator)
    expected = oracle[name][f"{theirs}_knha"]
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
        assert value == pytest.approx(expected[key], rel=tolerance), key


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(("estimator", "theirs", "tolerance"), ESTIMATORS)
def test_normal(oracle, name, estimator, theirs, tolerance):
    found = random_effects(*studies(oracle, name), estimator=estimator).normal()
    expected = oracle[name][f"{theirs}_z"]
    pairs = {
        "b": found.estimate,
        "se": found.se,
        "stat": found.z,
        "p": found.p,
        "ci": (found.ci_low, found.ci_high),
        "pi": (found.pi_low, found.pi_high),
    }
    for key, value in pairs.items():
        # The tail multiplies the error of z by z.
        rel = 30 * tolerance if key == "p" else tolerance
        assert value == pytest.approx(expected[key], rel=rel), key


def test_log_odds_ratios_and_proportions(oracle):
    odds, proportions = oracle["bcg_logor"], oracle["nielweise_prop"]
    for yi, vi, expected in [
        (odds["yi"], odds["vi"], odds["REML"]),
        (proportions["plo_yi"], proportions["plo_vi"], proportions["REML_plo"]),
    ]:
        found = random_effects(yi, vi)
        assert found.tau2 == pytest.approx(expected["tau2"], rel=EXACT)
        assert found.i2 == pytest.approx(expected["I2"], rel=EXACT)
        normal = found.normal()
        assert normal.estimate == pytest.approx(expected["b"], rel=EXACT)
        assert (normal.ci_low, normal.ci_high) == pytest.approx(expected["ci"], rel=EXACT)
        assert (normal.pi_low, normal.pi_high) == pytest.approx(expected["pi"], rel=EXACT)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("estimator", ["REML", "DL"])
def test_q_profile(oracle, name, estimator):
    found = heterogeneity(*studies(oracle, name), estimator=estimator)
    tau2, _, i2, h2 = oracle[name][f"Qprofile_{estimator}"]["values"]
    assert (found.tau2, found.i2, found.h2) == pytest.approx((tau2[0], i2[0], h2[0]), rel=EXACT)
    assert (found.tau2_low, found.tau2_high) == pytest.approx(tau2[1:], abs=UNIROOT)
    # What 1.2e-4 in tau2 makes of them.
    assert (found.i2_low, found.i2_high) == pytest.approx(i2[1:], rel=5e-3)
    assert (found.h2_low, found.h2_high) == pytest.approx(h2[1:], rel=5e-3)


@pytest.mark.parametrize("name", SETS)
def test_share_from_q(oracle, name):
    test = cochran_q(*studies(oracle, name))
    expected = oracle[name]["meta_pkg_REML_HK"]
    found = i2_from_q(test.q, test.df)
    assert found.i2 / 100 == pytest.approx(expected["I2"], rel=EXACT)
    assert np.array([found.ci_low, found.ci_high]) / 100 == pytest.approx(
        expected["I2ci"], rel=EXACT
    )
    assert test.p == pytest.approx(oracle[name]["REML_z"]["QEp"], rel=EXACT)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    ("estimator", "key", "tolerance"),
    [("REML", "meta_pkg_REML_HK", 2e-5), ("DL", "meta_pkg_DL_z", 1e-7)],
)
def test_prediction_interval_of_meta(oracle, name, estimator, key, tolerance):
    found = random_effects(*studies(oracle, name), estimator=estimator).prediction_hts()
    assert found == pytest.approx(oracle[name][key]["pi"], abs=tolerance)


def test_meta_regression(oracle):
    yi, vi, table = bcg()
    expected = oracle["bcg_metareg_ablat_year_REML_knha"]
    found = meta_regression(yi, vi, table[["ablat", "year"]])
    assert found.names == ("intercept", "ablat", "year")
    assert found.beta == pytest.approx(expected["b"], rel=EXACT)
    assert np.sqrt(np.diag(found.cov)) == pytest.approx(expected["se"], rel=EXACT)
    p = [found.coefficient(name).p for name in found.names]
    assert p == pytest.approx(expected["p"], rel=EXACT)
    assert found.tau2 == pytest.approx(expected["tau2"], rel=EXACT)
    assert found.qm == pytest.approx(expected["QM"], rel=EXACT)
    assert found.qm_p == pytest.approx(expected["QMp"], rel=EXACT)
    assert found.qe == pytest.approx(expected["QE"], rel=EXACT)
    assert found.r2 == pytest.approx(expected["R2"], rel=SEARCH)


def test_total_heterogeneity_is_that_without_moderators(oracle):
    yi, vi, table = bcg()
    found = meta_regression(yi, vi, table[["year"]])
    assert found.tau2_total == pytest.approx(oracle["bcg_logrr"]["REML_z"]["tau2"], rel=EXACT)
