"""Batches of the assay and the groups."""

import numpy as np
import pandas as pd
import pytest

from builders import SOURCE, make_study, people
from igfmood import results
from igfmood.cohort.quality import batch_confounding, require_batches_apart
from igfmood.cohort.quality.batches import add_batches
from igfmood.errors import NotEstimable

STUDY = make_study()
DEPRESSION = STUDY.tasks[0]


def in_batches(counts):
    """People by (diagnosis, batch)."""
    table = people({f"{group}{i}": n for i, ((group, _), n) in enumerate(counts.items())})
    labels = [key for key, n in counts.items() for _ in range(n)]
    return table.assign(
        diagnosis=[group for group, _ in labels], igf1_batch=[batch for _, batch in labels]
    )


APART = {("control", "1"): 40, ("control", "2"): 20, ("mdd", "1"): 20, ("mdd", "2"): 10}
MIXED_UP = {("control", "1"): 47, ("control", "2"): 3, ("mdd", "1"): 3, ("mdd", "2"): 47}


def test_r2_is_cramers_v_squared():
    from scipy.stats.contingency import association

    rng = np.random.default_rng(1)
    batch = pd.Series(rng.integers(0, 4, 200).astype(str))
    case = rng.random(200) < 0.2 + 0.2 * (batch == "3")
    cramer = association(pd.crosstab(batch, case).to_numpy(), method="cramer")
    assert batch_confounding(batch, case) == pytest.approx(cramer**2, rel=1e-12)


@pytest.mark.parametrize(
    ("batch", "case", "expected"),
    [
        (["a", "a", "b", "b"], [1, 0, 1, 0], 0.0),
        (["a", "a", "b", "b"], [1, 1, 0, 0], 1.0),
        # Shares 1/3 and 2/3 around 1/2: 6 (1/6)² of 6 × 1/4.
        (["a", "a", "a", "b", "b", "b"], [1, 0, 0, 1, 1, 0], 1 / 9),
        (["", None, "b", "b"], [1, 1, 0, 0], 1.0),
        (["a", "a", "a"], [1, 0, 0], 0.0),
    ],
)
def test_confounding_from_none_to_complete(batch, case, expected):
    found = batch_confounding(pd.Series(batch, dtype=object), np.array(case, bool))
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("case", [[], [True, True], [False, False]])
def test_without_a_contrast_nothing_is_confounded(case):
    with pytest.raises(NotEstimable, match="no contrast"):
        batch_confounding(pd.Series(["a", "b"][: len(case)], dtype=object), np.array(case, bool))


def test_a_contrast_between_batches_is_refused():
    # Cramér's V of 47, 3 / 3, 47 is 0.88: 1 - 0.7744 = 22.56 % within, rounded down.
    with pytest.raises(NotEstimable) as refused:
        require_batches_apart(in_batches(MIXED_UP), DEPRESSION, STUDY)
    assert refused.value.reason == (
        "assay batch is confounded with the diagnosis: 22 % of the contrast lies within batches "
        "< 50 %"
    )


def test_the_gate_is_the_studys():
    lenient = make_study(gates={"within_batch": 0.22})
    require_batches_apart(in_batches(MIXED_UP), DEPRESSION, lenient)


def test_a_share_just_short_of_the_gate_does_not_read_as_if_it_met_it():
    study = make_study(gates={"within_batch": 0.2257})
    with pytest.raises(NotEstimable, match=r"22 % of .* < 22\.57 %"):
        require_batches_apart(in_batches(MIXED_UP), DEPRESSION, study)


@pytest.mark.parametrize(
    "table",
    [
        in_batches(APART),
        in_batches(MIXED_UP).assign(igf1_batch="1"),
        in_batches(MIXED_UP).assign(igf1_batch=""),
        in_batches(MIXED_UP).drop(columns="igf1_batch"),
        in_batches({("control", "1"): 20, ("control", "2"): 20}),
    ],
    ids=["apart", "one batch", "unknown", "no column", "no cases"],
)
def test_what_is_not_confounded_passes(table):
    require_batches_apart(table, DEPRESSION, STUDY)


def test_people_without_the_analyte_have_no_batch_to_be_in():
    table = in_batches(MIXED_UP)
    stray = (table["igf1_batch"] == "2").to_numpy()
    without = table.assign(igf1_value=table["igf1_value"].mask(stray))
    require_batches_apart(without, DEPRESSION, STUDY)
    # Below the limit they have: the assay was run.
    with pytest.raises(NotEstimable):
        require_batches_apart(without.assign(igf1_below_lod=stray), DEPRESSION, STUDY)


def test_other_groups_do_not_dilute_a_confounded_contrast():
    table = in_batches(MIXED_UP | {("other", "3"): 500})
    with pytest.raises(NotEstimable, match="22 %"):
        require_batches_apart(table, DEPRESSION, STUDY)


def rows_of(table):
    rows = results.Rows(SOURCE)
    add_batches(rows, table, STUDY)
    return rows.table()


def test_group_by_batch_and_gates_are_written():
    found = rows_of(in_batches(MIXED_UP))
    counts = found[found["measure"] == "count"].set_index(["stratum", "term"])["estimate"]
    assert counts.to_dict() == MIXED_UP
    task = found[found["target"] == "depression"].set_index("measure")
    assert task.loc["within_batch", "estimate"] == pytest.approx(1 - 0.88**2)
    assert task.loc["within_batch", "status"] == "ok"
    assert task.loc["within_batch", "reason"] == ""
    assert task.loc["r2_batch", "estimate"] == pytest.approx(0.88**2)
    assert (task.loc["r2_batch", "n"], task.loc["r2_batch", "n_events"]) == (100, 50)
    assert task.loc["within_batch_gate", "reason"].startswith("assay batch is confounded")
    absent = found[found["target"] == "bipolar"]
    assert list(absent["status"]) == ["not_estimable"]


def test_empty_cells_of_the_table_are_counted():
    found = rows_of(in_batches({("control", "1"): 20, ("mdd", "2"): 20}))
    cell = results.select(found, stratum="mdd", term="1", measure="count")
    assert list(cell["estimate"]) == [0]


def test_a_gate_that_is_passed_has_no_words():
    assert "within_batch_gate" not in set(rows_of(in_batches(APART))["measure"])


def test_hundreds_of_plates_are_not_listed():
    table = people({"control": 202, "mdd": 202})
    table = table.assign(igf1_batch=[str(i % 101) for i in range(404)])
    found = rows_of(table)
    assert list(found.loc[found["measure"] == "count", "reason"]) == [
        "too many batches to list: 101 > 100"
    ]
    assert "within_batch" in set(found["measure"])
