"""Where one cohort alone has an estimate, nothing is said of pooling, and why others have none."""

from dataclasses import replace

import pandas as pd
import pytest

from igfmood import results
from igfmood.config.claims import Claim
from igfmood.report import html, relation_tables, sensitivity_tables, tables, words
from igfmood.report.counts import Counts
from igfmood.report.estimands import Estimand
from igfmood.report.figures import forest
from igfmood.report.numbers import plain
from igfmood.report.other_measures import other_measures
from igfmood.results import Rows, Source
from igfmood.synthesis import pool

CLAIM = Claim.model_validate(
    {"id": "incident", "statement": "Low IGF-1 comes first.", "category": "susceptibility",
     "direction": "lower", "margin": 0.05, "min_cohorts": 1,
     "estimand": {"analysis": "incidence", "target": "depression", "measure": "log_hr",
                  "adjustment": "adjusted"}}
)  # fmt: skip
MAIN = Estimand("incidence", "depression", "log_hr", "adjusted")
KEYS = {"analysis": "incidence", "target": "depression", "measure": "log_hr", "stratum": "all",
        "exposure": "igf1_sds"}  # fmt: skip
ALONE = "one cohort only (clinic), no claim to any other: Cox regression"


def studied(findings):
    """The small study with incident illness in the clinic alone."""
    collected = {name: Rows(Source("small", name, 7, "c0de", "da7a"))
                 for name in ("clinic", "register", results.POOLED)}  # fmt: skip
    for name, method in (("clinic", "Cox regression"), (results.POOLED, ALONE)):
        for tier, estimate in (("adjusted", -0.139), ("unadjusted", -0.12)):
            collected[name].add(**KEYS, adjustment=tier, estimate=estimate, ci_low=-0.331,
                                ci_high=0.052, p=0.15, n=160, n_events=55,
                                method=method)  # fmt: skip
        collected[name].add(analysis="shape", target="phq9_total", measure="slope", term="low",
                            stratum="all", adjustment="adjusted", estimate=-1, ci_low=-2,
                            ci_high=0.1, p=0.07, method=method)  # fmt: skip
    collected["register"].add_not_estimable("followup_years is not in this cohort", **KEYS,
                                            adjustment="adjusted")  # fmt: skip
    collected[results.POOLED].add(**{**KEYS, "measure": "k"}, term="log_hr", adjustment="adjusted",
                                  estimate=1)  # fmt: skip
    collected[results.POOLED].add_not_estimable(
        "one cohort only: nothing is left without it",
        **{**KEYS, "stratum": "without clinic"}, adjustment="adjusted",
    )  # fmt: skip
    tables = [one.table() for one in collected.values()]
    return replace(
        findings, claims={**findings.claims, "incident": CLAIM},
        table=results.concatenate([findings.table, *tables]),
    )  # fmt: skip


def detail(findings):
    return html._detail(MAIN, "claim_incident_log_hr", findings, Counts(findings), CLAIM)


@pytest.mark.parametrize(("others", "called"), [(["control"], "controls"),
                                               (["mdd"], "comparison group")])  # fmt: skip
def test_cases_are_compared_with_whom_the_task_names(findings, others, called):
    task = findings.study.tasks[0].model_copy(update={"cases": ["bipolar"], "controls": others})
    study = findings.study.model_copy(update={"tasks": [task]})
    assert words.compared_with(task.name, study) == called


def test_no_table_says_that_nothing_is_left(findings):
    (table,) = detail(studied(findings)).tables
    assert table.title == "Estimate in one cohort"
    titles = [column.title for column in table.columns]
    assert titles == ["Adjustment", "Estimate (interval)", "Hazard ratio (interval)", "p", "People",
                      "Events"]  # fmt: skip
    first = [plain(cell.text) for cell in table.rows[0]]
    assert first[2] == "0.87 (0.72 to 1.05)"
    assert first[-1] == "55"
    assert sensitivity_tables.synthesis_tables(CLAIM, studied(findings)) == ()


def test_the_forest_plot_has_the_cohort_and_its_other_adjustment_alone(findings):
    found = studied(findings)
    drawn = forest._lines(found, Counts(found), MAIN)
    assert [(line.kind, line.label) for line in drawn] == [
        ("cohort", forest.wrapped(found.titles()["clinic"], 34, 1)),
        ("same", "The same, unadjusted"),
    ]  # fmt: skip


def test_the_forest_plot_has_events_beside_the_people(findings):
    found = studied(findings)
    (first, _) = forest._lines(found, Counts(found), MAIN)
    assert first.sizes.startswith("55 / ")
    assert first.sizes != "55 / 55"
    figure = forest.draw(found, Counts(found), MAIN, "log hazard ratio")
    assert "events / people" in [text.get_text() for text in figure.axes[0].texts]
    others = Estimand("contrast", "depression", "smd", "adjusted")
    figure = forest.draw(found, Counts(found), others, "SD")
    assert "cases / controls" in [text.get_text() for text in figure.axes[0].texts]


def test_few_events_or_few_without_one_are_not_told(findings):
    found = studied(findings)
    row = MAIN.cohorts(found)[0]
    shown = {n: Counts(found).events(pd.Series({**row, "n_events": n})).text
             for n in (4, 55, 153, 160)}  # fmt: skip
    assert (shown[4], shown[55], shown[160]) == ("<10", "55", "160")
    assert not shown[153].isdigit()


def test_the_caption_says_which_cohort_and_why_not_the_others(findings):
    found = detail(studied(findings))
    assert "the only cohort with an estimate" in found.legend
    assert found.legend.endswith("open square: the same with another adjustment.")
    assert found.absent == "Not estimable: Register (follow-up is not in this cohort)."
    assert plain(found.ratio) == "As a hazard ratio, in this cohort: 0.87 (0.72 to 1.05)."


def test_several_cohorts_have_the_usual_legend(findings):
    several = Estimand("contrast", "depression", "smd", "adjusted")
    found = html._detail(several, "claim_lower_smd", findings, Counts(findings), None)
    assert (found.legend, found.absent, found.ratio) == ("", "", ())
    assert [table.title for table in found.tables] == [
        "Pooled estimate and heterogeneity", "Leaving one cohort out"
    ]  # fmt: skip


def test_the_table_without_cohorts_names_the_normal_intervals(findings):
    rows = Rows(Source("small", results.POOLED, 7, "c0de", "da7a"))
    keys = {"analysis": "contrast", "target": "depression", "measure": "smd", "adjustment": "crude",
            "exposure": "igf1_sds"}  # fmt: skip
    for name, method in (("clinic", pool.METHOD), ("register", pool.NORMAL)):
        rows.add(**keys, stratum=f"without {name}", estimate=-0.5, ci_low=-0.7, ci_high=-0.3,
                 method=f"{method}, leave-one-out")  # fmt: skip
    found = replace(findings, table=results.concatenate([findings.table, rows.table()]))
    estimand = Estimand("contrast", "depression", "smd", "crude")
    table = tables.leave_one_out_table("leave_one_out_x", estimand, found)
    assert table.note == (
        "Each interval is the wider of Knapp–Hartung and normal, as in verdicts. "
        "Normal: without Register."
    )


def test_other_measures_have_the_normal_interval_beside_them(findings):
    rows = Rows(Source("small", results.POOLED, 7, "c0de", "da7a"))
    shared = {"analysis": "contrast", "target": "depression", "adjustment": "adjusted",
              "stratum": "all", "measure": "log_vr"}  # fmt: skip
    rows.add(**shared, estimate=0.1, ci_low=0.09, ci_high=0.11, p=0.001, method=pool.METHOD)
    rows.add(**shared, term="normal_interval", estimate=0.1, ci_low=-0.2, ci_high=0.4, p=0.5,
             method=pool.NORMAL)  # fmt: skip
    found = replace(findings, table=results.concatenate([findings.table, rows.table()]))
    table = other_measures("others_x", Estimand("contrast", "depression", "smd", "adjusted"), found)
    assert table.columns[-1].title == "Normal interval"
    assert plain(table.rows[0][-1].text) == "−0.20 to 0.40"
    assert "where the normal interval is wider, trust that one" in table.note


def test_no_line_repeats_the_only_cohort_as_pooled(findings):
    table = relation_tables.shape_table(studied(findings), "phq9_total")
    assert [plain(row[0].text) for row in table.rows] == [findings.titles()["clinic"]]


def test_other_measures_stand_with_their_ratio_and_without_a_claim_to_others(findings):
    rows = Rows(Source("small", results.POOLED, 7, "c0de", "da7a"))
    shared = {"analysis": "contrast", "target": "depression", "adjustment": "adjusted",
              "stratum": "all"}  # fmt: skip
    rows.add(**shared, measure="log_rom", estimate=-0.157, ci_low=-0.2, ci_high=-0.1, p=0.001,
             method=ALONE)  # fmt: skip
    rows.add(**{**shared, "measure": "k"}, term="log_rom", estimate=1)
    rows.add_not_estimable("no cohort has an estimate: bmi is not in this cohort (clinic, "
                           "register, broken)", **shared, measure="log_vr")  # fmt: skip
    found = replace(findings, table=results.concatenate([findings.table, rows.table()]))
    estimand = Estimand("contrast", "depression", "smd", "adjusted")
    table = other_measures("others_x", estimand, found)
    ((name, log, shown, p, k),) = [[plain(cell.text) for cell in row] for row in table.rows]
    assert name == "Ratio of geometric means, cases to controls"
    assert (log, shown, p, k) == (
        "−0.16 (−0.20 to −0.10)", "0.85 (0.82 to 0.90)", "0.001", "1 (no claim to others)"
    )  # fmt: skip
    assert "Ratio of SDs, cases to controls (no cohort has an estimate: BMI is in no cohort)" in (
        table.note
    )
    assert not other_measures("others_x", estimand, findings).rows
