"""Who becomes ill later: Cox and discrete time against statsmodels, late entry, what is refused."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from builders import POOLED, asked, cohort_data, make_study, people
from igfmood.association.question import add_answers
from igfmood.association.questions import incidence
from igfmood.errors import NotEstimable
from igfmood.results import Rows

STUDY = make_study(imputation={"m": 0})
IMPUTING = make_study(imputation={"m": 20, "iterations": 3})
AGE_SEX = ("age_years", "sex")


def followed(n=500, log_hr=-0.5, years=8.0, hazard=0.06, seed=9):
    """People seen for up to 8 years, to the tenth of one: events tie."""
    table = people({"control": n}, seed=seed)
    rng = np.random.default_rng(seed + 60)
    rate = hazard * np.exp(log_hr * table["igf1_sds"] + 0.01 * (table["age_years"] - 45))
    at = rng.exponential(1 / rate)
    last = np.minimum(years, rng.uniform(1, 12, n))
    seen = np.ceil(10 * np.minimum(at, last)) / 10
    return table.assign(
        incident_depression=pd.array(at <= last, dtype="boolean"), followup_years=seen
    )


def ask(table, measure="log_hr", term="", names=AGE_SEX, study=STUDY, **more):
    return asked(table, study, "incidence", "depression", measure, term, covariates=names, **more)


def columns(table):
    parts = [table["igf1_sds"], table["age_years"], table["sex"] == "female"]
    return np.column_stack(parts).astype(float)


def by_phreg(table, entry=None):
    event = table["incident_depression"].astype(bool).to_numpy()
    model = sm.PHReg(
        table["followup_years"].to_numpy(), columns(table), status=event, entry=entry, ties="efron"
    )
    return model.fit(disp=0, tol=1e-12)


def test_the_hazard_ratio_is_that_of_cox_with_efrons_ties():
    table = followed()
    found, expected = ask(table), by_phreg(table)
    # Both stop near the maximum: what is left is of the order of 1e-6 of a standard error.
    assert found["estimate"] == pytest.approx(expected.params[0], rel=1e-5)
    assert found["se"] == pytest.approx(expected.bse[0], rel=1e-5)
    assert found["n_events"] == table["incident_depression"].sum()
    assert found["n"] == 500
    assert found["df"] is None
    assert found["method"] == "Cox regression, Efron ties, Wald interval"


def test_the_planted_hazard_ratio_is_inside_its_interval():
    found = ask(followed(n=2000))
    assert found["ci_low"] < -0.5 < found["ci_high"] < 0
    nothing = ask(followed(n=2000, log_hr=0.0))
    assert nothing["ci_low"] < 0 < nothing["ci_high"]


def entering(table, seed=2):
    """Half enter late, and who would have left by then is not in the table."""
    rng = np.random.default_rng(seed)
    # Between the tenths at which events come: programs differ about who enters at an event itself.
    later = np.round(rng.uniform(0, 4, len(table)), 1) + 0.05
    entry = np.where(rng.random(len(table)) < 0.5, 0.0, later)
    late = table.assign(entry_years=entry)
    return late[late["followup_years"] > late["entry_years"]].reset_index(drop=True)


def test_who_enters_late_is_at_risk_from_then_on():
    table = entering(followed(n=900))
    found, expected = ask(table), by_phreg(table, table["entry_years"].to_numpy())
    assert found["estimate"] == pytest.approx(expected.params[0], rel=1e-5)
    assert found["se"] == pytest.approx(expected.bse[0], rel=1e-5)
    without = ask(table.drop(columns="entry_years"))
    assert abs(found["estimate"] - without["estimate"]) > 1e-4
    assert "late entry" in found["method"]
    assert "late entry" not in without["method"]


def test_an_unknown_entry_is_at_the_first_visit():
    table = entering(followed(n=900))
    unknown = table.assign(entry_years=table["entry_years"].replace(0.0, np.nan))
    assert ask(unknown)["estimate"] == ask(table)["estimate"]


def test_who_was_seen_once_changes_nothing_with_or_without_late_entry():
    """Follow-up of 0 years is no time at risk, and no reason to fail a cohort."""
    table = followed()
    once = table.head(3).assign(
        followup_years=0.0, participant_id=["x" * 15 + str(i) for i in range(3)],
        incident_depression=pd.array([False] * 3, dtype="boolean"),
    )  # fmt: skip
    both = pd.concat([table, once], ignore_index=True)
    expected = ask(table)["estimate"]
    for more in (both, both.assign(entry_years=0.0), both.assign(entry_years=np.nan)):
        found = ask(more, names=())
        assert found["estimate"] == pytest.approx(ask(table, names=())["estimate"], rel=1e-9)
        assert found["n"] == 503
    assert expected < 0


@pytest.mark.parametrize("measure", ["log_hr", "log_or"])
def test_who_leaves_before_entering_is_refused_with_the_count(measure):
    table = followed().assign(entry_years=0.0)
    table.loc[[4, 7], "entry_years"] = table.loc[[4, 7], "followup_years"] + 0.01
    with pytest.raises(NotEstimable, match="2 people leave observation no later than they enter"):
        ask(table, measure)


def person_years(table):
    """Return a row for every year of everybody, with the event in the last."""
    last = np.maximum(np.ceil(table["followup_years"]), 1).astype(int)
    first = np.floor(table["entry_years"]).astype(int) if "entry_years" in table else 0 * last
    rows = [
        (person, year, bool(ill) and year == end)
        for person, (begin, end, ill) in enumerate(
            zip(first, last, table["incident_depression"], strict=True)
        )
        for year in range(begin + 1, end + 1)
    ]
    return np.array(rows).T


@pytest.mark.parametrize("late", [False, True])
def test_discrete_time_is_a_logistic_regression_of_person_years(late):
    table = entering(followed()) if late else followed()
    person, year, event = person_years(table)
    dummies = (year[:, None] == np.unique(year)).astype(float)
    design = np.column_stack([columns(table)[person], dummies])
    expected = sm.GLM(event.astype(float), design, family=sm.families.Binomial()).fit(
        cov_type="cluster",
        cov_kwds={"groups": person, "use_correction": False},
        tol=1e-12,
    )
    found = ask(table, "log_or")
    assert found["estimate"] == pytest.approx(expected.params[0], rel=1e-6)
    assert found["se"] == pytest.approx(expected.bse[0], rel=1e-5)
    assert found["n_events"] == table["incident_depression"].sum()
    assert ("late entry" in found["method"]) == late


def test_both_models_agree_where_an_event_in_a_year_is_rare():
    table = followed(n=3000, hazard=0.01)
    cox, years = ask(table), ask(table, "log_or")
    # Odds exceed the hazard by its own size, here one percent; ties of a year do the rest.
    assert years["estimate"] == pytest.approx(cox["estimate"], abs=0.02)
    assert years["se"] == pytest.approx(cox["se"], rel=0.05)


def test_an_effect_that_fades_is_seen_and_a_constant_one_is_not():
    table = followed(n=1500)
    score = ask(table, "chi2", "score")
    assert score["p"] > 0.05
    rng = np.random.default_rng(4)
    early = rng.exponential(1 / (0.1 * np.exp(-1.2 * table["igf1_sds"])))
    later = 2 + rng.exponential(1 / (0.1 * np.exp(0.6 * table["igf1_sds"])))
    at = np.where(early < 2, early, later)
    fading = table.assign(
        incident_depression=pd.array(at <= 8, dtype="boolean"),
        followup_years=np.minimum(at, 8).clip(0.01),
    )
    assert ask(fading, "chi2", "score")["p"] < 1e-6
    assert ask(fading, "chi2", "global")["p"] < 1e-6
    assert ask(fading, "chi2", "global")["estimate"] >= ask(fading, "chi2", "score")["estimate"]


def test_a_survey_says_that_its_weights_are_not_used():
    table = followed().assign(weight_survey=np.linspace(1, 5, 500))
    for measure, term in (("log_hr", ""), ("log_or", ""), ("chi2", "score")):
        found = ask(table, measure, term)
        assert "survey weights not used" in found["method"]
        ignored = ask(table, measure, term, survey="ignore")
        assert ignored["estimate"] == found["estimate"]
        assert "survey" not in ignored["method"]


def test_imputed_covariates_keep_everybody_who_was_followed():
    table = followed()
    table.loc[:99, "bmi"] = np.nan
    table.loc[100:119, "followup_years"] = np.nan
    names = (*AGE_SEX, "bmi")
    some = ask(table, names=names)
    everybody = ask(table, names=names, study=IMPUTING, missing="imputed")
    assert (some["n"], everybody["n"]) == (380, 480)
    assert everybody["se"] < some["se"]
    assert everybody["method"].endswith("20 imputations, Rubin's rules")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"incident_depression": pd.NA}, "incident_depression is not in this cohort"),
        ({"followup_years": np.nan}, "followup_years is not in this cohort"),
        ({"igf1_sds": np.nan}, "no reference curve"),
        ({"igf1_sds": 0.5}, "column 0|constant|does not vary"),
    ],
)
def test_what_cannot_be_estimated_says_why(change, reason):
    table = followed()
    if "incident_depression" in change:
        change = {"incident_depression": pd.array([pd.NA] * len(table), dtype="boolean")}
    with pytest.raises(NotEstimable, match=reason):
        ask(table.assign(**change))


@pytest.mark.parametrize(("measure", "term"), [("log_hr", ""), ("log_or", ""), ("chi2", "score")])
def test_too_few_events_say_how_many(measure, term):
    table = followed()
    flags = np.arange(500) < 9
    table["incident_depression"] = pd.array(flags, dtype="boolean")
    with pytest.raises(NotEstimable, match="too few events: 9 < 10"):
        ask(table, measure, term)


def test_every_number_has_its_rows_for_both_outcomes():
    table = followed()
    table.loc[:40, "bmi"] = np.nan
    rows = Rows(POOLED)
    data = cohort_data(table, IMPUTING)
    for question in incidence.questions(IMPUTING):
        add_answers(rows, question, data)
    table = rows.table()
    subsets = {subset.name for subset in IMPUTING.subsets}
    main = table[table["analysis"] == "incidence"]
    for target, status in (("depression", "ok"), ("bipolar", "not_estimable")):
        part = main[(main["target"] == target) & (main["measure"] != "fmi")]
        cox = part[part["model"] == "cox"]
        assert set(zip(cox["adjustment"], cox["stratum"], strict=True)) == {
            ("unadjusted", "all"),
            *(("adjusted", one) for one in {"all", "complete_cases", *subsets}),
        }
        assert set(cox.loc[cox["stratum"] == "all", "status"]) == {status}
        years = part[part["model"] == "discrete_time"]
        assert set(zip(years["adjustment"], years["stratum"], strict=True)) == {
            ("adjusted", "all"), ("adjusted", "complete_cases"),
        }  # fmt: skip
        test = part[part["model"] == "proportional_hazards"]
        assert sorted(test["term"]) == ["global", "score"]
        # A chi-squared is not pooled: of complete cases alone.
        assert set(test["stratum"]) == {"all"}
    n = main[(main["target"] == "depression") & (main["stratum"] == "all")].set_index("model")["n"]
    assert n["proportional_hazards"].tolist() == [459, 459]
    assert n["discrete_time"] == 500
    reasons = set(main.loc[main["target"] == "bipolar", "reason"])
    assert "incident_bipolar is not in this cohort" in reasons
    assert (table["analysis"] == "specification").sum() == 2 * 2 * 4 * (1 + 2)


def test_who_is_ill_at_the_first_visit_is_not_at_risk():
    table = followed()
    ill = np.arange(len(table)) < 60
    # As registers write it: no new illness, a full follow-up.
    coded = table.assign(
        diagnosis=np.where(ill, "mdd", "control"),
        incident_depression=table["incident_depression"].mask(pd.Series(ill), False),
        followup_years=np.where(ill, 12.0, table["followup_years"]),
    )
    found, expected = ask(coded), ask(table[~ill])
    assert found["estimate"] == pytest.approx(expected["estimate"], rel=1e-9)
    assert found["n"] == 440
    assert found["method"].endswith("60 ill at the first visit are not at risk")
