"""Printed results of packages for tests, cuts and treating all, from counts alone.

- Thiele C, Hirschfeld G (2021) J Stat Softw 98(11): `suicide` (532 people, 36 cases), cut of 2.
- epiR epi.tests on the same 2 x 2 table, limits to two digits.
- dcurves, data of its tests at a threshold of 0.25: treating all, and interventions avoided.

Tolerance: half a unit of the last printed digit.
"""

import numpy as np
import pytest

from igfmood.performance.metrics.cut_points import CutRule, cut_point, gain_at
from igfmood.performance.metrics.net_benefit import interventions_avoided, treat_all
from igfmood.performance.metrics.predictive_values import (
    TwoByTwo,
    exact_share,
    likelihood_ratio,
    predictive_value,
)

SUICIDE = TwoByTwo(tp=32, fn=4, fp=68, tn=428)
TWO_DIGITS = 0.0051


def limits(found):
    return found.estimate, found.ci_low, found.ci_high


def people():
    """The table as people, with a score of 2 for a positive result and 0 for a negative."""
    y = np.repeat([1, 1, 0, 0], [SUICIDE.tp, SUICIDE.fn, SUICIDE.fp, SUICIDE.tn])
    return y, np.repeat([2, 0, 2, 0], [SUICIDE.tp, SUICIDE.fn, SUICIDE.fp, SUICIDE.tn])


def test_suicide_cut():
    y, score = people()
    cut = cut_point(y, score, CutRule("youden"))
    assert (cut.threshold, cut.midpoint) == (2, 1)
    assert cut.sensitivity == pytest.approx(0.88888889, abs=5e-9)
    assert cut.specificity == pytest.approx(0.86290323, abs=5e-9)
    assert cut.sensitivity + cut.specificity == pytest.approx(1.75179211, abs=5e-9)
    assert gain_at(y, score, 2, CutRule("youden")) == pytest.approx(0.75179211, abs=5e-9)
    assert np.mean((score >= cut.threshold) == y) == pytest.approx(0.86466165, abs=5e-9)


def test_suicide_shares():
    n_cases, n_controls = 36, 496
    assert limits(exact_share(SUICIDE.tp, n_cases)) == pytest.approx(
        (0.89, 0.74, 0.97), abs=TWO_DIGITS
    )
    assert limits(exact_share(SUICIDE.tn, n_controls)) == pytest.approx(
        (0.86, 0.83, 0.89), abs=TWO_DIGITS
    )
    assert limits(exact_share(SUICIDE.tp, 100)) == pytest.approx((0.32, 0.23, 0.42), abs=TWO_DIGITS)
    assert limits(exact_share(SUICIDE.tn, 432)) == pytest.approx((0.99, 0.98, 1.00), abs=TWO_DIGITS)


def test_suicide_likelihood_ratios():
    assert limits(likelihood_ratio(SUICIDE, True)) == pytest.approx(
        (6.48, 5.05, 8.32), abs=TWO_DIGITS
    )
    assert limits(likelihood_ratio(SUICIDE, False)) == pytest.approx(
        (0.13, 0.05, 0.32), abs=TWO_DIGITS
    )


def test_suicide_predictive_values_at_the_share_in_the_data():
    share = 36 / 532
    assert predictive_value(SUICIDE, True, share).estimate == pytest.approx(32 / 100)
    assert predictive_value(SUICIDE, False, share).estimate == pytest.approx(428 / 432)


def test_treating_all():
    y = np.repeat([1, 0], [105, 645])
    assert treat_all(y, [0.25]).estimate[0] == pytest.approx(-0.1466667, abs=5e-8)
    # Of a study sampled by outcome, at a prevalence of 0.15.
    weighed = treat_all(np.repeat([1, 0], [50, 50]), [0.25], prevalence=0.15)
    assert weighed.estimate[0] == pytest.approx(-0.13333333, abs=5e-9)


def test_treating_nobody_avoids_what_treating_all_costs():
    y = np.repeat([1, 0], [105, 645])
    found = interventions_avoided(y, np.zeros(750), [0.25])
    assert found.estimate[0] == pytest.approx(0.44, abs=5e-4)
