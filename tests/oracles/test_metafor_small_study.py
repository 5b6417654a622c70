"""Egger's test and trim-and-fill against metafor 3.8 (meta.json, and R by hand).

Tolerance 1e-6 relative. Only trim-and-fill of the reference file ends at 1e-4 (tau2 at 3e-4):
there metafor's scoring stopped at its usual 1e-5; by hand it was run on, and agrees to 1e-6. The
literal numbers are those of metafor 3.8-1 in R 4.2.2 with
``ctl <- list(threshold = 1e-14, maxiter = 1e5)``, 12 digits.
"""

import numpy as np
import pytest

from igfmood.errors import NotEstimable
from igfmood.synthesis.small_study import egger_test, mixed_egger_test, trim_and_fill
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE, SCORING = 1e-6, 1e-4
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


def check_regression(found, expected):
    assert found.stat == pytest.approx(expected["stat"], rel=TOLERANCE)
    assert found.p == pytest.approx(expected["p"], rel=TOLERANCE)
    assert found.limit == pytest.approx(expected["est"], rel=TOLERANCE)
    assert (found.limit_low, found.limit_high) == pytest.approx(expected["est_ci"], rel=TOLERANCE)


@pytest.mark.parametrize("name", SETS)
def test_egger(oracle, name):
    found, expected = (
        egger_test(*studies(oracle, name), fewest=3),
        oracle[name]["egger"]["lm_sei"],
    )
    check_regression(found, expected)
    assert found.df == expected["dfs"]


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(("predictor", "theirs"), [("se", "rma_sei"), ("variance", "rma_vi")])
def test_egger_with_variance_between_studies(oracle, name, predictor, theirs):
    found = mixed_egger_test(*studies(oracle, name), predictor, fewest=3)
    check_regression(found, oracle[name]["egger"][theirs])
    assert found.df == np.inf


# coef(summary(regtest(rma(yi, vi, control = ctl), model = "lm", ret.fit = TRUE)$fit))[2, 1:2], and
# f <- regtest(rma(yi, vi, control = ctl), ret.fit = TRUE)$fit; c(f$b[2], f$se[2])
@pytest.mark.parametrize(
    ("name", "egger", "mixed"),
    [
        ("bcg_logrr", (-2.11204212089, 1.50722132836), (-0.763240040604, 0.950096233485)),
        ("normand_smd", (-1.75275561885, 3.50910031375), (-2.29694710618, 2.99980203202)),
        ("molloy_zcor", (1.11897213158, 0.831928245903), (0.875922004564, 0.857295184503)),
    ],
)
def test_slopes(oracle, name, egger, mixed):
    yi, vi = studies(oracle, name)
    for test, expected in [(egger_test, egger), (mixed_egger_test, mixed)]:
        found = test(yi, vi, fewest=3)
        assert (found.slope, found.se) == pytest.approx(expected, rel=TOLERANCE)


# t <- regtest(rma(yi, vi, method = ..., control = ctl), predictor = ...); BCG trials.
# c(t$zval, t$pval, t$est, t$ci.lb, t$ci.ub)
@pytest.mark.parametrize(
    ("estimator", "predictor", "expected"),
    [
        ("DL", "se", [-0.837908440484, 0.402082127973, -0.506349038745, -1.09500602628,
                      0.0823079487892]),
        ("DL", "variance", [-0.453421409288, 0.650245322968, -0.651835675841, -1.08931110159,
                            -0.214360250094]),
        ("ML", "se", [-0.903887179932, 0.36605522772, -0.498836132847, -1.05388914614,
                      0.0562168804457]),
        ("ML", "variance", [-0.501070560937, 0.616321464539, -0.645715311713, -1.05957642994,
                            -0.231854193484]),
    ],
)  # fmt: skip
def test_egger_with_other_estimators(oracle, estimator, predictor, expected):
    found = mixed_egger_test(*studies(oracle, "bcg_logrr"), predictor, estimator=estimator)
    values = [found.stat, found.p, found.limit, found.limit_low, found.limit_high]
    assert values == pytest.approx(expected, rel=TOLERANCE)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("trimming", ["L0", "R0"])
def test_trim_and_fill(oracle, name, trimming):
    found = trim_and_fill(*studies(oracle, name), trimming, fewest=3)
    expected = oracle[name]["trimfill"][trimming]
    normal = found.pooled.normal()
    assert (found.k0, found.side) == (expected["k0"], expected["side"])
    assert normal.estimate == pytest.approx(expected["b"], rel=SCORING)
    assert normal.se == pytest.approx(expected["se"], rel=SCORING)
    assert (normal.ci_low, normal.ci_high) == pytest.approx(expected["ci"], rel=SCORING)
    assert found.pooled.tau2 == pytest.approx(expected["tau2"], rel=3 * SCORING)


# t <- trimfill(rma(yi, vi, control = ctl), estimator = ..., control = ctl, test = "knha")
# c(t$b, t$se, t$ci.lb, t$ci.ub, t$tau2), t$yi[t$fill]
@pytest.mark.parametrize(
    ("name", "trimming", "pooled", "filled"),
    [
        ("bcg_logrr", "L0",
         [-0.657082783488, 0.181506008726, -1.0492026757, -0.264962891277, 0.331287633439],
         [0.310403024029]),
        ("normand_smd", "R0",
         [-0.309333679804, 0.360680005969, -1.12524853878, 0.506581179177, 1.23416757335],
         [1.75404123595]),
        ("molloy_zcor", "L0",
         [0.128812739675, 0.0352253696815, 0.0544937059856, 0.203131773363, 0.0112448366619],
         [-0.100120887919, -0.134451458675]),
    ],
)  # fmt: skip
def test_trim_and_fill_with_knapp_hartung(oracle, name, trimming, pooled, filled):
    found = trim_and_fill(*studies(oracle, name), trimming, fewest=3)
    fit = found.pooled
    values = [fit.mu, fit.se, fit.ci_low, fit.ci_high, fit.tau2]
    assert values == pytest.approx(pooled, rel=TOLERANCE)
    assert found.filled_yi == pytest.approx(filled, rel=TOLERANCE)


def test_nine_studies_are_refused(oracle):
    for ask in (egger_test, mixed_egger_test, trim_and_fill):
        with pytest.raises(NotEstimable, match="small-study effects: k = 9 < 10"):
            ask(*studies(oracle, "normand_smd"))
