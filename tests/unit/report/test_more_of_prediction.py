"""More of prediction: what a model needs elsewhere, differences, people, permutations, power."""

from dataclasses import replace

import pytest

from igfmood import results
from igfmood.disclosure import Shown
from igfmood.report import (
    building_tables,
    foreseen,
    people_tables,
    prediction,
    prediction_tables,
    reasons,
    subgroup_tables,
    update_tables,
    words,
)
from igfmood.report.counts import Counts
from igfmood.report.load import Verdict
from igfmood.report.numbers import Number, plain
from igfmood.report.protected import sum_form
from igfmood.results import Rows
from unit.report.predicted import (
    NEW,
    OLD,
    add_difference,
    add_gain,
    add_people,
    keys,
    predict,
    source,
    task_of,
    texts,
    without_prediction,
)

SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture(scope="module")
def full(findings):
    return predict(findings)


def written(text):
    return plain(text).replace(SPACE, " ")


def with_rows(findings, *many):
    tables = [rows.table() for rows in many]
    return replace(findings, table=results.concatenate([findings.table, *tables]))


@pytest.mark.parametrize(
    ("name", "cohort", "added", "meaning"),
    [
        ("incident_depression", "clinic", "adds +0.080 to the C-index of age, sex, BMI (95 % CI",
         "who falls ill sooner has the higher risk more often once IGF-1 is known."),
        ("diagnosis", "clinic", "adds +0.080 to the Hand–Till M of age, sex, BMI (95 % CI",
         "people of two diagnoses are told apart more often once IGF-1 is known."),
    ],
)  # fmt: skip
def test_what_is_added_to_other_measures_is_said_and_tabled(findings, name, cohort, added, meaning):
    rows = Rows(source(cohort))
    add_gain(rows, name, p=0.012)
    one = with_rows(predict(findings, [cohort]), rows)
    task = task_of(one, name)
    first, second, *_ = (
        written(line) for line in prediction.sentences(one, Counts(one), task)
    )  # fmt: skip
    assert added in first
    assert second == f"More than chance: {meaning}"
    measure = words.MEASURES[prediction.ADDED_MEASURE[task.kind]]
    assert written(prediction.headline(one, task)).startswith(f"{measure} +0.080 (95 % CI")
    gained = texts(prediction_tables.added_table(one, task))
    assert gained["What is added, to what"] == ["IGF-1 over age, sex, BMI"]
    assert gained["p"] == ["0.012"]
    setting = prediction.setting_of(one, task)
    table = texts(prediction_tables.performance_table(one, Counts(one), task, setting))
    assert table[words.capital(measure)] == ["–", "0.080 (0.030 to 0.130)"]


def test_why_no_difference_is_known_is_said(findings):
    rows = Rows(source("clinic"))
    rows.add_not_estimable(
        "too few events: 4 < 20", **keys("cross_validation", NEW, model="cox",
        target="incident_depression"), term=f"over {OLD}", measure="delta_c_index",
    )  # fmt: skip
    one = with_rows(predict(findings, ["clinic"]), rows)
    (line,) = prediction.sentences(one, Counts(one), task_of(one, "incident_depression"))
    assert written(line).endswith(
        "Their difference could not be estimated: too few events: <10, needs 20."
    )


def test_both_intervals_of_an_auc_stand_beside_each_other(full):
    table = texts(prediction_tables.more_table(full, task_of(full), "validation"))
    place = table["Model"].index("age, sex, BMI")
    assert table["AUC, DeLong interval"][place] == "0.60 (0.55 to 0.65)"
    assert table["AUC, bootstrap interval"][place] == "0.61 (0.60 to 0.62)"
    assert "IGF-1 alone" not in table["Model"], "nothing more is known of it"


def test_calibration_has_a_table_of_its_own(full):
    task = task_of(full)
    table = texts(prediction_tables.calibration_table(full, task, "validation"))
    assert list(table)[2:] == ["Calibration slope", "Calibration intercept",
                               "Log observed / expected", "ICI"]  # fmt: skip
    within = texts(prediction_tables.calibration_table(full, task, "cross_validation"))
    assert list(within)[2:] == ["Calibration slope", "ICI"]
    main = texts(prediction_tables.performance_table(full, Counts(full), task, "validation"))
    assert not any("alibration" in title for title in main)


def test_the_change_that_a_model_needs_is_told_in_words(full):
    table = texts(update_tables.update_table(full, task_of(full)))
    assert table["Model"][:2] == ["age, sex, BMI", "age, sex, BMI + IGF-1"]
    assert table["Change it needs"][:2] == [
        "A new intercept", "All coefficients have to be estimated again"
    ]  # fmt: skip
    assert table["Intercept"][:2] == ["−0.42", "–"]
    assert table["Slope"][:2] == ["1.00", "–"]
    assert [table[title][0] for title in list(table)[-3:]] == [f"<{SPACE}0.001", "0.31", "–"]
    assert [table[title][1] for title in list(table)[-3:]] == [f"<{SPACE}0.001", "0.002", "0.012"]


def test_a_test_that_cannot_be_made_has_its_reason_without_small_counts(findings):
    rows = Rows(source("clinic"))
    for measure in ("update_intercept", "update_slope"):
        rows.add_not_estimable("too few cases: 4 < 20", **keys("recalibration", NEW),
                               measure=measure)  # fmt: skip
    found = with_rows(without_prediction(findings), rows)
    table = texts(update_tables.update_table(found, task_of(found)))
    assert table["Change it needs"] == ["Too few cases: <10, needs 20"]


def test_differences_between_subgroups_have_p_and_never_pass_for_what_is_added(full):
    table = texts(subgroup_tables.differences_table(full, task_of(full)))
    assert set(table["Compared"]) == {"Women less men"}
    assert table["Difference of AUCs"][0] == "−0.030 (−0.130 to 0.070)"
    assert table["p"][0] == "0.50"
    row = prediction.added(full, task_of(full), "validation", "clinic")
    assert row["estimate"] == pytest.approx(0.08)


def test_differences_of_groups_that_are_all_too_small_make_no_table(findings):
    rows, other = Rows(source("clinic")), Rows(source("register"))
    rows.add(**keys("validation", NEW), measure="auc", estimate=0.7, ci_low=0.6, ci_high=0.8)
    rows.add_not_estimable(
        "too small to judge: 4 of the rarer class < 20",
        **keys("validation", NEW, stratum="women minus men"), measure="delta_auc",
    )  # fmt: skip
    small = with_rows(without_prediction(findings), rows)
    assert not subgroup_tables.differences_table(small, task_of(small)).rows
    add_difference(other, "validation")
    found = with_rows(without_prediction(findings), rows, other)
    told = texts(subgroup_tables.differences_table(found, task_of(found)))
    assert told["Difference of AUCs"] == ["too small to judge", "−0.030 (−0.130 to 0.070)"]


def people(findings, task, n):
    rows = Rows(source("clinic"))
    add_people(rows, task, n)
    for tier in (OLD, NEW):
        where = keys("cross_validation", tier, target=task)
        rows.add(**where, n=n[2], n_events=60, measure="auc", estimate=0.6, ci_low=0.5, ci_high=0.7)
    found = with_rows(without_prediction(findings), rows)
    table = texts(people_tables.people_table(found, Counts(found), task_of(found, task)))
    return [table[title][0] for title in words.RECRUITED.values()]


def test_people_on_the_way_into_a_task(findings):
    assert people(findings, "phq9_10", (180, 160, 130)) == ["180", "160", "130"]


@pytest.mark.parametrize("n", [(180, 160, 154), (180, 174, 150), (180, 179, 178)])
def test_few_people_lost_at_a_step_cannot_be_worked_out(findings, n):
    first, known, used = people(findings, "phq9_10", n)
    assert first == "180", "it stands in the flow of people"
    assert known != f"{n[1]}"
    assert used in (f"{n[2]}", "≈ 180"), "as it stands elsewhere, or rounded"


def test_the_people_of_a_contrast_are_shown_where_the_groups_of_table_1_are(findings):
    # Table 1 of the small study has 6 people of a group that is not shown: others are rounded.
    first, known, used = people(findings, "depression", (180, 174, 160))
    assert first == "180"
    assert known == "≥10", "with it and 180 the small group would be known"
    assert used == "≈ 160", "the people lacking the analyte are few"


@pytest.mark.parametrize(
    ("total", "parts", "told"),
    [
        (264, [(95, 104), (160, 160)], "≈ 260"),
        (166, [(55, 64), (95, 104)], "≈ 150"),
        (326, [(55, 64), (95, 104), (160, 160)], "≈ 300"),
        (260, [(100, 100), (160, 160)], "260"),
        (31, [(10, 19), (5, 14)], "≥10"),
        (300, [(0, 3), (296, 296)], "≈ 300"),
    ],
)
def test_a_sum_says_nothing_of_its_parts_that_they_do_not_say(total, parts, told):
    forms = [Shown("", low, high) for low, high in parts]
    form = sum_form(total, forms, 10)
    assert form.text == told
    assert form.low <= total <= form.high
    # Whoever knows the other parts and the sum still cannot tell.
    for place, part in enumerate(forms):
        others = [one for at, one in enumerate(forms) if at != place]
        low = max(part.low, form.low - sum(one.high for one in others))
        high = min(part.high, form.high - sum(one.low for one in others))
        assert high - low >= min(part.high - part.low, 9)


def test_a_cohort_without_the_task_has_no_line(findings):
    found = without_prediction(findings)
    assert not people_tables.people_table(found, Counts(found), task_of(found)).rows


def test_permuted_labels_are_told_with_what_their_number_allows(full):
    told = written(building_tables.permutation_sentence(full, task_of(full)))
    assert "the AUC is then 0.50 (mean over held-out cohorts; 95 % of 18 runs: 0.46 to" in told
    assert told.endswith("with p = 0.053; 18 runs cannot give a p below 1 in 19.")
    assert "add" not in told, "permuted labels are no null for what is added"


def test_permutations_that_cannot_be_made_have_their_reason_and_without_rows_nothing(findings):
    none = without_prediction(findings)
    assert building_tables.permutation_sentence(none, task_of(none)) == ()
    rows = Rows(source(results.POOLED))
    rows.add_not_estimable("no other cohort can build the model", **keys("permutation", NEW),
                           measure="auc")  # fmt: skip
    told = written(building_tables.permutation_sentence(with_rows(none, rows), task_of(none)))
    assert told.endswith("cannot be told: no other cohort can build the model.")


def building(findings, *rows):
    found = with_rows(without_prediction(findings), *rows)
    return texts(building_tables.building_table(found, task_of(found)))


def test_people_that_cannot_be_counted_have_their_reason_once(findings):
    rows = Rows(source(results.POOLED))
    for measure in ("required_people", "shrinkage"):
        rows.add_not_estimable("no better than chance", **keys("sample_size", NEW), measure=measure)
    table = building(findings, rows)
    assert table["People needed"] == ["no better than chance"]
    assert table["Shrinkage to expect"] == ["–"]
    # Beside a model of which they are known, the reason stands under the first criterion.
    for term in ("all criteria", "overall risk to within 0.05"):
        rows.add(**keys("sample_size", OLD, term=term), measure="required_people", estimate=300)
    rows.add_not_estimable("9 parameters are more than the people carry",
                           **keys("sample_size", OLD), measure="shrinkage")  # fmt: skip
    table = building(findings, rows)
    assert table["People needed: all criteria"] == ["300", "no better than chance"]
    assert table["People needed: overall risk to within 0.05"] == ["300", "–"]
    assert table["Shrinkage to expect"] == ["9 parameters are more than the people carry", "–"]


def foretold(findings, claim, verdict="INCONCLUSIVE", **values):
    rows = Rows(source(results.POOLED))
    for (analysis, measure, term), estimate in values.pop("rows").items():
        rows.add(analysis=analysis, claim=claim, target=claim, measure=measure, term=term,
                 estimate=estimate)  # fmt: skip
    found = with_rows(findings, rows)
    ruling = Verdict(claim=claim, verdict=verdict, reason="", statement="", result_ids=())
    lines = [line for line in foreseen.lines(ruling, found) if line]
    numbers = [part for line in lines for part in line if isinstance(part, Number)]
    assert all(number.result_id in found.by_id for number in numbers)
    return [written(line) for line in lines]


def test_a_claim_says_what_effect_would_have_been_found(findings):
    assert foretold(findings, "lower", rows={("detectable", "effect", "smd"): 0.214}) == [
        "A difference of 0.21 SD or more would have been found with a power of 80 % (5 % level)."
    ]
    (told,) = foretold(findings, "cognition", rows={("detectable", "effect", "beta"): 0.127})
    assert told.startswith("A slope of 0.13 SD of the cognitive score per SD of IGF-1 or more")


def test_a_test_says_what_a_new_cohort_has_to_expect(findings):
    rows = {("new_cohort", "probability", "auc"): 0.1286,
            ("detectable", "effect", f"delta_auc over {OLD}"): 0.0827}  # fmt: skip
    assert foretold(findings, "test", rows=rows) == [
        "The probability that the AUC of a new cohort reaches 0.70 is 0.13.",
        "An added AUC of 0.083 or more would have been found with a power of 80 % (5 % level).",
    ]


@pytest.mark.parametrize(("value", "told"), [(0.0004, "< 0.01"), (0.9991, "> 0.99")])
def test_no_probability_is_told_as_certain(findings, value, told):
    (line,) = foretold(findings, "test", rows={("new_cohort", "probability", "auc"): value})
    assert line.endswith(f"is {told}.")


def test_a_claim_that_is_not_judged_says_nothing_of_power(findings):
    rows = {("detectable", "effect", "beta"): 0.127}
    assert foretold(findings, "cognition", "NOT_EVALUABLE", rows=rows) == []


def test_reasons_have_no_keys_of_variables(findings):
    rows = Rows(source("clinic"))
    rows.add_not_estimable("incident_bipolar and followup_years not in this cohort",
                           **keys("validation", NEW, target="bipolar"), measure="auc")  # fmt: skip
    found = with_rows(without_prediction(findings), rows)
    line, *_ = prediction.sentences(found, Counts(found), task_of(found, "bipolar"))
    assert "bipolar disorder to come and follow-up not in this cohort" in written(line)


def test_a_long_list_of_predictors_is_called_by_its_name(full):
    study = full.study
    assert words.added_pair(NEW, OLD, study) == "IGF-1 over age, sex, BMI"
    assert words.added_pair("clinical_analyte", "clinical", study) == "IGF-1 over clinical"
    assert words.added_pair("phq2_analyte", "phq2", study) == "IGF-1 over PHQ-2"


def test_every_measure_and_analysis_has_its_word():
    measures = {"p_update", "update_intercept", "update_slope", "auc_bootstrap", "delta_c_index",
                "delta_hand_till", "effect", "probability"}  # fmt: skip
    assert measures <= set(words.MEASURES)
    assert {"recalibration", "permutation", "detectable", "new_cohort"} <= set(words.ANALYSES)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("smoking, alcohol_g_day, crp, phq2_total not in clinic, or not allowed there: the model "
         "would be that of clinical_analyte",
         "smoking, alcohol, CRP, PHQ-2 not in clinic, or not allowed there: the model would be "
         "that of clinical analyte"),
        ("stress_score is not in this cohort", "stress score is not in this cohort"),
        ("the file tables/age_years.csv of north_west", "the file tables/age_years.csv of "
         "north_west"),
    ],
)  # fmt: skip
def test_keys_in_reasons_are_those_of_variables_and_tiers_alone(full, reason, told):
    assert reasons.without_keys(reason, full.study) == told
