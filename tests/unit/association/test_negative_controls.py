"""Outcomes that the analyte is not expected to move, and what they say of all other estimates."""

import numpy as np
import pytest

from builders import POOLED, asked, make_study, people, result_table
from igfmood.config.load import parse_study
from igfmood.errors import ConfigError, NotEstimable
from igfmood.evidence.negative_controls import add_empirical_null
from igfmood.results import Rows

STUDY = make_study(negative_controls=["height_cm", "lithium"])


def table(slope=0.0, n=400):
    found = people({"control": n}, seed=4)
    rng = np.random.default_rng(99)
    found["height_cm"] = 170 + 10 * (slope * found["igf1_sds"] + rng.standard_normal(n))
    found["lithium"] = rng.random(n) < 0.3
    return found


def test_a_slope_is_in_sds_of_the_outcome():
    found = asked(table(0.5), STUDY, "negative_control", "height_cm", "beta")
    assert found["estimate"] == pytest.approx(0.5 / np.sqrt(1.25), abs=0.1)
    none = asked(table(), STUDY, "negative_control", "height_cm", "beta")
    assert none["ci_low"] < 0 < none["ci_high"]


def test_yes_and_no_are_in_log_odds():
    found = asked(table(), STUDY, "negative_control", "lithium", "log_or")
    assert found["ci_low"] < 0 < found["ci_high"]
    assert found["n_events"] == int(table()["lithium"].sum())


ANALYTES = make_study(negative_control_analytes=["crp"])


def with_crp(of_cases=0.0, seed=5):
    found = people({"control": 300, "mdd": 300}, seed=seed)
    noise = np.random.default_rng(seed + 1).standard_normal(len(found))
    score = noise + of_cases * (found["diagnosis"] == "mdd")
    return found.assign(crp=np.exp(score), phq9_total=np.clip(np.round(9 + 3 * score), 0, 27))


def test_another_analyte_is_put_to_the_same_outcomes_by_its_ranks():
    found = asked(with_crp(), ANALYTES, "negative_control", "phq9_total", "beta", "crp")
    assert found["estimate"] == pytest.approx(1.0, abs=0.02)
    in_other_units = with_crp().assign(crp=lambda table: 7.65 * table["crp"])
    assert asked(in_other_units, ANALYTES, "negative_control", "phq9_total", "beta", "crp") == found


def test_the_odds_of_cases_follow_another_analyte():
    found = asked(with_crp(0.8), ANALYTES, "negative_control", "depression", "log_or", "crp")
    # Of two normal groups d apart the log odds rise by d per unit, here per SD of all of them.
    assert found["estimate"] == pytest.approx(0.8 * np.sqrt(1 + 0.4**2), abs=0.15)
    assert found["n_events"] == 300
    none = asked(with_crp(), ANALYTES, "negative_control", "depression", "log_or", "crp")
    assert none["ci_low"] < 0 < none["ci_high"]


def test_another_analyte_that_everybody_has_alike_has_no_slope():
    table = with_crp().assign(crp=1.0)
    with pytest.raises(NotEstimable, match="crp does not vary"):
        asked(table, ANALYTES, "negative_control", "phq9_total", "beta", "crp")


@pytest.mark.parametrize("key", ["negative_controls", "negative_control_analytes"])
@pytest.mark.parametrize(
    ("name", "why"), [("bmi", "adjust for"), ("igf1", "unknown names"), ("smoking", "allowed")]
)
def test_what_cannot_be_a_control_is_refused(key, name, why):
    tiers = {"unadjusted": [], "adjusted": ["age_years", "sex", "bmi"]}
    study = {**STUDY.model_dump(mode="json"), "covariate_tiers": tiers, key: [name]}
    with pytest.raises(ConfigError, match=f"{key}.*{why}"):
        parse_study(study)


@pytest.mark.parametrize("key", ["negative_controls", "negative_control_analytes"])
def test_a_control_is_asked_once(key):
    with pytest.raises(ConfigError, match=f"{key} names .*crp.* twice"):
        parse_study({**STUDY.model_dump(mode="json"), key: ["crp", "crp"]})


def null(*z):
    rows = Rows(POOLED)
    add_empirical_null(rows, result_table(*(
        {"analysis": "negative_control", "target": f"v{i}", "measure": "beta", "stratum": "all",
         "estimate": one * 0.1, "se": 0.1, "p": 0.01 if abs(one) > 1.96 else 0.5}
        for i, one in enumerate(z)
    )))  # fmt: skip
    return rows.table().set_index("measure")


def test_the_empirical_null_is_the_scatter_of_z():
    found = null(1.0, -1.0, 3.0)
    assert found.loc["z_rms", "estimate"] == pytest.approx(np.sqrt(11 / 3))
    assert found.loc["share_significant", "estimate"] == pytest.approx(1 / 3)


def test_other_analytes_join_the_empirical_null_and_companions_do_not():
    rows = Rows(POOLED)
    shared = {"analysis": "negative_control", "target": "phq9_total", "measure": "beta",
              "stratum": "all", "se": 0.1, "p": 0.5}  # fmt: skip
    add_empirical_null(rows, result_table(
        {**shared, "target": "height_cm", "exposure": "igf1_sds", "estimate": 0.1},
        {**shared, "exposure": "crp", "term": "crp", "estimate": 0.2},
        {**shared, "exposure": "crp", "term": "crp: normal interval", "estimate": 0.9},
        {**shared, "exposure": "alt", "term": "alt", "estimate": -0.2},
    ))  # fmt: skip
    assert rows.table().set_index("measure").loc["z_rms", "estimate"] == pytest.approx(np.sqrt(3))


def test_few_controls_have_no_scatter():
    assert null(1.0, 2.5).loc["z_rms", "reason"] == "too few negative controls: 2 < 3"


def test_without_controls_there_is_nothing():
    rows = Rows(POOLED)
    add_empirical_null(rows, result_table())
    assert rows.table().empty
