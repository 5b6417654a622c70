"""Tables that only some studies have: the molar ratio, and the control material of an assay."""

from dataclasses import replace
from typing import Any

import pytest

from igfmood import results
from igfmood.report import reference_tables
from igfmood.report.load import Findings
from igfmood.report.numbers import plain
from igfmood.report.tables import Table
from igfmood.results import Rows, Source


def added(findings: Findings, *rows: dict[str, Any]) -> Findings:
    cohort = findings.study.cohorts[0].name
    collected = Rows(Source(findings.study.study, cohort, 1, "c0de", "da7a"))
    for row in rows:
        collected.add(**row)
    return replace(findings, table=results.concatenate([findings.table, collected.table()]))


def text(table: Table) -> str:
    return " | ".join(plain(cell.text) for row in table.rows for cell in row)


@pytest.mark.parametrize(("n", "expected"), [(40, "0.148 (0.120–0.170)"), (9, "n <10")])
def test_the_ratio_is_shown_of_groups_that_are_large_enough(findings, n, expected):
    ratios = {"median": 0.1481, "p25": 0.12, "p75": 0.17}
    found = added(
        findings,
        *(
            {"analysis": "molar_ratio", "stratum": "control", "measure": measure, "n": n,
             "estimate": value}
            for measure, value in ratios.items()
        ),
    )  # fmt: skip
    assert expected in text(reference_tables.ratio_table(found))
    assert not reference_tables.ratio_table(findings).rows


def test_lots_have_drift_and_variation_and_the_boundary_is_told(findings):
    keys = {"analysis": "assay_lots", "n": 237, "method": "REML; on the boundary: correlated (−1)"}
    found = added(
        findings,
        {**keys, "measure": "drift_per_30_days_pct", "estimate": -1.42, "ci_low": -4.5,
         "ci_high": 1.7},
        {**keys, "measure": "between_lot_cv", "estimate": 5.31},
        {**keys, "measure": "within_lot_cv", "estimate": 15.6},
        {**keys, "measure": "lot_slope", "stratum": "3", "estimate": 0.1},
    )  # fmt: skip
    table = reference_tables.lots_table(found)
    assert "237 | −1.42 (−4.50 to 1.70) | 5.3 | 15.6" in text(table)
    assert table.note == "The fit ended on the boundary: correlated (−1)."
    assert not reference_tables.lots_table(findings).rows
