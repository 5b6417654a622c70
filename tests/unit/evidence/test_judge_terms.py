"""Claims with two terms, claims of one cohort, claims about genes, and gates."""

import pytest
from scipy.stats import norm, t

from builders import POOLED, make_study, result_table
from igfmood.config.claims import Claim
from igfmood.evidence.judge import judge_claim
from igfmood.results import Rows
from igfmood.synthesis.pool import IDENTITY, carry_single
from igfmood.synthesis.row_keys import NORMAL_TERM, companion

STUDY = make_study()
TAILS = {
    "id": "both_tails", "statement": "Both too little and too much go with it.",
    "category": "safety", "direction": "higher", "margin": 0.2,
    "estimand": {"analysis": "tails", "target": "depression", "measure": "log_or",
                 "adjustment": "adjusted", "term": "low", "also": "high"},
}  # fmt: skip
SHARED = {
    "analysis": "tails", "target": "depression", "exposure": "igf1_sds", "model": "tails",
    "adjustment": "adjusted", "stratum": "all", "n": 500, "n_events": 200,
}  # fmt: skip
#: Estimate and half-width that lead to each verdict, for a claim of more than 0.2.
LEADS_TO = {
    "SUPPORTED": (0.6, 0.2), "REFUTED": (-0.6, 0.2), "INCONCLUSIVE": (0.3, 0.2),
    "NOT_EVALUABLE": (0.6, 0.2),
}  # fmt: skip


def tail(term, verdict, **keys):
    """The pooled rows of one tail that lead to a verdict."""
    estimate, half = LEADS_TO[verdict]
    k = 1 if verdict == "NOT_EVALUABLE" else 3
    shared = {**SHARED, **keys}
    return [
        {**shared, "measure": "log_or", "term": term, "estimate": estimate, "se": half / 2,
         "df": 60.0, "ci_low": estimate - half, "ci_high": estimate + half},
        {**shared, "measure": "k", "term": f"log_or {term}", "estimate": k},
    ]  # fmt: skip


def judged(claim, *rows, study=STUDY):
    collected = Rows(POOLED)
    table = result_table(*rows)
    found = judge_claim(Claim.model_validate(claim), table, collected, study)
    assert set(found.result_ids) <= set(table["result_id"])
    return found, collected.table()


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        ("SUPPORTED", "SUPPORTED", "SUPPORTED"),
        ("SUPPORTED", "INCONCLUSIVE", "INCONCLUSIVE"),
        ("INCONCLUSIVE", "INCONCLUSIVE", "INCONCLUSIVE"),
        ("SUPPORTED", "REFUTED", "REFUTED"),
        ("INCONCLUSIVE", "REFUTED", "REFUTED"),
        ("REFUTED", "REFUTED", "REFUTED"),
        ("SUPPORTED", "NOT_EVALUABLE", "NOT_EVALUABLE"),
    ],
)
def test_both_terms_must_hold_and_either_refutes(low, high, verdict):
    for first, second in ((low, high), (high, low)):
        found, _ = judged(TAILS, *tail("low", first), *tail("high", second))
        assert found.judgement.verdict == verdict


def test_the_reason_names_each_term_with_its_own():
    found, computed = judged(TAILS, *tail("low", "SUPPORTED"), *tail("high", "INCONCLUSIVE"))
    low, high = found.judgement.reason.split("; ")
    assert low == "low: the interval lies beyond the margin in the claimed direction"
    assert high.startswith("high: the direction is as claimed")
    assert len(set(found.result_ids)) == 2
    terms = computed.groupby("analysis")["term"].agg(sorted).to_dict()
    # The term that is settled needs nobody more.
    assert terms == {"equivalence": ["high", "low"], "n_to_settle": ["high"]}


def test_a_gate_that_one_term_fails_is_named_with_the_term():
    found, _ = judged(TAILS, *tail("low", "SUPPORTED"), *tail("high", "NOT_EVALUABLE"))
    assert found.judgement.reason == "high: too few cohorts: k = 1 < 2"
    found, _ = judged(TAILS, *tail("low", "SUPPORTED"))
    assert found.judgement.reason == "there is no result to judge it by: see the failures"
    single = {**TAILS, "estimand": {**TAILS["estimand"], "also": ""}}
    found, _ = judged(single, *tail("low", "NOT_EVALUABLE"))
    assert found.judgement.reason == "too few cohorts: k = 1 < 2"


def test_terms_are_one_or_two():
    both = Claim.model_validate(TAILS).estimand
    assert both.terms == ["low", "high"]
    assert both.model_copy(update={"also": ""}).terms == ["low"]
    assert both.model_copy(update={"term": ""}).terms == ["", "high"]


def test_without_a_second_term_the_other_tail_says_nothing():
    single = {**TAILS, "estimand": {**TAILS["estimand"], "also": ""}}
    found, _ = judged(single, *tail("low", "SUPPORTED"), *tail("high", "REFUTED"))
    assert found.judgement.verdict == "SUPPORTED"
    assert len(found.result_ids) == 1


# One cohort.


def carried(*terms):
    """What the synthesis makes of estimates that one cohort alone has."""
    rows = Rows(POOLED)
    cohort = {"cohort": "clinic", "method": "logistic regression"}
    estimates = [tail(term, "SUPPORTED", **cohort)[0] for term in terms]
    carry_single(rows, result_table(*estimates), lambda analysis, measure: IDENTITY)
    names = ("method", "measure", "term", "estimate", "se", "df", "ci_low", "ci_high")
    table = rows.table()
    return [
        {**SHARED, **row[[*names]].dropna()} for _, row in table[table["status"] == "ok"].iterrows()
    ]


def test_a_verdict_on_one_cohort_speaks_of_that_cohort():
    single = {**TAILS, "estimand": {**TAILS["estimand"], "also": ""}, "min_cohorts": 1}
    found, _ = judged(single, *carried("low"))
    assert found.judgement.verdict == "SUPPORTED"
    assert found.judgement.reason.endswith("; in one cohort (clinic), no claim to any other")
    several, _ = judged(single, *tail("low", "SUPPORTED"))
    assert "one cohort" not in several.judgement.reason


@pytest.mark.parametrize("alone", ["low", "high"])
def test_one_term_from_one_cohort_is_enough_to_say_so(alone):
    other = {"low": "high", "high": "low"}[alone]
    found, _ = judged({**TAILS, "min_cohorts": 1}, *carried(alone), *tail(other, "SUPPORTED"))
    assert found.judgement.verdict == "SUPPORTED"
    assert found.judgement.reason.endswith("in one cohort (clinic), no claim to any other")


@pytest.mark.parametrize(("needed", "verdict"), [(1, "SUPPORTED"), (2, "NOT_EVALUABLE")])
def test_one_cohort_is_judged_only_if_one_is_enough(needed, verdict):
    found, computed = judged({**TAILS, "min_cohorts": needed}, *carried("low", "high"))
    assert found.judgement.verdict == verdict
    if verdict == "NOT_EVALUABLE":
        assert found.judgement.reason == "low: too few cohorts: k = 1 < 2"
        assert computed.empty


@pytest.mark.parametrize(
    ("needed", "verdict"), [(3, "SUPPORTED"), (4, "NOT_EVALUABLE"), (9, "NOT_EVALUABLE")]
)
def test_the_gate_is_the_number_of_cohorts_that_the_claim_declares(needed, verdict):
    rows = (*tail("low", "SUPPORTED"), *tail("high", "SUPPORTED"))
    found, _ = judged({**TAILS, "min_cohorts": needed}, *rows)
    assert found.judgement.verdict == verdict
    if verdict == "NOT_EVALUABLE":
        assert found.judgement.reason == f"low: too few cohorts: k = 3 < {needed}"


# The wider of two intervals.


def normal(row, half):
    limits = {"ci_low": row["estimate"] - half, "ci_high": row["estimate"] + half}
    term = companion(row["term"], NORMAL_TERM)
    return {**row, "term": term, "se": half / norm.ppf(0.975), "df": None, **limits}


def test_the_equivalence_test_goes_with_the_interval_that_decides():
    single = {**TAILS, "estimand": {**TAILS["estimand"], "also": ""}}
    row, k = tail("low", "SUPPORTED")
    row = {**row, "estimate": 0.0, "ci_low": -0.02, "ci_high": 0.02, "se": 0.02 / 12.706, "df": 1.0}
    found, computed = judged(single, row, k, normal(row, 0.15))
    # Two cohorts that agree on nothing: 1.645 standard errors are well within the margin, and
    # Student's t with one degree of freedom (6.31 of them) would belong to the other interval.
    assert found.judgement.verdict == "REFUTED"
    half = 0.15 / norm.ppf(0.975) * norm.ppf(0.95)
    assert computed["ci_high"].item() == pytest.approx(half, rel=1e-6)
    _, computed = judged(single, row, k)
    assert computed["ci_high"].item() == pytest.approx(0.02 / 12.706 * t.ppf(0.95, 1), rel=1e-6)


# Claims about genes.

GENES = {
    **TAILS, "id": "genes", "min_cohorts": 1,
    "estimand": {"analysis": "mendelian", "target": "depression", "measure": "beta"},
}  # fmt: skip


def genetic(verdict, target="depression"):
    keys = {"analysis": "mendelian", "target": target, "adjustment": "", "model": "mendelian",
            "n": 60, "n_events": None}  # fmt: skip
    row, _ = tail("", verdict, **keys)
    k = {**SHARED, **keys, "measure": "k", "term": "beta", "estimate": 1}
    return [{**row, "measure": "beta", "df": None}, k]


@pytest.mark.parametrize("verdict", ["SUPPORTED", "REFUTED", "INCONCLUSIVE"])
def test_genes_are_judged_like_any_effect(verdict):
    found, computed = judged(GENES, *genetic(verdict))
    assert found.judgement.verdict == verdict
    assert "one cohort" not in found.judgement.reason
    # Its n counts variants: no number of people follows from it.
    needed = computed[computed["analysis"] == "n_to_settle"]
    assert needed["status"].tolist() == ["not_estimable"] * (verdict == "INCONCLUSIVE")


def test_genes_without_tables_are_not_evaluable_and_the_reason_says_which_are_missing():
    found, _ = judged(GENES)
    assert found.judgement.verdict == "NOT_EVALUABLE"
    assert found.judgement.reason.startswith("no genetic summary tables are given")
    found, _ = judged(GENES, *genetic("SUPPORTED", target="bipolar"))
    assert found.judgement.verdict == "NOT_EVALUABLE"
    assert found.judgement.reason == (
        "no genetic summary table of depression is given, only of bipolar"
    )


def test_genes_whose_table_is_broken_are_not_evaluable_for_that_reason():
    rows = Rows(POOLED)
    row, _ = genetic("SUPPORTED")
    keys = {name: row[name] for name in ("analysis", "target", "exposure", "model", "stratum")}
    rows.add_not_estimable("gwas.csv has no column 'SE'", **keys, measure="beta")
    found = judge_claim(Claim.model_validate(GENES), rows.table(), Rows(POOLED), STUDY)
    assert found.judgement.verdict == "NOT_EVALUABLE"
    assert found.judgement.reason == "gwas.csv has no column 'SE'"


# Claims about a test.


def test_a_test_without_any_group_difference_is_not_evaluable():
    claim = {
        "id": "test", "statement": "It is a test for depression.", "category": "diagnostic",
        "kind": "diagnostic", "bound": 0.7, "margin": 0.02, "contrast": "adjusted",
        "estimand": {"analysis": "validation", "target": "depression", "measure": "auc",
                     "adjustment": "base_analyte"},
    }  # fmt: skip
    shared = {**SHARED, "analysis": "validation", "model": "logistic",
              "adjustment": "base_analyte"}  # fmt: skip
    rows = [
        {**shared, "measure": "auc", "estimate": 0.8, "ci_low": 0.75, "ci_high": 0.85},
        {**shared, "measure": "k", "term": "auc", "estimate": 3},
        {**shared, "measure": "delta_auc", "term": "over base", "estimate": 0.1, "se": 0.01,
         "df": 2.0, "ci_low": 0.06, "ci_high": 0.14},
    ]  # fmt: skip
    found, _ = judged(claim, *rows)
    assert found.judgement.verdict == "NOT_EVALUABLE"
    assert found.judgement.reason == "group difference: there is no result"
