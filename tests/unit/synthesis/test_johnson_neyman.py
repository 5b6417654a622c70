"""Bounds of where a pooled slope differs from 0: against the pooled band, and against algebra."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from builders import POOLED
from igfmood import results
from igfmood.results import Rows, Source
from igfmood.synthesis.johnson_neyman import add_johnson_neyman, pooled_distance, regions_over
from igfmood.synthesis.random_effects import random_effects

GRID = np.round(np.arange(-2.5, 2.51, 0.25), 2)
KEYS = {
    "analysis": "stress_buffering", "target": "phq9_total", "exposure": "igf1_sds",
    "model": "linear", "adjustment": "adjusted", "stratum": "all",
}  # fmt: skip


def cohort(name, slope, interaction, v=(0.004, 0.0, 0.002), bounds=()):
    """Rows of a cohort: slopes along the grid with variance v0 + 2 v1 z + v2 z^2; own bounds."""
    rows = Rows(Source("demo", name, 1, "c0de", "da7a"))
    for z in GRID:
        rows.add(
            **KEYS, measure="simple_slope", term=f"{z:g}", estimate=slope + interaction * z,
            se=float(np.sqrt(v[0] + 2 * v[1] * z + v[2] * z**2)), n=100, method="OLS",
        )  # fmt: skip
    for term, value in bounds:
        rows.add(**KEYS, measure="johnson_neyman", term=term, estimate=value, n=100, method="own")
    if not bounds:
        reason = "the slope of stress differs from 0 at no score"
        rows.add_not_estimable(reason, **KEYS, measure="johnson_neyman")
    return rows.table()


def pooled(*cohorts):
    rows = Rows(POOLED)
    add_johnson_neyman(rows, results.concatenate(cohorts), "stress_buffering")
    return rows.table().set_index("term")


def three(slope=0.3, interaction=-0.15):
    return (
        cohort("a", slope, interaction),
        cohort("b", slope + 0.05, interaction - 0.04, (0.006, 0.001, 0.003)),
        cohort("c", slope - 0.06, interaction + 0.03, (0.003, -0.0005, 0.001)),
    )


def p_at(z, slope=0.3, interaction=-0.15):
    """Pooled p where every cohort's slope and variance are worked out from its own numbers."""
    y = [slope + interaction * z, slope + 0.05 + (interaction - 0.04) * z,
         slope - 0.06 + (interaction + 0.03) * z]  # fmt: skip
    v = [0.004 + 0.002 * z**2, 0.006 + 0.002 * z + 0.003 * z**2, 0.003 - 0.001 * z + 0.001 * z**2]
    return random_effects(y, v).p


def test_p_of_the_pooled_slope_is_alpha_at_the_bound():
    found = pooled(*three(0.4, -0.15))
    assert list(found.index) == ["below"]
    bound = found.loc["below", "estimate"]
    assert p_at(bound, 0.4) == pytest.approx(0.05, rel=1e-6)
    assert p_at(bound - 0.01, 0.4) < 0.05 < p_at(bound + 0.01, 0.4)
    assert found.loc["below", "n"] == 300
    assert found.loc["below", "method"] == (
        "Johnson-Neyman: the pooled slope differs from 0 below this score, of scores from -2.5 to "
        "2.5; slopes of the cohorts pooled at each score (random effects: REML, Knapp-Hartung "
        "interval, t(k-1), pointwise)"
    )


def test_both_ends_where_the_slope_turns():
    found = pooled(*three(0.0, -0.5))
    assert list(found.index) == ["below", "above"]
    for bound in found["estimate"]:
        assert p_at(bound, 0.0, -0.5) == pytest.approx(0.05, rel=1e-6)
    assert found.loc["below", "estimate"] < 0 < found.loc["above", "estimate"]


def test_equal_variances_have_a_bound_by_algebra():
    """Two cohorts +-d about the mean: Knapp-Hartung gives mean +- t(1) d, whatever tau2."""
    found = pooled(cohort("a", 0.32, -0.1), cohort("b", 0.28, -0.1))
    reach = t.ppf(0.975, 1) * 0.02
    assert found.loc["below", "estimate"] == pytest.approx((0.3 - reach) / 0.1, abs=1e-7)


def test_a_range_in_the_middle_has_a_beginning_and_an_end():
    """Cohorts that are close at 0 and part towards both ends."""
    turns = {"a": (0.53, 0.2), "b": (0.44, 0.0), "c": (0.53, -0.2)}
    found = pooled(*(cohort(name, *turn) for name, turn in turns.items()))
    assert list(found.index) == ["from", "to"]
    # Equal variances: mean 0.5, Knapp-Hartung error by the sum of squares, t on 2.
    bound = np.sqrt((6 * (0.5 / t.ppf(0.975, 2)) ** 2 - 0.0054) / 0.08)
    assert list(found["estimate"]) == pytest.approx([-bound, bound], rel=1e-6)


@pytest.mark.parametrize(
    ("slope", "reason"),
    [
        (0.0, "the pooled slope differs from 0 at no score from -2.5 to 2.5"),
        (9.0, "the pooled slope differs from 0 at every score from -2.5 to 2.5: there is no bound"),
    ],
)
def test_no_bound_says_why(slope, reason):
    found = pooled(*three(slope, 0.0))
    assert list(found.index) == [""]
    assert (found.loc["", "status"], found.loc["", "reason"]) == ("not_estimable", reason)


def test_one_cohort_is_carried_as_it_stands():
    found = pooled(cohort("a", 0.3, -0.1, bounds=(("below", 1.2), ("above", 4.5))))
    assert dict(found["estimate"]) == {"below": 1.2, "above": 4.5}
    assert found["method"].str.startswith("one cohort only (a), no claim to any other: own").all()
    none = pooled(cohort("a", 0.0, 0.0))
    assert none.loc["", "reason"] == (
        "one cohort only (a): the slope of stress differs from 0 at no score"
    )


def test_no_cohort_says_why():
    rows = Rows(Source("demo", "a", 1, "c0de", "da7a"))
    for measure, term in (("simple_slope", "0"), ("johnson_neyman", "")):
        rows.add_not_estimable("no stress here", **KEYS, measure=measure, term=term)
    assert pooled(rows.table()).loc["", "reason"] == (
        "no cohort has an estimate: no stress here (a)"
    )


def test_cohorts_that_agree_exactly_say_that_there_is_no_interval():
    found = pooled(cohort("a", 0.3, -0.1), cohort("b", 0.3, -0.1))
    assert "give the same estimate" in found.loc["", "reason"]


def test_the_distance_is_that_of_the_pooled_interval_between_grid_points():
    tables = pd.concat(three())
    clear = pooled_distance(tables[tables["measure"] == "simple_slope"], 0.95)
    for z in (-1.13, 0.6, 1.9):
        assert (clear(z) > 0) == (p_at(z) < 0.05)


def test_regions_of_a_function():
    grid = np.linspace(-3, 3, 61)
    assert regions_over(lambda x: 1 - x**2, grid) == [pytest.approx((-1, 1), abs=1e-9)]
    assert regions_over(lambda x: x**2 - 1, grid) == [
        pytest.approx((-np.inf, -1), abs=1e-9), pytest.approx((1, np.inf), abs=1e-9),
    ]  # fmt: skip
    assert regions_over(lambda x: -1.0, grid) == []
    assert len(regions_over(lambda x: np.sin(5 * x) - 0.5, grid)) == 5
