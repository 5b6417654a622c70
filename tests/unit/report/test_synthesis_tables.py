"""The synthesis under other choices: a table for each number that decides, refusals together."""

from dataclasses import replace

from igfmood import results
from igfmood.report import sensitivity_tables
from igfmood.report.numbers import plain
from igfmood.results import Rows, Source


def added(findings, **keys):
    rows = Rows(Source(findings.study.study, results.POOLED, 1, "c0de", "da7a"))
    shared = {"target": "depression", "model": "validation", "adjustment": "base_analyte", **keys}
    rows.add(**shared, analysis="tau2_estimator", stratum="DL", measure="auc", estimate=0.69,
             ci_low=0.6, ci_high=0.77, method="random effects: DL")  # fmt: skip
    for kind in ("Egger", "trim and fill"):
        rows.add_not_estimable("too few studies: k = 2 < 10", **shared, analysis="small_studies",
                               stratum=kind, measure="auc")  # fmt: skip
    for kind in ("tau2_estimator", "influence", "subgroup"):
        rows.add_not_estimable("one cohort only: clinic", **shared, analysis=kind, stratum="all",
                               measure="delta_auc", term="over base")  # fmt: skip
    return replace(findings, table=results.concatenate([findings.table, rows.table()]))


def lines(table):
    return [[plain(cell.text) for cell in row] for row in table.rows]


def test_a_diagnostic_claim_has_a_table_for_its_auc_and_one_for_what_is_added(findings):
    claim = findings.claims["test"]
    auc, gained = sensitivity_tables.synthesis_tables(claim, added(findings))
    assert (auc.name, gained.name) == ("synthesis_test_auc", "synthesis_test_delta_auc")
    assert gained.title == "The synthesis under other choices (added AUC)"
    assert lines(auc) == [
        ["τ² by DL", "0.69 (0.60 to 0.77)", "–", "random effects: DL"],
        ["Small studies: Egger; Small studies: trim and fill", "–", "–",
         "too few studies: k = 2 < 10"],
    ]  # fmt: skip
    assert lines(gained) == [
        ["Synthesis with another estimator; Subgroups of cohorts; Influence of single cohorts",
         "–", "–", "one cohort only: clinic"],
    ]  # fmt: skip
    assert auc.note
    assert not gained.note


def test_a_claim_on_one_number_has_one_table(findings):
    (table,) = sensitivity_tables.synthesis_tables(findings.claims["lower"], findings)
    assert (table.name, table.title) == ("synthesis_lower", "The synthesis under other choices")
