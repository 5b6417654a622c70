"""AUC, DeLong covariance and paired test against pROC 1.18.0 on aSAH (auc_asah.json).

Tolerance 1e-12 absolute: both sides count the same pairs in float64; only the order of summation
differs.
"""

import pytest

from igfmood.performance.metrics.auc_difference import delta_auc, unpaired_delta_auc
from igfmood.performance.metrics.discrimination import auc_delong, auc_interval
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
MARKERS = ["s100b", "ndka", "wfns_n", "age"]
TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("auc_asah.json")


@pytest.fixture(scope="module")
def patients(shared):
    return load_oracle("auc_asah.csv")


@pytest.mark.parametrize("marker", MARKERS)
def test_auc_variance_and_intervals(oracle, patients, marker):
    result = auc_delong(patients["y"], patients[marker])
    expected = oracle[marker]
    assert result.auc[0] == pytest.approx(expected["auc"], abs=TOLERANCE)
    assert result.cov[0, 0] == pytest.approx(expected["var_delong"], abs=TOLERANCE)
    assert (result.n_cases, result.n_controls) == (41, 72)
    for level, name in ((0.95, "ci_delong_95"), (0.90, "ci_delong_90")):
        low, _, high = expected[name]
        found = auc_interval(result.auc[0], result.se[0], level)
        assert found == pytest.approx((low, high), abs=TOLERANCE)


@pytest.mark.parametrize(
    ("pair", "first", "second"),
    [
        ("s100b_vs_ndka", "s100b", "ndka"),
        ("wfns_vs_s100b", "wfns_n", "s100b"),
        ("wfns_vs_ndka", "wfns_n", "ndka"),
    ],
)
def test_paired_difference(oracle, patients, pair, first, second):
    result = auc_delong(patients["y"], patients[MARKERS])
    i, j = MARKERS.index(first), MARKERS.index(second)
    found, expected = delta_auc(result, i, j), oracle["paired"][pair]
    assert result.cov[i, j] == pytest.approx(expected["cov"], abs=TOLERANCE)
    assert found.z == pytest.approx(expected["z"], abs=1e-11)
    assert found.p == pytest.approx(expected["p"], abs=TOLERANCE)
    assert (found.ci_low, found.ci_high) == pytest.approx(expected["diff_ci"], abs=TOLERANCE)


def test_unpaired_samples(oracle, patients):
    # Independent samples: variances add. pROC's degrees of freedom are its own.
    woman = patients["gender"] == "Female"
    women = auc_delong(patients["y"][woman], patients["s100b"][woman])
    men = auc_delong(patients["y"][~woman], patients["s100b"][~woman])
    found = unpaired_delta_auc(women, men)
    expected = oracle["unpaired_s100b_female_vs_male"]
    assert [women.auc[0], men.auc[0]] == pytest.approx(expected["auc"], abs=TOLERANCE)
    assert found.z == pytest.approx(expected["D"], abs=1e-11)
    # pROC's p is that of a t distribution with 106 degrees of freedom.
    assert found.p == pytest.approx(expected["p"], abs=0.002)
