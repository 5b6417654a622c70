"""Partial areas, and sensitivity at a specificity, against pROC 1.18.0 on aSAH (auc_asah.json).

Tolerance 1e-12 absolute: both sides add the same trapezoids in float64. The bootstrap interval is
a Monte-Carlo result on both sides (20,000 samples there, 20,000 here): 0.004.
"""

import numpy as np
import pytest

from igfmood.performance.metrics.rank_resampling import auc_of_counts, resample_ranks
from igfmood.performance.metrics.resampling import percentile
from igfmood.performance.metrics.roc import mcclish, roc
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
MARKERS = ["s100b", "ndka", "wfns_n"]
TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("auc_asah.json")


@pytest.fixture(scope="module")
def patients(shared):
    return load_oracle("auc_asah.csv")


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize(("focus", "key"), [("specificity", "spec"), ("sensitivity", "sens")])
def test_partial_area(oracle, patients, marker, focus, key):
    found = roc(patients["y"], patients[marker]).partial_auc(0.9, 1, focus)
    expected = oracle[marker]
    assert found == pytest.approx(expected[f"pauc_{key}_1_.9"], abs=TOLERANCE)
    assert mcclish(found, 0.9, 1) == pytest.approx(
        expected[f"pauc_{key}_1_.9_mcclish"], abs=TOLERANCE
    )


def test_partial_area_within_the_curve(patients):
    found = roc(patients["y"], patients["wfns_n"]).partial_auc(0.8, 0.9)
    assert found == pytest.approx(0.0598373983739837, abs=TOLERANCE)


@pytest.mark.parametrize("marker", MARKERS)
def test_corners_and_sensitivity_at_a_specificity(oracle, patients, marker):
    curve, expected = roc(patients["y"], patients[marker]), oracle[marker]
    assert curve.sensitivity[::-1] == pytest.approx(expected["sens"], abs=TOLERANCE)
    assert curve.specificity[::-1] == pytest.approx(expected["spec"], abs=TOLERANCE)
    for specificity, sensitivity in expected["sens_at_spec"].items():
        assert curve.sensitivity_at(float(specificity)) == pytest.approx(sensitivity, abs=TOLERANCE)


def test_specificity_at_a_sensitivity(patients):
    curve = roc(patients["y"], patients["s100b"])
    assert curve.sensitivity_at(0.9) == pytest.approx(0.390244, abs=5e-7)
    assert curve.specificity_at(0.9) == pytest.approx(0.230556, abs=5e-7)


@pytest.mark.parametrize("marker", MARKERS)
def test_bootstrap_interval(oracle, patients, marker):
    y, score = patients["y"].to_numpy(), patients[marker].to_numpy()
    samples = resample_ranks(y, score, {"auc": auc_of_counts}, 20_000, np.random.default_rng(1))
    found = percentile(0.5, samples["auc"], 0.95)
    low, _, high = oracle[marker]["boot_strat_B20000_ci_MONTE_CARLO"]
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=0.004)
