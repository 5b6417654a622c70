"""Worlds of a claim about a subset: planted among these people, and found among them."""

from functools import partial

import numpy as np
import pytest

from builders import cohort_entry, make_claim, people, study_config
from igfmood.config.load import parse_study
from igfmood.errors import NotEstimable
from igfmood.evidence.operating import worlds
from igfmood.evidence.operating.claims import law_of, refuse_chosen_by_scores
from igfmood.evidence.operating.engine import Plan, World, of_question
from igfmood.evidence.operating.ground import Drawn, ground_of
from igfmood.seeds import stream

NAMES = ("a", "b")
STUDY = parse_study(study_config(*(cohort_entry(name) for name in NAMES), seed=3, operating={
    "worlds": 1, "effect": 5.0,
}))  # fmt: skip


def claim(population, **changes):
    estimand = make_claim().estimand.model_copy(update={"population": population, **changes})
    return make_claim(estimand=estimand.model_dump())


SEVERITY = partial(claim, analysis="severity", target="phq9_total", measure="beta")


@pytest.fixture(scope="module")
def grounds():
    tables = {
        name: people({"control": 400, "mdd": 300}, seed=seed) for seed, name in enumerate(NAMES)
    }
    return {name: ground_of(table, STUDY, STUDY.cohort(name)) for name, table in tables.items()}


def drawn(one, grounds, effect):
    """The cohorts of a world in which a claim has this effect."""
    found = {}
    for name, ground in grounds.items():
        scores = law_of(one, worlds.CLAIMED, ground).scores(ground, effect, stream(1, name))
        found[name] = Drawn(ground, ground.with_scores(scores))
    return found


def estimates(one, tables):
    rows = of_question(one, {}, tables, STUDY)
    rows = rows[rows["stratum"] == one.estimand.population]
    main = rows[(rows["measure"] == one.estimand.measure) & (rows["term"] == "")]
    return main[main["cohort"] != "pooled"].set_index("cohort")["estimate"]


@pytest.mark.parametrize(("make", "effect"), [(claim, -1.0), (SEVERITY, -2.0)])
def test_an_effect_among_women_is_planted_in_them_and_found_in_them_alone(grounds, make, effect):
    tables = drawn(make("women"), grounds, effect)
    women, men, everybody = (
        estimates(make(population), tables).mean() for population in ("women", "men", "all")
    )
    assert women == pytest.approx(effect, rel=0.2)
    assert abs(men) < 0.2 * abs(effect)
    assert 0.3 < everybody / effect < 0.7


def test_a_number_is_estimated_among_the_women_of_each_cohort(grounds):
    tables = {name: Drawn(ground, ground.table) for name, ground in grounds.items()}
    n = of_question(claim("women"), {}, tables, STUDY).set_index("cohort")["n"]
    for name, ground in grounds.items():
        assert n.loc[[name]].tolist() == [(ground.table["sex"] == "female").sum()]


def test_a_world_judges_the_subset(grounds):
    one = claim("women")
    laws = {worlds.CLAIMED: {
        name: law_of(one, worlds.CLAIMED, ground) for name, ground in grounds.items()
    }}  # fmt: skip
    for kind, truth in ((worlds.CLAIMED, -1.0), (worlds.NULL, 0.0)):
        outcome = World(kind, 0, STUDY, grounds).judge(Plan(one, laws, {}))
        assert outcome.truth == truth
        assert outcome.estimate == pytest.approx(truth, abs=0.2)


def test_a_cohort_that_does_not_know_the_subset_is_silent(grounds):
    with pytest.raises(NotEstimable, match="ad_use is not in this cohort"):
        law_of(claim("ad_free"), worlds.CLAIMED, grounds["a"])


@pytest.mark.parametrize(
    "chosen",
    [
        {"within_percentiles": [1, 99]},
        {"rules": [{"name": "low", "variable": "analyte", "below": 100}]},
    ],
)
def test_people_who_are_chosen_by_the_analyte_have_no_world(chosen):
    subsets = [{"name": "some", "label": "Some", **chosen}]
    study = STUDY.model_copy(update={"subsets": parse_study(study_config(
        subsets=subsets, forks={"population": ["all"]},
    )).subsets})  # fmt: skip
    with pytest.raises(NotEstimable, match="some are chosen by the analyte"):
        refuse_chosen_by_scores(claim("some"), study)
    refuse_chosen_by_scores(claim("all"), study)


def test_published_studies_say_nothing_of_a_subset():
    (published,) = (one for one in worlds.KINDS if one.name == worlds.PUBLISHED)
    assert worlds.asked(claim("all"), published)
    assert not worlds.asked(claim("women"), published)


def test_columns_that_choose_people_stay_in_worlds():
    table = people({"control": 60, "mdd": 50}).assign(dx_subtype="mdd_recurrent")
    kept = ground_of(table, STUDY, STUDY.cohort("a")).table
    assert "dx_subtype" not in kept
    rule = {"name": "again", "variable": "diagnosis", "equals": ["mdd"]}
    study = parse_study(study_config(
        subsets=[{"name": "again", "label": "Again", "rules": [rule]}],
        forks={"population": ["all"]},
    ))  # fmt: skip
    ground = ground_of(table, study, study.cohort("clinic"))
    assert "dx_subtype" in ground.table
    assert np.array_equal(ground.data.members("again"), ground.data.people["diagnosis"] == "mdd")
