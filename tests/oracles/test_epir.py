"""Tests of a 2 x 2 table against epiR 2.0.57 epi.tests, cuts against pROC and cutpointr, on aSAH.

Tolerance 1e-9: closed forms on both sides; exact limits by the beta quantile.
"""

import numpy as np
import pytest

from igfmood.performance.metrics.cut_points import CutRule, cut_point, gain_at, validate_cut
from igfmood.performance.metrics.predictive_values import (
    TwoByTwo,
    exact_share,
    likelihood_ratio,
    predictive_value,
)
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("auc_asah.json")


@pytest.fixture(scope="module")
def patients(shared):
    return load_oracle("auc_asah.csv")


@pytest.fixture(scope="module")
def counts(oracle):
    given = oracle["epi_tests_at_youden_s100b"]
    return TwoByTwo(given["tp"], given["fn"], given["fp"], given["tn"])


@pytest.fixture(scope="module")
def exact(oracle):
    return oracle["epi_tests_at_youden_s100b"]["exact"]


def triple(found):
    return found.estimate, found.ci_low, found.ci_high


def test_exact_shares(counts, exact):
    for name, count, total in (
        ("se", counts.tp, counts.tp + counts.fn),
        ("sp", counts.tn, counts.tn + counts.fp),
        ("pv.pos", counts.tp, counts.tp + counts.fp),
        ("pv.neg", counts.tn, counts.tn + counts.fn),
    ):
        assert triple(exact_share(count, total)) == pytest.approx(exact[name], rel=1e-9)


def test_likelihood_ratios(counts, exact):
    assert triple(likelihood_ratio(counts, True)) == pytest.approx(exact["lr.pos"], rel=1e-9)
    assert triple(likelihood_ratio(counts, False)) == pytest.approx(exact["lr.neg"], rel=1e-9)


def test_predictive_values_at_the_share_of_cases_in_the_data(counts, exact):
    share = (counts.tp + counts.fn) / 113
    ppv = predictive_value(counts, True, share)
    npv = predictive_value(counts, False, share)
    assert ppv.estimate == pytest.approx(exact["pv.pos"][0], rel=1e-12)
    assert npv.estimate == pytest.approx(exact["pv.neg"][0], rel=1e-12)


def test_youden_cut(oracle, patients):
    for marker in ("s100b", "wfns_n"):
        cut = cut_point(patients["y"], patients[marker], CutRule("youden"))
        expected = oracle[marker]["youden"]
        assert cut.midpoint == pytest.approx(expected["threshold"], rel=1e-12)
        assert cut.sensitivity == pytest.approx(expected["sensitivity"], rel=1e-12)
        assert cut.specificity == pytest.approx(expected["specificity"], rel=1e-12)
        assert cut.gain + 1 == pytest.approx(expected["youden"], rel=1e-12)
    expected = oracle["cutpointr_youden_s100b"]
    cut = cut_point(patients["y"], patients["s100b"], CutRule("youden"))
    assert (cut.threshold, cut.gain) == pytest.approx((expected["cut"], expected["youden"]))


def test_a_chosen_cut_is_worth_less_in_others(patients):
    y, score = patients["y"].to_numpy(), patients["s100b"].to_numpy()
    found = validate_cut(y, score, CutRule("youden"), 2000, np.random.default_rng(1))
    apparent = cut_point(y, score, CutRule("youden"))
    assert found.in_bag.mean() > apparent.gain > np.nanmean(found.out_of_bag)
    assert gain_at(y, score, apparent.threshold, CutRule("youden")) == pytest.approx(apparent.gain)
