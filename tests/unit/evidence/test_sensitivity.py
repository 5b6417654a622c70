"""Which numbers have sensitivity analyses: all that claims are judged by, each once."""

import pandas as pd
import pytest

from builders import POOLED, make_study, result_table
from igfmood.config.claims import Claim
from igfmood.config.load import load_claims
from igfmood.evidence.sensitivity import add_claims_sensitivity, main_numbers
from igfmood.results import Rows
from igfmood.synthesis.sensitivity import KINDS

STUDY = make_study("a", "b", "c", "twin")
SHARED = {"exposure": "igf1_sds", "model": "m", "stratum": "all", "n": 100}


def claim(name="one", **changes):
    estimand = {"analysis": "within_person", "target": "phq9_total", "measure": "beta",
                "adjustment": "adjusted", **changes.pop("estimand", {})}  # fmt: skip
    return Claim(id=name, statement="Something that is claimed.", category="response",
                 estimand=estimand, **changes)  # fmt: skip


DIAGNOSTIC = claim(
    "test", kind="diagnostic", bound=0.7, contrast="adjusted",
    estimand={"analysis": "validation", "target": "depression", "measure": "auc",
              "adjustment": "base_analyte"},
)  # fmt: skip
TAILS = claim(
    "tails", estimand={"analysis": "tails", "target": "depression", "measure": "log_or",
                       "term": "low", "also": "high"},
)  # fmt: skip


def written(claims, *rows):
    found = Rows(POOLED)
    add_claims_sensitivity(found, claims, result_table(*rows), STUDY)
    return found.table()


def number_of(one, cohort, estimate, **keys):
    estimand = one.estimand
    return {
        **SHARED, "cohort": cohort, "analysis": estimand.analysis, "target": estimand.target,
        "adjustment": estimand.adjustment, "measure": estimand.measure, "term": estimand.term,
        "estimate": estimate, "se": 0.05, **keys,
    }  # fmt: skip


def test_every_claim_of_the_study_has_all_its_numbers():
    claims = load_claims("config/claims.yaml").claims
    numbers = main_numbers(claims, STUDY)
    assert {number.claim for number in numbers} == {one.id for one in claims}
    found = written(claims)
    for one in claims:
        kinds = found[found["claim"] == one.id].groupby("analysis").size()
        assert set(kinds.index) == set(KINDS)
        assert set(kinds) == {2 if one.kind == "diagnostic" or one.estimand.also else 1}


def test_a_test_has_its_auc_and_what_it_adds_and_a_pair_has_both_terms():
    numbers = main_numbers([DIAGNOSTIC, TAILS], STUDY)
    assert [(one.measure, one.term) for one in numbers] == [
        ("auc", ""), ("delta_auc", "over base"), ("log_or", "low"), ("log_or", "high"),
    ]  # fmt: skip


def test_two_claims_on_one_number_have_one_set():
    same = [claim("one"), claim("other", margin=0.5)]
    assert [one.claim for one in main_numbers(same, STUDY)] == ["one"]
    rows = [number_of(same[0], name, y) for name, y in (("a", 0.1), ("b", 0.3))]
    found = written(same, *rows)
    assert set(found["claim"]) == {"one"}
    assert (found["analysis"] == "tau2_estimator").sum() == 8


@pytest.mark.parametrize("one", [claim(), DIAGNOSTIC, TAILS], ids=lambda one: one.id)
def test_numbers_outside_the_forks_are_covered_too(one):
    rows = [number_of(one, name, y) for name, y in (("a", 0.55), ("b", 0.65), ("c", 0.7))]
    found = written([one], *rows)
    found = found[(found["term"] == one.estimand.term) & (found["status"] == "ok")]
    assert set(found.loc[found["analysis"] == "tau2_estimator", "stratum"]) == {
        "DL", "PM", "ML", "REML",
    }  # fmt: skip


def test_pooled_rows_and_cohorts_with_the_people_of_another_take_no_part():
    rows = [number_of(claim(), name, y) for name, y in (("a", 0.1), ("b", 0.3), ("twin", 9.0))]
    rows += [number_of(claim(), "pooled", 0.2)]
    said = {"cohort": "pooled", "analysis": "overlap", "measure": "overlap", "term": "a ~ twin",
            "estimate": 1, "method": "left out of pooling: twin (declared)"}  # fmt: skip
    found = written([claim()], *rows, said)
    mu = found[(found["stratum"] == "REML") & (found["measure"] == "beta")]["estimate"]
    assert mu.tolist() == pytest.approx([0.2])
    assert not found["stratum"].str.contains("twin").any()
    assert pd.notna(mu).all()
