"""Where a verdict turns when imputed scores are shifted: found by halving, against the formula."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from builders import POOLED, make_study, result_table
from igfmood.config.claims import Claim
from igfmood.evidence.judge import judge_claim
from igfmood.evidence.robustness import add_robustness
from igfmood.evidence.tipping import add_tipping
from igfmood.results import Rows
from igfmood.synthesis.random_effects import random_effects

STUDY = make_study()
SHARED = {"exposure": "igf1_sds", "model": "linear", "adjustment": "adjusted", "stratum": "all",
          "n": 500}  # fmt: skip
GRID = [round(x, 2) for x in np.linspace(-1, 1, 9)]
UNIT = "SD: imputed scores of cases are shifted by as much"


def claim(analysis="contrast", target="depression", measure="smd", **changes):
    """A claim that the estimate is below zero by more than 0.2."""
    estimand = {key: changes.pop(key) for key in ("term", "also", "adjustment") if key in changes}
    return Claim.model_validate({
        "id": "lower", "statement": "IGF-1 is lower there.", "category": "susceptibility",
        "direction": "lower", "margin": 0.2, **changes,
        "estimand": {"analysis": analysis, "target": target, "measure": measure,
                     "adjustment": "adjusted", **estimand},
    })  # fmt: skip


def effect(estimate=-0.6, half=0.2, k=3, **keys):
    """The pooled row of an estimate, and how many cohorts stand behind it."""
    shared = {**SHARED, "analysis": "contrast", "target": "depression", "measure": "smd", **keys}
    counted = f"{shared['measure']} {shared.get('term', '')}".strip()
    return [
        {**shared, "estimate": estimate, "se": half / 2, "df": 60.0, "p": 0.01,
         "ci_low": estimate - half, "ci_high": estimate + half},
        {**shared, "measure": "k", "term": counted, "estimate": k},
    ]  # fmt: skip


def number(cohort, estimate, se=0.05, **keys):
    half = norm.ppf(0.975) * se
    return {
        **SHARED, "analysis": "contrast", "target": "depression", "measure": "smd",
        "cohort": cohort, "estimate": estimate, "se": se, "ci_low": estimate - half,
        "ci_high": estimate + half, **keys,
    }  # fmt: skip


def shifts(cohort, at_zero, slope=0.5, se=0.05, how=UNIT, **keys):
    """A cohort's number under every shift of the scores that were not measured."""
    keys = {"analysis": "tipping", "model": "contrast", "method": f"{how}; OLS", **keys}
    return [
        number(cohort, at_zero + slope * x, se, stratum=f"{x:g}", **{**keys}) for x in GRID
    ]  # fmt: skip


def tipping(one, *rows):
    table = rows[0] if isinstance(rows[0], pd.DataFrame) else result_table(*rows)
    judged = judge_claim(one, table, Rows(POOLED), STUDY)
    found = Rows(POOLED)
    add_tipping(found, judged, table[table["cohort"] != "pooled"], STUDY)
    (row,) = found.table().to_dict("records")
    return row


def test_the_tipping_point_is_where_the_verdict_turns():
    # Of two cohorts 0.02 apart the interval is 12.706 * 0.01 to each side; it leaves -0.2 behind
    # once -0.51 + 0.5 shift + 0.127 > -0.2.
    found = tipping(claim(), *effect(), *shifts("a", -0.50), *shifts("b", -0.52))
    assert found["estimate"] == pytest.approx((0.51 - 0.2 - 0.12706) / 0.5, abs=2e-4)
    assert found["method"] == (
        "SD: imputed scores of cases are shifted by as much, the smallest shift that gives the "
        "verdict INCONCLUSIVE; numbers lie on lines between shifts 0.25 apart"
    )


def test_cohorts_that_happen_to_agree_tip_by_the_normal_interval():
    # -0.5 + 0.5 shift + 1.96 * 0.05 / sqrt(2) > -0.2; Knapp-Hartung alone: 0.6.
    found = tipping(claim(), *effect(), *shifts("a", -0.5), *shifts("b", -0.5001))
    assert found["estimate"] == pytest.approx(0.461, abs=1e-3)


def test_no_tipping_point_within_the_range_is_said():
    rows = [*shifts("a", -0.50, slope=0.1), *shifts("b", -0.52, slope=0.1)]
    found = tipping(claim(), *effect(), *rows)
    assert found["status"] == "not_estimable"
    assert found["reason"] == (
        "no shift by up to 1 SD changes the verdict (imputed scores of cases are shifted by as "
        "much)"
    )


def test_cohorts_that_measured_everybody_stay_as_they_are():
    moving, se = shifts("a", -0.5), 0.05
    before = {"a": -0.4, "b": -0.5, "c": -0.52}
    rows = [number(name, y, se) for name, y in before.items()]
    rows += [{**row, "adjustment": "unadjusted", "estimate": 9.0} for row in rows]
    rows += [{**row, "stratum": "men", "estimate": 9.0} for row in rows[:3]]

    # Their own numbers, and that of the cohort in question only as it is shifted.
    def beyond(x):
        return random_effects([-0.5 + 0.5 * x, -0.5, -0.52], [se**2] * 3).ci_high + 0.2

    found = tipping(claim(), *effect(), *moving, *rows)
    assert found["estimate"] == pytest.approx(brentq(beyond, 0, 1), abs=2e-4)
    alone = tipping(claim(min_cohorts=1), *effect(k=1), *moving)
    assert alone["estimate"] != pytest.approx(found["estimate"], abs=0.05)


def test_one_cohort_tips_by_its_own_interval():
    # -0.5 + 0.5 shift + 1.96 * 0.05 > -0.2.
    found = tipping(claim(min_cohorts=1), *effect(k=1), *shifts("a", -0.5))
    assert found["estimate"] == pytest.approx(0.404, abs=5e-4)
    # Two are asked for, and only one is there.
    assert tipping(claim(), *effect(), *shifts("a", -0.5))["status"] == "not_estimable"


def test_equivalence_tips_by_its_own_interval_and_of_two_shifts_the_negative_is_named():
    # 1.645 * 0.1 = 0.1645 is within the margin of 0.2 until the shift moves 0.0355.
    rows = [*effect(0.0, 0.1, k=1), *shifts("a", 0.0, slope=0.1, se=0.1)]
    found = tipping(claim(min_cohorts=1), *rows)
    assert found["estimate"] == pytest.approx(-0.355, abs=1e-3)
    assert "the verdict INCONCLUSIVE" in found["method"]


def test_a_verdict_that_imputation_alone_changes_tips_at_zero():
    found = tipping(claim(min_cohorts=1), *effect(-0.6, 0.1, k=1), *shifts("a", -0.25))
    assert found["estimate"] == 0
    assert "filling the gaps alone gives the verdict INCONCLUSIVE" in found["method"]


def test_a_shift_at_which_a_cohort_has_no_number_is_no_verdict():
    rows = [row for row in shifts("a", -0.5) if row["stratum"] != "0.5"]
    both = [*shifts("b", -0.52), *rows]
    found = tipping(claim(), *effect(), *both)
    # The verdict turns at 0.366, between 0.25 and 0.5; the next shift that all have is 0.75.
    assert found["estimate"] == 0.75


def test_of_two_terms_the_one_that_turns_first_decides():
    one = claim(analysis="tails", measure="log_or", term="low", also="high", direction="higher",
                min_cohorts=1)  # fmt: skip
    keys = {"analysis": "tails", "measure": "log_or"}
    rows = []
    for term, slope in (("low", 0.2), ("high", -0.6)):
        rows += effect(0.6, 0.2, k=1, term=term, **keys)
        rows += shifts("a", 0.6, slope=slope, model="tails", term=term, measure="log_or")
    found = tipping(one, *rows)
    # 0.6 - 0.6 shift - 1.96 * 0.05 < 0.2.
    assert found["estimate"] == pytest.approx((0.6 - 0.2 - 0.098) / 0.6, abs=2e-4)


def test_shifts_of_another_analysis_task_or_adjustment_do_not_count():
    good = [*effect(k=1), *shifts("a", -0.5)]
    bad = [*shifts("b", 5.0, target="bipolar"), *shifts("c", 5.0, adjustment="unadjusted"),
           *shifts("d", 5.0, model="severity")]  # fmt: skip
    alone, among = (tipping(claim(min_cohorts=1), *good, *more) for more in ([], bad))
    assert alone["estimate"] == among["estimate"] != 0


def test_a_cohort_with_the_people_of_another_is_in_no_shift():
    said = {"analysis": "overlap", "measure": "overlap", "term": "a ~ twin", "estimate": 1,
            "method": "left out of pooling: twin (declared)"}  # fmt: skip
    one = claim(min_cohorts=1)
    table = result_table(*effect(k=1), *shifts("a", -0.5), *shifts("twin", 5.0), said)
    found = Rows(POOLED)
    add_robustness([judge_claim(one, table, Rows(POOLED), STUDY)], table, found, STUDY)
    shift = found.table().set_index("analysis").loc["tipping_point", "estimate"]
    assert shift == tipping(one, *effect(k=1), *shifts("a", -0.5))["estimate"]


def test_what_cannot_be_shifted_says_why_of_the_cohorts_that_have_the_number():
    rows = Rows(POOLED)
    for row in [*effect(), number("a", -0.6)]:
        rows.add(**row)
    keys = {"analysis": "tipping", "target": "depression", "adjustment": "adjusted",
            "measure": "smd", "stratum": "0", "model": "contrast"}  # fmt: skip
    rows.add_not_estimable("nobody lacks it", **keys, cohort="a")
    rows.add_not_estimable("too few people with diagnosis mdd: 0 < 10", **keys, cohort="b")
    assert tipping(claim(), rows.table())["reason"] == "nobody lacks it"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"analysis": "within_person", "target": "phq9_total", "measure": "beta"}, "every value"),
        ({"analysis": "cognition", "target": "cognition_score", "measure": "beta",
          "term": "decline"}, "every value"),
        ({"analysis": "mendelian", "measure": "beta"}, "published summaries"),
        ({"measure": "log_vr"}, "not estimated under shifts"),
    ],
)  # fmt: skip
def test_numbers_without_imputed_scores_say_so(keys, reason):
    found = tipping(claim(**keys), *effect(**keys), *shifts("a", -0.5))
    assert found["status"] == "not_estimable"
    assert reason in found["reason"]


def test_a_claim_that_is_not_judged_has_no_tipping_point():
    found = tipping(claim(), *effect(k=1), *shifts("a", -0.5))
    assert found["reason"] == "the claim is not judged: too few cohorts: k = 1 < 2"
