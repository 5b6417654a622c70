"""From a raw table to participants: no row is lost, no bad row stops a cohort."""

import csv
import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import make_cohort, make_study, write_table
from igfmood.cohort.build import build_cohort
from igfmood.errors import DataError
from igfmood.normalise.participants import prepare_cohort

STUDY = make_study()
HEADER = [
    "id",
    "visit",
    "age",
    "sex",
    "bmi",
    "preg",
    "igf1",
    "dx",
    *(f"q{i}" for i in range(1, 10)),
]
COHORT = make_cohort(
    columns={
        "participant_id": "id",
        "visit": "visit",
        "age_years": "age",
        "sex": {"column": "sex", "recode": {1: "male", 2: "female"}},
        "bmi": {"column": "bmi", "recode": {">60": 60}},
        "pregnant": "preg",
    },
    baseline=1,
    missing=["-9"],
    analyte={"column": "igf1", "unit": "ng/mL", "below_limit": ["low"], "lod": 30},
    phq9={"items": HEADER[8:], "missing": [7, 9], "rule": "prorate"},
    include=[{"name": "adult", "variable": "age_years", "at_least": 18}],
    exclude=[{"name": "pregnant", "variable": "pregnant", "equals": ["yes"]}],
)
ITEMS = ["1"] * 9


def row(key, visit="1", age="40", sex="2", bmi="25", preg="no", igf1="150", dx="mdd", items=ITEMS):
    return [key, visit, age, sex, bmi, preg, igf1, dx, *items]


VALID = [
    row("a"), row("a", "2", "41"), row("b", sex="1", dx="control"), row("c", age="12"),
    row("d", preg="yes"), row("e", igf1="low", dx="control"), row("f", bmi="", igf1="-9"),
    row("g", items=["7", *ITEMS[1:]]), row("h", igf1="90", dx="bipolar"),
]  # fmt: skip


def write_rows(rows, folder):
    with open(Path(folder) / "clinic.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([HEADER, *rows])


def build(rows, folder):
    write_rows(rows, folder)
    return build_cohort(COHORT, STUDY.analyte, folder)


def assert_balanced(built, n):
    assert built.flow.rows_in == n
    bad = set(built.quarantine["row"])
    assert bad <= set(range(1, n + 1))
    assert not bad & set(built.participants.index)
    assert len(built.participants) + sum(built.flow.excluded.values()) + len(bad) == n
    assert list(built.quarantine.columns) == ["row", "column", "value", "reason"]
    assert (built.quarantine[["column", "reason"]] != "").all(axis=None)


def test_a_valid_table_is_analysed_or_excluded_by_rule(tmp_path):
    built = build(VALID, tmp_path)
    assert built.quarantine.empty
    assert built.flow.excluded == {"adult": 1, "pregnant": 1}
    assert list(built.participants.index) == [1, 2, 3, 6, 7, 8, 9]
    assert built.participants["is_baseline"].tolist() == [True, False] + [True] * 5
    assert built.participants["phq9_source"].tolist()[-2] == "prorated"
    assert_balanced(built, 9)


def test_ids_are_hashed_and_the_same_person_keeps_one(tmp_path):
    ids = build(VALID, tmp_path).participants["participant_id"]
    assert ids.iloc[0] == ids.iloc[1] == hashlib.sha256(b"a").hexdigest()[:16]
    assert ids.nunique() == 6


#: Zero bytes are no text: a file with one is refused as a whole.
TEXTS = st.text(st.characters(exclude_characters="\0"), max_size=6)
CELLS = st.sampled_from(
    ["", "x", "-1", "0", "1", "9", "1e999", "nan", "99999", "<0", "<5", "F32", "inf", " ", "yes",
     "\n", '"', ",", "2 000", "1,5", "é", "control", "low", "-9", "1.0"]
)  # fmt: skip
DAMAGE = st.lists(
    st.one_of(
        st.tuples(st.just("cell"), st.integers(0, 8), st.integers(0, 16), CELLS),
        st.tuples(
            st.just("cell"),
            st.integers(0, 8),
            st.integers(0, 16),
            TEXTS,
        ),
        st.tuples(st.just("short"), st.integers(0, 8), st.integers(1, 16), st.just("")),
        st.tuples(st.just("long"), st.integers(0, 8), st.just(0), CELLS),
        st.tuples(st.just("copy"), st.integers(0, 8), st.just(0), st.just("")),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(DAMAGE)
def test_random_damage_never_raises_and_never_loses_a_row(damage):
    rows = [list(fields) for fields in VALID]
    for kind, place, column, text in damage:
        text = text.encode("utf-8", "replace").decode()
        match kind:
            case "cell" if column < len(rows[place]):
                rows[place][column] = text
            case "short":
                rows[place] = rows[place][:column]
            case "long":
                rows[place] = [*rows[place], text]
            case "copy":
                rows.append(list(rows[place]))
    written = [fields for fields in rows if len(fields) > 1 or "".join(fields).strip()]
    with tempfile.TemporaryDirectory() as folder:
        write_rows(rows, folder)
        study = STUDY.model_copy(update={"data_root": folder, "cohorts": [COHORT]})
        prepared = prepare_cohort(study, COHORT)
    flow = prepared.flow
    assert flow.rows_in == len(written)
    assert flow.analysed == len(prepared.participants)
    assert flow.quarantined == prepared.quarantine["row"].nunique()
    assert flow.rows_in == flow.analysed + sum(flow.excluded.values()) + flow.quarantined


def reasons(built):
    return dict(zip(built.quarantine["row"], built.quarantine["reason"], strict=True))


def test_of_exact_copies_the_first_stays_and_conflicting_rows_all_go(tmp_path):
    built = build([row("a"), row("a"), row("b"), row("b", bmi="26"), row("c"), row("a")], tmp_path)
    assert list(built.participants.index) == [1, 5]
    assert reasons(built) == {
        2: "row is a copy of an earlier row",
        3: "same participant and visit as another row with other values",
        4: "same participant and visit as another row with other values",
        6: "row is a copy of an earlier row",
    }
    # Without the id as it stands in the file nobody finds the rows.
    assert built.quarantine["value"].tolist() == [
        "a, visit 1", "b, visit 1", "b, visit 1", "a, visit 1",
    ]  # fmt: skip
    assert set(built.quarantine["column"]) == {"participant_id/visit"}
    once = COHORT.model_copy(update={"columns": {**COHORT.columns}, "baseline": None})
    del once.columns["visit"]
    write_rows([row("b"), row("b", bmi="26")], tmp_path)
    alone = build_cohort(once, STUDY.analyte, tmp_path)
    assert alone.quarantine["value"].tolist() == ["b", "b"]
    mixed = build([row("a"), row("a"), row("a", bmi="26")], tmp_path)
    assert mixed.participants.empty
    assert_balanced(mixed, 3)


def test_the_quarantine_says_row_column_value_and_reason(tmp_path):
    rows = [row("a", age="140"), row("b", sex="3"), row("c", dx="PTSD"), row("d", bmi="fat")]
    found = build(rows, tmp_path).quarantine.to_numpy().tolist()
    assert [entry[:3] for entry in found] == [
        [1, "age", "140"], [2, "sex", "3"], [3, "dx", "PTSD"], [4, "bmi", "fat"],
    ]  # fmt: skip
    assert "possible: 0 to 110 years" in found[0][3]


def test_a_row_of_the_wrong_length_is_quarantined_for_that_alone(tmp_path):
    built = build([row("a"), [*row("b"), "9"], row("c")[:5], row("d")], tmp_path)
    assert list(built.participants.index) == [1, 4]
    assert set(reasons(built).values()) == {"row has another number of fields than the header"}
    assert len(built.quarantine) == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [(row(""), "participant without an id"), (row("b", visit=""), "row without a visit")],
)
def test_rows_without_a_key_are_quarantined_and_the_others_stay(tmp_path, bad, reason):
    built = build([row("a"), bad], tmp_path)
    assert list(built.participants.index) == [1]
    assert reasons(built) == {2: reason}


def test_two_rows_of_one_id_without_a_visit_are_no_repetition(tmp_path):
    rows = [row("a"), row("b", visit="", age="40"), row("b", visit="", age="41"), row("b")]
    built = build(rows, tmp_path)
    assert list(built.participants.index) == [1, 4]
    assert set(reasons(built).values()) == {"row without a visit"}
    assert built.quarantine["value"].notna().all()


@pytest.mark.parametrize("visit", ["1", "1.0", "01"])
def test_the_first_visit_is_found_however_its_number_is_written(tmp_path, visit):
    assert build([row("a", visit)], tmp_path).participants["is_baseline"].tolist() == [True]


def test_a_number_may_be_recoded_like_anything_else(tmp_path):
    built = build([row("a", bmi=">60")], tmp_path)
    assert built.quarantine.empty
    assert built.participants["bmi"].tolist() == [60]


def test_counts_before_exclusions_describe_the_whole_file(tmp_path):
    high = ["2"] * 9
    rows = [row("a", items=high), row("c", age="12", items=high), row("d", items=["9", *ITEMS[1:]])]
    before = build(rows, tmp_path).flow.before
    assert before == {"phq9_complete": 2, "phq9_10_or_more": 2}


def test_optional_parts_may_all_be_absent(tmp_path):
    write_table(tmp_path, "id,age,sex\n1,40,female\n")
    cohort = make_cohort(analyte=None, diagnosis=None)
    study = make_study().model_copy(update={"data_root": str(tmp_path), "cohorts": [cohort]})
    prepared = prepare_cohort(study, cohort)
    assert prepared.flow.groups == {"unknown": 1}
    assert prepared.learned is None
    assert prepared.participants["igf1_sds"].isna().all()


def test_a_table_without_an_id_takes_the_number_of_the_row(tmp_path):
    write_table(tmp_path, "age,sex\n40,female\n41,male\n")
    columns = {"participant_id": "<row>", "age_years": "age", "sex": "sex"}
    cohort = make_cohort(analyte=None, diagnosis=None, columns=columns)
    built = build_cohort(cohort, make_study().analyte, tmp_path)
    assert built.participants["participant_id"].nunique() == 2


def test_dates_give_the_lag_and_ages_their_top_code(tmp_path):
    write_table(
        tmp_path, "id,age,sex,drawn,asked\n1,85,female,01.02.2010,15.02.2017\n2,84,male,,\n"
    )
    day = "%d.%m.%Y"
    cohort = make_cohort(
        analyte=None, diagnosis=None,
        columns={
            "participant_id": "id", "sex": "sex", "age_years": {"column": "age", "top_code": 85},
            "analyte_date": {"column": "drawn", "date_format": day},
            "phq9_date": {"column": "asked", "date_format": day},
        },
    )  # fmt: skip
    found = build_cohort(cohort, make_study().analyte, tmp_path).participants
    assert found["lag_days"].iloc[0] == 2571
    assert found["lag_days"].isna().tolist() == [False, True]
    assert found["age_topcoded"].tolist() == [True, False]


def test_numbers_are_brought_to_the_variable_s_unit_before_they_are_checked(tmp_path):
    write_table(tmp_path, "id,months,sex,crp\n1,480,female,0.3\n2,1400,male,0.1\n")
    cohort = make_cohort(
        analyte=None, diagnosis=None,
        columns={
            "participant_id": "id", "sex": "sex",
            "age_years": {"column": "months", "factor": 1 / 12},
            "crp": {"column": "crp", "factor": 10},
        },
    )  # fmt: skip
    built = build_cohort(cohort, make_study().analyte, tmp_path)
    assert built.participants["age_years"].tolist() == [40]
    assert built.participants["crp"].tolist() == [3]
    assert built.quarantine["value"].tolist() == ["1400"]


def test_a_recorded_drug_goes_before_one_worked_out_from_names(tmp_path):
    write_table(
        tmp_path, "id,age,sex,li,drugs\n1,40,female,no,lithium\n2,41,male,,lithium | sertraline\n"
    )
    cohort = make_cohort(
        analyte=None, diagnosis=None,
        columns={"participant_id": "id", "age_years": "age", "sex": "sex", "lithium": "li"},
        medication={"columns": ["drugs"], "coding": "names"},
    )  # fmt: skip
    found = build_cohort(cohort, make_study().analyte, tmp_path).participants
    assert found["lithium"].tolist() == [False, True]
    assert found["ad_use"].tolist() == [False, True]


def test_a_repeated_participant_can_be_made_an_error(tmp_path):
    write_table(tmp_path, "id,age,sex\n1,40,female\n1,41,female\n")
    cohort = make_cohort(analyte=None, diagnosis=None, duplicates="error")
    with pytest.raises(DataError, match=r"2 rows repeat a participant and visit \(rows 1, 2"):
        build_cohort(cohort, make_study().analyte, tmp_path)


def test_joined_files_and_what_was_found_out_are_in_the_flow(tmp_path):
    write_table(tmp_path, "id;age;sex\n1;40;female\n2;41;male\n3;42;male\n")
    write_table(tmp_path, "id,bmi\n1,20\n3,21\n9,22\n", "bmi.csv")
    cohort = make_cohort(
        analyte=None, diagnosis=None, join=[{"table": "bmi.csv", "key": "id"}],
        columns={"participant_id": "id", "age_years": "age", "sex": "sex", "bmi": "bmi"},
    )  # fmt: skip
    built = build_cohort(cohort, make_study().analyte, tmp_path)
    assert built.participants["bmi"].fillna(0).tolist() == [20, 0, 21]
    (joined,) = built.flow.as_dict()["joined"]
    assert (joined["rows"], joined["matched"], joined["unmatched"]) == (3, 2, 1)
    assert any("delimiter ';'" in note for note in built.flow.as_dict()["found_out"])


def test_strict_controls_are_counted_and_lenient_ones_stay(tmp_path):
    write_table(tmp_path, "id,age,sex,dx,phq\n1,40,female,HC,3\n2,41,male,HC,7\n3,42,male,HC,12\n")
    found = {}
    for controls in ("as_coded", "lenient", "strict"):
        cohort = make_cohort(
            analyte=None, phq9={"total": "phq"}, controls=controls,
            diagnosis={"source": "labels", "columns": ["dx"]},
        )  # fmt: skip
        built = build_cohort(cohort, make_study().analyte, tmp_path)
        control = (built.participants["diagnosis"] == "control").sum()
        found[controls] = (int(control), built.flow.controls_redefined)
    assert found == {"as_coded": (3, 0), "lenient": (2, 1), "strict": (1, 2)}


def test_a_line_of_title_above_the_header_ends_in_quarantine_and_not_in_a_crash(tmp_path):
    text = "My export\n\nid,age,sex\n" + "".join(f"P{n},40,f\n" for n in range(5))
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    absent = {"column": "age", "optional": True}
    cohort = make_cohort(
        table="table.csv",
        columns={
            "participant_id": "<row>", "age_years": absent, "sex": {**absent, "column": "sex"},
        },
        analyte=None, phq9=None, diagnosis=[],
    )  # fmt: skip
    built = build_cohort(cohort, STUDY.analyte, tmp_path)
    assert set(built.quarantine["reason"]) == {"row has another number of fields than the header"}
    assert len(built.participants) + built.quarantine["row"].nunique() == built.flow.rows_in
