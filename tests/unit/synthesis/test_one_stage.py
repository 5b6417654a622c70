"""One model over the people of all cohorts, against statsmodels and the CR2 kernel."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.stats import t

from builders import POOLED, make_study, people
from igfmood.association.effect_sizes import small_sample_correction
from igfmood.association.models.cluster_robust import cluster_robust
from igfmood.config.study import Study
from igfmood.results import Rows
from igfmood.synthesis.one_stage import ONE_STAGE, add_one_stage

FORMULA = "+ C(cohort) + age_years + C(sex) + bmi"
TASK = {"analysis": "contrast", "target": "depression", "measure": "smd"}
PHQ = {"analysis": "severity", "target": "phq9_total", "measure": "beta"}


@pytest.fixture
def tables():
    """Three cohorts of different sizes, ages and levels; IGF-1 is higher in depression."""
    made = {}
    for place, name in enumerate("abc"):
        groups = {"control": 40 + 9 * place, "mdd": 25 + 4 * place, "bipolar": 12}
        table = people(groups, effects={"mdd": 0.3 + 0.2 * place}, seed=place + 1)
        made[name] = table.assign(age_years=table["age_years"] + 4 * place)
    return made


@pytest.fixture
def run(tmp_path):
    """Return a function that gives the one-stage rows of cohorts, by analysis and target."""

    def one_stage(tables, refused=(), tiers=None, **changes):
        tiers = tiers or {"adjusted": ["age_years", "sex", "bmi"]}
        study = make_study(*tables, covariate_tiers=tiers, **changes)
        paths = {}
        own = Rows(POOLED)
        for name, table in tables.items():
            paths[name] = tmp_path / f"{name}.parquet"
            if table is not None:
                table.to_parquet(paths[name])
            for keys in (TASK, PHQ):
                shared = {**keys, "model": "linear", "adjustment": study.main_tier,
                          "stratum": "all", "cohort": name}  # fmt: skip
                if name in refused:
                    own.add_not_estimable("too few", **shared)
                else:
                    own.add(**shared, estimate=0.1, se=0.1)
        rows = Rows(POOLED)
        add_one_stage(rows, own.table(), paths, study)
        return rows.table().set_index(["analysis", "target"])

    return one_stage


def stacked(tables):
    parts = [table.assign(cohort=name) for name, table in tables.items()]
    return pd.concat(parts, ignore_index=True)


def in_task(tables):
    everyone = stacked(tables)
    both = everyone[everyone["diagnosis"].isin(["mdd", "control"])].reset_index(drop=True)
    return both.assign(case=(both["diagnosis"] == "mdd").astype(float))


def expected(formula, data):
    """Estimate by statsmodels, and the CR2 contrast of the same design by the kernel."""
    model = smf.ols(formula, data)
    name = formula.split()[2]
    fit = cluster_robust(model.exog, model.endog, data["cohort"].to_numpy())
    return model.fit().params[name], fit.contrast(model.exog_names.index(name))


def spread_within(data):
    cells = data.groupby(["cohort", "case"])["igf1_sds"]
    return np.sqrt((cells.var() * (cells.size() - 1)).sum() / (cells.size() - 1).sum())


def hedges(data, formula=FORMULA):
    """Hedges' g of the task with its standard error and degrees of freedom."""
    beta, contrast = expected(f"igf1_sds ~ case {formula}", data)
    n, sd = len(data), spread_within(data)
    g = small_sample_correction(n - 2) * beta / sd
    return g, np.sqrt((contrast.se / sd) ** 2 + g**2 / (2 * n)), contrast.df


def check_task(row, data, formula=FORMULA):
    g, se, df = hedges(data, formula)
    assert [row["estimate"], row["se"], row["df"]] == pytest.approx([g, se, df], rel=1e-8)


# ---- numbers ------------------------------------------------------------------------------------


def test_the_group_difference_is_that_of_statsmodels_with_errors_of_the_kernel(tables, run):
    row, data = run(tables).loc["contrast", "depression"], in_task(tables)
    check_task(row, data)
    assert row["estimate"] > 0.2
    reach = t.ppf(0.975, row["df"]) * row["se"]
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(
        [row["estimate"] - reach, row["estimate"] + reach], rel=1e-9
    )
    assert row["p"] == pytest.approx(2 * t.sf(row["estimate"] / row["se"], row["df"]), rel=1e-9)
    assert (row["n"], row["n_events"]) == (len(data), data["case"].sum())
    assert row["stratum"] == ONE_STAGE
    assert row["exposure"] == "igf1_sds"
    assert row["cohort"] == "pooled"
    assert "3 cohorts" in row["method"]


def test_the_degrees_of_freedom_are_those_of_few_clusters_not_of_people(tables, run):
    found = run(tables)
    for key in (("contrast", "depression"), ("severity", "phq9_total")):
        assert 1 <= found.loc[key, "df"] <= 2


def test_the_slope_of_the_phq9_is_over_everybody_in_points(tables, run):
    row = run(tables).loc["severity", "phq9_total"]
    data = stacked(tables)
    slope, contrast = expected(f"phq9_total ~ igf1_sds {FORMULA}", data)
    assert [row["estimate"], row["se"], row["df"], row["p"]] == pytest.approx(
        [slope, contrast.se, contrast.df, contrast.p], rel=1e-8
    )
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(
        [contrast.ci_low, contrast.ci_high], rel=1e-8
    )
    assert row["n"] == len(data)


def test_intervals_have_the_level_of_the_study(tables, run):
    narrow = run(tables, level=0.8)
    for key in (("contrast", "depression"), ("severity", "phq9_total")):
        row = narrow.loc[key]
        reach = t.ppf(0.9, row["df"]) * row["se"]
        assert row["ci_high"] - row["estimate"] == pytest.approx(reach, rel=1e-9)


def test_the_last_tier_adjusts(tables, run):
    tiers = {"adjusted": ["age_years", "sex", "bmi"], "none": []}
    row = run(tables, tiers=tiers).loc["contrast", "depression"]
    assert row["adjustment"] == "none"
    check_task(row, in_task(tables), "+ C(cohort)")
    assert row["estimate"] != pytest.approx(hedges(in_task(tables))[0], rel=1e-6)


# ---- who takes part -----------------------------------------------------------------------------


def test_only_cohorts_whose_own_number_is_ok_take_part(tables, run):
    # The participants of the one that does not are not even read.
    found = run({**tables, "b": None}, refused=["b"])
    row = found.loc["contrast", "depression"]
    check_task(row, in_task({name: tables[name] for name in "ac"}))
    assert "2 cohorts" in row["method"]


@pytest.mark.parametrize(("refused", "number"), [(["a", "b"], 1), (["a", "b", "c"], 0)])
def test_fewer_than_two_cohorts_are_refused(tables, run, refused, number):
    found = run(tables, refused=refused)
    assert found["status"].tolist() == ["not_estimable"] * 4
    assert set(found["reason"]) == {
        f"too few cohorts: k = {number} < 2",
        "too few cohorts: k = 0 < 2",
    }


def test_every_task_and_the_phq9_has_one_row(tables, run):
    found = run(tables)
    assert found["status"].to_dict() == {
        ("contrast", "depression"): "ok", ("contrast", "bipolar"): "not_estimable",
        ("contrast", "bipolar_vs_depression"): "not_estimable", ("severity", "phq9_total"): "ok",
    }  # fmt: skip


def test_a_cohort_with_too_few_complete_cases_is_left_out_by_name(tables, run):
    # Its own number is ok because gaps are imputed there; here they are not.
    cases = np.flatnonzero(tables["c"]["diagnosis"] == "mdd")
    gaps = tables["c"].copy()
    gaps.loc[cases[9:], "bmi"] = np.nan
    found = run({**tables, "c": gaps})
    row = found.loc["contrast", "depression"]
    check_task(row, in_task({name: tables[name] for name in "ab"}))
    assert row["method"].split(";")[-2:] == [
        " without c: too few complete cases",
        " over the pooled SD within groups and cohorts (Hedges g)",
    ]
    slope = found.loc["severity", "phq9_total"]
    assert slope["n"] == len(stacked(tables)) - len(cases) + 9
    assert "without" not in slope["method"]


def test_a_cohort_with_too_few_phq9_totals_is_left_out_by_name(tables, run):
    totals = tables["c"]["phq9_total"].where(np.arange(len(tables["c"])) < 19)
    found = run({**tables, "c": tables["c"].assign(phq9_total=totals)})
    slope = found.loc["severity", "phq9_total"]
    assert slope["n"] == len(stacked({name: tables[name] for name in "ab"}))
    assert slope["method"].endswith("; without c: too few complete cases")
    assert "without" not in found.loc[("contrast", "depression"), "method"]


def test_complete_cases_are_those_of_the_last_tier(tables, run):
    gaps = {**tables, "a": tables["a"].assign(bmi=tables["a"]["bmi"].where(lambda x: x.index > 4))}
    for last, n in ({"bmi": 5, "age_years": 0}).items():
        tiers = {"first": ["bmi"], "last": [last]}
        row = run(gaps, tiers=tiers).loc["contrast", "depression"]
        assert row["n"] == len(in_task(tables)) - n


def test_where_too_few_cohorts_are_left_the_reason_names_the_others(tables, run):
    gaps = {name: tables[name].assign(bmi=np.nan) for name in "bc"}
    found = run({"a": tables["a"], **gaps})
    for key in (("contrast", "depression"), ("severity", "phq9_total")):
        assert found.loc[key, "reason"] == (
            "too few cohorts: k = 1 < 2; b: bmi is not in this cohort; c: bmi is not in this cohort"
        )


@pytest.mark.parametrize(("size", "status"), [(25, "ok"), (26, "not_estimable")])
def test_groups_pass_the_gate_of_the_study(tables, run, size, status):
    two = {name: tables[name] for name in "ab"}
    found = run(two, gates={"group_size": size})
    assert found.loc[("contrast", "depression"), "status"] == status
    assert found.loc[("severity", "phq9_total"), "status"] == "ok"


def test_the_stage_is_told_the_gates():
    study = make_study(gates={"group_size": 17})
    assert Study.model_validate(study.for_stage("synthesis")).gates.group_size == 17


def test_later_visits_are_no_further_people(tables, run):
    later = tables["a"].assign(visit="month_6", is_baseline=False, igf1_sds=9.0, phq9_total=0.0)
    both = pd.concat([tables["a"], later], ignore_index=True)
    pd.testing.assert_frame_equal(run({**tables, "a": both}), run(tables))


# ---- what enters --------------------------------------------------------------------------------


def test_the_concentration_itself_is_never_used(tables, run):
    raw = ["igf1_value", "igf1_ng_ml", "igf1_harmonised_ng_ml"]
    other_assay = tables["b"].assign(**{name: 1.35 * tables["b"][name] + 20 for name in raw})
    pd.testing.assert_frame_equal(run({**tables, "b": other_assay}), run(tables))


def test_survey_weights_are_not_used_and_the_method_says_so(tables, run):
    weights = np.random.default_rng(5).uniform(0.1, 9, len(tables["b"]))
    found = run({**tables, "b": tables["b"].assign(weight_survey=weights)})
    pd.testing.assert_frame_equal(found, run(tables))
    assert "survey weights not used" in found.loc[("contrast", "depression"), "method"]


def test_a_cohort_of_women_has_no_column_of_sex_and_does_not_stop_the_others(tables, run):
    women = {**tables, "b": tables["b"].assign(sex="female")}
    found = run(women)
    check_task(found.loc["contrast", "depression"], in_task(women))
    slope, contrast = expected(f"phq9_total ~ igf1_sds {FORMULA}", stacked(women))
    row = found.loc["severity", "phq9_total"]
    assert [row["estimate"], row["se"]] == pytest.approx([slope, contrast.se], rel=1e-8)


def test_a_covariate_that_varies_in_no_cohort_is_dropped(tables, run):
    # Between cohorts it varies, which their intercepts say already. The mean of one value is that
    # value but for rounding, which must not pass for variation.
    bmi = {"a": 24.1, "b": 35.7}
    apart = {
        name: tables[name].assign(sex=sex, bmi=bmi[name])
        for name, sex in (("a", "female"), ("b", "male"))
    }
    rounding = {
        name: float(np.full((len(rows), 2), bmi[name]).mean(axis=0)[0] - bmi[name])
        for name, rows in in_task(apart).groupby("cohort")
    }
    assert len(set(rounding.values())) == 2
    row = run(apart).loc["contrast", "depression"]
    check_task(row, in_task(apart), "+ C(cohort) + age_years")


def test_categories_that_a_cohort_lacks_do_not_take_the_place_of_others(tables, run):
    rng = np.random.default_rng(6)
    kinds = {"a": ["never", "former"], "b": ["former", "current"], "c": ["never", "current"]}
    tables = {
        name: table.assign(smoking=rng.choice(kinds[name], len(table)))
        for name, table in tables.items()
    }
    found = run(tables, tiers={"adjusted": ["smoking", "age_years"]})
    formula = "+ C(cohort) + C(smoking) + age_years"
    check_task(found.loc["contrast", "depression"], in_task(tables), formula)
