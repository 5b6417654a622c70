"""Leave-one-out and deletion diagnostics against metafor 3.8 (meta.json, and R by hand).

Tolerance 1e-6 relative: metafor hands the threshold of 1e-12 on to the synthesis without each
study. Literal numbers are those of metafor 3.8-1 in R 4.2.2 with
``control = list(threshold = 1e-14, maxiter = 1e5)``, 12 digits.
"""

import numpy as np
import pytest

from igfmood.synthesis.influence import influence
from igfmood.synthesis.random_effects import leave_one_out
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-6
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
    for ours, theirs in [
        ("rstudent", "rstudent"),
        ("dffits", "dffits"),
        ("cook_d", "cook"),
        ("hat", "hat"),
        ("weight", "weight"),
    ]:
        assert getattr(found, ours) == pytest.approx(expected[theirs], rel=TOLERANCE, abs=0), ours


@pytest.mark.parametrize("name", SETS)
def test_leave_one_out(oracle, name):
    found, expected = leave_one_out(*studies(oracle, name)), oracle[name]["leave1out_REML"]
    for ours, theirs in [("mu", "b"), ("se_normal", "se"), ("tau2", "tau2"), ("i2", "I2")]:
        values = [getattr(fit, ours) for fit in found]
        assert values == pytest.approx(expected[theirs], rel=TOLERANCE, abs=0), ours


# influence(rma(yi, vi))$is.infl
@pytest.mark.parametrize(
    ("name", "expected"), [("bcg_logrr", []), ("normand_smd", [2]), ("molloy_zcor", [])]
)
def test_which_studies_are_influential(oracle, name, expected):
    found = influence(*studies(oracle, name))
    assert np.flatnonzero(found.influential).tolist() == expected


def test_what_the_reference_file_does_not_hold(oracle):
    # i <- influence(rma(yi, vi)); i$inf$cov.r, i$inf$tau2.del, i$inf$QE.del, i$dfbs$intrcpt
    found = influence(*studies(oracle, "normand_smd"))
    expected = {
        "cov_r": [
            1.29963020716, 1.28199651186, 0.490486365722, 0.952025576584, 1.24481543772,
            1.18674770392, 1.15319325676, 1.30355527874, 1.14585966191,
        ],
        "tau2_del": [
            0.916237083951, 0.909693100013, 0.309666956331, 0.669975359091, 0.896623292013,
            0.833838073184, 0.811428946319, 0.919471934735, 0.802734349368,
        ],
        "qe_del": [
            123.397681598, 123.664539787, 37.1816974525, 109.811501781, 123.725752821,
            113.474029322, 115.476909062, 123.711604172, 108.634369484,
        ],
        "dfbetas": [
            0.0802618632758, 0.0785752172218, -1.25646074967, -0.525788633726, 0.0562443327497,
            0.293815294988, 0.327827926757, 0.0522372912008, 0.346860556347,
        ],
    }  # fmt: skip
    for key, values in expected.items():
        assert getattr(found, key) == pytest.approx(values, rel=TOLERANCE, abs=0), key


# i <- influence(rma(yi, vi, method = "DL")), and "ML"; BCG trials.
OTHER_ESTIMATORS = {
    "DL": {
        "rstudent": [
            -0.224733520404, -1.28122201423, -0.762134750168, -1.60249947155, 0.849279177987,
            -0.111656182249, -1.29346185899, 1.63225411299, 0.416544745477, -1.13468343988,
            0.633196313329, 1.28907812506, 1.16853352504,
        ],
        "dffits": [
            -0.0501725314317, -0.336397649502, -0.163812498865, -0.629102414351, 0.272744514253,
            -0.00699731397876, -0.329404080315, 0.512774464614, 0.137367017561, -0.350796202299,
            0.233433528695, 0.256675350053, 0.358379230002,
        ],
        "cook_d": [
            0.00253081978083, 0.11118814595, 0.0268258931833, 0.284989173293, 0.0779954087639,
            6.0465043055e-05, 0.106836118577, 0.180643973471, 0.0197919600547, 0.118508267299,
            0.0679029230704, 0.0659308038717, 0.131456999143,
        ],
    },
    "ML": {
        "rstudent": [
            -0.229133107165, -1.34279878823, -0.777563081703, -1.56747312253, 0.886490556731,
            -0.131013375074, -1.35173478288, 1.54226931676, 0.423286054274, -1.19365811711,
            0.702847893997, 1.31066490575, 1.2397924221,
        ],
        "dffits": [
            -0.0425261277445, -0.354612892528, -0.162060533206, -0.579556026847, 0.2834430489,
            -0.0219785284133, -0.345260191341, 0.51098297028, 0.147792275156, -0.372545958967,
            0.245543403498, 0.249619038915, 0.368515032543,
        ],
        "cook_d": [
            0.00186030328341, 0.120284638416, 0.0264291604883, 0.275686536081, 0.0829464946231,
            0.000549803365144, 0.114478154069, 0.223245024042, 0.0238008100267, 0.132010849085,
            0.0649011168792, 0.0619519807209, 0.131697522097,
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("estimator", OTHER_ESTIMATORS)
def test_other_estimators(oracle, estimator):
    found = influence(*studies(oracle, "bcg_logrr"), estimator=estimator)
    for key, values in OTHER_ESTIMATORS[estimator].items():
        assert getattr(found, key) == pytest.approx(values, rel=TOLERANCE, abs=0), key
