"""Two tasks that ask the same of the same people are said to, at the second one."""

from dataclasses import replace

import pytest

from igfmood import results
from igfmood.config.diagnosis import Diagnosis
from igfmood.performance.tasks import prediction_tasks
from igfmood.report.counts import Counts
from igfmood.report.numbers import plain
from igfmood.report.prediction_page import predictions
from igfmood.report.same_people import same_as
from unit.report.predicted import COHORTS, NEW, predict

FIRST, SECOND = "depression", "phq9_10"


def by_phq9(findings, cutoff=10, names=COHORTS):
    """Return the study in which the PHQ-9 makes the diagnosis of these cohorts."""
    how = [Diagnosis(source="phq9", cutoff=cutoff)]
    cohorts = [
        one.model_copy(update={"diagnosis": how}) if one.name in names else one
        for one in findings.study.cohorts
    ]  # fmt: skip
    return replace(findings, study=findings.study.model_copy(update={"cohorts": cohorts}))


def twice(findings, more_cases=0, cohort="clinic"):
    """Return the predictions of depression once more, as those of the PHQ-9."""
    found = predict(findings)
    own = found.table[(found.table["target"] == FIRST) & (found.table["adjustment"] == NEW)]
    own = own.assign(target=SECOND, result_id="again " + own["result_id"])
    own.loc[own["cohort"] == cohort, "n_events"] += more_cases
    others = found.table[found.table["target"] != SECOND]
    return replace(found, table=results.concatenate([others, own]))


def said(findings, name=SECOND):
    task = next(one for one in prediction_tasks(findings.study) if one.name == name)
    return plain(same_as(findings, task))


def test_the_second_task_names_the_first(findings):
    found = by_phq9(twice(findings))
    label = next(one.label for one in prediction_tasks(found.study) if one.name == FIRST)
    assert said(found).startswith(f"The same people and outcome as {label}: numbers differ only")
    assert said(found, FIRST) == "", "the first one has no earlier one"
    page = {
        one.name: [plain(line) for line in one.lines] for one in predictions(found, Counts(found))
    }
    assert said(found) in page[SECOND]
    assert not any("same people and outcome" in line for line in page[FIRST])


@pytest.mark.parametrize("cohort", COHORTS)
def test_one_case_more_in_any_cohort_makes_it_another_task(findings, cohort):
    assert said(by_phq9(twice(findings, 1, cohort))) == ""


def test_equal_counts_with_another_diagnosis_are_a_coincidence(findings):
    found = twice(findings)
    assert said(found) == ""
    assert said(by_phq9(found, cutoff=15)) == ""
    assert said(by_phq9(found, names=COHORTS[:1])) == ""


def test_a_task_without_numbers_is_the_same_as_none(findings):
    assert said(by_phq9(predict(findings, []))) == ""
