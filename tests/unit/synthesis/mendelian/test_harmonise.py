"""Alleles of two studies: each way they can stand to one another."""

import numpy as np
import pandas as pd
import pytest

from igfmood.errors import DataError
from igfmood.synthesis.mendelian.harmonise import harmonise, instruments


def table(*rows):
    """Rows: variant, effect allele, other allele, beta, frequency."""
    frame = pd.DataFrame(
        rows, columns=["variant", "effect_allele", "other_allele", "beta", "eaf"]
    ).astype({"beta": float, "eaf": float})
    return frame.assign(se=0.01, p=1e-20, n=1000.0)


def aligned(effect, other, eaf, effect_out, other_out, eaf_out):
    """Return the sign that the outcome's association is given, or why it has none."""
    found = harmonise(
        table(("rs1", effect, other, 0.1, eaf)), table(("rs1", effect_out, other_out, 1.0, eaf_out))
    )
    return found.data.beta_outcome[0] if len(found.data) else found.dropped["reason"].item()


@pytest.mark.parametrize(
    ("theirs", "sign"),
    [("AG", 1), ("GA", -1), ("TC", 1), ("CT", -1)],
    ids=["same", "swapped", "other strand", "other strand, swapped"],
)
def test_letters_that_tell(theirs, sign):
    assert aligned("A", "G", np.nan, *theirs, np.nan) == sign


@pytest.mark.parametrize("theirs", ["AT", "TA"])
@pytest.mark.parametrize(("eaf_out", "sign"), [(0.15, 1), (0.85, -1)])
def test_palindromes_are_aligned_by_frequency_alone(theirs, eaf_out, sign):
    assert aligned("A", "T", 0.2, *theirs, eaf_out) == sign


@pytest.mark.parametrize("eafs", [(0.2, 0.45), (0.5, 0.2), (np.nan, 0.2), (0.2, np.nan)])
def test_palindromes_that_do_not_tell(eafs):
    assert "palindromic" in aligned("C", "G", eafs[0], "C", "G", eafs[1])


def test_alleles_that_are_others():
    assert aligned("A", "G", 0.2, "A", "C", 0.2) == (
        "alleles differ: A/G in the exposure, A/C in the outcome"
    )
    assert "alleles differ" in aligned("A", "T", 0.2, "A", "C", 0.2)
    assert "both alleles are A" in aligned("A", "A", 0.2, "A", "G", 0.2)


def test_deletions_have_no_strand():
    assert aligned("AT", "A", 0.2, "A", "AT", 0.8) == -1
    assert "alleles differ" in aligned("AT", "A", 0.2, "TA", "T", 0.2)


def test_every_dropped_variant_is_listed():
    exposure = table(("rs1", "A", "G", 0.1, 0.2), ("rs2", "A", "G", 0.1, 0.2),
                     ("rs3", "C", "T", 0.1, 0.2), ("rs4", "C", "G", 0.1, 0.5))  # fmt: skip
    outcome = table(("rs4", "C", "G", 1, 0.5), ("rs3", "T", "C", 1, 0.8),
                    ("rs2", "A", "G", 1, 0.2), ("rs2", "A", "G", 2, 0.2))  # fmt: skip
    found = harmonise(exposure, outcome)
    assert found.data.variants.tolist() == ["rs3"]
    assert found.flipped == ("rs3",)
    assert dict(found.dropped.itertuples(index=False, name=None)) == {
        "rs1": "not in the outcome's table",
        "rs2": "listed more than once in the outcome's table",
        "rs4": "palindromic, with a frequency near one half (0.50, 0.50)",
    }


def test_of_a_variant_with_three_alleles_the_fitting_row_is_used():
    outcome = table(("rs1", "A", "C", 5, 0.2), ("rs1", "A", "G", 1, 0.2))
    found = harmonise(table(("rs1", "A", "G", 0.1, 0.2)), outcome)
    assert found.data.beta_outcome.tolist() == [1.0]
    assert found.dropped.empty


def test_instruments_by_significance():
    exposure = table(*((f"rs{j}", "A", "G", 0.1, 0.2) for j in (1, 2, 3, 4, 4)))
    exposure["p"] = [5e-8, 5.1e-8, np.nan, 1e-9, 1e-9]
    chosen, left_out = instruments(exposure)
    assert chosen["variant"].tolist() == ["rs1", "rs3"]
    assert left_out["variant"].tolist() == ["rs2", "rs4"]
    assert left_out["reason"].tolist() == [
        "not genome-wide significant for the exposure: P = 5.1e-08 > 5e-08",
        "listed more than once in the exposure's table",
    ]


def test_significance_without_p_is_that_of_beta_and_se():
    exposure = table(("rs1", "A", "G", 0.0545, 0.2), ("rs2", "A", "G", 0.0546, 0.2))
    assert instruments(exposure.assign(p=np.nan))[0]["variant"].tolist() == ["rs2"]


def test_swapped_allele_columns_are_found():
    rng = np.random.default_rng(1)
    eaf = rng.uniform(0.1, 0.9, 40)
    rows = [(f"rs{j}", "A", "G", 0.1, f) for j, f in enumerate(eaf)]
    exposure, outcome = table(*rows), table(*rows)
    outcome["eaf"] = np.clip(eaf + rng.normal(0, 0.03, 40), 0, 1)
    assert len(harmonise(exposure, outcome).data) == 40
    wrong = outcome.rename(
        columns={"effect_allele": "other_allele", "other_allele": "effect_allele"}
    )
    with pytest.raises(DataError, match="exchange effect_allele and other_allele"):
        harmonise(exposure, wrong)


def test_exchanging_alleles_and_sign_changes_nothing():
    exposure = table(("rs1", "A", "G", 0.1, 0.2), ("rs2", "A", "T", 0.3, 0.1))
    outcome = table(("rs1", "G", "A", 1, 0.7), ("rs2", "T", "A", 2, 0.9))
    turned = outcome.rename(
        columns={"effect_allele": "other_allele", "other_allele": "effect_allele"}
    ).assign(beta=-outcome["beta"], eaf=1 - outcome["eaf"])
    one, other = harmonise(exposure, outcome), harmonise(exposure, turned)
    assert one.data.beta_outcome.tolist() == other.data.beta_outcome.tolist() == [-1.0, -2.0]


def test_repeated_exposure_is_a_programmers_mistake():
    twice = table(("rs1", "A", "G", 0.1, 0.2), ("rs1", "A", "G", 0.1, 0.2))
    with pytest.raises(ValueError, match="instruments"):
        harmonise(twice, twice)
