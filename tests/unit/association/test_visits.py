"""Decline over visits in years, and changes within persons, against least squares by hand."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from builders import POOLED, make_study, people
from igfmood.association.visits import add_visits, change_within, decline
from igfmood.errors import NotEstimable
from igfmood.results import Rows

STUDY = make_study(imputation={"m": 0})
ADJUSTED = ["age_years", "sex", "bmi"]
PLAIN = make_study(covariate_tiers={"unadjusted": []}, imputation={"m": 0})


def longitudinal(n=120, years=(0, 2, 4), slope=0.15, seed=1):
    """People seen at these years, whose cognition falls less the higher the score at the start."""
    rng = np.random.default_rng(seed + 50)
    first = people({"control": n}, seed=seed)
    own = rng.normal(0, 2, n)
    change = -0.5 + slope * first["igf1_sds"] + rng.normal(0, 0.2, n)
    visits = []
    for number, year in enumerate(years, 1):
        score = first["igf1_sds"] if number == 1 else first["igf1_sds"] + rng.normal(0, 0.5, n)
        visits.append(first.assign(
            visit=str(number), is_baseline=number == 1, age_years=first["age_years"] + year,
            cognition_score=50 + own + change * year + rng.normal(0, 0.5, n), igf1_sds=score,
        ))  # fmt: skip
    return pd.concat(visits, ignore_index=True)


def by_two_stages(table, covariates):
    """Return the regression of everybody's own slope in SD of the first visit on score at start."""
    first = table[table["is_baseline"]]
    wide = table.pivot(index="participant_id", columns="visit", values="cognition_score")
    wide = wide.loc[first["participant_id"]].to_numpy() / first["cognition_score"].std()
    ages = table.pivot(index="participant_id", columns="visit", values="age_years")
    years = ages.loc[first["participant_id"]].to_numpy()
    years = years - years[:, :1]
    about = years - years.mean(axis=1, keepdims=True)
    slopes = (about * wide).sum(axis=1) / (about**2).sum(axis=1)
    columns = [first["igf1_sds"]]
    for name in covariates:
        columns.append((first[name] == "female") if name == "sex" else first[name])
    design = sm.add_constant(np.column_stack([np.asarray(one, float) for one in columns]))
    return sm.OLS(slopes, design).fit()


@pytest.mark.parametrize(("study", "covariates"), [(PLAIN, []), (STUDY, ADJUSTED)])
def test_decline_is_the_regression_of_yearly_slopes_where_everybody_is_seen_alike(
    study, covariates
):
    table = longitudinal()
    found, n, method = decline(table, study)["decline"]
    expected = by_two_stages(table, covariates)
    # Exact for complete visits at the same times, up to where the optimiser of REML stops.
    # The SD of 120 people is an estimate: J is that of 119 degrees of freedom.
    assert found.estimate == pytest.approx(expected.params[1] * (1 - 3 / (4 * 119 - 1)), rel=1e-5)
    by_sd = found.estimate / np.sqrt(2 * 119)
    assert found.se == pytest.approx(np.hypot(expected.bse[1], by_sd), rel=1e-3)
    assert found.df == pytest.approx(expected.df_resid, rel=0.01)
    assert found.ci_low < found.estimate < found.ci_high
    assert n == 120
    assert method.startswith("per year, ")
    assert "mixed model, random intercept and slope" in method


def test_the_planted_effect_per_year_is_inside_its_interval():
    table = longitudinal(n=400)
    spread = table.loc[table["is_baseline"], "cognition_score"].std()
    found, _, _ = decline(table, STUDY)["decline"]
    assert found.ci_low < 0.15 / spread < found.ci_high
    assert found.ci_low > 0


def test_the_level_is_that_at_the_first_visit():
    table = longitudinal(n=400, slope=0.0)
    table["cognition_score"] += 1.5 * table["participant_id"].map(
        table[table["is_baseline"]].set_index("participant_id")["igf1_sds"]
    )
    spread = table.loc[table["is_baseline"], "cognition_score"].std()
    found, _, method = decline(table, STUDY)["level_over_visits"]
    assert found.ci_low < 1.5 / spread < found.ci_high
    assert not method.startswith("per year")


def test_time_is_in_years_however_visits_are_named():
    table = longitudinal()
    named = table.assign(visit="week " + (52 * table["visit"].astype(int)).astype(str))
    there, renamed = (decline(one, STUDY)["decline"][0] for one in (table, named))
    assert renamed.estimate == pytest.approx(there.estimate, rel=1e-9)


def dated(table, years, name="phq9_date"):
    start = pd.Timestamp("2015-03-01")
    days = [start + pd.Timedelta(days=365.25 * years[int(visit) - 1]) for visit in table["visit"]]
    return table.assign(**{name: pd.Series(days).astype("datetime64[s]")})


@pytest.mark.parametrize("name", ["phq9_date", "analyte_date"])
def test_dates_go_before_ages(name):
    """Ages in whole years that stand still for some would give half of the people no time."""
    table = longitudinal(years=(0, 0.5, 1))
    exact, _, _ = decline(table, PLAIN)["decline"]
    whole = table.assign(age_years=np.floor(table["age_years"]))
    by_date, _, _ = decline(dated(whole, (0, 0.5, 1), name), PLAIN)["decline"]
    # Days are whole: half a year is 182 of them, not 182.6.
    assert by_date.estimate == pytest.approx(exact.estimate, rel=0.01)


def test_a_year_has_its_share_of_leap_days():
    table = dated(longitudinal(years=(0, 4, 8)), (0, 4, 8))
    still = table.assign(age_years=40.0)
    there, by_date = (
        decline(one, PLAIN)["decline"][0] for one in (table.drop(columns="phq9_date"), still)
    )
    assert by_date.estimate == pytest.approx(there.estimate, rel=1e-8)


def test_ages_tell_the_time_where_a_date_is_missing():
    table = longitudinal()
    some = dated(table, (0, 2, 4))
    some.loc[some.index % 3 == 0, "phq9_date"] = pd.NaT
    there, mixed = (decline(one, STUDY)["decline"][0] for one in (table, some))
    assert mixed.estimate == pytest.approx(there.estimate, rel=0.01)


def test_where_nothing_tells_the_years_there_is_no_decline():
    """Visits called 0 and 8 may be weeks or years: SD per year cannot be had from them."""
    table = longitudinal()
    still = table.assign(age_years=table["participant_id"].map(
        table[table["is_baseline"]].set_index("participant_id")["age_years"]
    ))  # fmt: skip
    with pytest.raises(NotEstimable, match="the years between visits are not known"):
        decline(still, STUDY)


def test_a_top_coded_age_tells_no_time():
    table = longitudinal()
    old = table["participant_id"].isin(table["participant_id"].unique()[:40])
    coded = table.assign(
        age_years=table["age_years"].mask(old, 80.0), age_topcoded=old.to_numpy(bool)
    )
    found, n, _ = decline(coded, PLAIN)["decline"]
    without, _, _ = decline(table[~old].reset_index(drop=True), PLAIN)["decline"]
    # Their first visits stay in the model, and say nothing of change.
    assert n == 120
    assert found.estimate * table.loc[table["is_baseline"], "cognition_score"].std() == (
        pytest.approx(
            without.estimate * table.loc[table["is_baseline"] & ~old, "cognition_score"].std(),
            rel=0.05,
        )
    )


def test_two_visits_have_a_random_intercept_alone_and_say_so():
    _, _, method = decline(longitudinal(years=(0, 3)), STUDY)["decline"]
    assert "random intercept," in method


def test_who_is_seen_once_stays_and_who_has_no_score_at_the_start_goes():
    table = longitudinal()
    ids = table["participant_id"].unique()
    once = table[~(table["participant_id"].isin(ids[:20]) & ~table["is_baseline"])]
    assert decline(once.reset_index(drop=True), STUDY)["decline"][1] == 120
    unmeasured = table["is_baseline"] & table["participant_id"].isin(ids[:20])
    table["igf1_sds"] = table["igf1_sds"].mask(unmeasured)
    assert decline(table, STUDY)["decline"][1] == 100


def test_a_survey_says_that_its_weights_are_not_used():
    table = longitudinal().assign(weight_survey=1.0)
    for found in (*decline(table, STUDY).values(), *change_within(table, STUDY).values()):
        assert "survey weights not used" in found[2]
    assert "survey" not in decline(longitudinal(), STUDY)["decline"][2]


def test_the_score_itself_is_not_adjusted_for():
    study = make_study(covariate_tiers={"odd": ["cognition_score"]}, imputation={"m": 0})
    found, _, _ = decline(longitudinal(), study)["decline"]
    assert found.estimate == pytest.approx(decline(longitudinal(), PLAIN)["decline"][0].estimate)


def changing(n=100, within=-1.2, seed=3):
    """People seen twice whose symptoms follow their own score, and start where they like."""
    rng = np.random.default_rng(seed + 70)
    first = people({"control": n}, seed=seed)
    own = rng.normal(9, 2, n) + 2 * first["igf1_sds"]
    visits = []
    for number in (1, 2, 3):
        score = first["igf1_sds"] + (rng.normal(0, 0.8, n) if number > 1 else 0)
        total = own + within * score + 0.5 * number + rng.normal(0, 0.7, n)
        visits.append(first.assign(
            visit=str(number), is_baseline=number == 1, igf1_sds=score,
            phq9_total=total.clip(0, 27),
        ))  # fmt: skip
    return pd.concat(visits, ignore_index=True)


def test_within_persons_it_is_the_regression_of_what_is_left_after_their_means():
    table = changing()
    found, n, method = change_within(table, STUDY)[""]
    dummies = pd.get_dummies(table["visit"], dtype=float).iloc[:, 1:]
    columns = table[["phq9_total", "igf1_sds"]].join(dummies)
    left = columns - columns.groupby(table["participant_id"]).transform("mean")
    expected = sm.OLS(left["phq9_total"], left.drop(columns="phq9_total")).fit()
    assert found.estimate == pytest.approx(expected.params["igf1_sds"], rel=1e-9)
    # Planted -1.2, while persons with a higher mean have more symptoms, not fewer.
    assert found.ci_low < -1.2 < found.ci_high < 0
    assert change_within(table, STUDY)["between"][0].estimate > 0
    assert n == 100
    assert "CR2" in method


def trial(n=600, seed=11):
    """Two visits; the drug lowers symptoms by 4 and raises the score by 1; alone they are apart."""
    rng = np.random.default_rng(seed)
    first = people({"mdd": n}, seed=seed)
    arm = np.resize(["drug", "placebo"], n)
    own, drug = rng.normal(14, 2, n), arm == "drug"
    visits = [
        first.assign(
            visit=str(week), is_baseline=week == 0, treatment=arm,
            igf1_sds=first["igf1_sds"] + bool(week) * (drug + rng.normal(0, 0.8, n)),
            phq9_total=own - bool(week) * (2 + 4 * drug) + rng.normal(0, 1.5, n),
        )
        for week in (0, 8)
    ]  # fmt: skip
    return pd.concat(visits, ignore_index=True)


def test_a_drug_that_moves_both_is_no_change_within_persons():
    """Without visits of each arm the slope is that between arms in disguise."""
    table = trial()
    biased, _, alone = change_within(table.drop(columns="treatment"), STUDY)[""]
    found, n, method = change_within(table, STUDY)[""]
    # By hand: of the difference of symptoms, 4 times the covariance of arm and score.
    assert biased.estimate == pytest.approx(-4 * 0.25 / (0.25 + 0.64), abs=0.2)
    assert biased.ci_high < -0.5
    assert found.ci_low < 0 < found.ci_high
    assert abs(found.estimate) < 0.2
    assert n == 600
    assert method.startswith("within persons, visits of each arm as covariates")
    assert alone.startswith("within persons, visits as covariates")


def test_with_two_visits_arms_are_covariates_of_the_differences():
    table = trial(n=90)
    table.loc[0, "treatment"] = None  # an arm that only the later visit tells
    lone = table["participant_id"].isin(table["participant_id"][4:24])
    table["treatment"] = table["treatment"].mask(lone)  # nobody says: a group of its own
    found = change_within(table, STUDY)
    wide = table.pivot(index="participant_id", columns="visit")
    dy = wide["phq9_total"]["8"] - wide["phq9_total"]["0"]
    dx = wide["igf1_sds"]["8"] - wide["igf1_sds"]["0"]
    arm = wide["treatment"]["8"].fillna("unknown")
    design = np.column_stack([dx, pd.get_dummies(arm, dtype=float)])
    by_hand = np.linalg.lstsq(design, dy.to_numpy(), rcond=None)[0][0]
    assert found[""][0].estimate == pytest.approx(by_hand, rel=1e-9)
    assert "visits of each arm" in found["between"][2]


def test_arms_without_a_visit_and_visits_that_all_have_alike_refuse_nothing():
    """An arm seen at two visits of three, and people who left after the first."""
    table = trial(n=120)
    third = table[table["visit"] == "8"].assign(visit="9")
    third["igf1_sds"] += np.random.default_rng(3).normal(0, 0.5, len(third))
    table = pd.concat([table, third[third["treatment"] == "drug"]], ignore_index=True)
    left = table["participant_id"].isin(table["participant_id"][:30]) & ~table["is_baseline"]
    found = change_within(table[~left].reset_index(drop=True), PLAIN)
    assert found[""][1] == 90
    assert np.isfinite(found["between"][0].se)


def test_one_arm_is_as_none():
    table = changing()
    there, here = (change_within(one, STUDY) for one in (table, table.assign(treatment="ssri")))
    assert here[""][0].estimate == pytest.approx(there[""][0].estimate, rel=1e-12)
    assert here[""][2] == there[""][2]


def test_within_persons_ages_and_the_time_between_visits_do_not_matter():
    table = changing()
    unknown = table.assign(age_years=table["age_years"].mask(table["visit"] == "2"))
    there, here = (change_within(one, STUDY)[""][0] for one in (table, unknown))
    assert here.estimate == there.estimate


def test_between_persons_is_adjusted_for_covariates_of_the_first_visit():
    table = changing()
    bmi = table["participant_id"].map(table.groupby("participant_id")["igf1_sds"].mean())
    table["bmi"] = 26 + 3 * bmi + np.random.default_rng(5).normal(0, 0.5, len(table))
    table["phq9_total"] += 0.8 * (
        table["participant_id"].map(table[table["is_baseline"]].set_index("participant_id")["bmi"])
        - 26
    )
    crude, adjusted = (change_within(table, one) for one in (PLAIN, STUDY))
    assert adjusted[""][0].estimate == pytest.approx(crude[""][0].estimate, rel=1e-9)
    assert adjusted["between"][0].estimate < crude["between"][0].estimate - 1
    first = table[table["is_baseline"]].set_index("participant_id")
    means = table.groupby("participant_id")[["phq9_total", "igf1_sds"]].mean().loc[first.index]
    design = np.column_stack(
        [
            np.ones(100),
            means["igf1_sds"],
            first["age_years"],
            first["sex"] == "female",
            first["bmi"],
        ]
    ).astype(float)
    by_hand = np.linalg.lstsq(design, means["phq9_total"].to_numpy(), rcond=None)[0][1]
    assert adjusted["between"][0].estimate == pytest.approx(by_hand, rel=1e-8)


def test_without_a_covariate_only_the_difference_between_persons_is_refused():
    found = change_within(changing().assign(bmi=np.nan), STUDY)
    assert found["between"] == "bmi is not in this cohort"
    assert found[""][0].ci_high < 0


def written(table, study=STUDY):
    rows = Rows(POOLED)
    add_visits(rows, table, study)
    return rows.table().set_index(["analysis", "term"])


KEYS = [
    ("cognition", "decline"), ("cognition", "level_over_visits"), ("within_person", ""),
    ("within_person", "between"),
]  # fmt: skip


def test_every_number_has_a_row():
    found = written(longitudinal().assign(phq9_total=changing(120)["phq9_total"].to_numpy()))
    assert sorted(found.index) == sorted(KEYS)
    assert (found["status"] == "ok").all()
    assert set(found["adjustment"]) == {"adjusted"}
    assert found.loc[KEYS[0], "model"].startswith("growth")


def late(**first):
    """Visits of which the first lacks these values."""
    table = longitudinal()
    for name, value in first.items():
        table[name] = table[name].mask(table["is_baseline"], value)
    return table


@pytest.mark.parametrize(
    ("table", "term", "reason"),
    [
        (longitudinal().drop(columns="cognition_score"), "decline", "cognition_score is not in"),
        (longitudinal(years=(0,)), "decline", "cognition_score is known at one visit only"),
        (longitudinal(years=(0,)), "", "phq9_total is known at one visit only"),
        (longitudinal(n=19), "decline", "too few people with complete data: 19 < 20"),
        (late(cognition_score=np.nan), "decline", "cognition_score is not known, or does not vary"),
        (late(cognition_score=7.0), "decline", "cognition_score is not known, or does not vary"),
        (late(igf1_sds=np.nan), "decline", "no reference curve"),
        (longitudinal().assign(bmi=np.nan), "level_over_visits", "bmi is not in this cohort"),
        (longitudinal().assign(phq9_total=np.nan), "", "phq9_total is not in this cohort"),
        (changing(n=9), "", "too few people whose analyte changed: 9 < 10"),
    ],
)  # fmt: skip
def test_what_cannot_be_estimated_says_why(table, term, reason):
    analysis = "within_person" if term in ("", "between") else "cognition"
    row = written(table).loc[(analysis, term)]
    assert row["status"] == "not_estimable"
    assert reason in row["reason"]
    assert np.isnan(row["estimate"])


def test_an_analyte_that_never_meets_the_questionnaire_says_so():
    table = longitudinal()
    table["phq9_total"] = table["phq9_total"].mask(table["is_baseline"])
    table["igf1_sds"] = table["igf1_sds"].where(table["is_baseline"])
    row = written(table).loc[("within_person", "")]
    assert row["reason"] == "nobody has the analyte and the PHQ-9 at two visits"
