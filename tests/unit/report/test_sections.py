"""What a section says: answers where they are looked for, each tail by its name, said once."""

import re
from dataclasses import replace

import pytest

from igfmood import results
from igfmood.config.claims import Claim
from igfmood.report import html, sensitivity_tables
from igfmood.report.counts import Counts
from igfmood.report.estimands import Estimand, contrast
from igfmood.report.load import Verdict
from igfmood.report.methods import methods
from igfmood.report.numbers import NBSP, plain
from igfmood.report.tables import missing_table, pooled_table
from igfmood.report.text import verdict_lines
from igfmood.results import Rows, Source

TAILS = Claim.model_validate(
    {"id": "tails", "statement": "Both too little and too much.", "category": "safety",
     "direction": "higher", "margin": 0.2,
     "estimand": {"analysis": "tails", "target": "depression", "measure": "log_or",
                  "adjustment": "adjusted", "term": "low", "also": "high"}}
)  # fmt: skip
KEYS = {"analysis": "tails", "target": "depression", "adjustment": "adjusted", "measure": "log_or",
        "exposure": "igf1_sds"}  # fmt: skip


def pooled_rows():
    return Rows(Source("small", results.POOLED, 7, "c0de", "da7a"))


def with_rows(findings, *collected, **changes):
    tables = [findings.table, *(one.table() for one in collected)]
    return replace(findings, table=results.concatenate(tables), **changes)


def lines(table):
    return [[plain(cell.text) for cell in row] for row in table.rows]


def told(reason="", **row):
    rows = pooled_rows()
    keys = {"analysis": "tipping_point", "target": "lower", "measure": "shift"}
    if reason:
        rows.add_not_estimable(reason, **keys)
    else:
        rows.add(**keys, **row)
    return rows


@pytest.mark.parametrize(
    ("rows", "answer", "how"),
    [
        (told("no shift by up to 1 SD changes the verdict (imputed scores of cases are shifted)"),
         "none up to 1 SD", "Imputed scores of cases are shifted."),
        (told(estimate=-0.2841, method="SD: imputed scores of cases, the smallest shift"),
         "−0.28 SD", "imputed scores of cases, the smallest shift"),
        (told("nothing is imputed that could be shifted"), "does not apply",
         "nothing is imputed that could be shifted"),
    ],
)  # fmt: skip
def test_the_tipping_point_is_the_answer(findings, rows, answer, how):
    table = sensitivity_tables.robustness_table(findings.claims["lower"], with_rows(findings, rows))
    (line,) = [line for line in lines(table) if line[0].startswith("Tipping point")]
    assert line[1:] == [answer, how]


def tails(findings, tau2=0.01):
    """The small study with both tails: the low one among women, too."""
    rows = pooled_rows()
    for term, estimate in (("low", 1.05), ("high", -0.78)):
        ends = {"ci_low": estimate - 0.4, "ci_high": estimate + 0.4}
        rows.add(**KEYS, term=term, stratum="all", estimate=estimate, p=0.01, n=320, **ends)
        rows.add(**KEYS, term=f"{term}: prediction_interval", stratum="all", estimate=estimate,
                 ci_low=estimate - 0.6, ci_high=estimate + 0.6)  # fmt: skip
        rows.add(**KEYS, term=term, stratum="women", estimate=estimate / 2, p=0.2, **ends)
        for measure, value in (("k", 2), ("tau2", tau2)):
            rows.add(**{**KEYS, "measure": measure}, term=f"log_or {term}", stratum="all",
                     estimate=value)  # fmt: skip
    table = rows.table()
    ids = table.loc[table["term"].isin(["low", "high"]) & (table["stratum"] == "all"), "result_id"]
    verdict = Verdict(claim="tails", verdict="REFUTED", reason="low: beyond the margin",
                      statement="Both.", result_ids=tuple(ids))  # fmt: skip
    claims = {**findings.claims, "tails": TAILS}
    return with_rows(findings, rows, claims=claims, verdicts=[*findings.verdicts, verdict])


def test_each_tail_has_its_own_prediction_interval_and_subsets(findings):
    found = tails(findings)
    *_, low, high = (plain(line) for line in verdict_lines(found.verdicts[-1], found,
                                                            Counts(found)))  # fmt: skip
    assert low.startswith("Low levels: in a new cohort")
    assert "between 0.45 and 1.65" in low
    assert high.startswith("High levels: in a new cohort")
    assert "between −1.38 and −0.18" in high
    tables = sensitivity_tables.subsets_tables(TAILS, found)
    assert [(one.name, one.title) for one in tables] == [
        ("subsets_tails_low", "In subsets of people (low levels)"),
        ("subsets_tails_high", "In subsets of people (high levels)"),
    ]
    assert [line[2:4] for one in tables for line in lines(one)] == [
        ["0.53 (0.65 to 1.45)", "1.69 (1.92 to 4.26)"],
        ["−0.39 (−1.18 to −0.38)", "0.68 (0.31 to 0.68)"],
    ]  # fmt: skip


def test_a_prediction_interval_as_wide_as_the_other_is_explained(findings):
    wider, same = (verdict_lines(one.verdicts[-1], one, Counts(one))
                   for one in (tails(findings), tails(findings, tau2=0.0)))  # fmt: skip
    assert not any("τ²" in plain(line) for line in wider)
    assert plain(same[-1]).endswith(
        f"(95{NBSP}% prediction interval, no wider than that of the mean: τ² is estimated as 0)."
    )


def test_cards_name_margin_and_bound(findings):
    changed = [
        findings.verdicts[1].model_copy(
            update={"reason": "it stays open whether the AUC reaches the bound and the added AUC "
                    "is beyond the margin"}
        )
    ]  # fmt: skip
    found = replace(findings, verdicts=changed)
    assert plain(verdict_lines(changed[0], found, Counts(found))[1]) == (
        "It stays open whether the AUC reaches the bound of 0.70 and the added AUC is beyond the "
        "margin of 0.02."
    )


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("mood_state is not in this cohort (clinic, register, broken)",
         "mood state is in no cohort"),
        ("bmi is known at one visit only (broken); bmi is not in this cohort (clinic, register)",
         "BMI is known at one visit only (broken); BMI is not in clinic and register"),
    ],
)  # fmt: skip
def test_what_cohorts_lack_is_said_by_name(findings, reason, said):
    last = findings.verdicts[2].model_copy(
        update={"reason": f"no cohort has an estimate: {reason}"}
    )  # fmt: skip
    (line,) = verdict_lines(last, findings, Counts(findings))
    assert plain(line) == f"Not judged: no cohort has an estimate: {said}."


def test_an_interaction_is_not_headed_slope(findings):
    estimand = Estimand("stress_buffering", "phq9_total", "beta", "adjusted")
    found = html._detail(estimand, "claim_x", findings, Counts(findings), None)
    assert found.heading == (
        "PHQ-9: interaction of stress and IGF-1, adjusted for age, sex, BMI"
    )  # fmt: skip


def test_one_table_has_one_number_of_decimals(findings):
    rows = pooled_rows()
    rows.add(analysis="contrast", target="depression", measure="smd", exposure="igf1_sds",
             adjustment="unadjusted", stratum="all", estimate=-0.4, ci_low=-0.7, ci_high=-0.1,
             p=0.01, n=320, n_events=110)  # fmt: skip
    found = with_rows(findings, rows)
    table = pooled_table("x", contrast(found, "depression"), found, Counts(found))
    assert [line[1] for line in lines(table)] == [
        "−0.5000 (−0.7996 to −0.2004)", "−0.4000 (−0.7000 to −0.1000)"
    ]  # fmt: skip


def test_what_is_not_estimable_is_a_line_a_cohort_and_reason_with_every_number(findings):
    rows = Rows(Source("small", "clinic", 7, "c0de", "da7a"))
    for analysis, targets in (("incidence", ("depression", "bipolar")), ("treatment", ("x",))):
        for target in targets:
            rows.add_not_estimable("mood_state is not in this cohort", analysis=analysis,
                                   target=target, measure="beta", stratum="manic")  # fmt: skip
    found = with_rows(findings, rows)
    table = missing_table(found)
    (line,) = [line for line in lines(table) if line[1].startswith("mood state")]
    assert line[0] == found.titles()["clinic"]
    assert line[2] == "incident illness (2), response to treatment (1)"
    assert line[4] in set(rows.table()["result_id"])
    counted = [int(n) for row in lines(table) for n in re.findall(r"\((\d+)\)", row[2])]
    assert sum(counted) == (found.table["status"] != "ok").sum()


def test_methods_speak_of_imputed_values_and_write_names_and_numbers_as_elsewhere(findings):
    text = " ".join(paragraph.text for paragraph in methods(findings))
    assert "not measured that would change" not in text
    assert "the tipping point of imputed values" in text
    assert "BMI of 18.5 to 35" in text
    assert "(SDS, log concentration)" in text
    assert "molar mass 7,649" in text


def test_the_marks_of_a_forest_plot_are_explained_once(findings, page):
    assert page(findings).count("Squares: cohorts") == 1


def test_invented_cohorts_are_announced_and_real_ones_not(findings, page):
    assert "These cohorts are invented" not in page(findings)
    invented = replace(findings, study=findings.study.model_copy(update={"synthetic": True}))
    written = page(invented)
    assert written.index("These cohorts are invented") < written.index('id="verdict-matrix"')


def test_what_both_tails_share_stands_once(findings):
    found = tails(findings)
    low, high = (html._detail(replace(Estimand("tails", "depression", "log_or", "adjusted"),
                                      term=term), term, found, Counts(found), TAILS)
                 for term in ("low", "high"))  # fmt: skip
    assert len(low.others) == 1
    assert high.others == ()
