"""Effect sizes from printed numbers: published values, identities, impossible input.

Where a figure is printed the tolerance is half a unit of its last digit; full-precision values
are compared at 1e-12, rounding of a few sums.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from igfmood.association.effect_sizes import hedges_g, small_sample_correction
from igfmood.errors import NotEstimable
from igfmood.synthesis.published.convert import (
    se_from_ci,
    smd_adjusted,
    smd_from_auc,
    smd_from_d,
    smd_from_means,
    smd_from_odds_ratio,
    smd_from_p,
    smd_from_quantiles,
    smd_from_t,
)
from igfmood.synthesis.published.medians import (
    MEDIANS,
    Quantiles,
    moments_luo,
    moments_mcgrath,
    moments_wan,
)

counts = st.integers(3, 400)

# ---- medians ------------------------------------------------------------------------------------

#: metafor 4.4, conv.fivenum, of (2, 6, 9, 17, 41): Luo's mean and Wan's SD from the range, from
#: the quartiles, from both.
FIVE_NUMBERS = {
    7: [(15.021544795358952, 14.29106691143328), (10.889285714285714, 10.103962147784886),
        (14.361220613598714, 12.197514529609084)],
    30: [(11.972897250696676, 9.5575055212413016), (10.782500000000001, 8.5626224066574625),
         (12.3038216208361, 9.0600639639493821)],
    100: [(10.403596372036779, 7.804399930371213), (10.75975, 8.2742542328822122),
          (11.420082492316839, 8.0393270816267126)],
}  # fmt: skip


def three_ways(n):
    return (
        Quantiles(n, 9, minimum=2, maximum=41),
        Quantiles(n, 9, q1=6, q3=17),
        Quantiles(n, 9, q1=6, q3=17, minimum=2, maximum=41),
    )


@pytest.mark.parametrize("n", FIVE_NUMBERS)
def test_luo_mean_and_wan_sd_agree_with_metafor(n):
    for group, (mean, sd) in zip(three_ways(n), FIVE_NUMBERS[n], strict=True):
        found = moments_luo(group)
        assert found.mean == pytest.approx(mean, rel=1e-12)
        assert found.sd == pytest.approx(sd, rel=1e-12)
        assert moments_wan(group).sd == found.sd


def test_luo_mean_agrees_with_metablue():
    # The example of metaBLUE's Luo.mean, printed to six decimals.
    found = moments_luo(Quantiles(30, 4, minimum=1, maximum=10))
    assert found.mean == pytest.approx(4.356748, abs=5e-7)


def test_wan_means():
    ranged, quartered, both = (moments_wan(group).mean for group in three_ways(30))
    assert ranged == (2 + 2 * 9 + 41) / 4
    assert quartered == pytest.approx((6 + 9 + 17) / 3, rel=1e-15)
    assert both == (2 + 2 * 6 + 2 * 9 + 2 * 17 + 41) / 8


@pytest.mark.parametrize(
    ("n", "xi"), [(5, 2.326), (10, 3.078), (20, 3.735), (30, 4.086), (40, 4.322), (50, 4.498)]
)
def test_range_of_a_normal_sample_as_in_table_1_of_wan(n, xi):
    # The table is exact, the formula (Blom's scores) is within 1.5 % of it from n = 5 on.
    sd = moments_wan(Quantiles(n, 0, minimum=-0.5, maximum=0.5)).sd
    assert 1 / sd == pytest.approx(xi, rel=0.015)


def test_mcgrath_agrees_with_estmeansd():
    # README of estmeansd: (2, 4, 9), n = 100. Tolerance: its optimiser stops near the optimum, at
    # a distance that is larger than ours.
    found = moments_mcgrath(Quantiles(100, 4, minimum=2, maximum=9))
    assert (found.mean, found.sd) == pytest.approx((4.347284, 1.502171), abs=2e-5)
    assert found.method.endswith("log-normal")


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("normal", stats.norm(150, 20)),
        ("log-normal", stats.lognorm(0.4, scale=150)),
        ("gamma", stats.gamma(3.0, scale=50)),
        ("Weibull", stats.weibull_min(1.4, scale=150)),
    ],
)
@pytest.mark.parametrize("with_range", [False, True])
def test_mcgrath_finds_the_distribution_whose_quantiles_it_gets(name, distribution, with_range):
    n = 80
    q1, median, q3 = distribution.ppf([0.25, 0.5, 0.75])
    low, high = distribution.ppf([1 / n, 1 - 1 / n]) if with_range else (None, None)
    found = moments_mcgrath(Quantiles(n, median, q1, q3, low, high))
    assert found.method.endswith(name)
    # A minimum is flat: its place is known to the root of the rounding error.
    assert found.mean == pytest.approx(distribution.mean(), rel=1e-6)
    assert found.sd == pytest.approx(distribution.std(), rel=1e-5)


@given(st.floats(0.01, 1000), st.sampled_from(sorted(MEDIANS)))
def test_units_cancel_in_medians(factor, name):
    plain, scaled = (
        smd_from_quantiles(
            Quantiles(78, 228 * f, 183 * f, 312 * f),
            Quantiles(47, 153 * f, 129 * f, 186 * f),
            MEDIANS[name],
        )
        for f in (1.0, factor)
    )
    assert scaled.estimate == pytest.approx(plain.estimate, rel=1e-6)


def test_medians_of_normal_samples_recover_the_difference():
    rng, found = np.random.default_rng(3), {name: [] for name in MEDIANS}
    for _ in range(200):
        groups = [rng.normal(mean, 30, 120) for mean in (170, 150)]
        quantiles = [np.quantile(x, [0.5, 0.25, 0.75]) for x in groups]
        for name, moments in MEDIANS.items():
            pair = (Quantiles(120, *q) for q in quantiles)
            found[name].append(smd_from_quantiles(*pair, moments).estimate)
    # Monte Carlo error of a mean of 200: 0.18 / sqrt(200) = 0.013.
    for name in MEDIANS:
        assert np.mean(found[name]) == pytest.approx(20 / 30, abs=0.04), name


def test_a_value_below_zero_has_the_normal_distribution_only():
    assert moments_mcgrath(Quantiles(40, 1, -1, 9)).method.endswith("normal")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"n": 2, "median": 1, "q1": 0, "q3": 2}, "n = 2"),
        ({"n": 9, "median": 1}, "quartiles or its range"),
        ({"n": 9, "median": 1, "q1": 0}, "go together"),
        ({"n": 9, "median": 1, "minimum": 0}, "go together"),
        ({"n": 9, "median": 3, "q1": 0, "q3": 2}, "out of order"),
        ({"n": 9, "median": 1, "q1": 0, "q3": 2, "minimum": 0.5, "maximum": 3}, "out of order"),
        ({"n": 9, "median": 1, "q1": 1, "q3": 1}, "do not differ"),
        ({"n": 9, "median": np.nan, "q1": 0, "q3": 2}, "finite"),
    ],
)
def test_impossible_quantiles(values, words):
    with pytest.raises(ValueError, match=words):
        Quantiles(**values)


# ---- standardised differences -------------------------------------------------------------------

#: Two groups, and the t that Student's test gives for them.
MEANS = (157.0, 40.0, 24, 120.0, 33.0, 33)


def student(mean1, sd1, n1, mean2, sd2, n2):
    return stats.ttest_ind_from_stats(mean1, sd1, n1, mean2, sd2, n2)


def test_means_t_p_and_d_are_one_effect():
    m1, s1, n1, m2, s2, n2 = MEANS
    of_means, test = smd_from_means(*MEANS), student(*MEANS)
    pooled = np.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n1 + n2 - 2))
    others = (
        smd_from_d((m1 - m2) / pooled, n1, n2),
        smd_from_t(test.statistic, n1, n2),
        smd_from_p(test.pvalue, "higher", n1, n2),
    )
    for other in others:
        assert other.estimate == pytest.approx(of_means.estimate, rel=1e-12)
        assert other.variance == pytest.approx(of_means.variance, rel=1e-12)
    assert of_means.estimate == hedges_g(*MEANS).g
    assert of_means.se == pytest.approx(hedges_g(*MEANS).se, rel=1e-15)


def test_variance_of_d_agrees_with_metafor():
    # escalc("SMD", di = 2 sqrt(0.1), n1i = n2i = 20, vtype = "LS", correct = FALSE): 0.105.
    found, j = smd_from_t(2, 20, 20), small_sample_correction(38)
    assert found.estimate == pytest.approx(j * 2 * np.sqrt(0.1), rel=1e-12)
    assert 0.1 + (found.estimate / j) ** 2 / 80 == pytest.approx(0.105, rel=1e-12)
    assert found.variance == pytest.approx(0.1 + found.estimate**2 / 80, rel=1e-12)


@given(st.floats(1e-12, 1), counts, counts)
def test_direction_is_the_sign(p, n1, n2):
    up, down = (smd_from_p(p, direction, n1, n2) for direction in ("higher", "lower"))
    assert down.estimate == -up.estimate
    assert up.estimate >= 0
    assert down.variance == up.variance


@pytest.mark.parametrize("p", [0, -0.1, 1.1, np.nan])
def test_p_that_is_none(p):
    with pytest.raises(ValueError, match="p must be above 0"):
        smd_from_p(p, "higher", 20, 20)


def test_a_direction_is_needed():
    with pytest.raises(ValueError, match="direction"):
        smd_from_p(0.1, "up", 20, 20)  # type: ignore[arg-type]


@pytest.mark.parametrize("convert", [smd_from_d, smd_from_t, smd_from_auc])
def test_groups_of_one(convert):
    with pytest.raises(NotEstimable, match="n1 = 1"):
        convert(0.6, 1, 20)


@pytest.mark.parametrize("convert", [smd_from_d, smd_from_t])
def test_statistics_that_are_not_finite(convert):
    with pytest.raises(ValueError, match="finite"):
        convert(np.nan, 20, 20)


# ---- AUC ----------------------------------------------------------------------------------------


def test_auc_as_tabulated():
    # d of an AUC of 0.75 and of 0.40 in two normal groups of one SD, to seven decimals.
    assert smd_from_auc(0.75, 40, 40).estimate == pytest.approx(0.9538726, abs=5e-8)
    assert smd_from_auc(0.40, 40, 40).estimate == pytest.approx(-0.3582869, abs=5e-8)


@given(st.floats(0.1, 20), counts, counts)
def test_variance_of_the_auc_of_exponential_groups(mean, n1, n2):
    # Cases exponential of this mean, controls of mean 1: the probabilities that Hanley and McNeil
    # need, that a pair of one group lies on one side of a member of the other, are integrals.
    auc = mean / (1 + mean)
    both_cases, both_controls = mean / (2 + mean), 1 - 2 / (1 + mean) + 1 / (1 + 2 * mean)
    exact = auc * (1 - auc) + (n1 - 1) * (both_cases - auc**2) + (n2 - 1) * (both_controls - auc**2)
    found = smd_from_auc(auc, n1, n2)
    density = stats.norm.pdf(stats.norm.ppf(auc))
    assert found.variance * density**2 / 2 == pytest.approx(exact / (n1 * n2), rel=1e-8)


@given(counts, counts)
def test_without_a_difference_the_auc_has_the_efficiency_of_ranks(n1, n2):
    # At 0.5 the variance of the Wilcoxon statistic is (n1 + n2 + 1) / (12 n1 n2): d from it has
    # pi / 3 times the variance of d from means, as the rank test is 3 / pi as efficient.
    expected = np.pi / 3 * (n1 + n2 + 1) / (n1 * n2)
    assert smd_from_auc(0.5, n1, n2).variance == pytest.approx(expected, rel=1e-9)


@given(st.floats(0.02, 0.98), counts)
def test_groups_exchanged(auc, n):
    there, back = smd_from_auc(auc, n, n), smd_from_auc(1 - auc, n, n)
    assert back.estimate == pytest.approx(-there.estimate, rel=1e-9, abs=1e-12)


def test_own_standard_error_of_the_auc():
    density = stats.norm.pdf(stats.norm.ppf(0.7))
    found = smd_from_auc(0.7, 30, 40, se=0.05)
    assert found.se == pytest.approx(np.sqrt(2) * 0.05 / density, rel=1e-12)


def test_auc_of_normal_samples():
    rng, d = np.random.default_rng(5), 0.8
    cases, controls = rng.normal(d, 1, (2000, 40)), rng.normal(0, 1, (2000, 50))
    auc = (cases[:, :, None] > controls[:, None, :]).mean(axis=(1, 2))
    found = [smd_from_auc(float(x), 40, 50) for x in auc]
    estimates = np.array([x.estimate for x in found])
    # Monte Carlo error of the mean 0.005, and a bias of the probit of order 1/n.
    assert estimates.mean() == pytest.approx(d, abs=0.04)
    # Hanley and McNeil assume exponential groups: within a tenth for normal ones.
    assert np.mean([x.variance for x in found]) == pytest.approx(estimates.var(), rel=0.1)


@pytest.mark.parametrize(("auc", "error"), [(1.2, ValueError), (-0.1, ValueError),
                                            (1.0, NotEstimable), (0.0, NotEstimable)])  # fmt: skip
def test_auc_that_gives_nothing(auc, error):
    with pytest.raises(error):
        smd_from_auc(auc, 20, 20)


# ---- odds ratio, adjusted estimates, intervals --------------------------------------------------


def test_odds_ratio_as_in_borenstein_2009():
    # Introduction to Meta-Analysis, chapter 7: log OR 0.9069, variance 0.0676.
    found = smd_from_odds_ratio(float(np.exp(0.9069)), float(np.sqrt(0.0676)))
    assert found.estimate == pytest.approx(0.5000, abs=5e-5)
    assert found.variance == pytest.approx(0.0205, abs=5e-5)


def test_odds_ratio_is_divided_by_1_81():
    # Chinn (2000): "divide the log odds ratio by 1.81".
    assert 1 / smd_from_odds_ratio(float(np.e), 1.0).estimate == pytest.approx(1.81, abs=5e-3)


@given(st.floats(-2, 2))
def test_cut_logistic_groups_give_their_difference_back(cut):
    # Groups logistic, of SD 1, one SD apart: the odds ratio is the same wherever they are cut.
    group = stats.logistic(scale=np.sqrt(3) / np.pi)
    above = [group.sf(cut - shift) for shift in (1.0, 0.0)]
    odds_ratio = above[0] / (1 - above[0]) / (above[1] / (1 - above[1]))
    assert smd_from_odds_ratio(float(odds_ratio), 0.2).estimate == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize(("odds_ratio", "se"), [(0, 1), (-2, 1), (np.inf, 1), (2, 0), (2, np.nan)])
def test_impossible_odds_ratio(odds_ratio, se):
    with pytest.raises(ValueError, match="above 0"):
        smd_from_odds_ratio(odds_ratio, se)


def test_adjusted_estimate_is_taken_as_it_is():
    found = smd_adjusted(0.08, 0.03)
    assert (found.estimate, found.se) == (0.08, pytest.approx(0.03, rel=1e-15))
    for bad in ((np.nan, 0.1), (0.1, 0.0), (0.1, -1.0)):
        with pytest.raises(ValueError, match=r"finite|above 0"):
            smd_adjusted(*bad)


def test_standard_error_from_an_interval():
    # (3 - 1) / (2 * qnorm(0.975)) and with qnorm(0.95), in R.
    assert se_from_ci(2, 1, 3) == pytest.approx(0.51021345692465403, rel=1e-12)
    assert se_from_ci(2, 1, 3, level=0.9) == pytest.approx(0.60795683191176941, rel=1e-12)
    logs = np.log([2.70, 1.38, 5.28])
    assert se_from_ci(*logs) == pytest.approx(0.342, abs=5e-4)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((2.70, 1.38, 5.28), "another scale"),
        ((0.5, 0.6, 0.9), "enclose"),
        ((0.5, 0.9, 0.1), "enclose"),
        ((np.nan, 0.1, 0.9), "enclose"),
        ((0.5, 0.1, 0.9, 1.0), "level"),
    ],
)
def test_impossible_intervals(values, words):
    with pytest.raises(ValueError, match=words):
        se_from_ci(*values)
