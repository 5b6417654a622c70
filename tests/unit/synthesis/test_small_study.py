"""Funnel asymmetry and trim-and-fill: properties, limits, and a funnel worked through in R.

Tolerance against R 1e-6 relative: metafor 3.8-1 in R 4.2.2 with
``ctl <- list(threshold = 1e-14, maxiter = 1e5)``, 12 digits.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.errors import NotEstimable
from igfmood.synthesis import small_study
from igfmood.synthesis.random_effects import random_effects
from igfmood.synthesis.small_study import egger_test, mixed_egger_test, trim_and_fill

#: Twelve studies, the smaller the larger their effect.
YI = np.array([0.12, 0.18, 0.15, 0.31, 0.22, 0.45, 0.38, 0.60, 0.52, 0.81, 0.95, 1.20])
SE = np.array([0.05, 0.06, 0.08, 0.10, 0.12, 0.15, 0.18, 0.22, 0.25, 0.30, 0.36, 0.42])
VI = SE**2
TESTS = [egger_test, mixed_egger_test, trim_and_fill]


@st.composite
def studies(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    k, slope = draw(st.integers(10, 16)), draw(st.sampled_from([-2.0, 0.0, 2.0]))
    se = rng.uniform(0.05, 1, k)
    return 0.3 + slope * se + rng.normal(0, np.sqrt(se**2 + 0.05)), se**2


# ---- Egger --------------------------------------------------------------------------------------


def test_egger_by_hand():
    # t <- regtest(yi, sei = sei, model = "lm", ret.fit = TRUE)
    # c(coef(summary(t$fit))[2, ], t$est, t$ci.lb, t$ci.ub)
    found = egger_test(YI, VI)
    values = [found.slope, found.se, found.stat, found.p]
    values += [found.limit, found.limit_low, found.limit_high]
    assert values == pytest.approx(
        [2.55398250584, 0.244210975278, 10.4580987932, 1.05276478657e-06, -0.0033592602817,
         -0.0591879473817, 0.0524694268183], rel=1e-6,
    )  # fmt: skip
    assert (found.df, found.k, found.level) == (10, 12, 0.95)


@pytest.mark.parametrize(
    ("predictor", "expected"),
    [
        ("se", [2.55398250584, 0.513876985514, 4.9700270256, 6.69435701011e-07, -0.0033592602817,
                -0.106696592187, 0.0999780716234]),
        ("variance", [7.04707470551, 1.45497478103, 4.84343426249, 1.27613954938e-06,
                      0.139243031151, 0.0738897272171, 0.204596335085]),
    ],
)  # fmt: skip
def test_mixed_egger_by_hand(predictor, expected):
    # t <- regtest(rma(yi, sei^2, control = ctl), predictor = ..., ret.fit = TRUE)
    # c(t$fit$b[2], t$fit$se[2], t$zval, t$pval, t$est, t$ci.lb, t$ci.ub)
    found = mixed_egger_test(YI, VI, predictor)
    values = [found.slope, found.se, found.stat, found.p]
    values += [found.limit, found.limit_low, found.limit_high]
    assert values == pytest.approx(expected, rel=1e-6)
    assert (found.df, found.k) == (np.inf, 12)


@given(studies())
def test_egger_is_the_regression_of_the_standardised_effect_on_precision(data):
    yi, vi = data
    found, se = egger_test(yi, vi), np.sqrt(vi)
    (limit, slope), cov = np.polyfit(1 / se, yi / se, 1, cov=True)
    assert found.slope == pytest.approx(slope, rel=1e-6, abs=1e-8)
    assert found.limit == pytest.approx(limit, rel=1e-6, abs=1e-8)
    assert found.se == pytest.approx(np.sqrt(cov[1, 1]), rel=1e-6)


@given(studies(), st.floats(-5, 5), st.sampled_from([-1.0, 0.01, 1000.0]))
def test_shift_and_unit_move_the_limit_and_leave_the_test(data, shift, scale):
    yi, vi = data
    for test in (egger_test, mixed_egger_test):
        plain, moved = test(yi, vi), test(scale * yi + shift, scale**2 * vi)
        assert moved.stat == pytest.approx(np.sign(scale) * plain.stat, rel=1e-4, abs=1e-6)
        assert moved.p == pytest.approx(plain.p, rel=1e-4)
        assert moved.limit == pytest.approx(
            scale * plain.limit + shift, rel=1e-5, abs=1e-5 * abs(scale)
        )


@pytest.mark.parametrize("test", [egger_test, mixed_egger_test])
def test_a_higher_level_widens_the_interval_only(test):
    narrow, wide = test(YI, VI, level=0.8), test(YI, VI, level=0.99)
    assert wide.limit_low < narrow.limit_low < narrow.limit < narrow.limit_high < wide.limit_high
    assert (wide.p, wide.limit, wide.level) == (narrow.p, narrow.limit, 0.99)


@pytest.mark.parametrize(("offset", "slope"), [(0.1, 2.0), (-700.0, 3.0), (0.0, 0.0), (0.4, 0.0)])
def test_studies_on_the_line_are_refused(offset, slope):
    # Rounding must not pass for a residual.
    for test in (egger_test, mixed_egger_test):
        with pytest.raises(NotEstimable, match="the k = 12 studies lie on the regression"):
            test(offset + slope * SE, VI)


@pytest.mark.parametrize("noise", [1e-6, 1e-9])
def test_studies_almost_on_the_line_are_not(noise):
    found = egger_test(0.1 + 2 * SE + noise * np.cos(7 * np.arange(12)), VI)
    assert found.slope == pytest.approx(2, abs=1e3 * noise)
    assert 0 < found.se < 1e3 * noise


# ---- refusals of all three ----------------------------------------------------------------------


@pytest.mark.parametrize("test", TESTS)
def test_from_ten_studies_on(test):
    assert test(YI[:10], VI[:10])
    with pytest.raises(NotEstimable, match="small-study effects: k = 9 < 10"):
        test(YI[:9], VI[:9])


@pytest.mark.parametrize("test", TESTS)
def test_a_lower_limit_is_heeded_down_to_three(test):
    assert test(YI[:8], VI[:8], fewest=8)
    with pytest.raises(NotEstimable, match="k = 2 < 3"):
        test(YI[:2], VI[:2], fewest=1)


@pytest.mark.parametrize("test", TESTS)
def test_studies_of_one_size_cannot_be_compared(test):
    with pytest.raises(NotEstimable, match="all studies have the same"):
        test(YI, np.full(12, 0.04))


@pytest.mark.parametrize("test", TESTS)
def test_estimates_that_do_not_match_their_variances_are_refused(test):
    with pytest.raises(ValueError, match="do not match"):
        test(YI, VI[:11])


# ---- trim and fill ------------------------------------------------------------------------------

# t <- trimfill(rma(yi, sei^2, method = ..., control = ctl), estimator = ..., control = ctl,
#               test = "knha"); c(t$b, t$se, t$ci.lb, t$ci.ub, t$tau2); t$yi[t$fill]
FILLED = {
    ("REML", "L0"): (
        [0.22574883994, 0.101517149876, 0.0105420959565, 0.440955583924, 0.0732330738543],
        [-0.127435159617, -0.207435159617, -0.417435159617, -0.557435159617, -0.807435159617],
    ),
    ("REML", "R0"): (
        [0.155368646243, 0.0965763592889, -0.0467679968361, 0.357505289322, 0.0920029571579],
        [-0.00735588009224, -0.0773558800922, -0.147355880092, -0.217355880092,
         -0.297355880092, -0.507355880092, -0.647355880092, -0.897355880092],
    ),
    ("DL", "L0"): (
        [0.224899757763, 0.088119004023, 0.0380958141727, 0.411703701354, 0.0311670566861],
        [-0.121757666672, -0.201757666672, -0.411757666672, -0.551757666672, -0.801757666672],
    ),
    ("DL", "R0"): (
        [0.155707457767, 0.0846743276988, -0.0215179468979, 0.332932862431, 0.0367777733304],
        [-0.00735588009224, -0.0773558800922, -0.147355880092, -0.217355880092,
         -0.297355880092, -0.507355880092, -0.647355880092, -0.897355880092],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("estimator", "trimming"), FILLED)
def test_a_slanted_funnel_by_hand(estimator, trimming):
    pooled, filled = FILLED[estimator, trimming]
    found = trim_and_fill(YI, VI, trimming, estimator=estimator)
    fit = found.pooled
    assert [fit.mu, fit.se, fit.ci_low, fit.ci_high, fit.tau2] == pytest.approx(pooled, rel=1e-6)
    assert found.filled_yi == pytest.approx(filled, rel=1e-6)
    assert (found.k0, found.side, found.trimming) == (len(filled), "left", trimming)
    # The mirror images are those of the largest studies, with their variances.
    trimmed = np.argsort(YI)[12 - found.k0 :]
    assert found.filled_vi.tolist() == VI[trimmed].tolist()
    assert np.ptp(found.filled_yi + YI[trimmed]) == pytest.approx(0, abs=1e-12)
    assert fit.k == 12 + found.k0


@pytest.mark.parametrize("trimming", ["L0", "R0"])
@given(studies())
def test_the_mirrored_funnel_is_filled_on_the_other_side(trimming, data):
    yi, vi = data
    plain, mirrored = trim_and_fill(yi, vi, trimming), trim_and_fill(-yi, vi, trimming)
    assert {plain.side, mirrored.side} == {"left", "right"}
    assert plain.k0 == mirrored.k0
    assert mirrored.filled_yi == pytest.approx(-plain.filled_yi, rel=1e-6, abs=1e-6)
    assert mirrored.filled_vi.tolist() == plain.filled_vi.tolist()
    assert mirrored.pooled.mu == pytest.approx(-plain.pooled.mu, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("trimming", ["L0", "R0"])
@given(studies())
def test_what_is_added_is_what_is_pooled(trimming, data):
    yi, vi = data
    found = trim_and_fill(yi, vi, trimming)
    assert found.filled_yi.size == found.filled_vi.size == found.k0 < yi.size
    again = random_effects(np.append(yi, found.filled_yi), np.append(vi, found.filled_vi))
    assert (found.pooled.mu, found.pooled.ci_low) == (again.mu, again.ci_low)


@pytest.mark.parametrize("trimming", ["L0", "R0"])
def test_a_symmetric_funnel_needs_no_filling(trimming):
    half, sizes = np.array([0.02, 0.11, 0.24, 0.38, 0.61]), np.array([0.05, 0.1, 0.2, 0.3, 0.4])
    # The smaller of each pair, by a hair, so that neither side outranks the other.
    yi = 0.3 + np.concatenate([half, -1.001 * half])
    vi = np.concatenate([sizes, sizes]) ** 2
    found = trim_and_fill(yi, vi, trimming)
    assert (found.k0, found.filled_yi.size) == (0, 0)
    assert found.pooled.mu == random_effects(yi, vi).mu


def test_the_level_is_that_of_the_synthesis():
    found = trim_and_fill(YI, VI, level=0.8).pooled
    assert found.level == 0.8
    assert found.ci_low > trim_and_fill(YI, VI).pooled.ci_low


def test_rounds_that_do_not_settle_are_told(monkeypatch):
    monkeypatch.setattr(small_study, "MAX_ROUNDS", 1)
    with pytest.raises(NotEstimable, match=r"does not settle in 1 rounds \(k = 12\)"):
        trim_and_fill(YI, VI)


def test_a_centre_of_one_study_alone_is_refused():
    # Of three studies with two above the centre, L0 makes two surplus.
    with pytest.raises(NotEstimable, match="trims all but 1 of 3 studies"):
        trim_and_fill([0.0, 0.1, 0.9], [0.01, 0.04, 0.36], fewest=3)


def test_other_estimators_of_the_number_missing_are_refused():
    with pytest.raises(ValueError, match="trimming 'Q0': expected one of"):
        trim_and_fill(YI, VI, "Q0")  # type: ignore[arg-type]
