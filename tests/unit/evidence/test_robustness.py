"""What stands beside the verdicts: adjusted p, E-values, agreement of forks."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from builders import POOLED, make_study, result_table
from igfmood import results
from igfmood.config.claims import Claim
from igfmood.evidence.judge import judge_claim
from igfmood.evidence.robustness import add_robustness
from igfmood.results import Rows
from igfmood.synthesis.pool import IDENTITY, pool_cohorts
from igfmood.synthesis.row_keys import NORMAL_TERM, companion

STUDY = make_study()
SHARED = {"exposure": "igf1_sds", "model": "linear", "adjustment": "adjusted", "stratum": "all",
          "n": 500}  # fmt: skip


def claim(name="lower", analysis="contrast", target="depression", measure="smd", **changes):
    """A claim that the estimate is below zero by more than 0.2."""
    estimand = {key: changes.pop(key) for key in ("term", "also", "adjustment") if key in changes}
    return Claim.model_validate({
        "id": name, "statement": "IGF-1 is lower there.", "category": "susceptibility",
        "direction": "lower", "margin": 0.2, **changes,
        "estimand": {"analysis": analysis, "target": target, "measure": measure,
                     "adjustment": "adjusted", **estimand},
    })  # fmt: skip


def effect(estimate=-0.6, half=0.2, p=0.01, k=3, **keys):
    """The pooled row of an estimate, and how many cohorts stand behind it."""
    shared = {**SHARED, "analysis": "contrast", "target": "depression", "measure": "smd", **keys}
    counted = f"{shared['measure']} {shared.get('term', '')}".strip()
    return [
        {**shared, "estimate": estimate, "se": half / 2, "df": 60.0, "p": p,
         "ci_low": estimate - half, "ci_high": estimate + half},
        {**shared, "measure": "k", "term": counted, "estimate": k, "n_events": None},
    ]  # fmt: skip


def beside(claims, *rows, study=STUDY):
    """Judge the claims by these rows, and return what is written beside the verdicts."""
    table = rows[0] if isinstance(rows[0], pd.DataFrame) else result_table(*rows)
    judged = [judge_claim(one, table, Rows(POOLED), study) for one in claims]
    collected = Rows(POOLED)
    add_robustness(judged, table, collected, study)
    return collected.table(), judged


def adjusted(claims, *rows):
    found = results.select(beside(claims, *rows)[0], analysis="multiplicity").set_index("claim")
    assert set(found["measure"]) <= {"p_adjusted"}
    return found


# Several claims at once.


def test_holm_within_a_family_and_benjamini_hochberg_over_the_others_by_hand():
    p = {"a1": 0.01, "a2": 0.04, "a3": 0.03, "b1": 0.04, "s1": 0.04, "s2": 0.01, "s3": 0.03}
    families = {"a": "first", "b": "second", "s": None}
    claims = [claim(name, target=name, family=families[name[0]]) for name in p]
    found = adjusted(claims, *(row for name in p for row in effect(p=p[name], target=name)))
    assert found["estimate"].to_dict() == pytest.approx(
        {"a1": 0.03, "a2": 0.06, "a3": 0.06, "b1": 0.04, "s1": 0.04, "s2": 0.03, "s3": 0.04}
    )
    assert found["p"].to_dict() == p
    assert found.loc["a1", "method"].startswith("Holm over 3 claims of the family first")
    assert found.loc["b1", "method"].startswith("Holm over 1 claims of the family second")
    assert found.loc["s1", "method"].startswith("Benjamini-Hochberg over 3 secondary claims")


@pytest.mark.parametrize("seed", range(4))
def test_adjusted_p_agree_with_statsmodels(seed):
    rng = np.random.default_rng(seed)
    names = [f"c{k}" for k in range(14)]
    p = dict(zip(names, rng.uniform(0, 0.2, 14) ** 2, strict=True))
    family = {name: (None, "first", "second")[k % 3] for k, name in enumerate(names)}
    claims = [claim(name, target=name, family=family[name]) for name in rng.permutation(names)]
    found = adjusted(claims, *(row for name in names for row in effect(p=p[name], target=name)))
    for which, method in ((None, "fdr_bh"), ("first", "holm"), ("second", "holm")):
        members = [name for name in names if family[name] == which]
        expected = multipletests([p[name] for name in members], method=method)[1]
        assert found.loc[members, "estimate"].tolist() == pytest.approx(expected.tolist())


def test_a_claim_that_is_not_judged_is_not_tested_and_the_row_says_so():
    claims = [claim("here", target="a", family="one"), claim("few", target="b", family="one"),
              claim("gone", target="c", family="one")]  # fmt: skip
    found = adjusted(claims, *effect(p=0.03, target="a"), *effect(p=0.001, target="b", k=1))
    assert found["status"].to_dict() == {
        "here": "ok", "few": "not_estimable", "gone": "not_estimable",
    }  # fmt: skip
    assert found.loc["here", "estimate"] == 0.03
    assert "Holm over 1 of 3 claims of the family one" in found.loc["here", "method"]
    assert found.loc["few", "reason"] == "the claim is not judged: too few cohorts: k = 1 < 2"
    assert "no result to judge it by" in found.loc["gone", "reason"]


def test_an_estimate_without_p_has_none_adjusted():
    found = adjusted([claim(), claim("other", target="b")], *effect(p=None), *effect(target="b"))
    assert found.loc["lower", "status"] == "not_estimable"
    assert "without a p" in found.loc["lower", "reason"]
    assert "over 1 of 2 secondary claims" in found.loc["other", "method"]


def test_of_two_terms_that_must_both_hold_the_larger_p_counts():
    keys = {"analysis": "tails", "measure": "log_or"}
    both = claim("both", **keys, term="low", also="high")
    found = adjusted([both], *effect(p=0.001, **keys, term="low"),
                     *effect(p=0.04, **keys, term="high"))  # fmt: skip
    assert found.loc["both", ["p", "estimate"]].tolist() == [0.04, 0.04]


def test_the_p_of_a_test_is_that_of_the_added_auc():
    keys = {"analysis": "validation", "adjustment": "base_analyte", "model": "logistic"}
    test = claim("test", "validation", measure="auc", kind="diagnostic", bound=0.7, margin=0.02,
                 contrast="adjusted", adjustment="base_analyte", family="diagnostic")  # fmt: skip
    rows = [*effect(0.8, 0.05, None, **keys, measure="auc"),
            effect(0.1, 0.03, 0.004, **keys, measure="delta_auc", term="over base")[0],
            *effect(-0.5, 0.2, 0.7)]  # fmt: skip
    found, judged = beside([test], *rows)
    assert judged[0].judgement.verdict == "SUPPORTED"
    assert found["analysis"].tolist() == ["multiplicity", "tipping_point"]
    assert found.loc[found["analysis"] == "multiplicity", "p"].tolist() == [0.004]


def with_normal(row, half):
    limits = {"ci_low": row["estimate"] - half, "ci_high": row["estimate"] + half}
    term = companion(row.get("term", ""), NORMAL_TERM)
    return {**row, "term": term, "se": half / norm.ppf(0.975), "df": None, "p": None, **limits}


def test_the_p_is_that_of_the_interval_that_decides():
    rows = effect(-0.3, 0.02, p=1e-6, k=2)
    assert adjusted([claim()], *rows)["p"].tolist() == [1e-6]
    wide = with_normal(rows[0], 0.31)
    found = adjusted([claim()], *rows, wide)
    assert found["p"].tolist() == pytest.approx([2 * norm.sf(0.3 / wide["se"])])
    assert found["p"].item() > 0.05
    assert adjusted([claim()], *rows, with_normal(rows[0], 0.01))["p"].tolist() == [1e-6]


# E-values.


def e_values(one, *rows):
    """Term: E-value, of what is estimable; and the reasons of the others."""
    found = results.select(beside([one], *rows)[0], analysis="e_value")
    assert set(found["measure"]) == {"e_value"}
    ok = found[found["status"] == "ok"].set_index("term")["estimate"].to_dict()
    return ok, found.loc[found["status"] != "ok", "reason"].tolist()


def by_hand(ratio):
    ratio = max(ratio, 1 / ratio)
    return ratio + np.sqrt(ratio * (ratio - 1))


def test_the_worked_example_of_the_authors():
    """Risk ratio 3.9 (1.8 to 8.7): VanderWeele and Ding 2017, E-values 7.26 and 3.0."""
    keys = {"analysis": "severity", "target": "phq9_total", "measure": "log_rr"}
    row, k = effect(np.log(3.9), 1, **keys)
    row = {**row, "ci_low": np.log(1.8), "ci_high": np.log(8.7)}
    found, _ = e_values(claim(**keys, direction="higher"), row, k)
    assert found == pytest.approx({"estimate": 7.26, "limit": 3.0}, abs=0.005)


def test_a_standardised_difference_is_taken_with_the_interval_that_it_has():
    found, _ = e_values(claim(), *effect(-0.5, 0.3))
    assert found["estimate"] == pytest.approx(by_hand(np.exp(0.91 * 0.5)))
    assert found["limit"] == pytest.approx(by_hand(np.exp(0.91 * 0.2)))
    # Of three cohorts: by t on 2 degrees of freedom it holds 0, by 1.96 standard errors it does
    # not.
    row, k = effect(-0.5, 0.6)
    found, _ = e_values(claim(), {**row, "se": 0.6 / 4.303, "df": 2.0}, k)
    assert found == {"estimate": pytest.approx(by_hand(np.exp(0.455))), "limit": 1.0}
    rows = effect(-0.5, 0.1)
    found, _ = e_values(claim(), *rows, with_normal(rows[0], 0.4))
    assert found["limit"] == pytest.approx(by_hand(np.exp(0.91 * 0.1)))


def hazard(ratio):
    return (1 - 0.5 ** np.sqrt(ratio)) / (1 - 0.5 ** np.sqrt(1 / ratio))


@pytest.mark.parametrize(
    ("keys", "events", "convert"),
    [
        ({"analysis": "severity", "target": "phq9_total", "measure": "log_or"}, None, np.sqrt),
        ({"analysis": "severity", "target": "phq9_10", "measure": "log_or"}, 75, np.sqrt),
        ({"analysis": "severity", "target": "phq9_10", "measure": "log_or"}, 74, float),
        ({"analysis": "severity", "target": "phq9_total", "measure": "log_rr"}, None, float),
        ({"analysis": "tails", "measure": "log_or", "term": "low"}, 200, np.sqrt),
        ({"analysis": "treatment", "measure": "log_or", "term": "prognostic"}, 200, np.sqrt),
        ({"analysis": "incidence", "measure": "log_hr"}, 75, hazard),
        ({"analysis": "incidence", "measure": "log_hr"}, 74, float),
        ({"analysis": "incidence", "measure": "log_or"}, 75, hazard),
        ({"analysis": "incidence", "measure": "log_or"}, 74, float),
        ({"analysis": "cognition", "target": "cognition_score", "measure": "beta"}, None,
         lambda ratio: ratio**0.91),
        ({"analysis": "neuroplasticity", "target": "hippocampal_volume", "measure": "beta"}, None,
         lambda ratio: ratio**0.91),
    ],
)  # fmt: skip
def test_each_measure_is_turned_into_a_risk_ratio_of_its_own(keys, events, convert):
    rows = effect(-0.5, 0.2, n_events=events, **keys)
    found, _ = e_values(claim(**keys), *rows)
    term = f"{keys['term']} " if "term" in keys else ""
    assert found == pytest.approx({
        f"{term}estimate": by_hand(convert(np.exp(0.5))),
        f"{term}limit": by_hand(convert(np.exp(0.3))),
    })  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"measure": "log_rom"}, "needs a ratio"),
        ({"measure": "log_vr"}, "needs a ratio"),
        ({"analysis": "severity", "target": "phq9_total", "measure": "beta"}, "needs a ratio"),
        ({"analysis": "neuroplasticity", "measure": "indirect"}, "needs a ratio"),
        ({"analysis": "within_person", "measure": "beta"}, "needs a ratio"),
        ({"analysis": "mendelian", "measure": "beta"}, "needs a ratio"),
        ({"analysis": "stress_buffering", "measure": "beta"}, "not for interactions"),
        ({"analysis": "treatment", "measure": "log_or", "term": "predictive"}, "interactions"),
        ({"analysis": "tails", "measure": "log_or", "term": "squared"}, "curvature"),
        ({"analysis": "cognition", "measure": "beta", "term": "decline"}, "change over time"),
        ({"analysis": "incidence", "measure": "log_hr", "estimate": -40.0}, "too far away"),
    ],
)
def test_what_has_no_e_value_says_why(keys, why):
    about = {key: value for key, value in keys.items() if key != "estimate"}
    rows = effect(**{"estimate": -0.5, **keys})
    found, reasons = e_values(claim(**about), *rows)
    assert found == {}
    assert [why in reason for reason in reasons] == [True]


def test_the_normal_interval_of_an_interaction_makes_it_no_ratio():
    keys = {"analysis": "treatment", "measure": "log_or", "term": "predictive"}
    row, k = effect(-0.5, 0.1, **keys)
    _, reasons = e_values(claim(**keys), row, k, with_normal(row, 0.2))
    assert ["not for interactions" in reason for reason in reasons] == [True]


def test_a_claim_with_two_terms_has_an_e_value_for_each():
    keys = {"analysis": "tails", "measure": "log_or"}
    rows = [*effect(-0.5, 0.2, **keys, term="low"), *effect(-0.3, 0.4, **keys, term="high")]
    found, _ = e_values(claim(**keys, term="low", also="high"), *rows)
    assert found["low limit"] == pytest.approx(by_hand(np.exp(0.15)))
    assert found["high estimate"] == pytest.approx(by_hand(np.exp(0.15)))
    assert found["high limit"] == 1.0


def test_nothing_stands_beside_a_claim_that_is_not_judged_but_that_it_is_not():
    found, _ = beside([claim(min_cohorts=4)], *effect())
    assert found["analysis"].tolist() == ["multiplicity", "tipping_point"]
    assert set(found["status"]) == {"not_estimable"}


# Forks.


def fork(estimate, half=0.1, cohort="a", stratum="all|sds|imputed", **keys):
    """One cohort's estimate under one combination of choices."""
    shared = {**SHARED, "analysis": "specification", "target": "depression", "measure": "smd",
              "term": "contrast", "stratum": stratum, "cohort": cohort, **keys}  # fmt: skip
    return {**shared, "estimate": estimate, "se": half / norm.ppf(0.975),
            "ci_low": estimate - half, "ci_high": estimate + half}  # fmt: skip


def agreement(one, rows, refused=(), study=STUDY):
    """Return the share, the number of forks behind it, and the number without an estimate."""
    collected = Rows(POOLED)
    for row in rows:
        collected.add(**row)
    for row in refused:
        numbers = ("estimate", "se", "ci_low", "ci_high", "n", "p", "df")
        keys = {key: value for key, value in row.items() if key not in numbers}
        collected.add_not_estimable("too few", **keys)
    table, _ = beside([one], collected.table(), study=study)
    found = results.select(table, analysis="fork_agreement").set_index("measure")
    return found.loc["share"], found.loc["not_estimable"] if len(found) > 1 else None


def test_the_share_is_of_the_forks_with_the_same_verdict():
    one = claim(min_cohorts=1)
    forks = [fork(-0.6, stratum="all|sds|imputed"), fork(-0.5, stratum="all|sds|complete_cases"),
             fork(-0.5, stratum="all|sds|imputed", adjustment="unadjusted"),
             fork(-0.5, stratum="all|log|imputed", exposure="igf1_log"),
             fork(-0.25, stratum="men|sds|imputed"), fork(0.0, stratum="women|sds|imputed"),
             fork(0.5, stratum="old|sds|imputed"),
             fork(-0.4, stratum="young|sds|imputed")]  # fmt: skip
    share, apart = agreement(one, [*effect(k=1), *forks])
    assert (share["estimate"], share["n"]) == (5 / 8, 8)
    assert (apart["estimate"], apart["n"]) == (0, 8)
    # The same forks, under a claim that comes out otherwise.
    share, _ = agreement(one, [*effect(-0.3, 0.2, k=1), *forks])
    assert share["estimate"] == 1 / 8


def test_forks_without_an_estimate_are_counted_apart_and_not_in_the_share():
    forks = [fork(-0.6), fork(-0.25, stratum="men|sds|imputed")]
    refused = [fork(0, stratum="women|sds|imputed"), fork(0, stratum="old|sds|imputed"),
               fork(0, stratum="men|sds|imputed", cohort="b")]  # fmt: skip
    share, apart = agreement(claim(min_cohorts=1), [*effect(k=1), *forks], refused)
    assert (share["estimate"], share["n"]) == (0.5, 2)
    assert (apart["estimate"], apart["n"]) == (2, 4)


def test_where_no_fork_has_an_estimate_there_is_no_share():
    refused = [fork(0), fork(0, stratum="men|sds|imputed")]
    share, apart = agreement(claim(min_cohorts=1), effect(k=1), refused)
    assert share["status"] == "not_estimable"
    assert "any of the 2 declared forks" in share["reason"]
    assert apart["estimate"] == 2


def test_a_number_that_is_not_forked_says_so():
    share, _ = agreement(claim(), effect())
    assert share["reason"] == "no forks are declared for this number"


def test_a_fork_needs_as_many_cohorts_as_the_claim():
    forks = [fork(-0.6), fork(-0.59, cohort="b"), fork(-0.6, stratum="men|sds|imputed")]
    share, apart = agreement(claim(), [*effect(), *forks])
    assert (share["estimate"], share["n"]) == (1, 1)
    assert (apart["estimate"], apart["n"]) == (1, 2)
    _, apart = agreement(claim(min_cohorts=3), [*effect(), *forks])
    assert apart["estimate"] == 2
    # What the synthesis writes of a fork is no cohort.
    carried = fork(-0.59, stratum="men|sds|imputed", cohort="pooled")
    assert agreement(claim(), [*effect(), *forks, carried])[1]["estimate"] == 1


def test_forks_of_another_number_are_not_of_this_claim():
    keys = {"analysis": "treatment", "target": "response", "measure": "log_or"}
    mine = {"target": "response", "measure": "log_or", "term": "treatment predictive"}
    forks = [fork(-0.6, **mine), fork(0.6, **{**mine, "term": "treatment prognostic"}),
             fork(0.6, **{**mine, "target": "remission"}), fork(0.6)]  # fmt: skip
    one = claim(**keys, term="predictive", min_cohorts=1)
    share, _ = agreement(one, [*effect(**keys, term="predictive", k=1), *forks])
    assert (share["estimate"], share["n"]) == (1, 1)


def pooled_like_the_forks(estimates, ses, alpha=0.05):
    """Judge a claim on estimates of cohorts, of which one fork is the very same."""
    study = make_study(equivalence_alpha=alpha)
    names = "abcdef"[: len(estimates)]
    given = zip(names, estimates, ses, strict=True)
    main = [effect(y, 2 * s, cohort=name)[0] | {"se": s} for name, y, s in given]
    forks = [
        fork(y, s * norm.ppf(0.975), cohort=name)
        for name, y, s in zip(names, estimates, ses, strict=True)
    ]
    rows = Rows(POOLED)
    pool_cohorts(rows, result_table(*main), lambda analysis, measure: IDENTITY)
    table = results.concatenate([result_table(*main, *forks), rows.table()])
    found, judged = beside([claim()], table, study=study)
    share = results.select(found, analysis="fork_agreement", measure="share")["estimate"].item()
    return judged[0].judgement, share


@pytest.mark.parametrize("seed", range(12))
def test_the_fork_that_is_the_main_analysis_has_its_verdict(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 6))
    estimates = rng.choice([-0.3, 0.0, -0.6]) + rng.normal(0, rng.choice([0.01, 0.1]), k)
    judgement, share = pooled_like_the_forks(estimates, rng.uniform(0.05, 0.15, k))
    assert judgement.verdict != "NOT_EVALUABLE"
    assert share == 1


def test_cohorts_that_happen_to_agree_support_no_fork_alone():
    judgement, share = pooled_like_the_forks([-0.301, -0.302], [0.1, 0.1])
    assert judgement.verdict == "INCONCLUSIVE"
    assert "decided by the normal interval" in judgement.reason
    assert share == 1


def test_forks_are_equivalent_to_nothing_at_the_level_of_the_study():
    estimates, ses = [0.02, -0.03, 0.01, -0.02], [0.19] * 4
    verdicts = {}
    for alpha in (0.05, 0.01):
        judgement, share = pooled_like_the_forks(estimates, ses, alpha)
        verdicts[alpha] = judgement.verdict
        assert share == 1
    assert verdicts == {0.05: "REFUTED", 0.01: "INCONCLUSIVE"}


def test_a_cohort_with_the_people_of_another_is_in_no_fork():
    said = {"analysis": "overlap", "measure": "overlap", "term": "a ~ twin", "estimate": 1,
            "method": "left out of pooling: twin (declared in the configuration)"}  # fmt: skip
    forks = [fork(-0.6), fork(0.9, cohort="twin")]
    one = claim(min_cohorts=1)
    assert agreement(one, [*effect(k=1), *forks, said])[0]["estimate"] == 1
    assert agreement(one, [*effect(k=1), *forks])[0]["estimate"] == 0
