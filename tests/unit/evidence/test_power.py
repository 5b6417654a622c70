"""What a study could have found, and a new cohort's AUC."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm, t

from builders import POOLED, make_study, result_table
from igfmood.config.claims import Claim
from igfmood.evidence.power import add_power
from igfmood.performance.metrics.sample_size import detectable
from igfmood.results import Rows
from igfmood.synthesis.row_keys import NORMAL_TERM, PREDICTION_TERM

STUDY = make_study()
SHARED = {"exposure": "igf1_sds", "model": "linear", "stratum": "all", "n": 500,
          "target": "depression"}  # fmt: skip
EFFECT = Claim.model_validate({
    "id": "lower", "statement": "IGF-1 is lower there.", "category": "susceptibility",
    "kind": "effect", "direction": "lower", "margin": 0.2,
    "estimand": {"analysis": "contrast", "target": "depression", "measure": "smd",
                 "adjustment": "adjusted"},
})  # fmt: skip
TEST = Claim.model_validate({
    "id": "test", "statement": "IGF-1 tells them apart.", "category": "diagnostic",
    "kind": "diagnostic", "direction": "lower", "contrast": "adjusted", "bound": 0.7,
    "margin": 0.02,
    "estimand": {"analysis": "validation", "target": "depression", "measure": "auc",
                 "adjustment": "base_analyte"},
})  # fmt: skip


def written(claim, *rows):
    found = Rows(POOLED)
    add_power(found, [claim], result_table(*rows), STUDY)
    return found.table()


def smd(**changes):
    return {**SHARED, "analysis": "contrast", "measure": "smd", "adjustment": "adjusted",
            "estimate": -0.6, "se": 0.1, "df": 3.0, "ci_low": -0.9, "ci_high": -0.3,
            **changes}  # fmt: skip


def test_the_smallest_effect_is_where_four_of_five_tests_reject():
    se, n = 0.3, 200_000
    found = detectable(se)
    assert found == pytest.approx((norm.ppf(0.975) + norm.ppf(0.8)) * se)
    drawn = np.random.default_rng(1).normal(found, se, n)
    assert np.mean(np.abs(drawn / se) > norm.ppf(0.975)) == pytest.approx(0.8, abs=0.004)


def test_few_cohorts_find_less():
    (row,) = written(EFFECT, smd()).to_dict("records")
    assert row["estimate"] == pytest.approx((t.ppf(0.975, 3) + t.ppf(0.8, 3)) * 0.1)
    assert (row["analysis"], row["claim"], row["n"]) == ("detectable", "lower", 500)
    wide = smd(term=NORMAL_TERM, se=0.3, df=None, ci_low=-1.2, ci_high=0.0)
    (row,) = written(EFFECT, smd(), wide).to_dict("records")
    assert row["estimate"] == pytest.approx((norm.ppf(0.975) + norm.ppf(0.8)) * 0.3)


def test_a_new_cohort_is_drawn_from_the_prediction_interval():
    centre, spread, df = logit(0.72), 0.3, 4
    reach = t.ppf(0.975, df) * spread
    shared = {**SHARED, "analysis": "validation", "measure": "auc", "adjustment": "base_analyte",
              "estimate": 0.72, "df": df}  # fmt: skip
    (row,) = written(
        TEST, {**shared, "ci_low": 0.68, "ci_high": 0.76},
        {**shared, "term": PREDICTION_TERM, "ci_low": expit(centre - reach),
         "ci_high": expit(centre + reach)},
    ).to_dict("records")  # fmt: skip
    drawn = expit(centre + spread * t.rvs(df, size=400_000, random_state=1))
    assert row["estimate"] == pytest.approx(np.mean(drawn >= 0.7), abs=0.003)
    assert (row["analysis"], row["measure"]) == ("new_cohort", "probability")


def test_what_is_not_estimated_has_neither():
    refused, found = Rows(POOLED), Rows(POOLED)
    keys = ("analysis", "measure", "adjustment", "target", "stratum")
    refused.add_not_estimable("one cohort only", **{key: smd()[key] for key in keys})
    add_power(found, [EFFECT], refused.table(), STUDY)
    assert found.table().empty
    alone = {**SHARED, "analysis": "validation", "measure": "auc", "adjustment": "base_analyte",
             "estimate": 0.72, "df": 4, "ci_low": 0.68, "ci_high": 0.76}  # fmt: skip
    assert written(TEST, alone).empty
