"""The part on prediction: what is said, drawn and tabled, and what is not shown."""

import re
from dataclasses import replace

import matplotlib.pyplot as plt
import pytest

from igfmood import results
from igfmood.report import (
    building_tables,
    names,
    prediction,
    prediction_tables,
    subgroup_tables,
    use_tables,
)
from igfmood.report.counts import Counts
from igfmood.report.figures import added, auc, curves, decision, transport
from igfmood.report.methods_prediction import building, measures
from igfmood.report.numbers import Number, plain
from igfmood.report.prediction_page import CAPTIONS, predictions
from igfmood.report.style import EMPTY
from igfmood.report.tables import missing_table
from igfmood.results import Rows
from unit.report.predicted import (
    COHORTS,
    NEW,
    OLD,
    RULES,
    keys,
    predict,
    source,
    task_of,
    texts,
    without_prediction,
)

FIGURES = {
    "added": (added.draw, added.alt), "auc": (auc.draw, auc.alt),
    "roc": (curves.draw_roc, curves.alt_roc),
    "calibration": (curves.draw_calibration, curves.alt_calibration),
    "decision": (decision.draw, decision.alt), "transport": (transport.draw, transport.alt),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def full(findings):
    return predict(findings)


def said(findings, name="depression"):
    found = prediction.sentences(findings, Counts(findings), task_of(findings, name))
    return [plain(line).replace("\N{NO-BREAK SPACE}", " ") for line in found]


def with_added(findings, low, high):
    """Return the findings with another interval of every added AUC."""
    table = findings.table.copy()
    mine = (table["measure"] == "delta_auc") & (table["term"] == f"over {OLD}")
    table.loc[mine, ["estimate", "ci_low", "ci_high"]] = [(low + high) / 2, low, high]
    return replace(findings, table=table)


def with_rows(findings, rows):
    return replace(findings, table=results.concatenate([findings.table, rows.table()]))


def test_the_first_sentence_says_what_is_added_to_what_in_whom(full):
    first, meaning, declared, use = said(full)
    assert first == (
        "In people of cohorts that had no part in building the model, IGF-1 adds +0.080 to the AUC "
        "of age, sex, BMI (95 % CI 0.030 to 0.130, k = 2 cohorts, ≈ 160 people): 0.60 without it, "
        "0.68 with it, each pooled by itself."
    )
    assert meaning.startswith("More than chance")
    assert "it may still add nothing (−0.100 to 0.260, 95 % prediction interval)" in meaning
    assert declared == "Declared beforehand as worth having: more than 0.02."
    assert use == (
        "Acting on it has more net benefit than acting without it at a threshold of 0.2 and 0.3."
    )


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.03, 0.05, "The interval holds 0: it may add nothing, or up to 0.050."),
        (-0.09, -0.01, "The model with IGF-1 is the worse one there"),
        (0.01, 0.09, "More than chance"),
    ],
)
def test_what_an_interval_means(full, low, high, words):
    found = said(with_added(full, low, high))
    assert found[1].startswith(words)
    changes = "changes the AUC of age, sex, BMI by −0.050" in found[0]
    assert changes == (high < 0)


def test_where_one_cohort_alone_can_tell_it_speaks_for_itself(findings):
    one = predict(findings, ["clinic"], settings=["cross_validation"])
    first = said(one)[0]
    assert first.startswith("In people of the same cohort who had no part in building the model")
    assert "k =" not in first
    assert "pooled" not in first


def test_without_rows_the_reason_is_one_line(findings):
    assert said(without_prediction(findings)) == ["Not answered: no cohort could be used."]
    for line in said(findings, "bipolar"):
        assert "too few cases (bipolar): <10, needs 20" in line


def test_other_kinds_of_outcome_have_both_models_where_no_difference_is_known(findings):
    one = predict(findings, ["clinic"])
    assert "C-index of age, sex, BMI 0.60" in said(one, "incident_depression")[0]
    assert said(one, "diagnosis")[0].endswith("Their difference could not be estimated.")


def test_every_number_said_is_a_row(full):
    for one in predictions(full, Counts(full)):
        for line in (*one.lines, one.headline, *one.notes):
            for part in line:
                if isinstance(part, Number):
                    assert part.result_id in full.by_id


def test_tables_stand_for_every_task_with_numbers_and_names_that_differ(full):
    found = {one.name: one for one in predictions(full, Counts(full))}
    assert found["depression"].answered
    assert not found["bipolar"].answered
    assert not found["bipolar"].tables
    tables = [
        item for one in found.values()
        for item in (*(t for kind in one.tables.values() for t in kind), *one.building,
                     *one.appendix)
    ]  # fmt: skip
    assert len({item.name for item in tables}) == len(tables)
    # Everything that the depression task has rows of is shown.
    mine = [
        item for item in tables if item.name.endswith("_depression") and "incident" not in item.name
    ]
    assert all(item.rows for item in mine)
    assert set(CAPTIONS) == set(found["depression"].figures)


def test_main_models_by_cohort_and_pooled(full):
    found = texts(prediction_tables.performance_table(
        full, Counts(full), task_of(full), "validation"
    ))  # fmt: skip
    assert found["Cohort"][:3] == ["Pooled"] * 3
    assert found["Cohort"][-1] == "Worst cohort"
    assert found["Model"][:3] == ["age, sex, BMI", "age, sex, BMI + IGF-1", "IGF-1 alone"]
    assert found["AUC"][1] == "0.68 (0.63 to 0.73)"
    assert found["Added AUC"][:3] == ["–", "0.080 (0.030 to 0.130)", "–"]


def test_compared_models_do_not_stand_for_the_main_one(full):
    found = texts(prediction_tables.models_table(full, task_of(full)))
    logistic, net, boosting = (
        found[f"{name}, leave one cohort out"][0]
        for name in ("Logistic", "Elastic net", "Boosting")
    )
    assert [one[:4] for one in (logistic, net, boosting)] == ["0.60", "0.61", "0.62"]
    assert found["Tier"] == ["base", "analyte", "base analyte", "clinical"], "none without rows"


def test_optimism_stands_side_by_side(full):
    found = texts(building_tables.optimism_table(full, task_of(full)))
    row = [found[name][0] for name in ("Measure", "Apparent", "Optimism", "Corrected")]
    assert row == ["AUC", "0.700", "0.012", "0.688"]
    sizes = texts(building_tables.building_table(full, task_of(full)))
    assert sizes["People needed: all criteria"] == ["1,234"] * 2
    assert "0.045" in plain(building_tables.power_sentence(full, task_of(full)))


def test_power_that_cannot_be_told_has_its_reason(findings):
    rows = Rows(source(results.POOLED))
    rows.add_not_estimable("the added AUC is not estimated over cohorts",
                           **keys("power", NEW, term=f"over {OLD}"),
                           measure="detectable_delta_auc")  # fmt: skip
    changed = with_rows(without_prediction(findings), rows)
    said = plain(building_tables.power_sentence(changed, task_of(changed)))
    assert said.endswith("cannot be told: the added AUC is not estimated over cohorts.")


@pytest.mark.parametrize(
    ("sensitivity", "hidden"),
    [(0.8, False), (50 / 55, True), (5 / 55, True), (1.0, False)],
)
def test_small_cells_of_a_cut_are_not_shown_nor_what_gives_them_back(findings, sensitivity, hidden):
    found = predict(findings, sensitivity=sensitivity)
    table = texts(use_tables.cuts_table(found, task_of(found)))
    assert set(table["Rule"]) == {name[0].upper() + name[1:] for name in RULES}
    for column in ("Sensitivity", "LR+", "LR−"):
        assert (table[column][0] == "<10") == hidden, column
    assert table["Specificity"][0].startswith("0.70")
    values = texts(use_tables.predictive_table(found, task_of(found)))
    assert (values["PPV at 0.024"][0] == "<10") == hidden


def test_small_cells_of_a_cut_in_another_cohort_are_not_shown(full):
    # 0.9 of 55 cases: five or six are missed.
    found = texts(use_tables.transport_table(full, task_of(full)))
    assert len(found["Built in"]) == len(COHORTS)
    assert found["AUC"][0] == "0.66 (0.61 to 0.71)"
    cuts = texts(use_tables.carried_cuts_table(full, task_of(full)))
    assert cuts["Youden"] == ["<10\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}0.60"] * 2


def test_too_small_a_subgroup_is_said_to_be_and_its_count_is_not(full):
    found = texts(subgroup_tables.subgroups_table(full, task_of(full)))
    assert found["People"] == ["Women", "Men"]
    assert "too small to judge" in {found[name][1] for name in found}
    reasons = texts(missing_table(full))["Reason"]
    assert "too small to judge: <10 of the rarer class, needs 20" in reasons
    assert not any(re.search(r"\b7 of the", reason) for reason in reasons)


def test_tiers_that_share_a_reason_stand_in_one_line(findings):
    rows = Rows(source("clinic"))
    for tier in (OLD, NEW, "clinical"):
        rows.add_not_estimable("no other cohort", **keys("validation", tier), measure="c_index")
    found = texts(missing_table(with_rows(without_prediction(findings), rows)))
    place = found["Reason"].index("no other cohort")
    assert found["Reason"].count("no other cohort") == 1
    assert found["What (how many numbers)"][place].endswith("(3)")


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize("cohorts", [COHORTS, ("clinic",), ()])
def test_figures_are_drawn_with_some_one_and_no_cohort(findings, kind, cohorts):
    draw, alt = FIGURES[kind]
    found = predict(findings, cohorts, settings=["validation", "cross_validation"])
    task = task_of(found)
    empty = draw(found, task).get_label() == EMPTY
    alone = kind == "transport" and len(cohorts) < 2
    assert empty == (not cohorts or alone)
    assert alt(found, task).startswith("No ") == empty
    assert len(alt(found, task)) > 20


@pytest.mark.parametrize("name", ["incident_depression", "diagnosis"])
def test_figures_of_other_kinds_of_outcome(findings, name):
    found = predict(findings)
    task = task_of(found, name)
    for kind in names.of_prediction(task):
        draw, alt = FIGURES[kind]
        assert draw(found, task).get_label() != EMPTY
        assert task.label in alt(found, task)


def test_panels_are_the_cohorts_of_the_setting_that_counts_more(full):
    figure = curves.draw_roc(full, task_of(full))
    drawn = [axes for axes in figure.axes if axes.get_title()]
    assert len(drawn) == len(COHORTS)
    # Both models and the diagonal.
    assert all(len(axes.lines) == 3 for axes in drawn)
    calibration = curves.draw_calibration(full, task_of(full))
    assert all(axes.collections for axes in calibration.axes if axes.get_title()), "bands"


def test_calibration_uses_the_words_of_its_outcome_and_tells_few_people(full):
    task = task_of(full)
    figure = curves.draw_calibration(full, task)
    assert figure.axes[0].get_ylabel() == "Observed share of cases"
    assert "few people" in [text.get_text() for text in figure.axes[0].texts]
    assert "fewer than 100 with or without the outcome" in curves.alt_calibration(full, task)
    table = full.table.copy()
    table.loc[table["target"] == "depression", "target"] = "response"
    table.loc[table["analysis"] == "calibration_curve", ["n", "n_events"]] = 400, 180
    changed = replace(full, table=table)
    task = replace(task, name="response", label="Response to treatment", groups=None)
    figure = curves.draw_calibration(changed, task)
    assert figure.axes[0].get_ylabel() == "Observed share:\nResponse to treatment"
    assert "few people" not in [text.get_text() for text in figure.axes[0].texts]
    assert "fewer than 100" not in curves.alt_calibration(changed, task)
    assert "cases" not in CAPTIONS["calibration"]


def test_the_methods_say_what_the_configuration_says(full):
    study = full.study
    text = building(full) + measures(full)
    assert f"{study.resampling.folds}-fold" in text
    assert f"{study.resampling.bootstrap} bootstrap samples" in text
    assert "a missed case being worth 5 false alarms" in text
    assert f"permuted within cohorts ({study.resampling.permutations} times" in text
    assert "loess, span 0.75" in text, "the smoother is the one that the rows name"
    assert "elastic net" in text
    only = study.prediction.model_copy(update={"models": ["logistic"]})
    changed = study.model_copy(update={"prediction": only})
    assert "elastic net" not in building(replace(full, study=changed))
    never = study.resampling.model_copy(update={"permutations": 0})
    changed = study.model_copy(update={"resampling": never})
    assert "permuted" not in measures(replace(full, study=changed))
