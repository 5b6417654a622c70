"""Claims name numbers that the study estimates; what nobody estimates is refused with a remedy."""

import re
from itertools import permutations
from typing import get_args

import pytest
import yaml

from builders import SOURCE, cohort_entry, make_study, people, study_config, write_table
from igfmood.association.questions import all_questions
from igfmood.association.visits import add_visits
from igfmood.cohort.inputs import load_study
from igfmood.config.claims import ANSWERS, IN_SUBSETS, LAST_TIER, Analysis, Claim
from igfmood.config.genetics import GeneticOutcome
from igfmood.config.load import check_config
from igfmood.errors import ConfigError
from igfmood.intake.check import check
from igfmood.results import Rows
from oracle_files import REPOSITORY

TASKS = ("depression", "bipolar", "bipolar_vs_depression")
NUMBERS = [
    (analysis, name, measure, term)
    for analysis, targets in ANSWERS.items()
    for target, numbers in targets
    for name in (TASKS if target == "<task>" else (target,))
    for measure, term in numbers
]


def adjustments(analysis, target, measure, term):
    """The adjustments with which a number is estimated in the default study."""
    if analysis in ("validation", "mendelian"):
        return ["base_analyte" if analysis == "validation" else ""]
    only = any((analysis, target, measure) == one[:3] and term in one[3] for one in LAST_TIER)
    return ["adjusted"] if only else ["unadjusted", "adjusted"]


def claim(name="odd", analysis="contrast", target="depression", measure="smd", **changes):
    """A claim as it stands in the file."""
    estimand = {"analysis": analysis, "target": target, "measure": measure,
                "adjustment": changes.pop("adjustment", "adjusted")}  # fmt: skip
    estimand |= {
        key: changes.pop(key) for key in ("term", "also", "population") if key in changes
    }  # fmt: skip
    kind = {"kind": "diagnostic", "bound": 0.7, "contrast": "adjusted"}
    return {
        "id": name, "statement": "IGF-1 has to do with it.", "category": "susceptibility",
        "estimand": estimand, **(kind if analysis == "validation" else {}), **changes,
    }  # fmt: skip


def problems(folder, *claims, **changes):
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump({"claims": list(claims)}), encoding="utf-8")
    found = check_config(study_config(claims=str(path), **changes))
    assert found.study is not None
    return found.problems


# What is declared to have an answer is what is asked.


def test_every_number_that_a_claim_may_name_is_one_that_a_question_answers():
    asked = {}
    for question in all_questions(make_study()):
        for measure, term in question.keys:
            key = (question.analysis, question.target, measure, term)
            assert key not in asked, "two questions give one number"
            asked[key] = question.every_tier
    rows = Rows(SOURCE)
    add_visits(rows, people({"control": 5, "mdd": 5}), make_study())
    keys = ["analysis", "target", "measure", "term"]
    visits = rows.table()
    assert set(visits["adjustment"]) == {"adjusted"}
    asked |= dict.fromkeys(visits[keys].itertuples(index=False, name=None), False)
    elsewhere = ("validation", "mendelian")
    numbers = [number for number in NUMBERS if number[0] not in elsewhere]
    assert len(numbers) > 30
    for number in numbers:
        assert asked[number] == (len(adjustments(*number)) == 2), number


def test_every_analysis_has_answers_and_genes_those_of_the_configuration():
    assert set(ANSWERS) == set(get_args(Analysis))
    outcomes = {target for target, _ in ANSWERS["mendelian"]}
    assert outcomes == set(get_args(GeneticOutcome.model_fields["name"].annotation))


def test_every_number_is_accepted_with_every_adjustment_that_it_has(tmp_path):
    claims = [
        claim(f"c{k}-{tier or 'none'}", *number[:3], term=number[3], adjustment=tier, min_cohorts=1)
        for k, number in enumerate(NUMBERS)
        for tier in adjustments(*number)
    ]
    assert len(claims) > 50
    assert problems(tmp_path, *claims) == []


def test_every_two_terms_of_one_measure_may_stand_together(tmp_path):
    terms = ("low", "high", "excess", "squared")
    claims = [
        claim(f"{one}-{other}", "tails", measure="log_or", term=one, also=other)
        for one, other in permutations(terms, 2)
    ]
    assert problems(tmp_path, *claims) == []


def test_numbers_of_the_last_tier_follow_the_names_of_the_study(tmp_path):
    one = claim("cognitive", "severity", "phq9_cognitive", "beta", adjustment="full")
    tiers = {"adjusted": ["age_years"], "full": ["age_years", "sex"]}
    assert problems(tmp_path, one, covariate_tiers=tiers) == []
    tiers = {"full": ["age_years", "sex"], "adjusted": ["age_years"]}
    (told,) = problems(tmp_path, one, covariate_tiers=tiers)
    assert "adjustment 'full' has no result in this study; allowed: ['adjusted']" in told


# What has none is refused: file, claim, key, value, and what there is instead.


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"target": "mania"}, "target 'mania' {no}; allowed: {tasks}"),
        ({"analysis": "severity", "target": "depression", "measure": "beta"},
         "target 'depression' {no}; allowed: ['phq9_total', 'phq9_10', 'phq9_cognitive']"),
        ({"measure": "beta"}, "measure 'beta' {no}; allowed: ['smd', 'log_rom', 'log_vr']"),
        ({"analysis": "severity", "target": "phq9_10", "measure": "beta"},
         "measure 'beta' {no}; allowed: ['log_or']"),
        ({"analysis": "incidence", "measure": "smd"},
         "measure 'smd' {no}; allowed: ['log_hr', 'log_or']"),
        ({"adjustment": "crude"},
         "adjustment 'crude' {no}; allowed: ['unadjusted', 'adjusted']"),
        ({"adjustment": ""}, "adjustment '' {no}; allowed: ['unadjusted', 'adjusted']"),
        ({"term": "low"}, "term 'low' {no}; allowed: ['']"),
        ({"analysis": "tails", "measure": "log_or"},
         "term '' {no}; allowed: ['low', 'high', 'excess', 'squared']"),
        ({"analysis": "treatment", "target": "response", "measure": "log_or", "term": "drug"},
         "term 'drug' {no}; allowed: ['predictive', 'prognostic']"),
        ({"also": "high"}, "also 'high' {no}; allowed: ['']"),
        ({"analysis": "tails", "measure": "log_or", "term": "low", "also": "middle"},
         "also 'middle' {no}; allowed: ['', 'high', 'excess', 'squared']"),
        # A term beside itself would be judged, and written, twice.
        ({"analysis": "tails", "measure": "log_or", "term": "low", "also": "low"},
         "also 'low' {no}; allowed: ['', 'high', 'excess', 'squared']"),
        # These are estimated with the last tier alone.
        ({"analysis": "severity", "target": "phq9_cognitive", "measure": "beta",
          "adjustment": "unadjusted"}, "adjustment 'unadjusted' {no}; allowed: ['adjusted']"),
        ({"analysis": "cognition", "target": "cognition_score", "measure": "beta",
          "term": "decline", "adjustment": "unadjusted"},
         "adjustment 'unadjusted' {no}; allowed: ['adjusted']"),
        ({"analysis": "cognition", "target": "cognition_score", "measure": "beta",
          "also": "decline", "adjustment": "unadjusted"},
         "adjustment 'unadjusted' {no}; allowed: ['adjusted']"),
        ({"analysis": "neuroplasticity", "target": "phq9_total", "measure": "indirect",
          "adjustment": "unadjusted"}, "adjustment 'unadjusted' {no}; allowed: ['adjusted']"),
        ({"analysis": "incidence", "target": "bipolar", "measure": "log_or",
          "adjustment": "unadjusted"}, "adjustment 'unadjusted' {no}; allowed: ['adjusted']"),
        ({"analysis": "within_person", "target": "phq9_total", "measure": "beta",
          "adjustment": "unadjusted"}, "adjustment 'unadjusted' {no}; allowed: ['adjusted']"),
        # Only this tier has an added AUC, which a claim about a test is judged by too.
        ({"analysis": "validation", "measure": "auc", "adjustment": "analyte"},
         "adjustment 'analyte' {no}; allowed: ['base_analyte']"),
        ({"analysis": "validation", "measure": "auc", "adjustment": "base_analyte",
          "contrast": "crude"}, "contrast 'crude' {no}; allowed: [None, 'unadjusted', 'adjusted']"),
        ({"analysis": "validation", "measure": "auc", "adjustment": "base_analyte",
          "term": "low"}, "term 'low' {no}; allowed: ['']"),
        ({"analysis": "mendelian", "measure": "beta", "min_cohorts": 1},
         "adjustment 'adjusted' {no}; allowed: ['']"),
        ({"analysis": "mendelian", "measure": "beta", "adjustment": "", "target": "phq9_total",
          "min_cohorts": 1}, "target 'phq9_total' {no}; allowed: ['depression', 'bipolar']"),
        ({"analysis": "mendelian", "measure": "log_or", "adjustment": "", "min_cohorts": 1},
         "measure 'log_or' {no}; allowed: ['beta']"),
        # One pair of tables stands behind it: with the default of two it could never be judged.
        ({"analysis": "mendelian", "measure": "beta", "adjustment": ""},
         "min_cohorts 2 {no}; allowed: [1]"),
    ],
)  # fmt: skip
def test_what_no_question_answers_is_refused_with_what_there_is(tmp_path, changes, told):
    told = told.format(no="has no result in this study", tasks=list(TASKS))
    assert problems(tmp_path, claim(**changes)) == [
        f"{tmp_path / 'claims.yaml'}: claim 'odd': {told}"
    ]


def test_several_mistakes_of_several_claims_are_told_together(tmp_path):
    found = problems(
        tmp_path, claim("one", target="mania", adjustment="crude"), claim("fine"),
        claim("two", "tails", measure="log_or", term="middle", also="top"),
    )  # fmt: skip
    about = [re.search(r"claim '(\w+)': (\w+) '", text).groups() for text in found]
    assert about == [
        ("one", "target"), ("one", "adjustment"), ("two", "term"), ("two", "also"),
    ]  # fmt: skip


def test_a_run_and_the_check_refuse_alike(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump({"claims": [claim(term="low")]}))
    config = study_config(cohort_entry(), claims="claims.yaml")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config))
    told = "claims.yaml: claim 'odd': term 'low' has no result in this study; allowed: ['']"
    with pytest.raises(ConfigError) as caught:
        load_study(config)
    assert told in str(caught.value)
    assert told in check(tmp_path / "study.yaml").problems


# Claims about a subset.

NO = "has no result in this study"
SUBSETS = [{"name": name, "label": name, "rules": [{"name": name, "variable": "sex",
                                                    "equals": [sex]}]}
           for name, sex in (("women", "female"), ("men", "male"))]  # fmt: skip


def numbers_in_subsets():
    return [
        (analysis, name, measure, term)
        for analysis, target, measure, term in IN_SUBSETS
        for name in (TASKS if target == "<task>" else (target,))
    ]


def test_numbers_that_are_said_to_be_estimated_in_subsets_are_those_that_are():
    asked = {
        (question.analysis, question.target, measure, term)
        for question in all_questions(make_study()) if question.in_subsets
        for measure, term in question.keys
    }  # fmt: skip
    others = ("simple_slope", "johnson_neyman")
    assert {key for key in asked if key[2] not in others and key in NUMBERS} == set(
        numbers_in_subsets()
    )


def test_every_number_of_subsets_is_accepted_in_each_of_the_study(tmp_path):
    claims = [
        claim(f"c{k}-{population}", *number[:3], term=number[3], population=population)
        for k, number in enumerate(numbers_in_subsets()) for population in ("all", "women", "men")
    ]  # fmt: skip
    assert len(claims) > 30
    assert problems(tmp_path, *claims, subsets=SUBSETS, forks={"population": ["all"]}) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"population": "wommen"}, "did you mean 'women'? it is no name of `subsets` of the "
         "study; allowed: ['all', 'women', 'men']"),
        ({"population": "children"}, "it is no name of `subsets` of the study; "
         "allowed: ['all', 'women', 'men']"),
        ({"population": "women", "adjustment": "unadjusted"}, "numbers of subsets are adjusted as "
         "the last tier says; set adjustment to 'adjusted', or leave population out; "
         "allowed: ['all']"),
        ({"population": "women", "measure": "log_vr"},
         "this number is estimated among everybody alone; allowed: ['all']"),
        ({"population": "women", "analysis": "tails", "measure": "log_or", "term": "low"},
         "this number is estimated among everybody alone; allowed: ['all']"),
        ({"population": "women", "analysis": "treatment", "target": "response",
          "measure": "log_or", "term": "predictive"},
         "this number is estimated among everybody alone; allowed: ['all']"),
        ({"population": "women", "analysis": "cognition", "target": "cognition_score",
          "measure": "beta", "also": "decline"},
         "this number is estimated among everybody alone; allowed: ['all']"),
        ({"population": "women", "analysis": "validation", "measure": "auc",
          "adjustment": "base_analyte"}, "a test is built and judged among everybody; to judge it "
         "among some people, choose them with `include` and `exclude` of the cohorts; "
         "allowed: ['all']"),
        ({"population": "women", "analysis": "mendelian", "measure": "beta", "adjustment": "",
          "min_cohorts": 1}, "it rests on published summaries, and nobody can be chosen from them; "
         "allowed: ['all']"),
    ],
)  # fmt: skip
def test_a_population_without_a_result_is_refused_with_the_remedy(tmp_path, changes, told):
    population = changes["population"]
    found = problems(tmp_path, claim(**changes), subsets=SUBSETS, forks={"population": ["all"]})
    where = f"{tmp_path / 'claims.yaml'}: claim 'odd': population {population!r} {NO}: "
    assert found == [where + told]


def test_what_is_wrong_with_the_number_comes_before_its_population(tmp_path):
    (told,) = problems(tmp_path, claim(target="mania", population="children"))
    assert "target 'mania'" in told


# The claim itself.


def test_a_claim_about_a_test_is_about_validation_and_no_other_is():
    for changes, told in (
        ({"kind": "diagnostic", "bound": 0.7, "contrast": "adjusted"}, "found kind diagnostic"),
        ({"bound": 0.7}, "bound belongs to"),
        ({"contrast": "adjusted"}, "contrast belongs to"),
    ):
        with pytest.raises(ValueError, match=told):
            Claim.model_validate(claim(**changes))
    test = claim(analysis="validation", measure="auc", adjustment="base_analyte")
    assert Claim.model_validate(test).bound == 0.7
    for missing, told in (("kind", "found kind effect"), ("bound", "need"), ("contrast", "need")):
        with pytest.raises(ValueError, match=told):
            Claim.model_validate({key: value for key, value in test.items() if key != missing})


@pytest.mark.parametrize("family", [None, "primary"])
def test_a_family_is_a_name_or_nothing(family):
    assert Claim.model_validate(claim(family=family)).family == family
    with pytest.raises(ValueError, match="family"):
        Claim.model_validate(claim(family="the primary claims"))


def test_the_claims_of_the_repository_have_answers():
    path = REPOSITORY / "config" / "claims.yaml"
    assert check_config(study_config(claims=str(path))).problems == []
