"""What a claim, or a negative control, has in each cohort is what a run will have."""

import numpy as np
import pandas as pd
import pytest

from builders import POOLED, SOURCE, cohort_data, make_claim, make_study, people
from igfmood import results
from igfmood.association.question import add_answers
from igfmood.association.questions import question_of
from igfmood.evidence.sizes import add_sizes
from igfmood.intake.needs import control_needs, needs
from igfmood.results import Rows

IMPUTED = make_study(imputation={"m": 20, "iterations": 2})
CLAIM = make_claim(min_cohorts=1)


def gaps(groups, every=3):
    """People of whom every so many lack a BMI, which the models adjust for."""
    table = people(groups)
    return table.assign(bmi=table["bmi"].mask(table.index % every == 0))


def told(study, table):
    return needs(study, [CLAIM], {"clinic": table}, {})["one"]["clinic"]


def of_the_run(study, table):
    """Return the row that the run writes with this adjustment."""
    rows = Rows(SOURCE)
    question = question_of(study, "contrast", "depression", "smd", "")
    add_answers(rows, question, cohort_data(table, study))
    return results.select(rows.table(), analysis="contrast", adjustment="adjusted",
                          stratum="all", measure="smd").iloc[0]  # fmt: skip


def of_the_blind_page(study, table):
    rows = Rows(POOLED)
    add_sizes(rows, study, [CLAIM], {"clinic": table}, {})
    return results.select(rows.table(), measure="people").iloc[0]


def test_people_whose_covariates_are_imputed_count():
    table = gaps({"control": 60, "mdd": 50})
    run, blind = of_the_run(IMPUTED, table), of_the_blind_page(IMPUTED, table)
    assert (run["n"], run["n_events"]) == (blind["n"], blind["n_events"]) == (110, 50)
    assert told(IMPUTED, table).text == "50 against 60"


def test_and_only_where_the_run_imputes_them():
    table = gaps({"control": 60, "mdd": 50})
    complete = table.dropna(subset=["bmi"])
    cases = (complete["diagnosis"] == "mdd").sum()
    for study, given in (
        (make_study(imputation={"m": 0}), table),
        (make_study(imputation={"m": 20, "max_missing": 0.2}), table),
    ):
        run, blind = of_the_run(study, given), of_the_blind_page(study, given)
        assert run["n"] == blind["n"] == len(complete)
        assert told(study, given).text == f"{cases} against {len(complete) - cases}"


def test_a_few_cases_with_gaps_are_enough_if_the_run_judges_them():
    table = gaps({"control": 60, "mdd": 11})
    assert of_the_run(IMPUTED, table)["status"] == "ok"
    assert told(IMPUTED, table).met
    alone = make_study(imputation={"m": 0})
    assert of_the_run(alone, table)["reason"] == told(alone, table).text
    assert not told(alone, table).met


# Negative controls.


def measured(**columns):
    table = people({"control": 60, "mdd": 50})
    rng = np.random.default_rng(3)
    values = {name: rng.standard_normal(len(table)) + 100 for name in columns}
    return table.assign(**{
        name: np.where(np.arange(len(table)) < n, values[name], np.nan)
        for name, n in columns.items()
    })  # fmt: skip


CONTROLS = make_study(
    "a", "b", imputation={"m": 0}, negative_controls=["height_cm", "hba1c"],
    negative_control_analytes=["crp"],
)  # fmt: skip


def test_each_negative_control_is_set_against_cohorts():
    tables = {"a": measured(height_cm=110, crp=110), "b": measured(height_cm=15)}
    found = control_needs(CONTROLS, tables)
    assert list(found) == [
        ("negative_controls", "height_cm"), ("negative_controls", "hba1c"),
        ("negative_control_analytes", "crp"),
    ]  # fmt: skip
    height, hba1c, crp = found.values()
    assert height["a"].text == "110 people"
    assert height["b"].text == "too few people with complete data: 15 < 20"
    assert {need.text for need in hba1c.values()} == {"hba1c is not in this cohort"}
    # Nobody here is bipolar: what is left of the questions is told.
    assert crp["a"].text == "phq9_total: 110 people; depression: 50 against 60"
    assert not crp["b"].met


@pytest.mark.parametrize("study", [CONTROLS, make_study()])
def test_without_cohorts_or_controls_there_is_nothing_to_tell(study):
    tables: dict[str, pd.DataFrame] = {} if study is CONTROLS else {"clinic": measured()}
    assert not any(control_needs(study, tables).values())
