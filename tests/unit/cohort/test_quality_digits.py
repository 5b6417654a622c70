"""Preference of terminal digits."""

import numpy as np
import pytest

from builders import SOURCE, make_study, people
from igfmood import results
from igfmood.cohort.quality.digits import add_digits, digit_preference, recorded_decimals
from igfmood.cohort.quality.proportions import wilson_interval
from igfmood.errors import NotEstimable

RNG = np.random.default_rng(1)
SMOOTH = RNG.normal(150, 40, 2000)


@pytest.mark.parametrize("decimals", [0, 1, 2, 3])
def test_the_number_of_decimals_is_found_out(decimals):
    assert recorded_decimals(np.round(SMOOTH, decimals)) == decimals


def test_a_few_odd_values_do_not_hide_the_last_digit():
    values = np.round(SMOOTH, 1)
    values[:15] += 0.037
    assert recorded_decimals(values) == 1
    assert digit_preference(values).n <= 1985


def test_numbers_that_nobody_wrote_have_no_last_digit():
    assert recorded_decimals(SMOOTH) is None
    with pytest.raises(NotEstimable, match="more than 3 decimals"):
        digit_preference(SMOOTH)


def test_values_from_text_with_binary_dust_are_read_as_written():
    values = np.array([float(f"{value:.1f}") for value in SMOOTH]) * 0.1 / 0.1
    assert recorded_decimals(values) == 1


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_without_preference_digits_are_even(decimals):
    found = digit_preference(np.round(SMOOTH, decimals))
    assert found.decimals == decimals
    assert found.p > 0.001
    assert found.dissimilarity < 0.05
    assert sum(found.shares) == pytest.approx(1)


def test_the_test_keeps_its_level():
    p = [
        digit_preference(np.round(np.random.default_rng(seed).normal(150, 40, 500))).p
        for seed in range(400)
    ]
    # 400 tests at 5 %: SD of the share 1.1 %.
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.033)


def test_heaping_is_found_with_the_share_that_moved():
    values = np.round(SMOOTH)
    heaped = np.where(np.arange(2000) < 600, np.round(values / 5) * 5, values)
    found = digit_preference(heaped)
    # 30 % of the people moved, of whom 80 % had another digit before.
    assert found.dissimilarity == pytest.approx(0.24, abs=0.03)
    assert found.p < 1e-50
    assert found.shares[0] + found.shares[5] == pytest.approx(0.2 + 0.24, abs=0.03)


def test_chi_square_by_hand():
    values = np.repeat(np.arange(100.0), 2)
    values[0:20] = 0.0
    found = digit_preference(values)
    # Twenty values of the first ten, two of each digit, all became 0: 38 zeros, 18 of the others.
    assert found.chi2 == pytest.approx((18**2 + 9 * 2**2) / 20)
    assert found.dissimilarity == pytest.approx(18 / 200)


def test_a_range_that_is_cut_off_is_no_preference():
    ages = np.repeat(np.arange(18, 66.0), 50)
    found = digit_preference(ages)
    assert (found.n, found.dissimilarity, found.p) == (2000, 0, 1)


def test_decades_after_the_cut_start_at_the_smallest_digit():
    ages = np.repeat(np.arange(23, 53.0), 10)
    assert digit_preference(ages).n == 300


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.arange(99.0), "too few values for ten digits: 99 < 100"),
        (np.r_[np.arange(99.0), np.nan], "too few values for ten digits: 99 < 100"),
        (np.repeat([20.0, 22.0, 24.0, 26.0], 50), "too few units of their last digit"),
    ],
)
def test_what_says_nothing_of_digits(values, reason):
    with pytest.raises(NotEstimable, match=reason):
        digit_preference(values)


def test_digits_are_results():
    table = people({"control": 300})
    table = table.assign(
        igf1_value=table["igf1_value"].round(1),
        age_years=np.floor(table["age_years"] / 5) * 5,
        bmi=np.nan,
    )
    rows = results.Rows(SOURCE)
    add_digits(rows, table, make_study())
    found = rows.table().set_index(["term", "measure"])
    assert found.loc[("age_years", "digit_0_or_5"), "estimate"] == 1
    assert found.loc[("age_years", "digit_0_or_5"), "ci_low"] > 0.97
    assert found.loc[("age_years", "digit_dissimilarity"), "estimate"] == pytest.approx(0.8)
    assert found.loc[("igf1_value", "digit_chi2"), "p"] > 0.001
    assert found.loc[("igf1_value", "digit_7"), "n_events"] > 0
    assert "bmi" not in found.index.get_level_values("term")


def test_values_with_a_computers_decimals_are_not_estimable():
    rows = results.Rows(SOURCE)
    add_digits(rows, people({"control": 300}), make_study())
    found = rows.table()
    assert set(found["status"]) == {"not_estimable"}


# Newcombe RG (1998), Stat Med 17:857-872, table I, method 3; printed to four decimals.
@pytest.mark.parametrize(
    ("events", "n", "limits"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_interval(events, n, limits):
    assert wilson_interval(events, n) == pytest.approx(limits, abs=5e-5)
    low, high = wilson_interval(n - events, n)
    assert (1 - high, 1 - low) == pytest.approx(limits, abs=5e-5)


def test_wilson_interval_keeps_within_the_range_and_widens_with_its_level():
    from statsmodels.stats.proportion import proportion_confint

    assert wilson_interval(10, 10)[1] == 1
    assert wilson_interval(3, 17, 0.9) == pytest.approx(
        proportion_confint(3, 17, alpha=0.1, method="wilson"), rel=1e-12
    )
    with pytest.raises(NotEstimable, match="nobody"):
        wilson_interval(0, 0)
