"""Properties, sampling distribution and limits of log ratios and of the test of equal spread."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from igfmood.association.ratios import brown_forsythe, log_ratio_of_means, log_variance_ratio
from igfmood.errors import NotEstimable

counts = st.integers(2, 500)
positive = st.floats(0.1, 300)


def test_ratio_of_means_by_hand():
    # IGF-1 of 140 (SD 42) in 30 against 168 (SD 50.4) in 60: both coefficients of variation 0.3.
    found = log_ratio_of_means(140, 42, 30, 168, 50.4, 60)
    assert found.estimate == pytest.approx(np.log(5 / 6), rel=1e-13)
    assert found.se == pytest.approx(np.sqrt(0.09 / 30 + 0.09 / 60), rel=1e-13)
    assert found.p == pytest.approx(2 * stats.norm.sf(-np.log(5 / 6) / np.sqrt(0.0045)), rel=1e-10)
    assert found.df == np.inf


def test_variance_ratio_by_hand():
    found = log_variance_ratio(2.0, 11, 1.0, 21)
    assert found.estimate == pytest.approx(np.log(2) + 1 / 20 - 1 / 40, rel=1e-13)
    assert found.se == pytest.approx(np.sqrt(1 / 20 + 1 / 40), rel=1e-13)
    half_width = 1.959963984540054 * found.se
    assert found.ci_high == pytest.approx(found.estimate + half_width, rel=1e-13)


@given(positive, positive, counts, positive, positive, counts)
def test_swapping_groups_flips_the_sign(m1, s1, n1, m2, s2, n2):
    means = log_ratio_of_means(m1, s1, n1, m2, s2, n2)
    means_back = log_ratio_of_means(m2, s2, n2, m1, s1, n1)
    assert means_back.estimate == pytest.approx(-means.estimate, rel=1e-12, abs=1e-12)
    spreads = log_variance_ratio(s1, n1, s2, n2)
    spreads_back = log_variance_ratio(s2, n2, s1, n1)
    assert spreads_back.estimate == pytest.approx(-spreads.estimate, rel=1e-12, abs=1e-12)
    assert (means_back.se, spreads_back.se) == pytest.approx((means.se, spreads.se))


@given(positive, positive, counts, positive, positive, counts, st.floats(0.01, 100))
def test_the_unit_does_not_matter(m1, s1, n1, m2, s2, n2, unit):
    there = log_ratio_of_means(m1, s1, n1, m2, s2, n2)
    scaled = log_ratio_of_means(unit * m1, unit * s1, n1, unit * m2, unit * s2, n2)
    assert (scaled.estimate, scaled.se) == pytest.approx(
        (there.estimate, there.se), rel=1e-9, abs=1e-12
    )


def test_variance_ratio_has_the_spread_it_claims():
    # 4000 studies of normal values, 25 and 40 a group, the true ratio of SDs 1.5: the mean is
    # right to its simulation error, the SE to the order the formula neglects.
    rng = np.random.default_rng(11)
    n1, n2 = 25, 40
    first = 1.5 * np.sqrt(rng.chisquare(n1 - 1, 4000) / (n1 - 1))
    second = np.sqrt(rng.chisquare(n2 - 1, 4000) / (n2 - 1))
    found = [log_variance_ratio(a, n1, b, n2) for a, b in zip(first, second, strict=True)]
    estimates = np.array([one.estimate for one in found])
    assert estimates.mean() == pytest.approx(np.log(1.5), abs=4 * found[0].se / np.sqrt(4000))
    assert estimates.std() == pytest.approx(found[0].se, rel=0.05)


def test_brown_forsythe_by_hand():
    # Distances to the medians: 1, 0, 1 and 3, 0, 3; means 2/3 and 2, grand mean 4/3.
    between = 3 * ((2 / 3 - 4 / 3) ** 2 + (2 - 4 / 3) ** 2)
    within = (2 * (1 / 3) ** 2 + (2 / 3) ** 2) + (2 * 1 + 4)
    found = brown_forsythe([[1, 2, 3], [10, 7, 13]])
    assert found.f == pytest.approx(between / (within / 4), rel=1e-12)
    assert found.p == pytest.approx(stats.f.sf(found.f, 1, 4), rel=1e-12)
    assert (found.df, found.df_denominator) == (1, 4)


def test_what_has_no_ratio_is_said():
    with pytest.raises(NotEstimable, match="means above 0"):
        log_ratio_of_means(0, 1, 10, 2, 1, 10)
    with pytest.raises(NotEstimable, match="no standard error"):
        log_ratio_of_means(1, 0, 10, 2, 0, 10)
    with pytest.raises(NotEstimable, match="does not vary"):
        log_variance_ratio(0, 10, 1, 10)
    with pytest.raises(NotEstimable, match="fewer than 2 participants: n1 = 10, n2 = 1"):
        log_variance_ratio(1, 10, 1, 1)
    with pytest.raises(NotEstimable, match=r"found \[3, 1\]"):
        brown_forsythe([[1, 2, 3], [4]])
    with pytest.raises(NotEstimable, match="do not vary"):
        brown_forsythe([[1, 2], [4, 8]])


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="not negative"):
        log_variance_ratio(-1, 10, 1, 10)
    with pytest.raises(ValueError, match="means must be finite"):
        log_ratio_of_means(np.nan, 1, 10, 2, 1, 10)
    with pytest.raises(ValueError, match="missing or infinite"):
        brown_forsythe([[1, 2, np.nan], [4, 8]])
