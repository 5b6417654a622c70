"""What failed for all cohorts together is told as such, and counted as no cohort."""

from collections import defaultdict
from dataclasses import replace

import pytest
from PIL import Image

from igfmood import results
from igfmood.report.counts import Counts
from igfmood.report.estimands import Estimand
from igfmood.report.html import Picture, render
from igfmood.report.load import Findings
from igfmood.results import Rows, Source

REASON = "published.csv, line 3 (Doe 2001), column 'n_case': found 'thirty'"


@pytest.fixture
def alone(findings: Findings) -> Findings:
    """The small study in which every cohort is read and the published table is broken."""
    rows = Rows(Source("small", results.POOLED, 7, "c0de", "da7a"))
    rows.add_failure("published", REASON)
    sound = findings.table[findings.table["status"] != "failed"]
    return replace(findings, table=results.concatenate([sound, rows.table()]))


def page(findings: Findings, tmp_path) -> str:
    picture = tmp_path / "figure.png"
    Image.new("1", (1, 1)).save(picture)
    return render(findings, Counts(findings), defaultdict(lambda: Picture(picture, "", False)))


def test_a_pooled_failure_is_loud_and_no_cohort(alone, tmp_path):
    html = page(alone, tmp_path)
    assert "No cohort failed." in html
    alarm = html[html.index('class="alarm"') : html.index('id="verdict-matrix"')]
    assert "<strong>Pooled</strong>, published studies:" in alarm
    assert "line 3 (Doe 2001)" in alarm


def test_beside_a_failed_cohort_one_is_counted(alone, findings, tmp_path):
    failed = findings.table[findings.table["status"] == "failed"]
    both = replace(alone, table=results.concatenate([alone.table, failed]))
    html = page(both, tmp_path)
    assert "1 cohort failed and is not part of the answer." in html
    assert html.count("<li><strong>") == 2


def test_a_cohort_of_which_a_part_failed_has_the_rest_of_the_answer(alone, tmp_path):
    rows = Rows(Source("small", "clinic", 7, "c0de", "da7a"))
    rows.add_failure("cross_validation", "ValueError: broken")
    html = page(replace(alone, table=results.concatenate([alone.table, rows.table()])), tmp_path)
    assert "No cohort failed." not in html
    assert "not part of the answer" not in html
    assert "1 cohort failed in part." in html
    assert "cross-validation within the cohort: ValueError: broken" in html


def test_it_is_no_reason_why_cohorts_have_no_estimate(alone, findings):
    nothing = Estimand("contrast", "nothing", "smd", "adjusted")
    assert nothing.why_not(alone) == "no cohort has an estimate"
    assert nothing.why_not(findings).startswith("broken failed: ")


def test_what_subsets_lack_besides_is_no_reason_for_everybody(findings):
    estimand = Estimand("incidence", "bipolar", "log_hr", "adjusted")
    rows = Rows(Source("small", "clinic", 7, "c0de", "da7a"))
    for stratum, reason in (("all", "no events are known"), ("euthymic", "mood_state is absent")):
        rows.add_not_estimable(
            reason, analysis="incidence", target="bipolar", measure="log_hr",
            adjustment="adjusted", stratum=stratum,
        )  # fmt: skip
    found = replace(findings, table=results.concatenate([findings.table, rows.table()]))
    assert estimand.why_not(found).endswith(": no events are known")
    assert estimand.about(found) == "Bipolar disorder to come"
