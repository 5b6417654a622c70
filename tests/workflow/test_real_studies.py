"""The example studies on real data: the published counts come out."""

import json
from pathlib import Path

import pytest

from workflow.project import Project, make_project, said

#: Complete PHQ-9, and total of 10 or more, before exclusions.
NHANES = {
    "nhanes_2005_06": (4799, 297),
    "nhanes_2007_08": (5415, 523),
    "nhanes_2009_10": (5546, 523),
}
GROUPS = {
    "depresjon": {"control": 32, "mdd": 15, "bipolar_1": 1, "bipolar_2": 7},
    "ds002748": {"control": 21, "mdd": 51},
    "ds003653": {"control": 47, "mdd": 39, "unknown": 1},
}


@pytest.fixture(scope="module")
def nhanes(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("nhanes"))
    result = project.run(
        "--configfile", "config/examples/nhanes_crp.yaml",
        "--config", f"data_root={shared / 'data/nhanes'}",
    )  # fmt: skip
    assert result.returncode == 0, said(result)
    return project


@pytest.fixture(scope="module")
def case_control(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("case_control"))
    result = project.run(
        "--configfile", "config/examples/case_control.yaml",
        "--config", f"data_root={shared / 'data/coding'}",
    )  # fmt: skip
    assert result.returncode == 0, said(result)
    return project


@pytest.mark.parametrize(("name", "counts"), NHANES.items())
def test_nhanes_counts(nhanes: Project, name: str, counts: tuple[int, int]):
    path = nhanes.results("nhanes_crp") / f"cohorts/{name}/flow.json"
    flow = json.loads(path.read_text(encoding="utf-8"))
    before = flow["before_exclusions"]
    assert (before["phq9_complete"], before["phq9_10_or_more"]) == counts
    assert flow["rows_in"] == flow["analysed"] + sum(r["rows"] for r in flow["excluded"])
    assert flow["quarantined"] == 0


def test_nhanes_has_its_report_and_verdicts(nhanes: Project):
    folder = nhanes.results("nhanes_crp")
    assert (folder / "report.html").is_file()
    verdicts = json.loads((folder / "pooled/verdicts.json").read_text(encoding="utf-8"))
    found = {verdict["claim"]: verdict["verdict"] for verdict in verdicts}
    assert set(found) == {"depression_higher", "severity", "diagnostic_depression"}
    assert found["diagnostic_depression"] == "REFUTED"


@pytest.mark.parametrize(("name", "groups"), GROUPS.items())
def test_messy_codings_give_the_right_groups(case_control: Project, name: str, groups: dict):
    path = case_control.results("case_control") / f"cohorts/{name}/flow.json"
    flow = json.loads(path.read_text(encoding="utf-8"))
    assert flow["groups"] == groups
    assert flow["quarantined"] == 0


def test_without_igf1_every_claim_is_not_evaluable_and_says_why(case_control: Project):
    path = case_control.results("case_control") / "pooled/verdicts.json"
    verdicts = json.loads(path.read_text(encoding="utf-8"))
    assert {verdict["verdict"] for verdict in verdicts} == {"NOT_EVALUABLE"}
    reasons = {verdict["claim"]: verdict["reason"] for verdict in verdicts}
    assert "IGF-1 was not measured" in reasons["depression_lower"]
    assert "IGF-1 was not measured" in reasons["diagnostic_depression"]
