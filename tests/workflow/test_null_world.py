"""Where IGF-1 tells nothing of anybody, the study is a full report without a claim supported."""

import gzip
import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workflow.project import FAST, Project, make_project, said

#: Table: its column of IGF-1, and how its cells are parted; nothing for Parquet.
TABLES = {
    "clinic.csv": ("IGF1_ng_ml", ";"),
    "register.tsv.gz": ("igf1_nmol", "\t"),
    "imaging.csv": ("igf1", ","),
    "trial.parquet": ("IGF1", ""),
}


def dealt_out_anew(path: Path, column: str, separator: str) -> None:
    """Give everybody the measurement of somebody else, text and all."""
    rng = np.random.default_rng(20260101)
    if not separator:
        table = pd.read_parquet(path)
    else:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as stream:
            text = stream.read()
        table = pd.read_csv(StringIO(text), sep=separator, dtype=str, keep_default_na=False)
    table[column] = rng.permutation(table[column].to_numpy())
    if separator:
        table.to_csv(path, sep=separator, index=False)
    else:
        table.to_parquet(path, index=False)


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Four cohorts of the default study, IGF-1 dealt out anew, finished."""
    project = make_project(tmp_path_factory.mktemp("null"))
    for name, (column, separator) in TABLES.items():
        dealt_out_anew(project.folder / "data_synthetic" / name, column, separator)
    cohorts = [name.split(".")[0] for name in TABLES]
    project.write(project.config(*cohorts) | FAST, "config/config.yaml")
    result = project.report()
    assert result.returncode == 0, said(result)
    return project


def test_no_claim_is_supported(nothing: Project):
    verdicts = json.loads((nothing.results() / "pooled/verdicts.json").read_text("utf-8"))
    assert len(verdicts) == 16
    by_verdict = pd.Series([one["verdict"] for one in verdicts]).value_counts()
    assert "SUPPORTED" not in by_verdict
    assert by_verdict["REFUTED"] >= 3
    refuted = {one["claim"] for one in verdicts if one["verdict"] == "REFUTED"}
    assert {"diagnostic_depression", "diagnostic_bipolar"} <= refuted


def test_the_report_is_whole(nothing: Project):
    html = (nothing.results() / "report.html").read_text(encoding="utf-8")
    for section in ("verdicts", "claims", "test", "quality", "methods", "limits", "provenance"):
        assert f'<section id="{section}"' in html, section
    assert "0 supported" in html.replace("\N{NO-BREAK SPACE}", " ")
    assert html.count("<figure") > 15


def test_estimates_of_nothing_hold_nothing(nothing: Project):
    table = pd.read_parquet(nothing.results() / "pooled/results.parquet")
    main = table[
        (table["cohort"] == "pooled") & (table["analysis"] == "contrast")
        & (table["measure"] == "smd") & (table["adjustment"] == "adjusted")
        & (table["stratum"] == "all") & (table["term"] == "") & (table["status"] == "ok")
    ]  # fmt: skip
    assert len(main) == 3
    assert ((main["ci_low"] < 0) & (main["ci_high"] > 0)).all()
    assert (main["estimate"].abs() < 0.2).all()
