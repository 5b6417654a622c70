"""What a synthesis hinges on: every row is what the kernel gives, or says why there is none."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2

from builders import POOLED, cohort_entry, result_table, study_config
from igfmood import results
from igfmood.config.load import parse_study
from igfmood.errors import NotEstimable
from igfmood.results import Rows
from igfmood.synthesis import sensitivity
from igfmood.synthesis.influence import influence
from igfmood.synthesis.meta_regression import meta_regression
from igfmood.synthesis.pool import add_pooled
from igfmood.synthesis.random_effects import leave_one_out, random_effects
from igfmood.synthesis.sensitivity import KINDS, MainNumber, add_sensitivity
from igfmood.synthesis.small_study import egger_test, trim_and_fill
from igfmood.synthesis.subgroups import subgroups_common_tau2

KEYS = {"analysis": "contrast", "target": "depression", "model": "linear",
        "exposure": "igf1_sds", "adjustment": "adjusted", "stratum": "all", "term": "",
        "measure": "smd"}  # fmt: skip
NUMBER = MainNumber("lower", "contrast", "depression", "adjusted", "smd", "")
#: Out of alphabetical order, as the cohorts of a study are; E disagrees with the others.
NAMES = ["b", "a", "d", "c", "e"]
YI = np.array([0.05, -0.10, 0.32, 0.18, 1.60])
SE = np.array([0.10, 0.15, 0.22, 0.12, 0.25])
AGE = np.array([38.0, 44.0, 51.0, 47.0, 30.0])
WOMEN = np.array([0.5, 0.6, 0.4, 0.7, 0.9])
ASSAYS = ["Elecsys", "IDS", "Elecsys", "IDS", "Elecsys"]
#: Ten and more studies whose small ones lie higher.
MANY = 12
FUNNEL_SE = np.linspace(0.08, 0.4, MANY)
FUNNEL = 0.1 + 1.4 * FUNNEL_SE + 0.12 * np.cos(7 * np.arange(MANY))


def study_of(names, assays=None):
    analytes = [
        {"column": "igf1", "unit": "ng/mL", **({"assay": assay} if assay else {})}
        for assay in assays or [None] * len(names)
    ]
    entries = [cohort_entry(n, analyte=a) for n, a in zip(names, analytes, strict=True)]
    return parse_study(study_config(*entries))


def estimates(yi, se, names, **keys):
    return [
        {**KEYS, **keys, "cohort": name, "estimate": y, "se": s, "n": 100}
        for name, y, s in zip(names, yi, se, strict=True)
    ]


def described(name, age, women, groups=(("control", 60), ("mdd", 40))):
    """Rows of table 1: groups of different ages and shares of women, whose means are these."""
    rows = []
    total = sum(n for _, n in groups)
    for group, n in groups:
        shift = (2 if group == "control" else -2) * total / (2 * n)
        share = women + 0.001 * shift
        shared = {"analysis": "table1", "stratum": group, "cohort": name, "n": n}
        rows += [
            {**shared, "term": "age_years", "measure": "mean", "estimate": age + shift},
            {**shared, "term": "age_years", "measure": "median", "estimate": 99.0},
            {**shared, "term": "female", "measure": "count", "estimate": share * n},
            {**shared, "term": "lithium", "measure": "count", "estimate": 1},
        ]
    return rows


def written(rows, study, *numbers):
    """Rows of the sensitivity analyses, by analysis, measure and stratum."""
    found = Rows(POOLED)
    add_sensitivity(found, result_table(*rows), study, numbers or [NUMBER])
    return found.table().set_index(["analysis", "measure", "stratum"]).sort_index()


def usual(yi=YI, se=SE, names=NAMES, assays=None, tables=True):
    rows = estimates(yi, se, names)
    if tables:
        for name, age, women in zip(names, AGE, WOMEN, strict=False):
            rows += described(name, age, women)
    return written(rows, study_of(names, assays))


def check(row, found, columns=("estimate", "se", "ci_low", "ci_high", "p", "df")):
    """Compare a row with attributes of what the kernel gives, each under its name in `found`."""
    assert row["status"] == "ok"
    assert [row[name] for name in columns] == pytest.approx(
        [found[name] for name in columns], rel=1e-12
    )


def of_fit(fit):
    return {"estimate": fit.mu, "se": fit.se, "ci_low": fit.ci_low, "ci_high": fit.ci_high,
            "p": fit.p, "df": fit.df}  # fmt: skip


# ---- estimators ---------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ["DL", "PM", "ML", "REML"])
def test_every_estimator_of_tau2_has_the_numbers_of_the_kernel(estimator):
    found = usual()
    expected = random_effects(YI, SE**2, estimator=estimator)
    row = found.loc["tau2_estimator", "smd", estimator]
    check(row, of_fit(expected))
    assert estimator in row["method"]
    tau2 = found.loc["tau2_estimator", "tau2", estimator]
    assert (tau2["estimate"], tau2["term"]) == (pytest.approx(expected.tau2, rel=1e-12), "smd")


def test_the_four_estimators_disagree_here_and_no_other_is_written():
    found = usual().loc["tau2_estimator", "smd"]
    assert set(found.index) == {"DL", "PM", "ML", "REML"}
    assert found["estimate"].nunique() == 4
    assert set(found["model"]) == {"contrast"}
    assert set(found["cohort"]) == {"pooled"}


def test_cohorts_that_agree_exactly_are_refused_row_by_row():
    found = usual([0.2, 0.2, 0.2], [0.1, 0.2, 0.3], NAMES[:3]).loc["tau2_estimator"]
    assert found["status"].tolist() == ["not_estimable"] * 4
    assert found["reason"].str.contains("same estimate").all()


def test_intervals_have_the_level_of_the_source():
    rows = Rows(results.Source("demo", results.POOLED, 1, "c0de", "da7a", 0.8))
    table = result_table(*estimates(YI, SE, NAMES))
    add_sensitivity(rows, table, study_of(NAMES, ASSAYS), [NUMBER])
    found = rows.table().set_index(["analysis", "measure", "stratum"])
    check(found.loc["tau2_estimator", "smd", "PM"], of_fit(random_effects(YI, SE**2, 0.8, "PM")))
    group = subgroups_common_tau2(YI, SE**2, ASSAYS, 0.8).subgroups[0]
    assert found.loc[("subgroup", "smd", "assay: Elecsys"), "ci_low"] == pytest.approx(group.ci_low)


# ---- which numbers ------------------------------------------------------------------------------


def test_only_the_numbers_asked_for_are_looked_at_each_under_its_claim():
    others = [
        *estimates(YI, SE, NAMES, adjustment="unadjusted"),
        *estimates(YI, SE, NAMES, stratum="complete_cases"),
        *estimates(YI, SE, NAMES, model="variance", measure="log_vr"),
    ]
    alone, among = (
        written([*estimates(YI, SE, NAMES), *more], study_of(NAMES)) for more in ([], others)
    )
    assert alone["estimate"].equals(among["estimate"])
    slope = MainNumber("slope", "severity", "phq9_total", "adjusted", "beta", "")
    phq = {"analysis": "severity", "target": "phq9_total", "measure": "beta"}
    rows = [*estimates(YI, SE, NAMES), *estimates(-YI, SE, NAMES, **phq)]
    both = written(rows, study_of(NAMES), NUMBER, slope)
    assert both.groupby("claim")["model"].agg(set).to_dict() == {
        "lower": {"contrast"}, "slope": {"severity"},
    }  # fmt: skip
    mu = both.loc["tau2_estimator"].loc[["smd", "beta"], "estimate"].groupby("measure").first()
    assert mu["beta"] == pytest.approx(-mu["smd"], rel=1e-12)


def test_a_subset_is_looked_at_beside_everybody_under_strata_of_its_own():
    women = MainNumber("women", "contrast", "depression", "adjusted", "smd", "", "women")
    rows = [*estimates(YI, SE, NAMES), *estimates(-YI, SE, NAMES, stratum="women")]
    for name, age, share in zip(NAMES, AGE, WOMEN, strict=True):
        rows += described(name, age, share)
    alone = written(rows, study_of(NAMES, ASSAYS)).reset_index()
    both = written(rows, study_of(NAMES, ASSAYS), NUMBER, women).reset_index()
    everybody, subset = (both[both["claim"] == name] for name in ("lower", "women"))
    assert everybody["estimate"].tolist() == pytest.approx(alone["estimate"].tolist(), nan_ok=True)
    assert subset["stratum"].str.startswith("women|").all()
    own = subset.set_index(["analysis", "measure", "stratum"])
    check(own.loc["tau2_estimator", "smd", "women|DL"],
          of_fit(random_effects(-YI, SE**2, estimator="DL")))  # fmt: skip
    assert ("influence", "cook_d", "women|without e") in own.index
    for moderator in ("mean age", "share of women"):
        assert own.loc[("meta_regression", "smd", f"women|{moderator}"), "reason"] == (
            "not asked of a subset: moderators describe whole cohorts"
        )


def test_a_subset_of_one_cohort_says_so_once_an_analysis():
    women = MainNumber("women", "contrast", "depression", "adjusted", "smd", "", "women")
    rows = [*estimates(YI, SE, NAMES), *estimates(YI[:1], SE[:1], NAMES[:1], stratum="women")]
    found = written(rows, study_of(NAMES), women).reset_index()
    assert found["analysis"].tolist() == sorted(KINDS)
    assert set(found["stratum"]) == {"women|all"}
    assert set(found["reason"]) == {"one cohort only: b"}


@pytest.mark.parametrize(
    ("known", "analysis", "reason"),
    [
        (["a"], "contrast", "one cohort only: a"),
        ([], "contrast", "no cohort has an estimate: too few (b, e)"),
        ([], "mendelian", "no synthesis of cohorts: Mendelian randomisation has sensitivity"),
        ([], "tails", "no cohort was asked for this number"),
    ],
)
def test_a_number_of_fewer_than_two_cohorts_has_one_row_an_analysis_that_says_so(
    known, analysis, reason
):
    rows = Rows(POOLED)
    for row in estimates(YI[: len(known)], SE[: len(known)], known):
        rows.add(**row)
    for name in "be":
        rows.add_not_estimable("too few", **{**KEYS, "cohort": name})
    number = MainNumber("lower", analysis, "depression", "adjusted", "smd", "")
    found = Rows(POOLED)
    add_sensitivity(found, rows.table(), study_of(NAMES), [number])
    table = found.table()
    assert table["analysis"].tolist() == list(KINDS)
    assert set(table["status"]) == {"not_estimable"}
    assert table["reason"].str.startswith(reason).all()
    assert set(table["claim"]) == {"lower"}


# ---- an AUC, on the logit scale -----------------------------------------------------------------

AUC = np.array([0.62, 0.71, 0.58, 0.66])
AUC_SE = np.array([0.03, 0.04, 0.05, 0.02])
OF_AUC = MainNumber("test", "validation", "depression", "base_analyte", "auc", "")
AUC_KEYS = {"analysis": "validation", "model": "logistic", "adjustment": "base_analyte",
            "measure": "auc"}  # fmt: skip


def of_auc(assays=None):
    rows = estimates(AUC, AUC_SE, NAMES[:4], **AUC_KEYS)
    for name, age, women in zip(NAMES[:4], AGE, WOMEN, strict=False):
        rows += described(name, age, women)
    return written(rows, study_of(NAMES[:4], assays), OF_AUC)


LOGITS = np.log(AUC / (1 - AUC))
LOGIT_VI = (AUC_SE / (AUC * (1 - AUC))) ** 2


@pytest.mark.parametrize("estimator", ["DL", "PM", "ML", "REML"])
def test_an_auc_is_pooled_on_the_logit_scale_and_given_back(estimator):
    found = of_auc().loc["tau2_estimator"]
    expected = random_effects(LOGITS, LOGIT_VI, estimator=estimator)
    row = found.loc["auc", estimator]
    assert [row["estimate"], row["ci_low"], row["ci_high"]] == pytest.approx(
        [1 / (1 + np.exp(-x)) for x in (expected.mu, expected.ci_low, expected.ci_high)]
    )
    assert np.isnan([row["se"], row["p"]]).all()
    assert row["df"] == 3
    assert found.loc["tau2", estimator]["estimate"] == pytest.approx(expected.tau2)
    assert "on the logit scale" in row["method"]


def test_influence_subgroups_and_slopes_of_an_auc_are_those_of_its_logits():
    assays = ["IDS", "IDS", "Elecsys", "Elecsys"]
    found = of_auc(assays)
    hat = influence(LOGITS, LOGIT_VI).hat
    assert [found.loc["influence", "hat", f"without {name}"]["estimate"] for name in NAMES[:4]] == (
        pytest.approx(hat.tolist())
    )
    group = subgroups_common_tau2(LOGITS, LOGIT_VI, assays).subgroups[0]
    row = found.loc["subgroup", "auc", f"assay: {group.label}"]
    assert row["ci_high"] == pytest.approx(1 / (1 + np.exp(-group.ci_high)))
    assert np.isnan(row["se"])
    slope = meta_regression(LOGITS, LOGIT_VI, pd.DataFrame({"age": AGE[:4]})).coefficient("age")
    row = found.loc["meta_regression", "auc", "mean age"]
    assert [row["estimate"], row["p"]] == pytest.approx([slope.estimate, slope.p])
    assert "on the logit scale" in row["method"]


def test_an_auc_of_1_has_no_place_and_that_is_said():
    rows = estimates([0.7, 1.0], [0.05, 0.01], NAMES[:2], **AUC_KEYS)
    found = written(rows, study_of(NAMES[:2]), OF_AUC)
    assert set(found["reason"]) == {"an estimate of 0 or 1 has no place on the logit scale"}


def test_a_cohort_without_an_estimate_takes_no_part():
    rows = Rows(POOLED)
    for row in estimates(YI[:4], SE[:4], NAMES[:4]):
        rows.add(**row)
    rows.add_not_estimable("too few", **{**KEYS, "cohort": "e"})
    found = Rows(POOLED)
    add_sensitivity(found, rows.table(), study_of(NAMES), [NUMBER])
    table = found.table().set_index(["analysis", "measure", "stratum"])
    row = table.loc["tau2_estimator", "smd", "REML"]
    check(row, of_fit(random_effects(YI[:4], SE[:4] ** 2)))


# ---- influence ----------------------------------------------------------------------------------


def test_influence_of_each_cohort_stands_under_its_own_name():
    found = usual().loc["influence"]
    expected = influence(YI, SE**2)
    for measure in ("rstudent", "dffits", "cook_d", "hat", "tau2_del"):
        for place, name in enumerate(NAMES):
            row = found.loc[measure, f"without {name}"]
            value = getattr(expected, measure)[place]
            assert row["estimate"] == pytest.approx(value, rel=1e-9, abs=1e-12)
            assert row["term"] == "smd"
    assert len(found) == 5 * 5


def test_the_cohort_that_disagrees_is_flagged_and_no_other():
    without = leave_one_out(YI, SE**2)[4]
    assert without.tau2 < 0.1 * random_effects(YI, SE**2).tau2
    found = usual().loc["influence", "cook_d"]
    flagged = {stratum: method.rsplit(": ")[-1] for stratum, method in found["method"].items()}
    assert flagged == {
        **{f"without {name}": "not influential" for name in "abcd"}, "without e": "influential",
    }  # fmt: skip


def test_of_two_cohorts_none_is_influential_but_too_few():
    found = usual(YI[:2], SE[:2], NAMES[:2])
    row = found.loc["influence"].iloc[0]
    assert (row["status"], row["reason"]) == ("not_estimable", "too few cohorts: k = 2 < 3")
    assert len(found.loc["influence"]) == 1


# ---- moderators ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "values"), [("mean age", AGE), ("share of women", WOMEN)])
def test_meta_regression_on_what_table_1_says_of_the_cohorts(name, values):
    row = usual().loc["meta_regression", "smd", name]
    expected = meta_regression(YI, SE**2, pd.DataFrame({name: values})).coefficient(name)
    check(row, vars(expected))
    assert "5 cohorts: a guess" in row["method"]


def test_means_of_groups_count_by_their_people():
    # 90 people of 30 years and 10 of 60 are 33 years old on average, not 45.
    rows = estimates(YI[:3], SE[:3], NAMES[:3])
    for name, age, women in zip(NAMES[1:3], AGE[1:3], WOMEN[1:3], strict=True):
        rows += described(name, age, women)
    shared = {"analysis": "table1", "cohort": "b"}
    for group, n, age, women in (("control", 90, 30, 9), ("mdd", 10, 60, 8)):
        rows += [
            {**shared, "stratum": group, "term": "age_years", "measure": "mean", "estimate": age,
             "n": n},
            {**shared, "stratum": group, "term": "female", "measure": "count", "estimate": women,
             "n": n},
        ]  # fmt: skip
    found = written(rows, study_of(NAMES[:3]))
    for name, values in (("mean age", [33.0, *AGE[1:3]]), ("share of women", [0.17, *WOMEN[1:3]])):
        columns = pd.DataFrame({name: values})
        expected = meta_regression(YI[:3], SE[:3] ** 2, columns).coefficient(name)
        check(found.loc["meta_regression", "smd", name], vars(expected))


def test_with_ten_cohorts_it_is_no_guess():
    names = [f"c{place:02d}" for place in range(10)]
    rows = estimates(FUNNEL[:10], FUNNEL_SE[:10], names)
    for place, name in enumerate(names):
        rows += described(name, 30 + place**1.5, 0.5)
    row = written(rows, study_of(names)).loc["meta_regression", "smd", "mean age"]
    assert row["status"] == "ok"
    assert "guess" not in row["method"]


def test_fewer_than_three_cohorts_are_not_regressed():
    found = usual(YI[:2], SE[:2], NAMES[:2]).loc["meta_regression"]
    assert found["status"].tolist() == ["not_estimable"] * 2
    assert set(found["reason"]) == {"too few cohorts: k = 2 < 3"}


def test_a_moderator_that_is_missing_is_said_and_the_other_still_regressed():
    rows = estimates(YI, SE, NAMES)
    for name, age, women in zip(NAMES, AGE, WOMEN, strict=True):
        told = described(name, age, women)
        rows += [row for row in told if name != "d" or row["term"] != "age_years"]
    found = written(rows, study_of(NAMES)).loc["meta_regression", "smd"]
    assert found.loc["mean age", "status"] == "not_estimable"
    assert "mean age is missing for 1 of 5" in found.loc["mean age", "reason"]
    assert found.loc["share of women", "status"] == "ok"


def test_without_any_table_1_both_moderators_are_missing():
    found = usual(tables=False).loc["meta_regression"]
    assert found["reason"].str.contains("is missing for 5 of 5").tolist() == [True, True]


def test_a_moderator_that_is_the_same_everywhere_explains_nothing():
    rows = estimates(YI, SE, NAMES)
    for name, age in zip(NAMES, AGE, strict=True):
        rows += described(name, age, 0.5, groups=(("control", 64),))
    found = written(rows, study_of(NAMES)).loc["meta_regression", "smd"]
    assert "for all studies" in found.loc["share of women", "reason"]
    assert found.loc["mean age", "status"] == "ok"


# ---- assays -------------------------------------------------------------------------------------


def test_two_assays_one_of_them_with_two_cohorts():
    assays = ["Elecsys", "IDS", "Elecsys"]
    found = usual(YI[:3], SE[:3], NAMES[:3], assays).loc["subgroup"]
    expected = subgroups_common_tau2(YI[:3], SE[:3] ** 2, assays)
    assert [group.k for group in expected.subgroups] == [2, 1]
    for group in expected.subgroups:
        row = found.loc["smd", f"assay: {group.label}"]
        check(row, vars(group))
        assert f"cohorts: {group.k}" in row["method"]
    test = found.loc["f", "assay"]
    assert [test["estimate"], test["p"], test["df"]] == pytest.approx(
        [expected.between.stat, expected.between.p, 1.0], rel=1e-12
    )
    assert test["term"] == "smd"
    assert len(found) == 3


@pytest.mark.parametrize(
    "assays",
    [["IDS"] * 3, ["IDS", "Elecsys", "Immulite"], [None] * 3, ["IDS", "IDS", None],
     ["unknown", "unknown", "IDS"]],
)  # fmt: skip
def test_assays_that_cannot_be_compared(assays):
    found = usual(YI[:3], SE[:3], NAMES[:3], assays).loc["subgroup"]
    assert found["status"].tolist() == ["not_estimable"]
    assert found["reason"].iloc[0].startswith("no two named assays to compare")
    assert found.index.tolist() == [("smd", "assay")]


def test_serum_and_plasma_are_compared_where_both_are_there():
    analytes = [
        {"column": "igf1", "unit": "ng/mL", "matrix": matrix}
        for matrix in ("serum", "plasma_edta", "serum", "plasma_heparin")
    ]
    entries = [
        cohort_entry(name, analyte=one) for name, one in zip(NAMES[:4], analytes, strict=True)
    ]
    rows = Rows(POOLED)
    add_sensitivity(
        rows, result_table(*estimates(YI[:4], SE[:4], NAMES[:4])),
        parse_study(study_config(*entries)), [NUMBER],
    )  # fmt: skip
    found = results.select(rows.table(), analysis="subgroup", status="ok").set_index("stratum")
    kinds = ["serum", "plasma", "serum", "plasma"]
    expected = subgroups_common_tau2(YI[:4], SE[:4] ** 2, kinds)
    for group in expected.subgroups:
        assert found.loc[f"matrix: {group.label}", "estimate"] == pytest.approx(group.estimate)
    assert found.loc["matrix", "p"] == pytest.approx(expected.between.p)


def test_cohorts_of_no_named_assay_are_no_assay_of_their_own():
    assays = ["Elecsys", None, "IDS", "unknown", "Elecsys"]
    found = usual(assays=assays).loc["subgroup"]
    kept = [0, 2, 4]
    expected = subgroups_common_tau2(YI[kept], SE[kept] ** 2, ["Elecsys", "IDS", "Elecsys"])
    assert sorted(found.loc["smd"].index) == ["assay: Elecsys", "assay: IDS"]
    check(found.loc["smd", "assay: Elecsys"], vars(expected.subgroups[0]))
    assert found["method"].str.endswith("left out, as their assay is not named: 2").all()


# ---- small studies ------------------------------------------------------------------------------


def funnel(k):
    names = [f"c{place:02d}" for place in range(k)]
    found = written(estimates(FUNNEL[:k], FUNNEL_SE[:k], names), study_of(names))
    return found.loc["small_studies"].reset_index("measure")


def test_nine_cohorts_are_too_few_to_look_for_small_study_effects():
    found = funnel(9)
    assert found["status"].to_dict() == {
        "Egger": "not_estimable", "trim and fill": "not_estimable",
    }  # fmt: skip
    assert found["reason"].str.endswith("k = 9 < 10").all()


@pytest.mark.parametrize("k", [10, MANY])
def test_from_ten_cohorts_on_egger_and_trim_and_fill_are_those_of_the_kernel(k):
    found, yi, vi = funnel(k), FUNNEL[:k], FUNNEL_SE[:k] ** 2
    egger = egger_test(yi, vi)
    check(
        found.loc["Egger"],
        {"estimate": egger.limit, "ci_low": egger.limit_low, "ci_high": egger.limit_high,
         },
        ("estimate", "ci_low", "ci_high"),
    )  # fmt: skip
    slope = {"estimate": egger.slope, "se": egger.se, "p": egger.p, "df": egger.df}
    check(found.loc["Egger asymmetry"], slope, tuple(slope))
    assert found.loc["Egger asymmetry", "measure"] == "slope"
    filled = trim_and_fill(yi, vi)
    check(found.loc["trim and fill"], of_fit(filled.pooled))
    assert f"{filled.k0} studies added on the {filled.side}" in found.loc["trim and fill", "method"]


def test_the_slanted_funnel_is_seen_and_filled_on_the_left():
    found = funnel(MANY)
    assert found.loc["Egger asymmetry", "p"] < 0.01
    assert found.loc["Egger", "estimate"] < 0.25 < random_effects(FUNNEL, FUNNEL_SE**2).mu
    assert trim_and_fill(FUNNEL, FUNNEL_SE**2).k0 > 0
    assert "on the left" in found.loc["trim and fill", "method"]


def test_egger_stands_where_trim_and_fill_does_not_settle(monkeypatch):
    def refuse(*_, **__):
        raise NotEstimable("trim-and-fill does not settle")

    monkeypatch.setattr(sensitivity, "trim_and_fill", refuse)
    found = funnel(10)
    assert found.loc["Egger", "status"] == "ok"
    assert found.loc["trim and fill", "reason"] == "trim-and-fill does not settle"


# ---- the interval of tau2 -----------------------------------------------------------------------


def tau2_row(yi, se, level=0.95):
    rows = Rows(results.Source("demo", results.POOLED, 1, "c0de", "da7a", level))
    add_pooled(rows, result_table(*estimates(yi, se, NAMES[: len(yi)])), KEYS)
    return rows.table().set_index(["measure", "stratum"]).loc["tau2", "all"]


def generalised_q(tau2, yi=YI, se=SE):
    w = 1 / (se**2 + tau2)
    return np.sum(w * (yi - w @ yi / w.sum()) ** 2)


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_tau2_has_the_interval_in_which_q_is_plausible(level):
    row = tau2_row(YI, SE, level)
    for limit, tail in (("ci_low", (1 + level) / 2), ("ci_high", (1 - level) / 2)):
        target = chi2.ppf(tail, 4)
        root = brentq(lambda tau2, aim=target: generalised_q(tau2) - aim, 0, 1e3, xtol=1e-14)
        assert row[limit] == pytest.approx(root, rel=1e-8)
    assert 0 < row["ci_low"] < row["estimate"] < row["ci_high"]
    assert "Q-profile" in row["method"]


def test_the_lower_limit_is_0_where_chance_alone_would_do():
    yi, se = np.array([0.1, 0.3, 0.2, 0.45]), np.full(4, 0.15)
    assert chi2.ppf(0.025, 3) < generalised_q(0, yi, se) < chi2.ppf(0.975, 3)
    row = tau2_row(yi, se)
    assert row["ci_low"] == 0
    assert row["ci_high"] > 0


def test_cohorts_that_agree_too_well_leave_tau2_without_an_interval():
    yi, se = np.array([0.200, 0.201, 0.202, 0.203]), np.full(4, 0.15)
    row = tau2_row(yi, se)
    assert (row["status"], row["estimate"]) == ("ok", 0)
    assert np.isnan(row["ci_low"])
    assert np.isnan(row["ci_high"])
