"""Files of a cohort put together by their keys."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import make_cohort
from igfmood.cohort.inputs import input_problems, resolve
from igfmood.cohort.read import header, read_cohort, text
from igfmood.cohort.read.names import ukb_field
from igfmood.cohort.table import JoinCount
from igfmood.cohort.values import normal_code
from igfmood.config.table import TableFormat
from igfmood.errors import DataError

MAIN = "id,sex,age,dx\n001,m,40,a\n2.0,f,50,b\n3,m,60,a\n,f,30,b\n2,f,51,b\n"


@pytest.fixture
def files(tmp_path):
    def write(**contents):
        for name, content in {"clinic": MAIN, **contents}.items():
            (tmp_path / f"{name}.csv").write_text(content)
        return tmp_path

    return write


def joined(*joins, **changes):
    return make_cohort(join=list(joins), **changes)


LAB = {"table": "lab.csv", "key": "person", "to": "id"}


def test_rows_are_those_of_the_own_table_and_keys_match_as_numbers_do(files):
    root = files(lab="person,igf1\n2,120\n1,100\n9,1\n,7\n")
    raw = read_cohort(joined(LAB), root)
    assert raw["igf1"].tolist() == ["100", "120", "", "", "120"]
    assert list(raw.index) == [1, 2, 3, 4, 5]
    assert raw.joined == [JoinCount("lab.csv", rows=4, matched=2, unmatched=1)]
    assert list(raw.cells) == joined(LAB).source_columns()


def test_a_repeated_key_is_refused_unless_several_rows_are_meant(files):
    root = files(lab="person,igf1\n1,100\n2,120\n01,100\n1.0,\n1,90\n")
    with pytest.raises(
        DataError, match=r"lab\.csv: one key of 'person' stands in rows \[1, 3, 4, 5\].*rows: many"
    ):
        read_cohort(joined(LAB), root)
    raw = read_cohort(joined({**LAB, "rows": "many"}), root)
    assert raw["igf1"].tolist() == ["100 | 90", "120", "", "", "120"]


def test_a_row_of_another_length_in_a_joined_file_is_told(files):
    raw = read_cohort(joined(LAB), files(lab="person,igf1\n1,100,\n2,120\n"))
    assert raw["igf1"].tolist() == ["", "120", "", "", "120"]
    assert "lab.csv: 1 rows with another number of fields" in raw.notes[0]


def test_a_name_in_two_files_needs_the_file_before_it(files):
    root = files(lab="person,igf1,age\n1,100,41\n2,90,42\n")
    with pytest.raises(
        DataError, match=r"'age' is in clinic\.csv and in lab\.csv: write clinic\.csv::age"
    ):
        read_cohort(joined(LAB), root)
    columns = {"participant_id": "id", "age_years": "lab.csv::age", "sex": "sex"}
    raw = read_cohort(joined(LAB, columns=columns), root)
    assert raw["lab.csv::age"].tolist() == ["41", "42", "", "", "42"]


def test_a_key_of_the_same_name_in_every_file_is_no_question(files):
    root = files(lab="id,igf1\n1,100\n")
    raw = read_cohort(joined({"table": "lab.csv", "key": "id"}), root)
    assert raw["id"].tolist() == ["001", "2.0", "3", "", "2"]


def test_every_problem_of_files_keys_and_columns_is_told_at_once(files):
    root = files(lab="persn,igf1\n1,100\n")
    problems = input_problems(joined(LAB, missing=[]), root)
    assert len(problems) == 1
    assert "join of lab.csv: key column 'person'" in problems[0]
    assert "did you mean 'persn'?" in problems[0]
    drugs = {"table": "drugs.csv", "key": "id"}
    problems = input_problems(
        joined(LAB, drugs, reference={"table": "curve.csv", "unit": "ng/mL"}), root
    )
    assert ["drugs.csv is not there" in problems[0], "curve.csv is not there" in problems[1]] == [
        True,
        True,
    ]


def test_the_columns_of_a_published_reference_are_checked(files):
    root = files(lab="person,igf1\n1,100\n", curve="sex,age,mu,sigma\n")
    problems = input_problems(joined(LAB, reference={"table": "curve.csv", "unit": "ng/mL"}), root)
    assert len(problems) == 1
    assert "reference: column 'nu' is not in" in problems[0]


def test_wildcards_stand_for_columns_in_the_order_of_the_files(files):
    root = files(lab="person,igf1,c.2,c.10,c.1\n1,100,F32,,\n", clinic=MAIN)
    cohort = joined(LAB, diagnosis={"source": "icd10", "columns": ["c.*", "dx"]})
    found = resolve(cohort, root)
    assert found.diagnosis[0].columns == ["c.2", "c.10", "c.1", "dx"]
    assert read_cohort(found, root)["c.2"].tolist() == ["F32", "", "", "", ""]
    lacking = joined(LAB, diagnosis={"source": "icd10", "columns": ["zzz*"]})
    with pytest.raises(DataError, match=r"column 'zzz\*' is not in"):
        resolve(lacking, root)
    told = joined(LAB, diagnosis={"source": "icd10", "columns": ["lab.csv::c.*"]})
    assert resolve(told, root).diagnosis[0].columns[0] == "lab.csv::c.2"


def test_optional_columns_that_are_not_there_are_left_out(files):
    root = files(lab="person,igf1\n1,100\n")
    columns = {"participant_id": "id", "age_years": "age", "sex": "sex"}
    columns["bmi"] = {"column": "bmi", "optional": True}
    assert "bmi" not in resolve(joined(LAB, columns=columns), root).columns
    columns["bmi"] = {"column": "bmi"}
    with pytest.raises(DataError, match="column 'bmi' is not in"):
        resolve(joined(LAB, columns=columns), root)


KEYS = st.lists(st.sampled_from(["1", "01", "1.0", "2", "x", "X", "", "3"]), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(
    KEYS,
    st.lists(st.tuples(st.sampled_from(["1", "2.0", "x", ""]), st.sampled_from("ab,")), max_size=8),
)
def test_many_rows_are_gathered_as_a_loop_would(tmp_path_factory, own, other):
    root = tmp_path_factory.getbasetemp()
    own = pd.DataFrame({"id": own, "sex": "m", "age": "1", "dx": "a"})
    own.to_csv(root / "clinic.csv", index=False)
    other = [*other, ("9", "z")]
    pd.DataFrame(other, columns=["person", "igf1"]).replace(",", "").to_csv(
        root / "lab.csv", index=False
    )
    expected = []
    for key in own["id"]:
        same = [v for k, v in other if normal_code(k) == normal_code(key) and key and v != ","]
        expected.append(" | ".join(dict.fromkeys(same)))
    keys = {normal_code(key) for key in own["id"]} - {""}
    if not keys & {normal_code(key) for key, _ in other}:
        with pytest.raises(DataError, match="no key of its column 'person' is in column 'id'"):
            read_cohort(joined({**LAB, "rows": "many"}), root)
        return
    assert read_cohort(joined({**LAB, "rows": "many"}), root)["igf1"].tolist() == expected


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("f.30770.0.0", "30770-0.0"),
        ("p30770_i0", "30770-0.0"),
        ("p30770", "30770-0.0"),
        ("n_30770_0_0", "30770-0.0"),
        ("30770-0.0", "30770-0.0"),
        ("x30770_0_0", "30770-0.0"),
        ("X30770.1.2", "30770-1.2"),
        ("participant.p20002_i3_a12", "20002-3.12"),
        ("p22009_a5", "22009-0.5"),
        ("p41270", "41270-0.0"),
        ("s_41270_0_11", "41270-0.11"),
        ("n_eid", "eid"),
        ("f.eid", "eid"),
        ("eid", "eid"),
        ("age", "age"),
        ("p30770_raw", "p30770_raw"),
    ],
)
def test_uk_biobank_fields_have_one_spelling(name, field):
    assert ukb_field(name) == field


def test_uk_biobank_columns_are_read_by_that_spelling(files):
    layout = TableFormat(names="ukb_fields")
    root = files(
        clinic="f.eid,f.31.0.0,f.21003.0.0,f.30770.0.0,f.41270.0.0,f.41270.0.1\n1,0,40,20,F32,\n"
    )
    assert header(root / "clinic.csv", layout) == [
        "eid", "31-0.0", "21003-0.0", "30770-0.0", "41270-0.0", "41270-0.1",
    ]  # fmt: skip
    cohort = make_cohort(
        format=layout,
        columns={"participant_id": "eid", "age_years": "21003-0.0", "sex": "31-0.0"},
        analyte={"column": "30770-0.0", "unit": "nmol/L"},
        diagnosis={"source": "icd10", "columns": ["41270-0.*"]},
    )
    found = resolve(cohort, root)
    assert found.diagnosis[0].columns == ["41270-0.0", "41270-0.1"]
    assert read_cohort(found, root)["30770-0.0"].tolist() == ["20"]
    with pytest.raises(DataError, match=r"are both the field 31-0\.0"):
        header(files(clinic="p31,p31_i0\n1,2\n") / "clinic.csv", layout)


def test_a_long_table_read_in_many_blocks_is_joined_within_seconds(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK", 1 << 18)
    rng = np.random.default_rng(1)
    n = 100_000
    frame = pd.DataFrame({"id": np.arange(n), "sex": "m", "age": 40, "dx": "a"})
    frame.to_csv(tmp_path / "clinic.csv", index=False)
    long = {"person": rng.integers(0, n, 4 * n), "igf1": rng.integers(0, 3000, 4 * n)}
    pd.DataFrame(long).to_csv(tmp_path / "lab.csv", index=False)
    start = time.process_time()
    raw = read_cohort(joined({**LAB, "rows": "many"}), tmp_path)
    assert time.process_time() - start < 5
    assert raw.joined[0].rows == 4 * n
    of_first = [str(v) for k, v in zip(long["person"], long["igf1"], strict=True) if k == 0]
    assert raw["igf1"][1] == " | ".join(dict.fromkeys(of_first))
