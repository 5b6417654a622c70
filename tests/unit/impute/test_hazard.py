"""Nelson-Aalen: by hand, beside statsmodels, with ties and late entry."""

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from igfmood.errors import NotEstimable
from igfmood.impute.hazard import nelson_aalen


def test_ties_count_together_and_who_leaves_then_is_still_at_risk():
    found = nelson_aalen([1, 2, 2, 2, 3, 4], [1, 1, 1, 0, 0, 1])
    np.testing.assert_array_equal(found.times, [1, 2, 4])
    np.testing.assert_allclose(found.values, np.cumsum([1 / 6, 2 / 5, 1 / 1]))
    np.testing.assert_allclose(
        found.at([0, 0.9, 1, 1.5, 2, 3, 9]), np.array([0, 0, 5, 5, 17, 17, 47]) / 30
    )


def test_nobody_is_at_risk_before_entry_or_at_that_very_time():
    # At 2: the first two and the fourth (the third enters only then); at 5: the last two.
    found = nelson_aalen([2, 3, 5, 6], [1, 0, 1, 0], entry=[0, 1, 2, 1.5])
    np.testing.assert_allclose(found.values, [1 / 3, 1 / 3 + 1 / 2])
    np.testing.assert_allclose(
        found.between([0, 1, 2, 1.5], [2, 3, 5, 6]), [2 / 6, 2 / 6, 3 / 6, 5 / 6]
    )
    assert found.between(6, 5) == 0


@pytest.mark.parametrize("late", [False, True])
def test_as_statsmodels_counts(late):
    rng = np.random.default_rng(3)
    entry = np.round(rng.uniform(0, 3, 400), 1) * late
    exit_ = entry + np.round(rng.exponential(3, 400), 1) + 0.1
    event = rng.random(400) < 0.6
    theirs = SurvfuncRight(exit_, event.astype(int), entry=entry if late else None)
    found = nelson_aalen(exit_, event, entry if late else None)
    assert found.times.size < event.sum()
    expected = np.cumsum(theirs.n_events / theirs.n_risk)
    np.testing.assert_allclose(found.at(theirs.surv_times), expected, rtol=1e-12)


def test_everybody_gathers_as_much_as_events_happened():
    """The sum of what people gather from entry to exit is the number of events, whatever ties."""
    rng = np.random.default_rng(4)
    entry = rng.integers(0, 4, 300).astype(float)
    exit_ = entry + rng.integers(1, 6, 300)
    event = rng.random(300) < 0.4
    gathered = nelson_aalen(exit_, event, entry).between(entry, exit_)
    assert gathered.sum() == pytest.approx(event.sum())


@pytest.mark.parametrize(
    ("exit_", "event", "entry", "what"),
    [
        ([1, 2], [1], None, "do not match"),
        ([1, np.nan], [1, 0], None, "missing values"),
        ([1, 2], [1, 0], [np.nan, 0], "missing values"),
        ([1, 2], [1, 0], [1, 0], "1 people leave no later than they enter"),
    ],
)
def test_what_are_no_times_is_an_error(exit_, event, entry, what):
    with pytest.raises(ValueError, match=what):
        nelson_aalen(exit_, event, entry)


def test_without_events_there_is_no_hazard():
    with pytest.raises(NotEstimable, match="nobody had the event"):
        nelson_aalen([1, 2], [0, 0])
