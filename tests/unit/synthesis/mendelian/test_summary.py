"""Reading summary tables: formats that public files have, and values that cannot be."""

import gzip

import numpy as np
import pytest

from igfmood.errors import ConfigError, DataError
from igfmood.synthesis.mendelian.summary import read_summary

COLUMNS = {
    "variant": "SNP", "effect_allele": "A1", "other_allele": "A2", "beta": "B", "se": "SE"
}  # fmt: skip
LINES = ["SNP,A1,A2,B,SE,P,N", "rs1,a,G,0.1,0.02,1e-9,5000", "rs2,T,C,-0.2,0.03,,6000"]


@pytest.fixture
def write(tmp_path):
    def to_file(lines, name="gwas.csv"):
        path = tmp_path / name
        content = ("\n".join(lines) + "\n").encode()
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        return path

    return to_file


def test_values_and_lines(write):
    found = read_summary(write(LINES), {**COLUMNS, "p": "P", "n": "N"})
    assert list(found.index) == [2, 3]
    assert found["variant"].tolist() == ["rs1", "rs2"]
    assert found["effect_allele"].tolist() == ["A", "T"]
    assert found["beta"].tolist() == [0.1, -0.2]
    assert found["n"].tolist() == [5000, 6000]
    assert found["p"].isna().tolist() == [False, True]
    assert found["eaf"].isna().all()


@pytest.mark.parametrize("separator", ["\t", " ", "   "])
@pytest.mark.parametrize("name", ["gwas.txt", "gwas.tsv.gz"])
def test_separators_compression_and_header_notes(write, separator, name):
    lines = ["##fileformat=summary", "## made today", *(x.replace(",", separator) for x in
             ["SNP,A1,A2,B,SE", "rs1,A,G,0.1,0.02", "rs2,T,C,-0.2,0.03"])]  # fmt: skip
    found = read_summary(write(lines, name), COLUMNS)
    assert found["se"].to_dict() == {4: 0.02, 5: 0.03}


def test_odds_ratios_and_counts_of_cases(write):
    lines = ["SNP\tA1\tA2\tOR\tSE\tNca\tNco", "rs1\tA\tG\t1.1\t0.02\t100\t300"]
    meanings = {"variant": "SNP", "effect_allele": "A1", "other_allele": "A2", "se": "SE",
                "odds_ratio": "OR", "n_cases": "Nca", "n_controls": "Nco"}  # fmt: skip
    found = read_summary(write(lines), meanings)
    assert found["beta"].item() == pytest.approx(np.log(1.1))
    assert found["n"].item() == 400


def test_only_wanted_variants_are_checked(write):
    lines = [*LINES, "rs3,T,C,NA,NA,NA,NA", ""]
    assert read_summary(write(lines), COLUMNS, {"rs2", "rs9"})["variant"].tolist() == ["rs2"]
    with pytest.raises(DataError, match="line 4, column 'B': expected a number, found 'NA'"):
        read_summary(write(lines), COLUMNS)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rs3,T,C,0.1,0", "line 4, column 'SE': expected a number above 0, found '0'"),
        ("rs3,T,C,0.1,-1", "found '-1' .1 such lines.: correct or delete"),
        ("rs3,,C,0.1,1", "column 'A1': expected a name"),
        (",T,C,0.1,1", "column 'SNP': expected a name"),
    ],
)
def test_impossible_values(write, line, message):
    with pytest.raises(DataError, match=message):
        read_summary(write([*LINES, line + ",,"]), COLUMNS)


def test_impossible_probability(write):
    with pytest.raises(DataError, match=r"column 'P': expected a probability.*found '1.5'"):
        read_summary(write([*LINES, "rs3,T,C,0.1,1,1.5,9"]), {**COLUMNS, "p": "P"})


def test_absent_file_and_column(write, tmp_path):
    with pytest.raises(DataError, match=r"none\.csv is not there"):
        read_summary(tmp_path / "none.csv", COLUMNS)
    with pytest.raises(DataError, match="no column 'effect'; its first line is 'SNP,A1"):
        read_summary(write(LINES), {**COLUMNS, "beta": "effect"})
    with pytest.raises(DataError, match="cannot be read as a table"):
        read_summary(write([]), COLUMNS)


def test_meanings(write):
    with pytest.raises(ConfigError, match="'maf' is not known; 'se' is missing; one of 'beta'"):
        read_summary(write(LINES), {"variant": "SNP", "effect_allele": "A1", "other_allele": "A2",
                                    "maf": "F"})  # fmt: skip
    with pytest.raises(ConfigError, match="go together"):
        read_summary(write(LINES), {**COLUMNS, "n_cases": "N"})
