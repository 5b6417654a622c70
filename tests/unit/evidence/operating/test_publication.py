"""A biased literature: what is printed, and what a synthesis makes of it."""

import numpy as np
import pytest

from builders import make_claim, make_study
from igfmood.evidence.operating.engine import World
from igfmood.evidence.operating.publication import published_outcome

ERRORS = [0.1, 0.15, 0.2, 0.25, 0.3]


def outcomes(share, n=60):
    study = make_study(operating={"worlds": 1, "significant_only": share})
    found = [
        published_outcome(make_claim(), World("published", number, study, {}), ERRORS)
        for number in range(n)
    ]
    return [one for one in found if one is not None]


def test_an_honest_literature_is_about_right():
    found = outcomes(1.0)
    mean = np.mean([one.estimate for one in found])
    assert mean == pytest.approx(0, abs=0.05)
    held = np.mean([one.ci_low <= 0 <= one.ci_high for one in found])
    assert held > 0.85
    assert {one.truth for one in found} == {0.0}


def test_a_biased_one_finds_what_is_not_there_in_the_claimed_direction():
    found = outcomes(0.0)
    assert all(one.estimate < -0.2 for one in found)
    assert np.mean([one.ci_high < 0 for one in found]) > 0.9


def test_one_study_is_no_literature():
    study = make_study(operating={"worlds": 1})
    assert published_outcome(make_claim(), World("published", 0, study, {}), [0.2]) is None
