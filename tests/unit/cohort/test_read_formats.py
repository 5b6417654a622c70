"""Files of Excel, SAS, SPSS, Stata and Parquet."""

import datetime

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from igfmood.cohort.read import header, read_head, read_table
from igfmood.config.table import TableFormat
from igfmood.errors import DataError

LAYOUT = TableFormat()
TABLE = pd.DataFrame(
    {
        "ID": [1.0, 2.0, 3.0],
        "SEX": [1.0, 2.0, np.nan],
        "IGF1": [150.25, -9.0, 0.1],
        "NOTE": ["Größe ", "", "x"],
        "DAY": pd.to_datetime(["2020-01-31", None, "1950-12-01"]),
    }
)
CELLS = [
    ["1", "1", "150.25", "Größe", "2020-01-31"],
    ["2", "2", "-9", "", ""],
    ["3", "", "0.1", "x", "1950-12-01"],
]
SEXES = {"SEX": {1: "Male", 2: "Female"}}
TITLES = {"SEX": "Sex of the participant"}


def sav(path, table=TABLE, **more):
    pyreadstat.write_sav(
        table, str(path), column_labels=TITLES, variable_value_labels=SEXES, **more
    )


def dta(path, table=TABLE):
    pyreadstat.write_dta(table, str(path), column_labels=TITLES, variable_value_labels=SEXES)


def xpt(path, table=TABLE):
    pyreadstat.write_xport(table, str(path), column_labels=TITLES, file_format_version=5)


def xlsx(path, table=TABLE):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(table))
    for row in table.astype(object).where(table.notna(), None).itertuples(index=False):
        sheet.append(
            [cell.to_pydatetime() if hasattr(cell, "to_pydatetime") else cell for cell in row]
        )
    book.save(path)


def parquet(path, table=TABLE):
    table.to_parquet(path)


WRITERS = {
    "x.sav": sav,
    "x.zsav": lambda path: sav(path, compress=True),
    "x.dta": dta,
    "x.xpt": xpt,
    "x.xlsx": xlsx,
    "x.parquet": parquet,
}


@pytest.fixture(params=WRITERS)
def path(request, tmp_path):
    WRITERS[request.param](tmp_path / request.param)
    return tmp_path / request.param


def test_every_format_gives_the_same_cells(path):
    assert header(path, LAYOUT) == list(TABLE)
    raw = read_table(path, list(TABLE), LAYOUT)
    assert raw.cells.to_numpy().tolist() == CELLS
    assert list(raw.index) == [1, 2, 3]
    assert not raw.ragged.any()


def test_every_format_gives_the_columns_asked_for_in_their_order(path):
    assert read_table(path, ["NOTE", "ID"], LAYOUT).cells.to_numpy().tolist() == [
        [row[3], row[0]] for row in CELLS
    ]
    assert read_head(path, LAYOUT, rows=2).cells.to_numpy().tolist() == CELLS[:2]


def test_every_format_names_a_column_that_is_not_there_and_one_like_it(path):
    with pytest.raises(DataError, match=r"column 'igf_1' is not in .*did you mean 'IGF1'\?"):
        read_table(path, ["igf_1"], LAYOUT)


@pytest.mark.parametrize("name", [*WRITERS, "x.sas7bdat"])
@pytest.mark.parametrize("content", [b"", b"not what it says", b"ID,SEX\n1,2\n" * 100])
def test_a_file_that_is_not_what_its_name_says_is_told(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name} cannot be read"):
        header(tmp_path / name, LAYOUT)


@pytest.mark.parametrize("name", ["x.sav", "x.dta", "x.xlsx", "x.parquet"])
def test_a_truncated_file_is_never_half_a_cohort(tmp_path, name):
    WRITERS[name](tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[:-40])
    with pytest.raises(DataError, match="cannot be read"):
        read_table(tmp_path / name, ["ID", "IGF1"], LAYOUT)


@pytest.mark.parametrize("name", ["x.sav", "x.zsav", "x.dta"])
def test_labels_of_values_and_variables_are_kept(tmp_path, name):
    WRITERS[name](tmp_path / name)
    raw = read_table(tmp_path / name, ["SEX", "ID"], LAYOUT)
    assert raw.labels == {"SEX": {"1": "Male", "2": "Female"}}
    assert raw.titles == TITLES
    assert raw.codes("SEX", {"male": "male"})["1"] == "male"


def test_missing_values_declared_in_spss_are_empty_and_told(tmp_path):
    path = tmp_path / "x.sav"
    sav(path, missing_ranges={"IGF1": [{"lo": -9, "hi": -1}], "NOTE": ["x"]})
    raw = read_table(path, ["IGF1", "NOTE", "ID"], LAYOUT)
    assert raw["IGF1"].tolist() == ["150.25", "", "0.1"]
    assert raw["NOTE"].tolist() == ["Größe", "", ""]
    assert list(raw.notes) == [
        "x.sav: user-missing values of IGF1 are read as empty: -9 to -1",
        "x.sav: user-missing values of NOTE are read as empty: x",
    ]


def test_the_smallest_number_of_sas_transport_is_zero_and_small_ones_are_not(tmp_path):
    table = pd.DataFrame({"A": [5.397605e-79, -5.4e-79, 1e-60, 0.0, 7.0]})
    xpt(tmp_path / "x.xpt", table)
    cells = read_table(tmp_path / "x.xpt", ["A"], LAYOUT)["A"]
    assert cells[[1, 2, 4, 5]].tolist() == ["0", "0", "0", "7"]
    assert float(cells[3]) == pytest.approx(1e-60, rel=1e-12)
    parquet(tmp_path / "x.parquet", table)
    assert float(read_table(tmp_path / "x.parquet", ["A"], LAYOUT)["A"][1]) == 5.397605e-79


def test_sas_tables_take_their_labels_from_the_catalog_beside_them(tmp_path, monkeypatch):
    asked = []

    def reader(path, **options):
        asked.append(options.get("catalog_file"))
        return TABLE[["SEX"]], pyreadstat.metadata_container()

    monkeypatch.setattr(pyreadstat, "read_sas7bdat", reader)
    monkeypatch.setattr(pyreadstat.metadata_container, "column_names", ["SEX"], raising=False)
    path = tmp_path / "x.sas7bdat"
    path.write_bytes(b"")
    header(path, LAYOUT)
    path.with_suffix(".sas7bcat").write_bytes(b"")
    header(path, LAYOUT)
    assert asked == [None, str(tmp_path / "x.sas7bcat")]


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-300, -2.5e17, 1e22, 2.0**53, 123456.789])
def test_doubles_are_written_so_that_they_read_back(tmp_path, value):
    parquet(tmp_path / "x.parquet", pd.DataFrame({"a": [value, np.nan, 3.0]}))
    cells = read_table(tmp_path / "x.parquet", ["a"], LAYOUT)["a"].tolist()
    assert float(cells[0]) == value
    assert cells[1:] == ["", "3"]


def test_a_time_of_day_is_kept_where_there_is_one(tmp_path):
    days = pd.to_datetime(pd.Series(["2020-01-31 10:11:12", "2020-02-01 00:00:00"]))
    parquet(tmp_path / "x.parquet", pd.DataFrame({"a": days}))
    assert read_table(tmp_path / "x.parquet", ["a"], LAYOUT)["a"].tolist() == [
        "2020-01-31 10:11:12",
        "2020-02-01 00:00:00",
    ]


# ---- workbooks -----------------------------------------------------------------------------


@pytest.fixture
def book(tmp_path):
    def write(rows, merge=None, sheet="Sheet"):
        workbook = openpyxl.Workbook()
        workbook.active.title = "first"
        page = workbook.active if sheet == "first" else workbook.create_sheet(sheet)
        if sheet == "Sheet":
            page = workbook.active
        for row in rows:
            page.append(row)
        if merge:
            page.merge_cells(merge)
        workbook.save(tmp_path / "x.xlsx")
        return tmp_path / "x.xlsx"

    return write


def test_a_formula_is_never_evaluated(book):
    path = book([["a", "b"], [1, "=cmd|' /C calc'!A0"], [2, "=1+1"], [3, 7.5]])
    assert read_table(path, ["a", "b"], LAYOUT).cells.to_numpy().tolist() == [
        ["1", "=cmd|' /C calc'!A0"],
        ["2", "=1+1"],
        ["3", "7.5"],
    ]


def test_the_stored_result_of_a_formula_is_taken(book, tmp_path):
    import zipfile

    path = book([["a", "b"], [1, "=1+1"]])
    with zipfile.ZipFile(path) as archive:
        stored = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    stored[sheet] = stored[sheet].replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
    stored[sheet] = stored[sheet].replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
    assert b"<v>2</v>" in stored[sheet]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in stored.items():
            archive.writestr(name, content)
    assert read_table(path, ["b"], LAYOUT)["b"].tolist() == ["2"]


def test_merged_cells_are_refused_unless_they_stand_above_the_header(book):
    rows = [["Study X", None], ["a", "b"], [1, 2], [None, 3]]
    with pytest.raises(DataError, match="cells A3:A4 of sheet 'first' are merged"):
        read_table(book(rows, "A3:A4"), ["a"], TableFormat(header_row=2))
    raw = read_table(book(rows, "A1:B1"), ["a", "b"], TableFormat(header_row=2))
    assert raw.cells.to_numpy().tolist() == [["1", "2"], ["", "3"]]


def test_dates_errors_and_booleans_of_a_workbook_become_text(book):
    day = datetime.date(2020, 1, 31)
    moment = datetime.datetime(2020, 1, 31, 10, 11)
    path = book([["a", "b", "c", "d"], [day, moment, "#N/A", True]])
    assert read_table(path, list("abcd"), LAYOUT).cells.iloc[0].tolist() == [
        "2020-01-31",
        "2020-01-31 10:11:00",
        "#N/A",
        "True",
    ]


def test_empty_rows_of_a_workbook_are_no_rows(book):
    path = book([["a", "b"], [None, None], [1, None], [None, None], [None, 2]])
    assert read_table(path, ["a", "b"], LAYOUT).cells.to_numpy().tolist() == [["1", ""], ["", "2"]]


def test_a_sheet_is_found_by_its_name(book):
    path = book([["a"], ["7"]], sheet="data")
    assert header(path, TableFormat(sheet="data")) == ["a"]
    with pytest.raises(DataError, match=r"no sheet 'Data'; it has \['first', 'data'\]"):
        header(path, TableFormat(sheet="Data"))
    with pytest.raises(DataError, match="row 1 of sheet 'first' is empty"):
        header(path, LAYOUT)


def test_a_row_of_units_in_a_workbook_is_no_participant(book):
    rows = [["id", "age", "igf1"], [None, "years", "ng/mL"]] + [[i, 40 + i, 100] for i in range(5)]
    with pytest.raises(DataError, match="row 2 of the sheet is no participant"):
        read_table(book(rows), ["id", "age", "igf1"], LAYOUT)


def test_of_several_sheets_the_one_that_is_read_is_told(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.active.title = "Data"
    for row in (["id", "age"], ["1", 40]):
        workbook.active.append(row)
    workbook.create_sheet("Legend").append(["1 is male"])
    path = tmp_path / "two.xlsx"
    workbook.save(path)
    found = read_table(path, ["id"], TableFormat())
    assert found.notes == ["two.xlsx: sheet 'Data' of ['Data', 'Legend'] is read"]
    assert not read_table(path, ["id"], TableFormat(sheet="Data")).notes
    workbook["Data"].delete_rows(2)
    workbook.save(path)
    with pytest.raises(DataError, match=r"sheet 'Data' of .* is read, and it has no rows"):
        read_table(path, ["id"], TableFormat())
