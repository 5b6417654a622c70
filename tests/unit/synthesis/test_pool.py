"""What a synthesis writes into the results."""

import json

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import t

from builders import POOLED, SOURCE, make_study, result_table
from igfmood import results
from igfmood.results import Rows
from igfmood.synthesis.pool import IDENTITY, LOGIT, add_pooled, pool_cohorts
from igfmood.synthesis.random_effects import random_effects
from igfmood.synthesis.study import SynthesisInputs, synthesise

KEYS = {"analysis": "contrast", "target": "depression", "exposure": "igf1_sds", "model": "ols_hc3",
        "adjustment": "adjusted", "stratum": "all", "term": "", "measure": "smd"}  # fmt: skip
YI = [-0.5, -0.3, -0.7, -0.1]
SE = [0.10, 0.15, 0.20, 0.12]
COHORTS = ["b", "a", "d", "c"]


def estimates(yi=YI, se=SE, cohorts=COHORTS, **keys):
    rows = [
        {**KEYS, **keys, "cohort": cohort, "estimate": y, "se": s, "n": 100, "n_events": 40}
        for cohort, y, s in zip(cohorts, yi, se, strict=True)
    ]
    return result_table(*rows)


def pooled(table, scale=IDENTITY, **keys):
    rows = Rows(POOLED)
    add_pooled(rows, table, {**KEYS, **keys}, scale)
    return rows.table().set_index(["measure", "term", "stratum"])


def test_the_pooled_row_is_the_random_effects_estimate():
    found = pooled(estimates())
    expected = random_effects(YI, np.square(SE))
    row = found.loc["smd", "", "all"]
    assert row["estimate"] == pytest.approx(expected.mu, rel=1e-12)
    assert [row["ci_low"], row["ci_high"]] == pytest.approx([expected.ci_low, expected.ci_high])
    assert row["df"] == 3
    assert (row["n"], row["n_events"]) == (400, 160)
    assert row["cohort"] == "pooled"
    assert "REML" in row["method"]


def test_prediction_interval_heterogeneity_and_leave_one_out_have_rows_of_their_own():
    found = pooled(estimates())
    expected = random_effects(YI, np.square(SE))
    prediction = found.loc["smd", "prediction_interval", "all"]
    width = t.ppf(0.975, 3) * np.sqrt(expected.tau2 + expected.se**2)
    assert prediction["ci_high"] - prediction["estimate"] == pytest.approx(width, rel=1e-9)
    assert prediction["ci_low"] < found.loc[("smd", "", "all"), "ci_low"]
    assert found.loc[("k", "smd", "all"), "estimate"] == 4
    assert found.loc[("tau2", "smd", "all"), "estimate"] == pytest.approx(expected.tau2)
    assert found.loc[("i2", "smd", "all"), "estimate"] == pytest.approx(expected.i2)
    assert found.loc[("q", "smd", "all"), ["df"]].tolist() == [3]
    normal = found.loc[("smd", "normal_interval", "all")]
    reach = 1.959963984540054 * expected.se_normal
    assert normal["ci_high"] - normal["estimate"] == pytest.approx(reach, rel=1e-9)
    assert len(found) == 7 + 4


def test_each_cohort_is_left_out_under_its_own_name():
    found = pooled(estimates())
    for place, name in enumerate(COHORTS):
        kept = [i for i in range(4) if i != place]
        expected = random_effects(np.array(YI)[kept], np.square(SE)[kept])
        row = found.loc["smd", "", f"without {name}"]
        assert row["estimate"] == pytest.approx(expected.mu, rel=1e-12)
        assert row["n"] == 300


@pytest.mark.parametrize("scale", [IDENTITY, LOGIT])
def test_without_a_cohort_the_wider_interval_stands(scale):
    # Three cohorts that agree far better than their errors allow, and one that is far off.
    yi, se = [0.70, 0.701, 0.702, 0.9], [0.03, 0.03, 0.03, 0.02]
    found = pooled(estimates(yi, se), scale)
    alike, apart = found.loc["smd", "", "without c"], found.loc["smd", "", "without b"]
    kept = np.array(yi[:3]), np.square(se[:3])
    inner = random_effects(scale.forward(kept[0]), kept[1] * scale.derivative(kept[0]) ** 2)
    normal = inner.normal()
    assert normal.ci_high - normal.ci_low > 2 * (inner.ci_high - inner.ci_low)
    assert [alike["ci_low"], alike["ci_high"]] == pytest.approx(
        [scale.back(normal.ci_low), scale.back(normal.ci_high)]
    )
    assert np.isnan(alike["df"])
    assert "normal interval" in alike["method"]
    assert apart["df"] == 2
    assert "Knapp-Hartung" in apart["method"]
    if scale is IDENTITY:
        assert alike["se"] == pytest.approx(inner.se_normal)


def test_a_subset_has_the_estimate_alone_unless_a_claim_is_about_it():
    rows = {}
    for populations in (("all",), ("all", "women")):
        collected = Rows(POOLED)
        pool_cohorts(
            collected, results.concatenate([estimates(), estimates(stratum="women")]),
            lambda analysis, measure: IDENTITY, populations=populations,
        )  # fmt: skip
        rows[populations] = collected.table()
    plain, asked = rows.values()
    assert results.select(plain, stratum="women")[["measure", "term"]].values.tolist() == [
        ["smd", ""]
    ]
    # Everybody's rows are what they were, and those of the subset have a name of their own.
    own = asked["stratum"].str.startswith("women")
    assert asked[~own].equals(plain[plain["stratum"] != "women"].set_index(asked[~own].index))
    women = asked[own].assign(
        stratum=asked["stratum"].replace("women", "all").str.removeprefix("women|")
    )
    columns = ["measure", "term", "stratum", "estimate", "ci_low", "ci_high", "n", "method"]
    everybody = asked[~own][columns].reset_index(drop=True)
    assert women[columns].reset_index(drop=True).equals(everybody)
    assert {f"women|without {name}" for name in COHORTS} < set(asked["stratum"])


def test_the_order_of_the_cohorts_changes_no_digit():
    there = pooled(estimates())
    back = pooled(estimates(YI[::-1], SE[::-1], COHORTS[::-1]))
    assert there["estimate"].tolist() == back["estimate"].tolist()
    assert there.index.tolist() == back.index.tolist()


def test_one_cohort_is_no_synthesis():
    found = pooled(estimates([0.3], [0.1], ["a"]))
    assert len(found) == 1
    assert found["status"].tolist() == ["not_estimable"]
    assert found["reason"].iloc[0] == "one cohort only: a"


def test_of_two_cohorts_none_can_be_left_out_and_the_rows_say_so():
    found = pooled(estimates(YI[:2], SE[:2], COHORTS[:2]))
    left_out = found.loc[["without" in stratum for stratum in found.index.get_level_values(2)]]
    assert left_out["status"].tolist() == ["not_estimable"] * 2
    assert found.loc[("smd", "", "all"), "status"] == "ok"


def test_on_the_logit_scale_estimate_and_limits_are_given_back_as_auc():
    auc, se = np.array([0.60, 0.72, 0.66]), np.array([0.03, 0.04, 0.05])
    table = estimates(auc, se, COHORTS[:3], measure="auc")
    found = pooled(table, LOGIT, measure="auc")
    expected = random_effects(logit(auc), (se / (auc * (1 - auc))) ** 2)
    row = found.loc["auc", "", "all"]
    assert row["estimate"] == pytest.approx(expit(expected.mu), rel=1e-12)
    assert row["ci_low"] == pytest.approx(expit(expected.ci_low), rel=1e-12)
    assert np.isnan(row["se"])
    assert np.isnan(row["p"])
    prediction = found.loc["auc", "prediction_interval", "all"]
    assert prediction["ci_high"] == pytest.approx(expit(expected.pi_high), rel=1e-12)
    assert "logit" in row["method"]


@pytest.mark.parametrize(
    ("yi", "se", "scale", "reason"),
    [
        ([1.0, 0.7], [0.1, 0.1], LOGIT, "0 or 1 has no place"),
        ([0.2, 0.7], [0.0, 0.1], IDENTITY, "sampling variance"),
        ([0.2, 0.2], [0.1, 0.1], IDENTITY, "same estimate"),
    ],
)
def test_what_cannot_be_pooled_is_a_row_with_the_reason(yi, se, scale, reason):
    found = pooled(estimates(yi, se, ["a", "b"]), scale)
    assert found["status"].tolist() == ["not_estimable"]
    assert reason in found["reason"].iloc[0]


def test_a_missing_count_of_events_is_not_a_sum_of_the_others():
    table = estimates()
    table.loc[0, "n_events"] = None
    assert pooled(table).loc["smd"].loc[["", "prediction_interval"], "n_events"].isna().sum() == 5
    assert pooled(table)["n_events"].dropna().tolist() == [120]


def test_a_study_is_pooled_by_target_and_tier_from_estimates_alone(tmp_path):
    rows = Rows(SOURCE)
    for table in (estimates(), estimates([0.2, 0.4], [0.1, 0.1], ["a", "b"], target="bipolar")):
        for row in table.to_dict("records"):
            kept = {key: row[key] for key in (*KEYS, "cohort", "estimate", "se", "n", "n_events")}
            rows.add(**kept)
    rows.add_not_estimable("too few", **{**KEYS, "cohort": "e"})
    rows.add_not_estimable("no PHQ-9", **{**KEYS, "analysis": "severity"}, cohort="a")
    rows.add(analysis="flow", term="rows", measure="count", estimate=9, cohort="a")
    results.write(rows.table(), tmp_path / "cohorts.parquet")
    overlap = tmp_path / "overlap.json"
    overlap.write_text('{"left_out": {}, "pairs": []}', encoding="utf-8")
    synthesise(
        make_study(), SynthesisInputs([tmp_path / "cohorts.parquet"], {}, overlap), POOLED,
        tmp_path / "pooled.parquet",
    )  # fmt: skip
    found = results.read(tmp_path / "pooled.parquet")
    k = found[found["measure"] == "k"].set_index("target")["estimate"]
    assert k.to_dict() == {"bipolar": 2, "depression": 4}
    severity = results.select(found, analysis="severity", stratum="all")
    assert severity["status"].tolist() == ["not_estimable"]
    assert "no cohort has an estimate" in severity["reason"].iloc[0]
    assert "no PHQ-9" in severity["reason"].iloc[0]
    assert set(found["cohort"]) == {"pooled"}
    pooled = found[found["stratum"] == "all"]
    assert not set(pooled["analysis"]) - {"contrast", "severity", "influence"}


def test_a_cohort_that_shares_people_with_another_is_not_pooled(tmp_path):
    results.write(estimates(), tmp_path / "cohorts.parquet")
    everyone = sorted(set(estimates()["cohort"]))
    overlap = tmp_path / "overlap.json"
    decision = {"left_out": {everyone[0]: "shares people with another"}, "pairs": []}
    overlap.write_text(json.dumps(decision), encoding="utf-8")
    synthesise(
        make_study(), SynthesisInputs([tmp_path / "cohorts.parquet"], {}, overlap), POOLED,
        tmp_path / "pooled.parquet",
    )  # fmt: skip
    found = results.read(tmp_path / "pooled.parquet")
    (k,) = found.loc[found["measure"] == "k", "estimate"]
    assert k == len(everyone) - 1
    assert f"without {everyone[0]}" not in set(found["stratum"])
