"""The head of the report, and each verdict, say what was fixed before outcomes were read."""

import re
from dataclasses import replace

from igfmood.report.load import Fixed


def standing(html: str) -> list[str]:
    """Return what stands beneath the category of each claim."""
    return re.findall(r'<span class="category">[a-z]+</span><span class="category">(.*?)<', html)


def test_each_verdict_says_whether_it_was_fixed_and_what_changed(findings, page):
    html = page(findings)
    assert standing(html) == ["pre-specified", "exploratory", "pre-specified"]
    assert "Pre-specified at 2026-01-02 03:04 UTC, hash 0123456789ab." in html
    assert "2 of 3 verdicts are pre-specified, the others are exploratory." in html
    assert html.count("Exploratory: margin 0.02 → 0.01.") == 1
    assert "claim test: margin 0.02 → 0.01" in html


def test_a_study_that_was_not_locked_says_so_once(findings, page):
    says = "not locked: claims were not fixed before outcomes were read"
    verdicts = [one.model_copy(update={"prespecified": says}) for one in findings.verdicts]
    claims = dict.fromkeys(findings.claims, False)
    html = page(replace(findings, verdicts=verdicts, fixed=Fixed(says=says, claims=claims)))
    assert standing(html) == ["not locked"] * 3
    assert html.count("claims were not fixed before outcomes were read") == 1


def test_amendments_other_files_and_dropped_claims_are_told(findings, page):
    history = [
        {"named": "2026-01-02 03:04 UTC, hash 01", "outcomes_read": False, "changed": []},
        {
            "named": "2026-03-04 05:06 UTC, hash 02",
            "outcomes_read": True,
            "changed": ["seed 1 → 2"],
        },
    ]
    update = {"history": history, "dropped": ["old"], "tables": ["clinic"], "code": "a → b"}
    html = page(replace(findings, fixed=findings.fixed.model_copy(update=update)))
    assert "2026-03-04 05:06 UTC, hash 02, after outcomes were read: seed 1 → 2." in html
    assert "Locked, and not asked here: old." in html
    assert "Not the files of the lock: clinic." in html
    assert "The software is not that of the lock: a → b." in html
