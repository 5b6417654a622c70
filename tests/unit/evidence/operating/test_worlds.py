"""What is true of a claim in each kind of world, and which verdicts are errors."""

import pytest

from builders import make_claim, make_study
from igfmood.config.operating import Operating
from igfmood.evidence.operating import worlds
from igfmood.evidence.operating.engine import Plan, planted
from igfmood.performance.metrics.discrimination import auc

SETTINGS = Operating(worlds=1)


def kind(name):
    return next(one for one in worlds.KINDS if one.name == name)


def test_effects_are_in_margins_and_point_where_the_claim_does():
    assert worlds.effect(make_claim(), worlds.NULL, SETTINGS) == 0
    assert worlds.effect(make_claim(), worlds.MARGIN, SETTINGS) == pytest.approx(-0.2)
    assert worlds.effect(make_claim(), worlds.CLAIMED, SETTINGS) == pytest.approx(-0.6)
    higher = make_claim(direction="higher", margin=0.05)
    assert worlds.effect(higher, worlds.CLAIMED, SETTINGS) == pytest.approx(0.15)


def test_a_diagnostic_claim_is_given_the_difference_that_leads_to_its_auc():
    study = make_study()
    plan = Plan(make_claim("validation", margin=0.02), {}, {}, base_auc=0.6)
    for name, wanted in ((worlds.MARGIN, 0.7), (worlds.CLAIMED, 0.8)):
        d = planted(plan, name, study)
        assert d < 0
        assert combined(0.6, d) == pytest.approx(wanted, abs=0.005)
    assert planted(plan, worlds.NULL, study) == 0


def combined(before, d, n=60_000):
    """AUC of the best sum of a known score with this AUC and a score that differs by d."""
    import numpy as np
    from scipy.special import ndtri

    rng = np.random.default_rng(1)
    case = np.arange(n) % 2 == 0
    d0 = np.sqrt(2) * ndtri(before)
    known, new = rng.standard_normal(n) + d0 * case, rng.standard_normal(n) + d * case
    return auc(case.astype(float), d0 * known + d * new)


@pytest.mark.parametrize(
    ("analysis", "name", "expected"),
    [
        ("contrast", worlds.NULL, ("SUPPORTED",)),
        ("contrast", worlds.MARGIN, ("SUPPORTED", "REFUTED")),
        ("contrast", worlds.CLAIMED, ("REFUTED",)),
        ("contrast", worlds.U_SHAPE, ("SUPPORTED",)),
        ("contrast", worlds.NON_SPECIFIC, ("REFUTED",)),
        ("tails", worlds.U_SHAPE, ("SUPPORTED",)),
    ],
)
def test_which_verdict_is_an_error(analysis, name, expected):
    assert worlds.wrong(make_claim(analysis), name, make_study()) == expected


def test_a_claim_that_both_tails_are_raised_is_right_where_they_are():
    study, higher = make_study(), make_claim("tails", direction="higher")
    assert worlds.wrong(higher, worlds.U_SHAPE, study) == ("REFUTED",)
    # Beyond what is planted neither verdict is an error.
    assert worlds.wrong(higher.model_copy(update={"margin": 0.7}), worlds.U_SHAPE, study) == ()


def test_one_diagnosis_is_not_told_from_another_where_all_have_the_effect():
    apart = make_claim().estimand.model_copy(update={"target": "bipolar_vs_depression"})
    claim = make_claim().model_copy(update={"estimand": apart})
    assert worlds.wrong(claim, worlds.NON_SPECIFIC, make_study()) == ("SUPPORTED",)


def test_where_a_test_is_right_the_analyte_adds_what_it_declares():
    plan = Plan(make_claim("validation", margin=0.05), {}, {}, base_auc=0.78)
    found = combined(0.78, planted(plan, worlds.CLAIMED, make_study()))
    assert found == pytest.approx(0.78 + 3 * 0.05, abs=0.005)


def test_each_kind_is_asked_of_the_claims_it_says_something_of():
    asked = {
        analysis: {one.name for one in worlds.KINDS if worlds.asked(make_claim(analysis), one)}
        for analysis in ("contrast", "tails", "validation", "mendelian")
    }
    everything = {one.name for one in worlds.KINDS}
    assert asked["contrast"] == everything
    assert asked["validation"] == everything - {worlds.PUBLISHED}
    assert asked["tails"] == everything - {worlds.PUBLISHED, worlds.NON_SPECIFIC}
    assert asked["mendelian"] == set()
    of_people = make_claim().model_copy(
        update={"estimand": make_claim().estimand.model_copy(update={"analysis": "cognition"})}
    )
    assert not worlds.asked(of_people, kind(worlds.BATCH))
    assert worlds.asked(of_people, kind(worlds.PERMUTED))
