"""The smallest effect that counts of people foresee."""

import numpy as np
import pytest
from scipy.special import ndtri, stdtrit

from builders import POOLED, make_claim, make_study
from igfmood.association.questions import question_of
from igfmood.errors import NotEstimable
from igfmood.evidence.sizes import Size, _add_smallest, _of_sample, auc_variance, smallest_auc
from igfmood.results import Rows

STUDY = make_study()
POWER = float(ndtri(0.975) + ndtri(0.8))


def size(n: int, events: int) -> Size:
    return Size(n, events, ((n, events),))


def smallest(claim, *sizes: Size, term: str = ""):
    """The row of the smallest effect."""
    rows = Rows(POOLED)
    _add_smallest(rows, STUDY, claim, term, sizes, {"analysis": "sizes", "claim": claim.id})
    return rows.table().iloc[0]


def test_two_groups_of_64_find_half_a_standard_deviation():
    """Cohen (1988), table 2.4.1: d = 0.5, power 0.80, two-sided 0.05 asks for 64 in each group."""
    row = smallest(make_claim(min_cohorts=1), size(128, 64))
    assert row["estimate"] == pytest.approx(0.5, abs=0.01)
    assert (row["n"], row["n_events"]) == (128, 64)


def test_several_cohorts_are_judged_with_few_degrees_of_freedom():
    row = smallest(make_claim(), *[size(200, 100)] * 3)
    t = float(stdtrit(2, 0.975) + stdtrit(2, 0.8))
    assert row["estimate"] == pytest.approx(t * np.sqrt(4 / 200 / 3))
    assert row["df"] == 2
    assert "cohorts alike" in row["method"]


@pytest.mark.parametrize(
    ("analysis", "target", "measure", "counts", "variance"),
    [
        ("incidence", "depression", "log_hr", size(1000, 100), 1 / 100),
        ("severity", "phq9_10", "log_or", size(400, 100), 400 / (100 * 300)),
        ("severity", "phq9_total", "beta", Size(400), 1 / 400),
        ("cognition", "cognition_score", "beta", Size(300), 1 / 300),
        ("treatment", "response", "log_or", Size(200, 90, ((100, 50), (100, 40))),
         100 / (50 * 50) + 100 / (40 * 60)),
    ],
)  # fmt: skip
def test_each_kind_of_number_has_its_formula(analysis, target, measure, counts, variance):
    estimand = {"analysis": analysis, "target": target, "measure": measure,
                "adjustment": "adjusted"}  # fmt: skip
    row = smallest(make_claim(estimand=estimand, min_cohorts=1), counts)
    assert row["estimate"] == pytest.approx(POWER * np.sqrt(variance))


def test_a_tail_is_a_tenth_of_each_group():
    row = smallest(make_claim("tails", min_cohorts=1), size(500, 200), term="low")
    variance = (1 / 0.1 + 1 / 0.8) * (1 / 200 + 1 / 300)
    assert row["estimate"] == pytest.approx(POWER * np.sqrt(variance))


def test_the_variance_of_an_auc_is_that_of_hanley_and_mcneil():
    """Hanley & McNeil (1982), table III: AUC 0.893 with 51 abnormal of 109 has a SE of 0.032."""
    assert np.sqrt(auc_variance(0.893, 51, 109)) == pytest.approx(0.032, abs=0.0006)


def test_the_smallest_auc_is_told_from_its_bound():
    auc = smallest_auc([size(400, 200)], 0.7, np.inf)
    assert auc - 0.7 == pytest.approx(POWER * np.sqrt(auc_variance(auc, 200, 400)))
    with pytest.raises(NotEstimable, match=r"a lower limit below 0\.95"):
        smallest_auc([size(24, 12), size(24, 12)], 0.95, 1.0)


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        (make_claim("mendelian"), "published summaries"),
        (make_claim(), "too few cohorts: k = 1 < 2"),
        (make_claim(min_cohorts=1, estimand={
            "analysis": "neuroplasticity", "target": "phq9_total", "measure": "indirect",
            "adjustment": "adjusted"}), "does not tell its standard error"),
    ],
)  # fmt: skip
def test_what_counts_do_not_tell_is_said(claim, why):
    with pytest.raises(NotEstimable, match=why):
        smallest(claim, size(100, 50))


class Anybody(list):
    """So many people of whom nothing is known."""

    study = STUDY


@pytest.mark.parametrize(
    ("analysis", "target", "measure", "groups"),
    [
        ("cognition", "cognition_score", "beta", 2),
        ("stress_buffering", "phq9_total", "beta", 5),
        ("neuroplasticity", "phq9_total", "indirect", 5),
    ],
)
def test_a_claim_asks_here_for_as_many_people_as_its_model_will(analysis, target, measure, groups):
    claim = make_claim(estimand={"analysis": analysis, "target": target, "measure": measure,
                                 "adjustment": "adjusted"})  # fmt: skip
    question = question_of(STUDY, analysis, target, measure, "")
    enough = groups * STUDY.gates.group_size
    assert _of_sample(claim, question, Anybody([0] * enough)) == Size(enough)
    with pytest.raises(NotEstimable, match=f"{enough - 1} < {enough}"):
        _of_sample(claim, question, Anybody([0] * (enough - 1)))
