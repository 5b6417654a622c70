"""Mediation: its identities, its bootstrap against rows drawn one by one, its refusals."""

import numpy as np
import pytest

from igfmood.association.mediation import mediation, sensitivity_to_confounding
from igfmood.association.models.linear import ols_hc3
from igfmood.errors import NotEstimable


def _study(n=200, seed=1, a=0.4, b=0.5, direct=0.2):
    rng = np.random.default_rng(seed)
    c = rng.normal([50, 0], 1, size=(n, 2))
    x = rng.normal(size=n) + 0.3 * c[:, 1]
    m = a * x + c[:, 1] + rng.normal(size=n)
    y = direct * x + b * m - 0.1 * c[:, 0] + rng.normal(size=n)
    return x, m, y, c


def _rng():
    return np.random.default_rng(7)


def test_coefficients_are_those_of_the_two_regressions():
    x, m, y, c = _study()
    ones = np.ones(len(x))
    first = ols_hc3(np.column_stack([ones, x, c]), m)
    second = ols_hc3(np.column_stack([ones, x, m, c]), y)
    third = ols_hc3(np.column_stack([ones, x, c]), y)
    found = mediation(x, m, y, c, _rng(), 200)
    assert (found.a, found.b) == pytest.approx((first.beta[1], second.beta[2]), rel=1e-10)
    assert found.direct.estimate == pytest.approx(second.beta[1], rel=1e-9)
    assert found.total.estimate == pytest.approx(third.beta[1], rel=1e-10)
    assert found.proportion == pytest.approx(found.indirect.estimate / third.beta[1], rel=1e-10)


def test_bootstrap_is_the_one_of_drawn_rows():
    x, m, y, c = _study(n=60)
    found = mediation(x, m, y, c, _rng(), 300)
    # The same draws, each sample refitted by least squares.
    rows = _rng().integers(0, 60, (300, 60))
    draws = []
    for at in rows:
        ones = np.ones(60)
        a = np.linalg.lstsq(np.column_stack([ones, x[at], c[at]]), m[at], rcond=None)[0][1]
        both = np.column_stack([ones, x[at], m[at], c[at]])
        direct, b = np.linalg.lstsq(both, y[at], rcond=None)[0][1:3]
        draws.append((a * b, direct, a * b + direct))
    for effect, values in zip(
        (found.indirect, found.direct, found.total), np.transpose(draws), strict=True
    ):
        assert effect.se == pytest.approx(values.std(ddof=1), rel=1e-8)
        limits = np.quantile(values, [0.025, 0.975])
        assert (effect.ci_low, effect.ci_high) == pytest.approx(limits, rel=1e-8)


def test_of_many_people_the_law_of_bootstrap_samples_stands_for_them(monkeypatch):
    x, m, y, c = _study(n=2000)
    drawn = mediation(x, m, y, c, _rng(), 4000)
    monkeypatch.setattr("igfmood.association.mediation.MANY", 1999)
    law = mediation(x, m, y, c, _rng(), 4000)
    for name in ("indirect", "direct", "total"):
        one, other = getattr(law, name), getattr(drawn, name)
        assert one.estimate == other.estimate
        # The Monte Carlo error of an SE of 4,000 samples is 1.1 %.
        assert one.se == pytest.approx(other.se, rel=0.04)
        assert (one.ci_low, one.ci_high) == pytest.approx(
            (other.ci_low, other.ci_high), abs=0.12 * other.se
        )
    assert law.rho_draws.std() == pytest.approx(drawn.rho_draws.std(), rel=0.04)


def test_the_correlation_of_errors_is_that_of_residuals_in_every_sample():
    x, m, y, c = _study(n=60)
    found = mediation(x, m, y, c, _rng(), 300)

    def partial(at):
        base = np.column_stack([np.ones(60), x[at], c[at]])
        left = [v[at] - base @ np.linalg.lstsq(base, v[at], rcond=None)[0] for v in (m, y)]
        return np.corrcoef(*left)[0, 1]

    at_zero = sensitivity_to_confounding(x, m, y, c).rho_at_zero
    assert at_zero == pytest.approx(partial(np.arange(60)), rel=1e-9)
    draws = [partial(at) for at in _rng().integers(0, 60, (300, 60))]
    np.testing.assert_allclose(found.rho_draws, draws, rtol=1e-8)


def test_percentiles_of_the_correlation_cover_as_they_claim():
    """Of a normal sample, 95 % by the bootstrap and by Fisher's z."""
    truth, covered, agree = 0.5 / np.sqrt(1.25), 0, []
    for seed in range(200):
        found = mediation(*_study(n=150, seed=seed), _rng(), 400)
        low, high = np.quantile(found.rho_draws, [0.025, 0.975])
        covered += low < truth < high
        agree.append((np.arctanh(high) - np.arctanh(low)) / (2 * 1.96 / np.sqrt(150 - 3 - 3)))
    # 99.9 % of binomial(200, 0.95) lies above 179; the two lengths agree to a tenth.
    assert covered > 179
    assert np.mean(agree) == pytest.approx(1, abs=0.1)


def test_blocks_make_no_difference(monkeypatch):
    study = _study(n=60)
    whole = mediation(*study, _rng(), 300)
    monkeypatch.setattr("igfmood.association.mediation.BLOCK_WEIGHTS", 60 * 7)
    assert mediation(*study, _rng(), 300).indirect.se == pytest.approx(whole.indirect.se, rel=1e-9)


def test_agrees_with_statsmodels():
    import statsmodels.api as sm
    from statsmodels.stats.mediation import Mediation

    x, m, y, c = _study()
    base = np.column_stack([np.ones(len(x)), x, c])
    theirs = Mediation(
        sm.OLS(y, np.column_stack([base, m])), sm.OLS(m, base), (1, 1), mediator=4
    ).fit(n_rep=250, method="bootstrap", rng=3)
    ours = mediation(x, m, y, c, _rng(), 2000)
    table = theirs.summary()
    # It also simulates both potential mediators of everybody, whose residual SD is 1: noise that
    # the average effect does not have widens its interval of the indirect effect.
    noise = ours.b * np.sqrt(2 / len(x))
    for effect, row, extra in (
        (ours.indirect, "ACME (average)", noise),
        (ours.total, "Total effect", noise),
        (ours.direct, "ADE (average)", 0.0),
    ):
        estimate, low, high = table.loc[row].iloc[:3]
        se = np.hypot(effect.se, extra)
        assert estimate == pytest.approx(effect.estimate, abs=4 * se / np.sqrt(250))
        assert (high - low) / (2 * 1.96) == pytest.approx(se, rel=0.2)


def test_intervals_cover_as_they_claim():
    truth, covered = 0.3 * 0.4, 0
    for seed in range(200):
        study = _study(n=150, seed=seed, a=0.3, b=0.4)
        found = mediation(*study, np.random.default_rng(seed), 400).indirect
        covered += found.ci_low <= truth <= found.ci_high
    # 95 % of 200 is 190, with a binomial SD of 3.1.
    assert 178 <= covered <= 199


def test_units_do_not_matter():
    x, m, y, c = _study()
    there = mediation(x, m, y, c, _rng(), 300)
    scaled = mediation(150 + 40 * x, 3000 + 300 * m, 2 * y - 5, c * 1000, _rng(), 300)
    for name in ("indirect", "direct", "total"):
        one, two = getattr(there, name), getattr(scaled, name)
        assert (two.estimate, two.se, two.ci_low) == pytest.approx(
            (one.estimate / 20, one.se / 20, one.ci_low / 20), rel=1e-7
        )
        assert two.p == one.p


def test_rare_covariate_level_is_left_out_of_samples_without_it():
    x, m, y, c = _study(n=80)
    rare = np.zeros((80, 1))
    rare[:2] = 1
    found = mediation(x, m, y, np.column_stack([c, rare]), _rng(), 300)
    assert found.indirect.se == pytest.approx(
        mediation(x, m, y, c, _rng(), 300).indirect.se, rel=0.2
    )


def test_sensitivity_at_no_confounding_is_the_indirect_effect():
    study = _study()
    found = sensitivity_to_confounding(*study, rho=[0.0, -0.5, 0.5])
    indirect = mediation(*study, _rng(), 100).indirect.estimate
    assert found.indirect[0] == pytest.approx(indirect, rel=1e-10)
    assert found.indirect[1] > indirect > found.indirect[2]
    at_zero = sensitivity_to_confounding(*study, rho=[found.rho_at_zero])
    assert at_zero.indirect[0] == pytest.approx(0, abs=1e-12)
    assert found.r2_at_zero == found.rho_at_zero**2


def test_sensitivity_recovers_the_truth_behind_a_confounder():
    # An unmeasured u causes both: the errors' correlation is 0.5 by design, and b is 0.
    rng = np.random.default_rng(1)
    n = 200_000
    u, x = rng.normal(size=n), rng.normal(size=n)
    m = 0.5 * x + u + rng.normal(size=n)
    y = 0.3 * x + u + rng.normal(size=n)
    assert mediation(x[:5000], m[:5000], y[:5000], None, rng, 200).indirect.estimate > 0.2
    assert sensitivity_to_confounding(x, m, y, None, rho=[0.5]).indirect[0] == pytest.approx(
        0, abs=0.01
    )


def test_what_cannot_be_mediated_is_said():
    x, m, y, c = _study(n=40)
    with pytest.raises(NotEstimable, match="the exposure does not vary"):
        mediation(np.ones(40), m, y, c, _rng())
    with pytest.raises(NotEstimable, match="the exposure does not vary, or not beyond"):
        mediation(c[:, 0] - c[:, 1], m, y, c, _rng())
    with pytest.raises(NotEstimable, match="mediator does not vary beyond the exposure"):
        mediation(x, 3 * x + c[:, 1], y, c, _rng())
    with pytest.raises(NotEstimable, match="determine the outcome"):
        mediation(x, m, x + m, c, _rng())
    with pytest.raises(NotEstimable, match="too few participants"):
        mediation(x[:6], m[:6], y[:6], c[:6], _rng())
    with pytest.raises(NotEstimable, match="column 1"):
        mediation(x, m, y, np.ones((40, 1)), _rng())
    lone = np.zeros(40)
    lone[0] = 1
    with pytest.raises(NotEstimable, match=r"in \d+ of 2000 bootstrap samples"):
        mediation(lone, m, y, None, _rng())


def test_wrong_input_is_refused():
    x, m, y, c = _study(n=40)
    with pytest.raises(ValueError, match="missing or infinite"):
        mediation(x, np.full(40, np.nan), y, c, _rng())
    with pytest.raises(ValueError, match="do not match"):
        mediation(x, m, y, c[:39], _rng())
    with pytest.raises(ValueError, match="100 resamples"):
        mediation(x, m, y, c, _rng(), 10)
    with pytest.raises(ValueError, match="between -1 and 1"):
        sensitivity_to_confounding(x, m, y, c, rho=[1.0])
