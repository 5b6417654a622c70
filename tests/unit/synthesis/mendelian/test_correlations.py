"""Tables of correlations: forms that programs write, faults that are told, and signs."""

import gzip

import numpy as np
import pandas as pd
import pytest

from igfmood.errors import DataError
from igfmood.synthesis.mendelian.correlations import read_correlations

NAMED = ["rs1_A_G", "rs2_C_T", "rs3_A_T"]
VALUES = [["1", "0.5", "-0.2"], ["0.5", "1", "0.1"], ["-0.2", "0.1", "1"]]
MATRIX = np.array(VALUES, float)


@pytest.fixture
def write(tmp_path):
    def to_file(names=NAMED, values=VALUES, separator=",", corner="variant", name="ld.csv",
                rows=None):  # fmt: skip
        first = [corner, *names] if corner is not None else list(names)
        lines = [first, *([n, *v] for n, v in zip(rows or names, values, strict=False))]
        content = "".join(separator.join(line) + "\n" for line in lines).encode()
        path = tmp_path / name
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        return path

    return to_file


@pytest.mark.parametrize("separator", [",", "\t", " "])
@pytest.mark.parametrize("corner", ["variant", '""', None])
@pytest.mark.parametrize("name", ["ld.csv", "ld.txt.gz"])
def test_what_plink_and_r_write_is_read(write, separator, corner, name):
    found = read_correlations(write(separator=separator, corner=corner, name=name), "in_name")
    assert found.variants == ("rs1", "rs2", "rs3")
    assert found.alleles == (("A", "G"), ("C", "T"), ("A", "T"))
    np.testing.assert_array_equal(found.matrix, MATRIX)


def test_names_with_underscores_and_quotes(write):
    names = ['"1_123_ab_a_g"', '"1_456_AC_A"', '"rs9_i_d"']
    found = read_correlations(write(names), "in_name")
    assert found.variants == ("1_123_ab", "1_456", "rs9")
    assert found.alleles == (("A", "G"), ("AC", "A"), ("I", "D"))
    plain = read_correlations(write(["a_b", "c", "d"]), "effect_allele")
    assert (plain.variants, plain.alleles) == (("a_b", "c", "d"), None)


def changed(i, j, value):
    values = [list(row) for row in VALUES]
    values[i][j] = value
    return values


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"values": VALUES[:2]}, "3 variants in the first line, and 2 lines of values"),
        ({"values": [*VALUES[:2], VALUES[2][:2]]}, "line 4: expected a variant and 3 values"),
        ({"rows": ["rs1_A_G", "rs3_A_T", "rs2_C_T"]},
         "line 3: the line is named 'rs3_A_T', and value column 2 'rs2_C_T'"),
        ({"values": changed(1, 2, "nan")}, "line 3, column 'rs3_A_T': expected a correlation"),
        ({"values": changed(1, 2, "1.2")}, "from -1 to 1, found '1.2' (1 such values)"),
        ({"values": changed(1, 1, "0.9")}, "line 3, column 'rs2_C_T': expected 1, the correlation"),
        ({"values": changed(1, 2, "0.3")}, "found 0.3, and 0.1 in line 4, column 'rs2_C_T'"),
        ({"values": changed(2, 0, "0")}, "line 2, column 'rs3_A_T': found -0.2, and 0 in line 4"),
        ({"values": [["1", "0.9", "-0.9"], ["0.9", "1", "0.9"], ["-0.9", "0.9", "1"]]},
         "no set of people has these correlations (smallest eigenvalue -0.8"),
        ({"names": ["rs1", "rs2_C_T", "rs3_A_T"]}, "column 'rs1': the name does not say which"),
        ({"names": ["rs1_A_G", "rs2_C_x", "rs3_A_T"]}, "column 'rs2_C_x': the name does not say"),
        ({"names": ["rs1_A_G", "rs1_A_T", "rs3_A_T"]}, "variant 'rs1' stands 2 times"),
    ],
)  # fmt: skip
def test_faults_are_told_with_place_value_and_remedy(write, given, message):
    path = write(**given)
    with pytest.raises(DataError) as error:
        read_correlations(path, "in_name")
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))


def test_what_plink_writes_without_names_is_told_how_to_mend(tmp_path):
    path = tmp_path / "plink.ld.txt"
    path.write_text("".join("\t".join(row) + "\n" for row in VALUES))
    with pytest.raises(DataError, match=r"first line, found .*plink --r square writes none"):
        read_correlations(path, "in_name")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x1f\x8bzip", "é,a\n".encode("latin-1")])
def test_files_that_are_no_tables(tmp_path, content):
    path = tmp_path / "ld.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"ld\.csv .*save"):
        read_correlations(path, "in_name")
    with pytest.raises(DataError, match="is not there"):
        read_correlations(tmp_path / "gone.csv", "in_name")


def test_rounding_is_no_fault(write):
    """Three copies of one variant and noise: exactly singular, and rounded to six digits."""
    rng = np.random.default_rng(1)
    counts = rng.binomial(2, 0.3, (30, 60)).astype(float)
    matrix = np.round(np.corrcoef(counts.T), 6)
    assert np.linalg.eigvalsh(matrix)[0] < 0
    names = [f"rs{j}_A_G" for j in range(60)]
    values = [[f"{x:g}" for x in row] for row in matrix]
    assert len(read_correlations(write(names, values), "in_name").variants) == 60


def exposure(*alleles):
    return pd.DataFrame({
        "variant": [f"rs{j}" for j in range(1, len(alleles) + 1)],
        "effect_allele": [a for a, _ in alleles], "other_allele": [b for _, b in alleles],
    })  # fmt: skip


def test_signs_follow_the_exposures_effect_alleles(write):
    table = read_correlations(write(), "in_name")
    signed, reasons = table.aligned(exposure("GA", "GA", "AT", "AC"))
    # rs1 is counted by the other allele there; rs2 is C/T, here the same on the other strand.
    assert signed.index.tolist() == ["rs1", "rs2"]
    np.testing.assert_array_equal(signed, [[1, -0.5], [-0.5, 1]])
    assert reasons == {
        "rs3": "palindromic, and the table of correlations names no strand",
        "rs4": "not in the table of correlations",
    }
    both, _ = table.aligned(exposure("GA", "TC"))
    np.testing.assert_array_equal(both, [[1, 0.5], [0.5, 1]])
    _, reasons = table.aligned(exposure("AG", "CA"))
    assert reasons["rs2"] == (
        "alleles are not those of the table of correlations: C/A in the exposure, C/T there"
    )


def test_where_effect_alleles_are_counted_nothing_turns(write):
    table = read_correlations(write(["rs1", "rs2", "rs3"]), "effect_allele")
    signed, reasons = table.aligned(exposure("GA", "GA", "AT"))
    np.testing.assert_array_equal(signed, MATRIX)
    assert reasons == {}


def test_r_of_counts_turns_its_sign_with_the_allele_counted(write):
    """The rule itself, on people: counts of the other allele are 2 minus these."""
    rng = np.random.default_rng(2)
    latent = rng.normal(size=(400, 3)) + rng.normal(size=(400, 1))
    counts = (latent > 0).astype(float) + (latent > 1)
    ours = counts * [1, -1, 1] + [0, 2, 0]
    panel, wanted = np.corrcoef(counts.T), np.corrcoef(ours.T)
    values = [[repr(float(x)) for x in row] for row in panel]
    table = read_correlations(write(["rs1_A_G", "rs2_A_G", "rs3_A_G"], values), "in_name")
    signed, _ = table.aligned(exposure("AG", "GA", "AG"))
    np.testing.assert_allclose(signed, wanted, atol=1e-12)


def test_squares_of_correlations_are_told_from_correlations(tmp_path):
    names = [f"rs{j}_A_G" for j in range(12)]
    rng = np.random.default_rng(1)
    r = np.corrcoef(rng.normal(size=(12, 400)) + rng.normal(size=400))
    r[0], r[:, 0] = -r[0], -r[:, 0]
    r[0, 0] = 1
    for values, kind in ((r, "r"), (r**2, "r2")):
        path = tmp_path / f"{kind}.csv"
        pd.DataFrame(values, index=names, columns=names).to_csv(path)
    assert read_correlations(tmp_path / "r.csv", "in_name").matrix[0, 1] < 0
    with pytest.raises(DataError, match=r"none of 66 correlations is negative.*not --r2"):
        read_correlations(tmp_path / "r2.csv", "in_name")
    # Counted as the exposure's effect alleles, equal signs can be meant.
    read_correlations(tmp_path / "r2.csv", "effect_allele")
