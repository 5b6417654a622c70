"""Control measurements of an assay: between lots, within lots, over a lot's life."""

import numpy as np
import pytest

from builders import SOURCE, cohort_entry, study_config
from igfmood.config.load import parse_study
from igfmood.normalise.assay_qc import add_assay_qc
from igfmood.results import Rows, select


def lots(n_lots=10, per_lot=24, seed=1):
    rng = np.random.default_rng(seed)
    lines = ["lot,days,conc"]
    for lot in range(1, n_lots + 1):
        level = 5 + rng.normal(0, 0.4)
        for _ in range(per_lot):
            days = int(rng.integers(1, 40))
            lines.append(f"{lot},{days},{level - 0.01 * days + rng.normal(0, 0.2):.3f}")
    return "\n".join(lines) + "\n"


def measured(tmp_path, text, **entry):
    (tmp_path / "qc.csv").write_text(text, encoding="utf-8")
    names = {"table": "qc.csv", "concentration": "conc", "days": "days", "lot": "lot", **entry}
    study = parse_study(study_config(cohort_entry(assay_qc=names), data_root=str(tmp_path)))
    rows = Rows(SOURCE)
    add_assay_qc(rows, study, study.cohorts[0])
    return rows.table()


def test_planted_variation_and_drift_are_found(tmp_path):
    found = measured(tmp_path, lots()).set_index(["measure", "stratum"])
    drift = found.loc[("drift_per_30_days", "")]
    assert drift["ci_low"] < -0.3 < drift["ci_high"] < 0
    assert found.loc[("between_lot_cv", ""), "estimate"] == pytest.approx(8, abs=4)
    assert found.loc[("within_lot_cv", ""), "estimate"] == pytest.approx(4, abs=0.5)
    assert len(found.loc["lot_intercept"]) == 10


def test_a_cohort_without_control_measurements_has_no_rows(tmp_path):
    rows = Rows(SOURCE)
    study = parse_study(study_config())
    add_assay_qc(rows, study, study.cohorts[0])
    assert select(rows.table(), analysis="assay_lots").empty


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("1,5,x", "row 241, column 'conc': 'x' is not a positive number"),
        ("1,5,-2", "row 241, column 'conc': '-2' is not a positive number"),
        ("1,,5", "row 241, column 'days': '' is not a number"),
        (",5,5", "row 241: no lot in column 'lot'"),
    ],
)
def test_a_cell_that_is_no_measurement_is_told_with_its_place(tmp_path, cell, message):
    (row,) = measured(tmp_path, lots() + cell + "\n").to_dict("records")
    assert row["status"] == "not_estimable"
    assert message in row["reason"]


def test_too_few_lots_are_a_row_with_the_reason(tmp_path):
    (row,) = measured(tmp_path, lots(n_lots=1)).to_dict("records")
    assert row["status"] == "not_estimable"
