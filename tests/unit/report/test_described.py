"""Data quality and reference curves in the report: words, suppression, what shrinks away."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from igfmood import results
from igfmood.disclosure import Shown, Sum, bounds
from igfmood.report import batch_tables, quality_tables, reference_tables, style
from igfmood.report.cohort_tables import FlowLine, drawn_lines, flow_table
from igfmood.report.counts import Counts
from igfmood.report.figures import batches
from igfmood.report.html import Picture, render
from igfmood.report.load import Findings
from igfmood.report.methods import limits, methods
from igfmood.report.numbers import NBSP, Number, plain
from igfmood.report.protected import (
    open_reason,
    share_form,
    share_text,
    total_form,
    without_sizes,
)
from igfmood.report.study import drawings
from igfmood.report.tables import Table
from igfmood.results import Rows, Source
from unit.report.described import ALL, Small, add_overlap, describe

#: What is drawn about the data and the reference curves.
NEW = ("missing", "measured", "reference", "worm", "batches")
Write = Callable[[Findings], str]


def treated(cohort: str, model: str, method: str) -> Any:
    rows = Rows(Source("demo", cohort, 1, "c0de", "da7a"))
    rows.add(
        analysis="below_limit", model=model, measure="filled", estimate=20, n=20, method=method
    )
    return rows.table()


@pytest.fixture(scope="module")
def described(findings: Findings) -> Findings:
    return describe(findings)


@pytest.fixture(scope="module")
def write(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Return the page of a study, with words in place of pictures."""
    nothing = tmp_path_factory.mktemp("page") / "nothing.png"
    Image.new("1", (1, 1)).save(nothing)

    def page(findings: Findings) -> str:
        counts = Counts(findings)
        pictures = {
            name: Picture(nothing, alt(), False) for name, _, alt in drawings(findings, counts)
        }
        return render(findings, counts, pictures)

    return page


@pytest.fixture(scope="module")
def page(described: Findings, write: Write) -> str:
    return write(described)


def drawn(findings: Findings, folder: Path, names: Sequence[str] = NEW) -> dict[str, bytes]:
    """Return figures as they are saved."""
    found = {}
    with style.theme():
        for name, draw, _ in drawings(findings, Counts(findings)):
            if name in names:
                style.save(draw(), folder / f"{name}.png")
                found[name] = (folder / f"{name}.png").read_bytes()
    return found


def column(table: Table, title: str) -> list[str]:
    place = [one.title for one in table.columns].index(title)
    return [plain(row[place].text).replace(NBSP, " ") for row in table.rows]


def section(html: str, name: str) -> str:
    start = html.index(f'<section id="{name}"')
    return html[start : html.index("</section>", start)]


def only(findings: Findings, cohort: str) -> Findings:
    """Return the study with one cohort, and nothing of the pairs."""
    table = findings.table
    kept = table[table["cohort"].isin([cohort, results.POOLED]) & (table["analysis"] != "overlap")]
    cohorts = [one for one in findings.study.cohorts if one.name == cohort]
    return replace(
        findings, study=findings.study.model_copy(update={"cohorts": cohorts}),
        table=kept.reset_index(drop=True), flows={cohort: findings.flows[cohort]},
    )  # fmt: skip


OTHER = Small(
    bmi=5, bmi_known=6, scz_in_a=1, below_3rd=5, above_97th=4, redefined=5, unmatched=7,
    odd_rows=8, identical=4, same_keys=6, digits=9, women=8,
)  # fmt: skip


def test_other_small_counts_give_the_same_page(findings: Findings, page: str, write: Write) -> None:
    changed = [name for name in vars(OTHER) if getattr(OTHER, name) != getattr(Small(), name)]
    assert changed == list(vars(Small()))
    other = write(describe(findings, OTHER))
    lines = zip(page.splitlines(), other.splitlines(), strict=True)
    assert [pair for pair in lines if pair[0] != pair[1]] == []


def test_other_small_counts_give_the_same_figures(findings: Findings, tmp_path: Path) -> None:
    names = ("missing", "batches", "flow")
    first, other = (drawn(describe(findings, one), tmp_path, names) for one in (Small(), OTHER))
    assert set(first) == set(names)
    assert first == other


def test_a_count_that_may_be_shown_does_change_the_page(
    findings: Findings, page: str, write: Write, tmp_path: Path
) -> None:
    more = describe(findings, Small(bmi=30))
    assert write(more) != page
    shown = drawn(more, tmp_path, ("missing",))
    assert shown != drawn(describe(findings), tmp_path, ("missing",))


def test_the_table_has_a_row_a_cohort(described: Findings) -> None:
    table = quality_tables.quality_table(described, Counts(described))
    assert column(table, "With IGF-1")[0] == "≥ 95 %", "all lack it in groups of fewer than ten"
    assert column(table, "Below limit")[0] == "≤ 6 %"
    assert column(table, "PHQ-9 alpha")[0] == "0.81 (0.78–0.84)"
    assert column(table, "Total equals items")[0] == "91 %"
    assert column(table, "Digits 0 or 5 in IGF-1")[0] == "≤ 6 % (p = 0.40)"
    assert column(table, "Lag in days, median (quartiles)")[0] == "2 (0–6); 10 %"
    assert column(table, "Batch gate") == ["✓ PASS", "✓ PASS", "–"]
    assert column(table, "Rows")[2] == "failed"


def test_a_total_does_not_give_a_group_back(described: Findings) -> None:
    # 15 lack the PHQ-9: 12 controls, 3 with depression, none with schizophrenia.
    table = quality_tables.quality_table(described, Counts(described))
    assert column(table, "PHQ-9 complete")[0] == "≈ 90 %"
    parts = [share_form(n, of, 10) for n, of in ((12, 112), (3, 62), (0, 6))]
    total = total_form(15, ALL, parts, 10)
    names = ("control", "mdd", "scz")
    known = bounds({"all": total, **dict(zip(names, parts, strict=True))}, [Sum("all", names)])
    low, high = known["mdd"]
    assert high - low + 1 >= 5
    assert low <= 3 <= high


def test_totals_of_many_groups_keep_every_small_part_open() -> None:
    random = np.random.default_rng(5)
    for _ in range(300):
        sizes = random.integers(10, 400, random.integers(1, 6))
        events = [int(random.binomial(n, random.uniform(0, 0.2))) for n in sizes]
        parts = [share_form(x, int(n), 10) for x, n in zip(events, sizes, strict=True)]
        total = total_form(sum(events), int(sizes.sum()), parts, 10)
        assert total.low <= sum(events) <= total.high
        names = tuple(str(place) for place in range(len(parts)))
        known = bounds({"all": total, **dict(zip(names, parts, strict=True))}, [Sum("all", names)])
        for name, n in zip(names, events, strict=True):
            if 0 < n < 10:
                assert known[name][1] - known[name][0] + 1 >= 5


def test_shares_say_what_their_form_says() -> None:
    assert share_text(Shown("50", 50, 50), 200) == f"25{NBSP}%"
    assert share_text(Shown("1", 1, 1), 1000) == f"<{NBSP}1{NBSP}%"
    assert share_text(share_form(3, 62, 10), 62) == f"≤{NBSP}15{NBSP}%"
    assert share_text(share_form(59, 62, 10), 62) == f"≥{NBSP}85{NBSP}%"


def test_the_gate_says_what_failed(findings: Findings, write: Write) -> None:
    html = write(describe(findings, gate="FAIL"))
    quality = section(html, "quality")
    assert "Batch and diagnosis cannot be told apart" in quality
    assert "contrast is not estimable" in quality
    assert "✕ FAIL" in quality
    assert "NOT EVALUATED" in quality


def test_a_gate_that_is_met_raises_no_alarm(page: str) -> None:
    assert "Batch and diagnosis cannot be told apart" not in page


def test_no_count_of_a_batch_can_be_worked_out(described: Findings) -> None:
    counts = Counts(described)
    rows = results.select(described.table, analysis="quality", measure="count", cohort="clinic")
    forms = batch_tables.batch_forms(rows, counts, "clinic")
    assert forms is not None
    truth = {(row["stratum"], row["term"]): int(row["estimate"]) for _, row in rows.iterrows()}
    groups, batches = ("control", "mdd", "scz"), ("A", "B")
    shown = {"/".join(place): form for place, form in forms.items()}
    sums = [Sum(f"{g}/total", tuple(f"{g}/{b}" for b in batches)) for g in (*groups, "total")]
    sums += [Sum(f"total/{b}", tuple(f"{g}/{b}" for g in groups)) for b in (*batches, "total")]
    for group in groups:
        for name in ("group", "missing"):
            form = counts.form("clinic", name, group)
            assert form is not None
            shown[f"{name} {group}"] = form
        sums.append(Sum(f"group {group}", (f"{group}/total", f"missing {group}")))
    known = bounds(shown, sums)
    for (group, batch), n in truth.items():
        low, high = known[f"{group}/{batch}"]
        assert low <= n <= high
        if n < 10:
            assert high - low + 1 >= 5, (group, batch)
    for group in groups:
        low, high = known[f"missing {group}"]
        assert low <= 2 <= high
        assert high - low + 1 >= 5, group


def test_a_worm_ends_where_few_people_lie_beyond(described: Findings, tmp_path: Path) -> None:
    table = described.table.copy()
    outer = (table["analysis"] == "reference_worm") & table["term"].isin(["-1.600", "1.600"])
    assert outer.sum() == 4
    table.loc[outer, "estimate"] = 2.5
    changed = replace(described, table=table)
    assert drawn(changed, tmp_path, ("worm",)) == drawn(described, tmp_path, ("worm",))


def test_controls_not_admitted_do_not_give_those_admitted(described: Findings) -> None:
    flows = {name: dict(flow) for name, flow in described.flows.items()}
    flows["clinic"]["controls_redefined"] = flows["clinic"]["rows_in"] - 3
    form = Counts(replace(described, flows=flows)).form("clinic", "controls_redefined")
    assert form is not None
    assert not form.exact


def test_small_batches_are_not_drawn(page: str) -> None:
    assert "Batches of fewer than 10 people are not drawn" in page
    assert "tiny 99" not in page
    assert "A 140 (in control)" in page


def test_the_correction_of_small_batches_is_not_shown(described: Findings) -> None:
    table = reference_tables.correction_table(described)
    assert column(table, "Batch") == ["A", "B"] * 2
    assert column(table, "Level")[:2] == ["0.93", "1.07"]


def test_batches_are_drawn_in_the_order_of_their_places(described: Findings) -> None:
    table = described.table.copy()
    first = (table["cohort"] == described.study.cohorts[0].name) & (table["measure"] == "place")
    table.loc[first, "estimate"] = -table.loc[first, "estimate"]
    said = [batches.alt(one) for one in (described, replace(described, table=table))]
    assert ["batch A 140 (in control), B 160" in text for text in said] == [True, True]
    assert ["batch B 160 (action), A 140" in text for text in said] == [False, True]


def test_a_correction_that_rests_on_values_below_the_limit_says_so(described: Findings) -> None:
    name, title = described.study.cohorts[0].name, described.study.cohorts[0].title
    rows = Rows(Source("demo", name, 1, "c0de", "da7a"))
    rows.add(
        analysis="batch", exposure="igf1_ng_ml", stratum="B", measure="share_below_limit",
        estimate=0.4, n=80, n_events=32,
    )  # fmt: skip
    found = replace(described, table=results.concatenate([described.table, rows.table()]))
    said = f"Many values of B ({title}) are below the detection limit"
    assert said in reference_tables.correction_table(found).note
    assert "detection limit" not in reference_tables.correction_table(described).note


def test_a_published_reference_has_no_people_of_the_cohort(described: Findings) -> None:
    first, *others = described.study.cohorts
    published = first.reference.model_copy(update={"table": "reference.csv"})
    cohorts = [first.model_copy(update={"reference": published}), *others]
    study = described.study.model_copy(update={"cohorts": cohorts})
    changed = replace(described, study=study)
    table = reference_tables.reference_table(changed, Counts(changed))
    assert column(table, "Learned from")[:2] == ["other people", "controls"]
    assert column(table, "People")[:2] == ["–", "≈ 110"]


def test_coverage_protects_both_tails(described: Findings) -> None:
    table = reference_tables.coverage_table(described, Counts(described))
    assert column(table, "Below 3 %")[0] == "≤ 9 %"
    assert column(table, "Below 97 %")[0] == "≥ 91 %"
    assert column(table, "Below 50 %")[0] == "50 %"


def test_whether_the_limit_matters_is_read_from_the_rows(described: Findings) -> None:
    said = plain(reference_tables.limits_sentence(described))
    assert said.startswith("The choice matters in ")
    assert "−0.20 to −0.17" in said
    table = described.table.copy()
    table.loc[table["analysis"] == "below_limit", "ci_high"] = -0.05
    said = plain(reference_tables.limits_sentence(replace(described, table=table)))
    assert said.startswith("The choice does not matter")


def test_where_another_treatment_was_used_below_the_limit_it_is_said(described: Findings) -> None:
    settings = described.study.normalise.model_copy(update={"below_limit": "censored_likelihood"})
    study = described.study.model_copy(update={"normalise": settings})
    first, second = (cohort.name for cohort in study.cohorts[:2])
    done = [
        treated(first, "lod_sqrt2", "limit over the root of 2 (not estimable: 4 < 10)"),
        treated(second, "censored_likelihood", "expectation"),
    ]
    found = replace(described, study=study, table=results.concatenate([described.table, *done]))
    title = study.cohorts[0].title
    said = "limit over the root of 2 (not estimable: <10, needs 10)"
    note = reference_tables.limits_table(found).note
    assert note.endswith(f"Not so in {title}, used there: {said}.")
    assert f"(in {title}, instead: {said}) and marked" in methods(found)[1].text


def test_people_in_two_cohorts_are_said(described: Findings) -> None:
    none = quality_tables.overlap_sentences(described)
    assert none == ["1 pair of cohorts compared: none found to hold the same people, so that all "
                    "are pooled."]  # fmt: skip
    assert column(quality_tables.overlap_table(described), "Identical rows") == ["<10"]
    rows = Rows(Source("small", results.POOLED, 7, "c0de", "da7a"))
    add_overlap(rows, Small(), found=True)
    table = described.table[described.table["analysis"] != "overlap"]
    found = replace(described, table=results.concatenate([table, rows.table()]))
    said = quality_tables.overlap_sentences(found)
    assert said[0].endswith("the same people were found in 1.")
    assert "Register is left out of pooling (same keys, with the same sex and age)" in said[1]


def test_what_could_not_be_applied_is_listed(described: Findings) -> None:
    assert quality_tables.not_applied(described)[0][1] == ["GH disorder (no GH disorder)"]
    _, lines = quality_tables.found_out(described)[0]
    assert lines[0] == "clinic.csv: <10 rows with another number of fields"
    assert lines[1] == "labs.csv joined: ≈ 200 keys of the cohort found in it, <10 not"


def test_methods_name_no_size() -> None:
    long = (
        "Box-Cox Cole-Green: 75 men, edf mu 2.0; 4 women, nu 0.22 (n = 79), n = 79: too few people "
        "for a fit, 4 < 100. Fewer than 10 people (3 people of the training data)"
    )
    assert without_sizes(long) == (
        "Box-Cox Cole-Green: men, edf mu 2.0; women, nu 0.22: too few people for a fit, at least "
        "100 are needed. Fewer than 10 people"
    )
    assert without_sizes("nu -0.50, Box-Cox, 18-25") == "nu −0.50, Box-Cox, 18-25"


def test_reasons_keep_numbers_that_are_no_counts() -> None:
    assert open_reason("SD 4.2 < 5", 10) == "SD 4.2, below 5"
    assert open_reason("too few people with both dates: 8 < 10", 10) == (
        "too few people with both dates: <10, needs 10"
    )
    found = open_reason("fewer than 10 people lie beyond this quantile: n = 176", 10)
    assert found == "fewer than 10 people lie beyond this quantile"


def test_without_batches_nothing_is_said_of_them(findings: Findings, write: Write) -> None:
    described = describe(findings, batches=False)
    html = write(described)
    assert "Groups by batch of the assay" not in html
    assert "Drift between batches" not in html
    table = quality_tables.quality_table(described, Counts(described))
    assert column(table, "Batch gate")[:2] == ["no batches"] * 2
    assert "Batches" not in [one.heading for one in methods(described)]


def test_a_study_of_one_cohort(described: Findings, write: Write) -> None:
    alone = only(described, "clinic")
    html = write(alone)
    assert "The same people in two cohorts" not in html
    assert "Data quality by cohort" in html
    assert "People in two cohorts" not in [one.heading for one in methods(alone)]


def test_a_failed_cohort_alone(described: Findings, write: Write) -> None:
    html = write(only(described, "broken"))
    assert "failed" in section(html, "quality")
    assert "no cohort was described" in html


def test_what_cannot_be_drawn_says_why(described: Findings, tmp_path: Path) -> None:
    with style.theme():
        failed = only(described, "broken")
        for name, draw, alt in drawings(failed, Counts(failed)):
            if name in NEW:
                assert draw().get_label() == style.EMPTY, name
                assert alt().startswith("No "), name
    assert set(drawn(only(described, "clinic"), tmp_path)) == set(NEW)


def test_a_study_without_the_analyte(findings: Findings, write: Write) -> None:
    study = findings.study
    cohorts = [one.model_copy(update={"analyte": None}) for one in study.cohorts]
    table = findings.table[~findings.table["analysis"].str.startswith("reference")]
    bare = replace(
        findings, study=study.model_copy(update={"cohorts": cohorts}),
        table=table.reset_index(drop=True),
    )  # fmt: skip
    html = write(bare)
    reference = section(html, "reference")
    assert "not measured" in reference
    assert "Drift between batches" not in reference
    assert "Below the detection limit" not in reference
    assert "Coverage of the reference curves" not in reference
    assert column(quality_tables.quality_table(bare, Counts(bare)), "With IGF-1")[0] == (
        "not measured"
    )


def test_every_figure_has_words(page: str) -> None:
    alts = re.findall(r'<img src="[^"]*" alt="([^"]+)"', page)
    starts = (
        "Share of missing values", "Standardised differences", "Reference curves of IGF-1",
        "Worm plots", "Level of each batch",
    )  # fmt: skip
    for start in starts:
        assert any(alt.startswith(start) for alt in alts), start


def test_limits_of_the_study_speak_of_what_was_found(described: Findings) -> None:
    text = " ".join(limits(described))
    for part in ("People without IGF-1", "correction of batches", "known exclusion",
                 "some of the same people"):  # fmt: skip
        assert part in text


def test_numbers_of_the_new_sections_have_a_row(
    page: str, described: Findings
) -> None:  # fmt: skip
    ids: list[Any] = re.findall(r'data-result="([^"]+)"', section(page, "quality"))
    ids += re.findall(r'data-result="([^"]+)"', section(page, "reference"))
    assert len(ids) > 40
    assert set(ids) <= set(described.by_id)


def test_rules_that_left_nobody_out_share_a_line() -> None:
    def line(label: str, n: int, kind: str = "out") -> FlowLine:
        return FlowLine(label, Number(f"{n}", label, n), kind)  # type: ignore[arg-type]

    rules = [line(f"excluded: {name}", n) for name, n in (("a", 0), ("b", 12), ("c", 0), ("d", 0))]
    lines = [
        line("rows in the file", 100, "rows"), line("quarantined", 0), *rules,
        line("rows analysed", 88, "end"),
    ]  # fmt: skip
    assert [(one.label, one.number.text) for one in drawn_lines(lines)] == [
        ("rows in the file", "100"), ("quarantined", "0"), ("excluded: b", "12"),
        ("excluded: 3 other rules", "0"), ("rows analysed", "88"),
    ]  # fmt: skip
    few = [lines[0], *lines[2:5]]
    assert drawn_lines(few) == few


def test_controls_not_admitted_are_in_the_flow(described: Findings, page: str) -> None:
    table = flow_table(described, Counts(described))
    assert column(table, "Of the file: controls not admitted") == ["<10", "<10", "–"]
    assert "of the file: controls not admitted &lt;10" in page
