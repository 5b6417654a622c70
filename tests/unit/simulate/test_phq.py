"""PHQ-9 answers have the published marginals, correlations and totals."""

import numpy as np
import pytest

from igfmood.seeds import stream
from igfmood.simulate import latent, phq
from igfmood.simulate.calibration import calibration

N = 60_000


@pytest.fixture(scope="module")
def population() -> tuple[np.ndarray, np.ndarray]:
    """Sex [n] and items [n, 9] of a large general population."""
    rng = stream(1, "test", "population")
    female = np.arange(N) % 2 == 0
    return female, phq.draw_items(rng, np.full(N, "population"), female, phq.plain_rule(rng))[1]


def cronbach_alpha(items: np.ndarray) -> float:
    return float(9 / 8 * (1 - items.var(axis=0).sum() / items.sum(axis=1).var()))


def test_latent_correlations_reproduce_item_correlations() -> None:
    constants = calibration()
    cuts = latent.thresholds(constants.marginals["all"])
    rho = latent.latent_correlation(cuts, constants.correlation)
    first, second = np.triu_indices(9, 1)
    back = latent.score_correlation(cuts[first], cuts[second], rho[first, second])
    np.testing.assert_allclose(back, constants.correlation[first, second], atol=1e-9)


def test_latent_correlation_against_known_orthant() -> None:
    # P(X > 0, Y > 0) = 1/4 + arcsin(rho) / (2 pi): three equal cuts at 0 give scores 0 or 3.
    cuts, rho = np.zeros((1, 3)), np.array([0.5])
    expected = (0.25 + np.arcsin(0.5) / (2 * np.pi) - 0.25) / 0.25
    np.testing.assert_allclose(latent.score_correlation(cuts, cuts, rho), expected, atol=1e-12)


def test_item_marginals_by_sex(population: tuple[np.ndarray, np.ndarray]) -> None:
    female, items = population
    for sex, rows in (("female", female), ("male", ~female)):
        shares = np.stack([(items[rows] == answer).mean(axis=0) for answer in range(4)], axis=1)
        np.testing.assert_allclose(shares, calibration().marginals[sex], atol=0.011)


def test_population_totals(population: tuple[np.ndarray, np.ndarray]) -> None:
    known, items = calibration().population, population[1]
    total = items.sum(axis=1)
    assert total.mean() == pytest.approx(known["mean"], abs=0.08)
    assert total.std() == pytest.approx(known["sd"], abs=0.10)
    assert (total == 0).mean() == pytest.approx(known["share_zero"], abs=0.015)
    assert (total >= 10).mean() == pytest.approx(known["share_ge10"], abs=0.005)
    assert cronbach_alpha(items) == pytest.approx(known["alpha"], abs=0.01)
    difference = np.corrcoef(items.T) - calibration().correlation
    assert np.abs(difference).max() < 0.035


@pytest.mark.parametrize(
    "name", ["control", "mdd", "bipolar_euthymic", "bipolar_depressed", "trial"]
)
def test_group_totals(name: str) -> None:
    n, group = 20_000, calibration().groups[name]
    rng = stream(1, "test", name)
    female = np.arange(n) % 5 < 3
    total = phq.draw_items(rng, np.full(n, name), female, phq.plain_rule(rng))[1].sum(axis=1)
    assert total.mean() == pytest.approx(group.mean, abs=0.2)
    assert total.std() == pytest.approx(group.sd, abs=0.2)
    assert total.min() >= group.low
    assert total.max() <= group.high
