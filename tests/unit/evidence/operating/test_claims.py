"""Laws are known for the numbers whose planted value the claim's model finds, and for no others."""

import pytest

from builders import make_claim, make_study, people
from igfmood.errors import NotEstimable
from igfmood.evidence.operating.claims import law_of
from igfmood.evidence.operating.ground import ground_of
from igfmood.evidence.operating.worlds import CLAIMED


@pytest.fixture(scope="module")
def ground():
    study = make_study()
    return ground_of(people({"control": 100, "mdd": 80}, seed=2), study, study.cohorts[0])


def claim(analysis, measure, term=""):
    made = make_claim(analysis)
    number = made.estimand.model_copy(update={"measure": measure, "term": term})
    return made.model_copy(update={"estimand": number})


@pytest.mark.parametrize(
    ("analysis", "measure", "term"),
    [("contrast", "smd", ""), ("tails", "log_or", "low"), ("tails", "log_or", "high")],
)
def test_a_law_is_about_everybody(ground, analysis, measure, term):
    assert len(law_of(claim(analysis, measure, term), CLAIMED, ground).rows) == 180


@pytest.mark.parametrize(
    ("analysis", "measure", "term"),
    [
        ("contrast", "log_rom", ""), ("contrast", "log_vr", ""), ("tails", "log_or", "squared"),
        ("tails", "log_or", "excess"),
    ],
)  # fmt: skip
def test_no_world_is_invented_for_other_numbers(ground, analysis, measure, term):
    with pytest.raises(NotEstimable, match=f"no world is invented for {analysis} {measure}"):
        law_of(claim(analysis, measure, term), CLAIMED, ground)
