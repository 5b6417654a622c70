"""Checks beside their claims: numbers tied to their rows, a sentence that the numbers bear out."""

from dataclasses import replace

import pytest

from igfmood import results
from igfmood.report.check_tables import checks_table
from igfmood.report.numbers import Number, plain
from igfmood.results import Rows, Source

SHARED = {"exposure": "igf1_sds", "stratum": "all", "adjustment": "adjusted"}
INCIDENCE = {**SHARED, "analysis": "incidence", "target": "depression"}
SHAPE = {**SHARED, "analysis": "shape", "target": "phq9_total"}
PATHWAY = {**SHARED, "analysis": "neuroplasticity", "target": "phq9_total"}
NO_U = "No U: the slopes do not both differ from 0 with opposite signs."
STRESS = {**SHARED, "analysis": "stress_buffering", "target": "phq9_total"}


def rows_of(cohort="clinic"):
    return Rows(Source("small", cohort, 7, "c0de", "da7a"))


def with_rows(findings, *collected):
    return replace(
        findings, table=results.concatenate([findings.table, *(one.table() for one in collected)])
    )


def lines(table, titles):
    names = {title: name for name, title in titles.items()}
    return [[names.get(plain(c.text), plain(c.text)) for c in row] for row in table.rows]


@pytest.mark.parametrize(
    ("p", "says"),
    [
        (0.01, "The hazard ratio changes over follow-up: the one given is an average of it."),
        (0.2, "No sign that the hazard ratio changes over follow-up."),
    ],
)
def test_proportional_hazards_stand_with_statistic_df_and_p(findings, p, says):
    rows = rows_of()
    rows.add(**INCIDENCE, measure="chi2", term="score", estimate=4.56, df=1, p=p)
    rows.add(**INCIDENCE, measure="chi2", term="global", estimate=9.0, df=4, p=0.061)
    found = with_rows(findings, rows)
    table = checks_table("checks_x", "incidence", "depression", "log_hr", found)
    assert [column.title for column in table.columns] == [
        "Check", "Cohort", "Value", "p", "What it says"
    ]  # fmt: skip
    first, second = lines(table, found.titles())
    assert first[:2] == ["Proportional hazards: the score", "clinic"]
    assert first[2].replace("\N{NO-BREAK SPACE}", " ") == "χ² 4.56 on 1 df"
    assert first[3:] == [f"{p:.3f}" if p < 0.1 else "0.20", says]
    assert second[4] == "No sign that the hazard ratio of any term changes over follow-up."
    numbers = [part for cell in table.rows[0] for part in cell.text if isinstance(part, Number)]
    assert {number.result_id for number in numbers} == {rows.table()["result_id"][0]}


def test_the_note_calls_variables_by_the_names_that_readers_know(findings):
    rows = rows_of("register")
    for term in ("score", "global"):
        rows.add_not_estimable("incident_depression is not in this cohort", **INCIDENCE,
                               measure="chi2", term=term)  # fmt: skip
    table = checks_table("checks_x", "incidence", "depression", "log_hr", with_rows(findings, rows))
    assert table.note == "No value: Register: depression to come is not in this cohort."


def test_what_could_not_be_checked_is_in_the_note(findings):
    rows = rows_of("register")
    for term in ("score", "global"):
        rows.add_not_estimable("too few events: 4 < 10", **INCIDENCE, measure="chi2", term=term)
    mine = rows_of()
    mine.add(**INCIDENCE, measure="chi2", term="score", estimate=4.56, df=1, p=0.03)
    found = with_rows(findings, rows, mine)
    table = checks_table("checks_x", "incidence", "depression", "log_hr", found)
    assert len(table.rows) == 1
    assert table.note.startswith("No value: Register: too few events")
    # A count below the limit is not told.
    assert "4" not in table.note.replace("10", "")


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        ((-1.0, 0.01), (0.8, 0.02), "A U: down, then up."),
        ((1.0, 0.01), (-0.8, 0.02), "A U upside down: up, then down."),
        ((-1.0, 0.01), (0.8, 0.2), NO_U),
        ((1.0, 0.01), (0.8, 0.02), NO_U),
    ],
)  # fmt: skip
def test_two_lines_are_a_u_only_if_both_are_clear_and_opposed(findings, low, high, says):
    rows = rows_of()
    rows.add(**SHAPE, measure="breakpoint", estimate=-0.313)
    for term, (estimate, p) in (("low", low), ("high", high)):
        rows.add(**SHAPE, measure="slope", term=term, estimate=estimate, ci_low=estimate - 0.5,
                 ci_high=estimate + 0.5, p=p)  # fmt: skip
    found = with_rows(findings, rows)
    (line,) = lines(checks_table("checks_x", "shape", "phq9_total", "slope", found), found.titles())
    assert line[0] == "Two lines (Simonsohn)"
    assert line[2].replace("\N{NO-BREAK SPACE}", " ").startswith("break at −0.31 SDS; p below it")
    assert line[3] == says


def test_two_lines_over_cohorts_have_no_break_and_no_line(findings):
    rows = rows_of(results.POOLED)
    for term in ("low", "high"):
        rows.add(**SHAPE, measure="slope", term=term, estimate=1, ci_low=0.5, ci_high=1.5, p=0.01)
    table = checks_table("checks_x", "shape", "phq9_total", "slope", with_rows(findings, rows))
    assert not table.rows


@pytest.mark.parametrize(
    ("low", "says"),
    [
        (0.05, "Unmeasured causes of volume and symptoms this strong would explain all of it."),
        (-0.05, "The interval holds 0: there may be nothing that unmeasured causes must explain."),
    ],
)
def test_rho_has_its_interval_and_no_empty_p(findings, low, says):
    rows = rows_of()
    rows.add(**PATHWAY, measure="rho", estimate=0.2, ci_low=low, ci_high=0.4)
    found = with_rows(findings, rows)
    table = checks_table("checks_x", "neuroplasticity", "phq9_total", "indirect", found)
    assert "p" not in [column.title for column in table.columns]
    ((_, _, shown, told),) = lines(table, found.titles())
    assert (shown, told) == (f"0.20 ({'−' if low < 0 else ''}0.05 to 0.40)", says)


@pytest.mark.parametrize(
    ("bounds", "shown", "says"),
    [
        ([("below", 100.6), ("above", 120.0)], "at every observed score",
         "At none of the observed scores does the interval of the slope hold 0."),
        ([("above", 30.1)], "at no observed score",
         "The slope may be 0 at each of the observed scores."),
        ([("from", -842.7), ("to", 30.1)], "at every observed score",
         "At none of the observed scores does the interval of the slope hold 0."),
    ],
)  # fmt: skip
def test_bounds_beyond_the_observed_scores_are_no_numbers(findings, bounds, shown, says):
    rows = rows_of()
    for term, bound in bounds:
        rows.add(**STRESS, measure="johnson_neyman", term=term, estimate=bound,
                 method="beyond the observed scores: extrapolated")  # fmt: skip
    found = with_rows(findings, rows)
    table = checks_table("checks_x", "stress_buffering", "phq9_total", "beta", found)
    ((*_, told_shown, told),) = lines(table, found.titles())
    assert (told_shown, told) == (shown, says)


def test_a_region_has_its_bounds_in_order_without_what_is_extrapolated(findings):
    rows = rows_of()
    rows.add(**STRESS, measure="johnson_neyman", term="above", estimate=7.004,
             method="beyond the observed scores: extrapolated")  # fmt: skip
    rows.add(**STRESS, measure="johnson_neyman", term="below", estimate=1.1, method="OLS")
    pooled = rows_of(results.POOLED)
    pooled.add(**STRESS, measure="johnson_neyman", term="below", estimate=1.1,
               method="one cohort only (clinic), no claim to any other: OLS")  # fmt: skip
    none = rows_of("register")
    none.add_not_estimable("the slope differs from 0 at no score", **STRESS,
                           measure="johnson_neyman")  # fmt: skip
    found = with_rows(findings, rows, pooled, none)
    table = checks_table("checks_x", "stress_buffering", "phq9_total", "beta", found)
    ((_, cohort, shown, told),) = lines(table, found.titles())
    assert cohort == "clinic"
    assert shown.replace("\N{NO-BREAK SPACE}", " ") == "below 1.10 SDS"
    assert told == "At the other observed scores the slope may be 0."
    assert table.note == "No value: Register: the slope differs from 0 at no score."


def test_an_estimate_without_checks_has_no_table(findings):
    assert not checks_table("checks_x", "contrast", "depression", "smd", findings).rows
