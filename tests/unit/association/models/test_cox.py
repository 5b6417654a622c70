"""Cox regression against the likelihood written out risk set by risk set, and its limits."""

import math

import numpy as np
import pytest
from scipy.optimize import linprog

from igfmood.association.models.cox import fit_cox, proportional_hazards
from igfmood.errors import DataError, NotEstimable


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    n = 150
    X = rng.normal(size=(n, 2)) * [1.0, 30.0]
    failure = rng.exponential(np.exp(-X @ [0.5, 0.01]))
    # Weeks: many ties, some of them with an entry.
    time = np.ceil(np.minimum(failure, 2.0) * 10)
    return {
        "X": X,
        "time": time,
        "event": (failure <= 2.0).astype(int),
        "entry": np.floor(time * rng.uniform(0, 0.7, n)),
        "strata": rng.integers(0, 3, n),
    }


def written_out(coef, X, time, event, entry, strata):
    """Efron log-likelihood, its score and its information, one event at a time."""
    loglik, score, info = 0.0, np.zeros(len(coef)), np.zeros((len(coef), len(coef)))
    risk = np.exp(X @ coef)
    for stratum, t in {(s, t) for s, t, e in zip(strata, time, event, strict=True) if e}:
        inside = strata == stratum
        at_risk = inside & (entry < t) & (time >= t)
        dying = inside & (time == t) & (event == 1)
        for step in range(dying.sum()):
            weight = risk * (at_risk - step / dying.sum() * dying)
            mean = weight @ X / weight.sum()
            loglik -= np.log(weight.sum())
            score -= mean
            info += (X * weight[:, None]).T @ X / weight.sum() - np.outer(mean, mean)
        loglik += np.log(risk[dying]).sum()
        score += X[dying].sum(axis=0)
    return loglik, score, info


@pytest.mark.parametrize("given", [(), ("entry",), ("strata",), ("entry", "strata")])
def test_maximum_of_the_likelihood(table, given):
    n = len(table["time"])
    neutral = {"entry": np.full(n, -1.0), "strata": np.zeros(n)}
    rest = {key: table[key] for key in given}
    core = table["X"], table["time"], table["event"]
    fit = fit_cox(*core, **rest)
    full = neutral | rest
    loglik, score, info = written_out(fit.coef, *core, full["entry"], full["strata"])
    assert fit.loglik == pytest.approx(loglik, rel=1e-12)
    assert np.abs(score * fit.se).max() < 1e-6
    np.testing.assert_allclose(fit.cov, np.linalg.inv(info), rtol=1e-9)
    null = written_out(np.zeros(2), *core, full["entry"], full["strata"])[0]
    assert fit.loglik_null == pytest.approx(null, rel=1e-12)


def test_a_follow_up_cut_in_two_is_the_same_follow_up(table):
    whole = fit_cox(table["X"], table["time"], table["event"])
    person = np.arange(len(table["time"]))
    cut = table["time"] / 2
    two = fit_cox(
        np.vstack([table["X"]] * 2),
        np.append(cut, table["time"]),
        np.append(0 * table["event"], table["event"]),
        entry=np.append(cut * 0, cut),
    )
    np.testing.assert_allclose(two.coef, whole.coef, rtol=1e-9)
    np.testing.assert_allclose(two.cov, whole.cov, rtol=1e-9)
    robust = two.robust(np.append(person, person))
    np.testing.assert_allclose(robust.cov, whole.robust(person).cov, rtol=1e-9)
    assert (robust.covariance, whole.covariance) == ("robust", "model")
    for transform in ("km", "identity", "log"):
        found, expected = (proportional_hazards(fit, transform) for fit in (two, whole))
        assert found.overall.chi2 == pytest.approx(expected.overall.chi2, rel=1e-8)


def test_persons_entered_twice_do_not_count_twice(table):
    once = fit_cox(table["X"], table["time"], table["event"])
    person = np.arange(len(table["time"]))
    twice = fit_cox(
        np.vstack([table["X"]] * 2),
        np.append(table["time"], table["time"]),
        np.append(table["event"], table["event"]),
    )
    ratio = twice.robust(np.append(person, person)).se / once.robust(person).se
    # Efron's ties see the copies, hence not exactly 1.
    assert ratio == pytest.approx([1, 1], abs=0.1)
    assert twice.se / once.se == pytest.approx([np.sqrt(0.5)] * 2, abs=0.05)


def test_proportional_hazards_is_the_score_of_a_drifting_coefficient(table):
    # Follow-up cut at every event (times are whole weeks): x * g(t) is then a plain column.
    X, time, event = table["X"], table["time"], table["event"]
    rows, t = np.nonzero(time[:, None] >= np.unique(time[event == 1]))
    t = np.unique(time[event == 1])[t]
    fit = fit_cox(X, time, event)
    spread = fit_cox(X[rows], t, (time[rows] == t) & (event[rows] == 1), entry=t - 1)
    np.testing.assert_allclose(spread.coef, fit.coef, rtol=1e-9)
    drift = np.column_stack([X[rows], X[rows, 0] * np.log(t)])
    wider = fit_cox(drift, t, (time[rows] == t) & (event[rows] == 1), entry=t - 1)
    lr = 2 * (wider.loglik - fit.loglik)
    test = proportional_hazards(fit, "log").columns[0]
    assert test.df == 1
    # Score and likelihood ratio agree to first order.
    assert test.chi2 == pytest.approx(lr, rel=0.1)


def test_drifting_hazard_ratio_is_found():
    rng = np.random.default_rng(4)
    n = 800
    x = rng.normal(size=(n, 2))
    # A Weibull shape that depends on the first column: its hazard ratio falls with time.
    time = rng.exponential(size=n) ** np.exp(0.3 * x[:, 0])
    check = proportional_hazards(fit_cox(x, time, np.ones(n)))
    assert check.columns[0].p < 1e-6
    assert check.columns[1].p > 0.01
    assert (check.overall.df, check.transform) == (2, "km")


def test_contrast(table):
    fit = fit_cox(table["X"], table["time"], table["event"])
    found = fit.contrast(1, level=0.9)
    assert (found.estimate, found.se) == (fit.coef[1], fit.se[1])
    assert found.ci_high - found.ci_low == pytest.approx(2 * 1.6448536269514722 * fit.se[1])
    assert found.p == pytest.approx(math.erfc(abs(found.z) / math.sqrt(2)), rel=1e-10)
    assert found.z == found.estimate / found.se


def test_units_of_a_column_carry_over(table):
    plain = fit_cox(table["X"], table["time"], table["event"])
    scaled = fit_cox(table["X"] * [1e6, 1e-6] + [1e6, 0], table["time"], table["event"])
    np.testing.assert_allclose(scaled.coef * [1e6, 1e-6], plain.coef, rtol=1e-8)
    np.testing.assert_allclose(scaled.se * [1e6, 1e-6], plain.se, rtol=1e-8)


def test_a_hazard_ratio_without_end_is_named(table):
    X, time, event = table["X"], table["time"], table["event"]
    spared = ((event == 0) & (X[:, 0] > 0)).astype(float)
    with pytest.raises(NotEstimable, match=r"column 1 .*no finite estimate.*lowest"):
        fit_cox(np.column_stack([X[:, 0], spared, X[:, 1]]), time, event)
    with pytest.raises(NotEstimable, match=r"column 0 .*no finite estimate"):
        fit_cox(np.column_stack([-time, X]), time, event)


def test_a_finite_estimate_exists_exactly_when_no_direction_orders_every_event():
    rng = np.random.default_rng(6)
    outcomes = set()
    for _ in range(60):
        n = 18
        X = np.column_stack([rng.random(n) < 0.3, np.round(rng.normal(size=n), 1)]).astype(float)
        time, event = rng.integers(1, 10, n), rng.random(n) < 0.35
        if event.sum() < 3:
            continue
        case, other = np.nonzero(event[:, None] & (time[None, :] >= time[:, None]))
        ahead = X[case] - X[other]
        program = linprog(-ahead.sum(axis=0), ahead * -1, np.zeros(len(ahead)), bounds=(-1, 1))
        endless = bool((ahead @ program.x).max() > 1e-7)
        outcomes.add(endless)
        if endless:
            with pytest.raises(NotEstimable, match="no finite estimate"):
                fit_cox(X, time, event)
        else:
            assert np.isfinite(fit_cox(X, time, event).se).all()
    assert outcomes == {True, False}


def test_a_rare_exposure_is_not_taken_for_separation():
    rng = np.random.default_rng(5)
    n = 20_000
    exposed = (np.arange(n) < 6).astype(float)
    time = rng.exponential(np.where(exposed == 1, 0.02, 1.0))
    event = time < 0.5
    fit = fit_cox(np.column_stack([exposed, rng.normal(size=n)]), np.minimum(time, 0.5), event)
    assert fit.contrast(0).ci_low > 1


def test_too_little_to_estimate(table):
    X, time, event = table["X"], table["time"], table["event"]
    with pytest.raises(NotEstimable, match="no events in 150 rows"):
        fit_cox(X, time, 0 * event)
    few = np.zeros(150)
    few[:2] = 1
    with pytest.raises(NotEstimable, match="too few events for 2 coefficients: 2"):
        fit_cox(X, time, few)
    with pytest.raises(NotEstimable, match=r"column 1 .* does not vary within strata"):
        fit_cox(np.column_stack([X[:, 0], table["strata"]]), time, event, strata=table["strata"])
    early = (time < time[event == 1].min()).astype(float)
    early[np.argmin(time)] = 1
    time = np.where(early == 1, 0.5, time)
    with pytest.raises(NotEstimable, match=r"column 1 .* does not vary among those at risk"):
        fit_cox(np.column_stack([X[:, 0], early]), time, np.where(early == 1, 0, event))
    with pytest.raises(NotEstimable, match=r"column 2 .* linear combination"):
        fit_cox(np.column_stack([X, X @ [1, 2]]), time, event)
    with pytest.raises(NotEstimable, match="more persons"):
        fit_cox(X, time, event).robust(np.arange(150) % 2)


def test_proportional_hazards_needs_time(table):
    X, event = table["X"], table["event"]
    with pytest.raises(NotEstimable, match="two times"):
        proportional_hazards(fit_cox(X, np.where(event == 1, 1, 2), event))
    with pytest.raises(NotEstimable, match="no logarithm"):
        proportional_hazards(fit_cox(X, table["time"] - 1, event), "log")
    with pytest.raises(ValueError, match="km, identity or log"):
        proportional_hazards(fit_cox(X, table["time"], event), "rank")


def test_malformed_input(table):
    X, time, event = table["X"], table["time"], table["event"]
    with pytest.raises(ValueError, match="do not match"):
        fit_cox(X, time[:-1], event)
    with pytest.raises(ValueError, match="missing or infinite"):
        fit_cox(np.where(np.arange(150)[:, None] == 3, np.nan, X), time, event)
    with pytest.raises(ValueError, match="0 or 1"):
        fit_cox(X, time, event + 1)
    with pytest.raises(ValueError, match="expected 150 persons"):
        fit_cox(X, time, event).robust(np.arange(10))
    with pytest.raises(DataError, match=r"1 rows leave .* row 7 .*"):
        fit_cox(X, time, event, entry=np.where(np.arange(150) == 7, time, 0.0))
