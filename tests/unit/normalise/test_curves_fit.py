"""Fitted reference curves: what they recover, how they fail, what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igfmood.errors import NotEstimable
from igfmood.normalise.curves import bccg
from igfmood.normalise.curves.bands import BandCurve, band_of
from igfmood.normalise.curves.choose import BCCG_PEOPLE, fit_reference
from igfmood.normalise.curves.curve import ReferenceSettings
from igfmood.normalise.curves.fit import BccgCurve
from igfmood.normalise.curves.psplines import PSpline

SMOOTHINGS = ("local_ml", "gaic", "gcv")


def log_mu(age, female):
    return 5.2 - 0.016 * (age - 40) + 0.0001 * (age - 40) ** 2 - 0.1 * female


def healthy(n, seed, sigma=0.25, nu=0.4, share_women=0.5):
    rng = np.random.default_rng(seed)
    age = rng.uniform(18, 80, n)
    female = (rng.random(n) < share_women).astype(float)
    p = rng.uniform(0, 1, n)
    return bccg.quantile(p, np.exp(log_mu(age, female)), sigma, nu), age, female


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("nu", ["constant", "smooth"])
def test_a_known_curve_is_recovered(smoothing, nu):
    value, years, female = healthy(6000, 1)
    years = np.round(years)  # few different ages: fast
    curve = fit_reference(value, years, female, ReferenceSettings(smoothing=smoothing, nu=nu))
    age = np.linspace(20, 78, 30)
    for female in (0, 1):
        mu, sigma, power = curve.parameters(age, female)
        assert np.log(mu) == pytest.approx(log_mu(age, female), abs=0.04)
        assert sigma == pytest.approx(0.25, abs=0.025)
        assert power == pytest.approx(0.4, abs=1.0 if nu == "smooth" else 0.2)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(60, 400), st.sampled_from(["auto", "bccg", "bands"]))
def test_reference_people_have_mean_0_and_sd_1(seed, n, method):
    people = healthy(n, seed)
    try:
        curve = fit_reference(*people, ReferenceSettings(method=method))
    except NotEstimable:
        assert method == "bccg"  # stated, and auto falls back to bands
        return
    sds = curve.sds(*people)
    assert curve.n == n
    assert sds.mean() == pytest.approx(0, abs=0.1)
    assert sds.std() == pytest.approx(1, abs=0.15)


def test_unit_does_not_matter():
    value, age, female = healthy(300, 3)
    first = fit_reference(value, age, female, ReferenceSettings())
    other = fit_reference(value / 7.649, age, female, ReferenceSettings())
    assert other.sds(value / 7.649, age, female) == pytest.approx(
        first.sds(value, age, female), abs=1e-5
    )


@pytest.mark.parametrize("seed", range(4))
def test_skewed_analyte_over_three_decades(seed):
    """CRP-like: heavy-tailed logarithm, some people at the detection limit."""
    rng = np.random.default_rng(seed)
    age, female = rng.uniform(18, 80, 600), (rng.random(600) < 0.5).astype(float)
    crp = np.maximum(np.exp(0.2 + 0.01 * age + 1.2 * rng.standard_t(6, 600)), 0.1)
    curve = fit_reference(crp, age, female, ReferenceSettings())
    assert curve.method == "bccg"
    sds = curve.sds(crp, age, female)
    assert np.isfinite(sds).all()
    assert sds.std() == pytest.approx(1, abs=0.02)


def test_a_pile_at_the_detection_limit_falls_back_to_bands_and_says_so():
    """A third of the people at one value: the truncated likelihood rises for ever with sigma."""
    rng = np.random.default_rng(0)
    age, female = rng.uniform(18, 80, 600), (rng.random(600) < 0.5).astype(float)
    crp = np.maximum(np.exp(0.2 + 0.01 * age + 1.2 * rng.standard_t(6, 600)), 0.5)
    curve = fit_reference(crp, age, female, ReferenceSettings())
    assert curve.method == "bands"
    assert "the BCCG fit did not converge" in curve.describe()
    with pytest.raises(NotEstimable, match="did not converge"):
        fit_reference(crp, age, female, ReferenceSettings("bccg"))


def test_sigma_does_not_collapse_onto_single_people():
    """A few old people far from the others: a free sigma would fall to 0 there."""
    rng = np.random.default_rng(5)
    age = np.concatenate([rng.uniform(18, 40, 150), [60.0, 68.0, 75.0]])
    value = np.exp(5 - 0.01 * age + rng.normal(0, 0.3, age.size))
    for smoothing in SMOOTHINGS:
        curve = fit_reference(value, age, 0 * age, ReferenceSettings("bccg", smoothing=smoothing))
        _, sigma, _ = curve.parameters(np.linspace(18, 75, 200), 0)
        assert sigma.min() > 0.02


def test_nu_at_its_bound_is_said():
    rng = np.random.default_rng(2)
    age = rng.uniform(18, 80, 300)
    value = np.exp(-0.3 * rng.exponential(size=300))
    curve = fit_reference(value, age, 0 * age, ReferenceSettings("bccg"))
    assert curve.fits[0].nu == 3.0
    assert "nu at its bound 3" in curve.describe()


def test_sds_is_continuous_in_age_and_held_at_the_ends():
    for method in ("bccg", "bands"):
        curve = fit_reference(*healthy(200, 4), ReferenceSettings(method))
        age = np.linspace(5, 95, 90_001)
        sds = curve.sds(np.full(age.size, 150.0), age, np.ones(age.size))
        assert np.abs(np.diff(sds)).max() < 0.002
        assert sds[0] == sds[10_000]
        assert sds[-1] == sds[-10_000]


@pytest.mark.parametrize("method", ["bccg", "bands"])
def test_centile_and_sds_invert_each_other(method):
    curve = fit_reference(*healthy(300, 6), ReferenceSettings(method))
    age, female = np.array([25.0, 50.0, 75.0]), np.array([0.0, 1.0, 1.0])
    centiles = curve.centile(np.array([[0.03], [0.5], [0.97]]), age, female)
    assert centiles.shape == (3, 3)
    for row, z in zip(centiles, (-1.880793608, 0, 1.880793608), strict=True):
        assert curve.sds(row, age, female) == pytest.approx(z, abs=1e-8)


def test_missing_and_impossible_inputs_have_no_sds():
    curve = fit_reference(*healthy(200, 8), ReferenceSettings())
    value = np.array([np.nan, 150, 150, 0, -1, 150])
    age = np.array([40, np.nan, 40, 40, 40, 40.0])
    female = np.array([0, 1, np.nan, 0, 0, 0.5])
    assert np.isnan(curve.sds(value, age, female)).all()


def test_missing_reference_people_are_left_out():
    value, age, female = healthy(100, 9)
    value[:5], age[5:8], female[8:10] = np.nan, np.nan, np.nan
    assert fit_reference(value, age, female, ReferenceSettings()).n == 90


@pytest.mark.parametrize("method", ["bccg", "bands"])
def test_a_sex_without_reference_people_has_no_sds(method):
    curve = fit_reference(*healthy(200, 10, share_women=0), ReferenceSettings(method))
    sds = curve.sds(np.full(2, 150.0), np.full(2, 40.0), np.array([0.0, 1.0]))
    assert np.isnan(sds).tolist() == [False, True]
    assert np.isnan(curve.centile(0.5, np.array([40.0]), 1.0)).all()
    assert "women" not in curve.describe()


@pytest.mark.parametrize("method", ["auto", "bccg", "bands"])
@pytest.mark.parametrize("men", [1, 9, 10])
def test_a_handful_of_one_sex_has_no_curve_and_moves_nothing(method, men):
    value, age, female = healthy(200, 21, share_women=1)
    female[:men] = 0
    curve = fit_reference(value, age, female, ReferenceSettings(method))
    covered = np.isfinite(curve.sds(value, age, female))
    assert covered.tolist() == [men == 10] * men + [True] * (200 - men)
    assert curve.n == (200 if men == 10 else 200 - men)
    assert (f"no curve for men, too few: {men} < 10" in curve.describe()) == (men < 10)
    if men < 10:
        changed = np.where(female == 0, 3 * value, value)
        other = fit_reference(changed, age, female, ReferenceSettings(method))
        assert other.centile(0.5, age, 1.0) == pytest.approx(curve.centile(0.5, age, 1.0))


def test_people_of_a_sex_too_few_for_a_curve_do_not_make_up_the_number():
    value, age, female = healthy(34, 22, share_women=1)
    female[:5] = 0
    with pytest.raises(NotEstimable, match="29 < 30; no curve for men, too few: 5 < 10"):
        fit_reference(value, age, female, ReferenceSettings())
    with pytest.raises(NotEstimable, match="0 < 10; no curve for men"):
        fit_reference(value[:14], age[:14], female[:14], ReferenceSettings(min_people=10))


def test_few_women_share_the_curve_of_the_men_with_a_shift():
    value, age, female = healthy(1000, 11, share_women=0.04)
    curve = fit_reference(value, age, female, ReferenceSettings())
    assert isinstance(curve, BccgCurve)
    assert "one curve with a sex shift in log mu" in curve.describe()
    men, women = curve.parameters(age, 0)[0], curve.parameters(age, 1)[0]
    assert np.log(women / men) == pytest.approx(np.log(women / men)[0])
    assert np.log(women / men)[0] == pytest.approx(-0.1, abs=0.1)


def test_the_rule_says_which_method_and_why():
    few = fit_reference(*healthy(BCCG_PEOPLE - 1, 12), ReferenceSettings())
    assert isinstance(few, BandCurve)
    assert f"too few people for a Box-Cox Cole-Green fit, 74 < {BCCG_PEOPLE}" in few.describe()
    assert isinstance(fit_reference(*healthy(BCCG_PEOPLE, 12), ReferenceSettings()), BccgCurve)
    bands = fit_reference(*healthy(500, 12), ReferenceSettings("bands"))
    assert "as asked for" in bands.describe()


def test_too_few_people():
    reason = "too few reference people with analyte, age and sex: 12 < 30"
    with pytest.raises(NotEstimable, match=reason):
        fit_reference(*healthy(12, 13), ReferenceSettings())


@pytest.mark.parametrize("method", ["auto", "bccg", "bands"])
@pytest.mark.parametrize("value", [1e-9, 1.0, 150.0, 1e9])
def test_people_who_do_not_differ(method, value):
    _, age, female = healthy(200, 14)
    with pytest.raises(NotEstimable, match="do not differ in the analyte"):
        fit_reference(np.full(200, value), age, female, ReferenceSettings(method))


def test_concentrations_not_above_0_are_refused():
    value, age, female = healthy(200, 15)
    value[:3] = 0
    with pytest.raises(NotEstimable, match="3 of 200 reference people"):
        fit_reference(value, age, female, ReferenceSettings())


@pytest.mark.parametrize("ages", [[40.0], [30.0, 50.0], [30.0, 31.0, 32.0]])
@pytest.mark.parametrize("method", ["bccg", "bands"])
def test_few_different_ages(ages, method):
    rng = np.random.default_rng(16)
    age = rng.choice(ages, 120)
    value = np.exp(5 + rng.normal(0, 0.3, 120))
    sds = fit_reference(value, age, 0 * age, ReferenceSettings(method)).sds(value, age, 0 * age)
    assert sds.std() == pytest.approx(1, abs=0.05)


def test_fine_ages_are_fitted_on_a_grid_that_does_not_show():
    value, age, female = healthy(9000, 17)
    exact = fit_reference(value, np.round(age, 1), female, ReferenceSettings())
    fine = fit_reference(value, age, female, ReferenceSettings())
    at = np.linspace(20, 78, 50)
    assert fine.centile(0.03, at, 1.0) == pytest.approx(exact.centile(0.03, at, 1.0), rel=2e-3)


def test_p_spline_columns_span_lines_and_penalise_bends():
    spline = PSpline(18.0, 80.0)
    age = np.linspace(18, 80, 200)
    design = spline.design(age)
    line = 3 - 2 * np.sqrt(age)
    b, *_ = np.linalg.lstsq(design[:, :2], line, rcond=None)
    assert design[:, :2] @ b == pytest.approx(line, abs=1e-9)
    coefficients = np.random.default_rng(0).normal(size=design.shape[1])
    curve = spline.curve(coefficients)
    assert curve(age) == pytest.approx(design @ coefficients, abs=1e-9)
    assert np.diff(curve.coefficients, n=2) == pytest.approx(coefficients[2:], abs=1e-9)


def test_bands_hold_equal_shares_and_keep_one_age_together():
    assert np.bincount(band_of(np.arange(35.0))).tolist() == [7, 7, 7, 7, 7]
    ties = np.repeat([20.0, 30.0], [30, 5])
    assert band_of(ties).tolist() == [0] * 30 + [1] * 5


def test_skewness_is_a_curve_where_there_are_children_enough():
    value, _, female = healthy(400, 22)
    rng = np.random.default_rng(22)
    for children, shape in ((60, "nu constant"), (90, "nu smooth")):
        age = np.where(np.arange(400) < children, rng.uniform(6, 17, 400), rng.uniform(20, 80, 400))
        curve = fit_reference(value, age, female, ReferenceSettings())
        assert shape in curve.describe()
