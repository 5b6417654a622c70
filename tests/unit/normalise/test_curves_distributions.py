"""BCCG and BCPE: the tails, the limits and the derivatives that the fit climbs by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from igfmood.normalise.curves import bccg, bcpe

NU = [0.0, 1e-7, 1e-3, -0.7, 1.0, 2.5, -3.0]


def draws(nu, n=40):
    rng = np.random.default_rng(7)
    return rng.normal(0, 0.5, n), rng.uniform(0.1, 1.2, n), np.full(n, nu)


@pytest.mark.parametrize("nu", NU)
def test_score_is_the_slope_of_the_log_density(nu):
    ratio, sigma, power = draws(nu)
    h, f = 1e-5, bccg.logpdf_log
    slopes = (
        (f(ratio - h, sigma, power) - f(ratio + h, sigma, power)) / (2 * h),
        (f(ratio, sigma * np.exp(h), power) - f(ratio, sigma * np.exp(-h), power)) / (2 * h),
        (f(ratio, sigma, power + h) - f(ratio, sigma, power - h)) / (2 * h),
    )
    for found, expected in zip(bccg.score(ratio, sigma, power), slopes, strict=True):
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("nu", NU)
def test_observed_information_is_minus_the_slope_of_the_score(nu):
    ratio, sigma, power = draws(nu)
    h = 1e-5

    def f(*at):
        return np.array(bccg.score(*at))

    in_mu = (f(ratio + h, sigma, power) - f(ratio - h, sigma, power)) / (2 * h)
    up, down = sigma * np.exp(h), sigma * np.exp(-h)
    in_sigma = (f(ratio, down, power) - f(ratio, up, power)) / (2 * h)
    in_nu = (f(ratio, sigma, power - h) - f(ratio, sigma, power + h)) / (2 * h)
    expected = in_mu[0], in_sigma[1], in_nu[2], in_mu[1], in_mu[2], in_sigma[2]
    found = bccg.observed_information(ratio, sigma, power)
    for own, slope in zip(found, expected, strict=True):
        assert own == pytest.approx(slope, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(("sigma", "nu"), [(0.2, 0.3), (0.2, -0.3), (0.1, 0.0)])
def test_expected_information_is_the_mean_of_the_observed(sigma, nu):
    """Far from the truncation and for small nu, where the approximation holds (to 10 %)."""
    u = (np.arange(200_000) + 0.5) / 200_000
    ratio = np.log(bccg.quantile(u, 1.0, sigma, nu))
    at = ratio, np.full(u.size, sigma), np.full(u.size, nu)
    observed = [part.mean() for part in bccg.observed_information(*at)]
    expected = bccg.information(np.array([sigma]), np.array([nu]))
    for own, mean in zip(expected, observed, strict=True):
        assert own[0] == pytest.approx(mean, rel=0.1, abs=0.02)


@pytest.mark.parametrize(("sigma", "nu"), [(0.3, 0.5), (0.9, 1.5), (0.9, -1.5), (0.4, 0.0)])
def test_density_integrates_to_the_cdf(sigma, nu):
    for y in (0.5, 1.0, 2.0):
        area, _ = quad(lambda x: np.exp(bccg.logpdf(x, 1.0, sigma, nu)), 0, y, epsabs=1e-12)
        assert bccg.cdf(y, 1.0, sigma, nu) == pytest.approx(area, abs=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.001, 0.999), st.floats(10, 1000), st.floats(0.05, 1.0), st.floats(-2.5, 2.5))
def test_quantile_inverts_the_cdf(p, mu, sigma, nu):
    assert bccg.cdf(bccg.quantile(p, mu, sigma, nu), mu, sigma, nu) == pytest.approx(p, abs=1e-9)
    y = bcpe.quantile(p, mu, sigma, nu, 1.6)
    assert bcpe.cdf(y, mu, sigma, nu, 1.6) == pytest.approx(p, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.floats(30, 700), st.floats(0.1, 0.6), st.floats(-1.5, 1.5))
def test_bcpe_with_tau_2_is_bccg(y, sigma, nu):
    own, normal = bcpe.sds(y, 150.0, sigma, nu, 2.0), bccg.sds(y, 150.0, sigma, nu)
    if abs(normal) < 30:
        assert own == pytest.approx(normal, rel=1e-7, abs=1e-7)


def test_sds_stays_finite_where_its_probability_underflows():
    sds = bccg.sds(np.array([1.0, 1e4]), 150.0, 0.1, 0.0)
    assert sds == pytest.approx(np.log(np.array([1.0, 1e4]) / 150) / 0.1)
    near_the_end = bccg.sds(np.array([1e-3, 1e-2, 1.0]), 150.0, 0.2, 1.0)
    assert np.isfinite(near_the_end).all()
    assert (np.diff(near_the_end) > 0).all()


@pytest.mark.parametrize("nu", [-1.2, -0.3, 0.3, 1.2])
def test_sds_is_smooth_where_the_truncation_sets_in(nu):
    """No jump between the plain z and the truncated score."""
    y = np.exp(np.linspace(-3, 3, 20_001))
    sds = bccg.sds(y, 1.0, 0.25, nu)
    steps = np.diff(sds)
    assert (steps > 0).all()
    assert np.abs(np.diff(steps)).max() < 1e-2 * steps.max() + 1e-9


@pytest.mark.parametrize("nu", [5e-324, -1e-310, 1e-101, 1e-99])
def test_nu_of_no_size_is_the_log_normal(nu):
    for family, more in ((bccg, ()), (bcpe, (2.0,))):
        at = family.quantile(0.25, 5.0, 0.1, nu, *more)
        assert at == pytest.approx(5 * np.exp(-0.1 * 0.6744897501960817), rel=1e-12)
        score = family.sds(at, 5.0, 0.1, nu, *more)
        assert score == pytest.approx(-0.6744897501960817, rel=1e-9)


def test_nu_close_to_0_is_the_log_normal():
    y = np.array([20.0, 150.0, 900.0])
    log_normal = bccg.sds(y, 150.0, 0.5, 0.0)
    for nu in (1e-14, -1e-14, 1e-9):
        assert bccg.sds(y, 150.0, 0.5, nu) == pytest.approx(log_normal, abs=1e-7)
