"""Names of figures: told before anything is drawn."""

import subprocess
import sys

from builders import make_study
from igfmood.association.questions import all_questions
from igfmood.config.claims import Claim
from igfmood.performance.task_names import task_names
from igfmood.performance.tasks import prediction_tasks
from igfmood.report import names

STUDY = make_study()


def claim(name, analysis, target, measure, **more):
    estimand = {"analysis": analysis, "target": target, "measure": measure, **more}
    return Claim.model_validate(
        {"id": name, "statement": "IGF-1 is low.", "category": "susceptibility",
         "estimand": {**estimand, "adjustment": "adjusted"}, "direction": "lower", "margin": 0.1}
    )  # fmt: skip


def test_curves_are_for_the_numbers_that_are_estimated_under_every_fork():
    asked = [one for one in all_questions(STUDY) if one.forked is not None]
    assert {(one.analysis, *one.forked) for one in asked} == names.FORKED


def test_a_claim_on_two_terms_has_a_forest_plot_for_each_and_no_curve():
    tails = claim("tails", "tails", "depression", "log_or", term="low", also="high")
    found = {one.name for one in names.figure_names(STUDY, [tails])}
    assert {"forest_claim_tails_low", "forest_claim_tails_high"} <= found
    assert "specification_tails" not in found


def test_group_differences_have_the_forest_plot_of_their_task():
    lower = claim("lower", "contrast", "depression", "smd")
    found = [one.name for one in names.figure_names(STUDY, [lower])]
    assert len(found) == len(set(found))
    assert {"forest_depression", "specification_lower"} <= set(found)
    assert not any(name.startswith("forest_claim") for name in found)


def test_published_studies_have_figures_only_where_the_study_names_a_table():
    kinds = {one.caption for one in names.figure_names(STUDY, [])}
    assert "published" not in kinds
    named = STUDY.model_copy(update={"published_evidence": "config/published_evidence.csv"})
    found = {one.name for one in names.figure_names(named, [])}
    assert {"published_depression", "funnel_bipolar"} <= found
    assert "published_bipolar_vs_depression" not in found


def test_names_are_told_without_what_reads_tables():
    heavy = "pandas", "numpy", "scipy", "matplotlib"
    code = f"import sys, igfmood.report.names; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_tasks_have_the_names_that_figures_are_named_after():
    assert [one.name for one in prediction_tasks(STUDY)] == [one.name for one in task_names(STUDY)]
    assert all(names.of_prediction(one) for one in prediction_tasks(STUDY))
