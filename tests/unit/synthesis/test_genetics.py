"""What genes say, from files to rows: estimates, checks, variants left out, broken tables."""

import gzip
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from builders import POOLED, make_study
from igfmood.config.claims import Claim
from igfmood.evidence.judge import judge_claim
from igfmood.results import Rows
from igfmood.synthesis.genetic_tables import Fit, examine_genetics
from igfmood.synthesis.genetics import add_genetics

IVW = "IVW, multiplicative random effects"
COLUMNS = {"variant": "SNP", "effect_allele": "A1", "other_allele": "A2", "beta": "B", "se": "SE",
           "p": "P", "eaf": "F", "n": "N"}  # fmt: skip
#: Three variants; by hand: ratios 1, 2 and 3 with weights 1, 4 and 4 (se 0.1, 0.1 and 0.15).
EXPOSURE = """\
SNP,A1,A2,B,SE,P,F,N
rs1,A,G,0.1,0.01,1e-20,0.2,50000
rs2,C,T,0.2,0.01,1e-20,0.3,50000
rs3,A,C,0.3,0.01,1e-20,0.4,50000
"""
OUTCOME = """\
SNP,A1,A2,B,SE,P,F,N
rs3,A,C,0.9,0.15,,0.4,9000
rs2,T,C,-0.4,0.1,,0.7,9000
rs1,A,G,0.1,0.1,,0.2,9000
rs9,A,G,oops,oops,,,
"""


def asked(folder, exposure=EXPOSURE, columns=COLUMNS, names=None, **outcomes):
    """Write the tables, and return the rows that the study's genes give."""
    files = {"exposure": exposure, **(outcomes or {"depression": OUTCOME})}
    names = {name: f"{name}.csv" for name in files} | (names or {})
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / names[name]).write_bytes(data)
    others = [
        {"name": name, "table": names[name], "columns": columns} for name in files
        if name != "exposure"
    ]  # fmt: skip
    genetics = {"exposure": {"table": names["exposure"], "columns": columns}, "outcomes": others}
    return rows_of(make_study(data_root=str(folder), genetics=genetics))


def rows_of(study):
    rows = Rows(POOLED)
    add_genetics(rows, study)
    return rows.table()


def numbers(table, target="depression"):
    """Measure, term and stratum: row, of one outcome."""
    return table[table["target"] == target].set_index(["measure", "term", "stratum"]).sort_index()


def test_a_study_without_genetic_tables_writes_nothing():
    assert rows_of(make_study()).empty


def test_three_variants_by_hand(tmp_path):
    table = asked(tmp_path)
    found = numbers(table)
    main = found.loc["beta", "", "all"]
    # Slope of the outcome on the exposure through the origin, weighted by 1 / se^2 of the outcome.
    x, y, weight = (
        np.array([0.1, 0.2, 0.3]),
        np.array([0.1, 0.4, 0.9]),
        np.array([100, 100, 400 / 9]),
    )
    slope = (weight * x * y).sum() / (weight * x * x).sum()
    q = (weight * (y - slope * x) ** 2).sum()
    se = max(1, np.sqrt(q / 2)) / np.sqrt((weight * x * x).sum())
    assert main["estimate"] == pytest.approx(slope)
    assert main["se"] == pytest.approx(se)
    assert [main["ci_low"], main["ci_high"]] == pytest.approx(
        [slope - 1.959964 * se, slope + 1.959964 * se], rel=1e-6
    )
    assert main["n"] == 3
    assert main["method"] == f"{IVW}; n counts variants; log odds per SD"
    assert np.isnan(main["df"])
    assert found.loc[("q", "", "all"), ["estimate", "df"]].tolist() == pytest.approx([q, 2])
    assert found.loc[("f", "mean", "all"), "estimate"] == pytest.approx((100 + 400 + 900) / 3)
    assert found.loc[("k", "beta", "all"), "estimate"] == 1
    methods = set(found.loc["beta"].loc[lambda t: t.index.get_level_values(1) == "all"].index)
    assert {term for term, _ in methods} == {
        "", "IVW, fixed effect", "MR-Egger", "weighted median", "weighted mode",
    }  # fmt: skip
    assert found.loc[("beta", "MR-Egger", "all"), "df"] == 1
    intercept = found.loc[("intercept", "MR-Egger", "all")]
    assert intercept["method"].endswith("; log odds")
    direction = found.loc[("r2_difference", "steiger", "all")]
    assert direction["p"] < 0.001
    assert direction["method"].endswith("exposure first")
    explained = [found.loc[("r2", term, "all"), "estimate"] for term in ("exposure", "outcome")]
    assert direction["estimate"] == pytest.approx(explained[0] - explained[1])
    assert explained[0] > explained[1]
    assert 0 <= found.loc[("i2_gx", "", "all"), "estimate"] <= 1
    assert (
        found.loc[("f", "smallest", "all"), "estimate"]
        <= found.loc[("f", "mean", "all"), "estimate"]
    )
    assert set(table["cohort"]) == {"pooled"}
    assert set(table["status"]) == {"ok"}


def test_each_variant_is_left_out_in_turn(tmp_path):
    found = numbers(asked(tmp_path))
    left = {name: found.loc[("beta", "", f"without rs{name}")] for name in (1, 2, 3)}
    # Without the third: weights 1 and 4 on ratios 1 and 2.
    assert left[3]["estimate"] == pytest.approx(1.8)
    assert left[1]["n"] == 2


def test_of_one_variant_there_is_its_ratio_and_why_there_is_no_more(tmp_path):
    found = numbers(asked(tmp_path, "".join(EXPOSURE.splitlines(True)[:2])))
    main = found.loc["beta", "", "all"]
    assert (main["estimate"], main["n"]) == (pytest.approx(1.0), 1)
    assert main["se"] == pytest.approx(1.0)
    assert main["method"].startswith("Wald ratio")
    for term in (IVW, "MR-Egger", "weighted median", "weighted mode"):
        assert "found 1" in found.loc[("beta", term, "all"), "reason"]
    assert "q" not in found.index.get_level_values(0)


def test_variants_left_out_are_counted_by_the_kind_of_reason(tmp_path):
    more = (
        "rs4,A,G,0.01,0.01,0.3,0.2,9\nrs5,A,G,0.01,0.01,0.04,0.2,9\nrs6,A,T,0.3,0.01,1e-9,0.5,9\n"
        "rs7,A,T,0.3,0.01,1e-9,0.45,9\nrs8,A,G,0.3,0.01,1e-9,0.2,9\nrs10,A,G,0.3,0.01,1e-9,0.2,9\n"
    )
    there = "rs6,A,T,0.1,0.1,,0.5,9\nrs7,A,T,0.1,0.1,,0.5,9\nrs10,A,C,0.1,0.1,,0.2,9\n"
    found = numbers(asked(tmp_path, EXPOSURE + more, depression=OUTCOME + there))
    assert found.loc["left_out"]["estimate"].droplevel("stratum").to_dict() == {
        "not genome-wide significant for the exposure": 2,
        "palindromic, with a frequency near one half": 2,
        "not in the outcome's table": 1,
        "alleles differ": 1,
    }
    assert found.loc[("beta", "", "all"), "n"] == 3


def test_two_outcomes_have_rows_and_random_streams_of_their_own(tmp_path):
    table = asked(tmp_path, depression=OUTCOME, bipolar=OUTCOME)
    one, other = numbers(table), numbers(table, "bipolar")
    assert one.index.tolist() == other.index.tolist()
    key = ("beta", "weighted median", "all")
    assert one.loc[key, "estimate"] == other.loc[key, "estimate"]
    assert one.loc[key, "se"] != other.loc[key, "se"]
    again = numbers(asked(tmp_path, depression=OUTCOME, bipolar=OUTCOME))
    assert again.loc[key, "se"] == one.loc[key, "se"]


def test_the_level_and_the_seed_are_those_of_the_study(tmp_path):
    asked(tmp_path)
    genetics = {
        "exposure": {"table": "exposure.csv", "columns": COLUMNS},
        "outcomes": [{"name": "depression", "table": "depression.csv", "columns": COLUMNS}],
    }
    found = {
        (seed, level): numbers(
            rows_of(make_study(data_root=str(tmp_path), genetics=genetics, seed=seed, level=level))
        )
        for seed, level in ((1, 0.95), (2, 0.95), (1, 0.6))
    }
    wide, narrow = found[1, 0.95].loc["beta", "", "all"], found[1, 0.6].loc["beta", "", "all"]
    assert narrow["ci_high"] - narrow["estimate"] == pytest.approx(0.841621 * wide["se"], rel=1e-4)
    key = ("beta", "weighted median", "all")
    assert found[1, 0.95].loc[key, "se"] != found[2, 0.95].loc[key, "se"]


# Tables that cannot be used.

BROKEN = {
    "no header": ("".join(OUTCOME.splitlines(True)[1:]), "has no column 'SNP'"),
    "another header": (OUTCOME.replace("SE", "STDERR", 1), "has no column 'SE'"),
    "no number": (OUTCOME.replace("-0.4", "n/a"), "line 3, column 'B': expected a number"),
    "no error": (OUTCOME.replace("0.15", "0"), "column 'SE': expected a number above 0"),
    "percent": (OUTCOME.replace("0.7", "70"), "column 'F': expected a frequency between 0 and 1"),
    "empty": ("", "cannot be read as a table"),
    "latin": (OUTCOME.replace("rs9", "é").encode("latin-1"), "cannot be read as a table"),
    "utf-16": (OUTCOME.encode("utf-16"), "cannot be read as a table"),
    "open quote": (OUTCOME + '"rs4,A\n', "cannot be read as a table"),
    "commas at the ends": (OUTCOME.replace("\n", ",\n").replace(",\n", "\n", 1),
                           "more fields than the first line"),
    "other variants": (OUTCOME.replace("rs", "chr"), "(3 not in the outcome's table)"),
    "nobody": (OUTCOME.replace("9000", "2", 1), "column 'N': expected a number of people above 3"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_a_row_with_the_reason_and_the_other_outcome_stands(tmp_path, name):
    content, reason = BROKEN[name]
    table = asked(tmp_path, depression=content, bipolar=OUTCOME)
    (row,) = numbers(table).to_dict("records")
    assert row["status"] == "not_estimable"
    assert reason in row["reason"]
    assert set(numbers(table, "bipolar")["status"]) == {"ok"}


@pytest.mark.parametrize("name", [name for name in BROKEN if name != "other variants"])
def test_without_an_exposure_no_outcome_is_estimable(tmp_path, name):
    content, reason = BROKEN[name]
    if isinstance(content, str):  # a line that no outcome would be asked for
        content = content.replace("rs9,A,G,oops,oops,,,", "rs9,A,G,0.1,0.1,,0.2,9000")
    table = asked(tmp_path, content, depression=OUTCOME, bipolar=OUTCOME)
    assert table["target"].tolist() == ["depression", "bipolar"]
    assert set(table["status"]) == {"not_estimable"}
    assert table["reason"].str.contains(reason, regex=False).all()
    assert table["reason"].nunique() == 1


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:40], "cannot be read as a table"),
        (lambda data: data[:20] + bytes([data[20] ^ 255]) + data[21:], "cannot be read as a table"),
        (lambda data: b"\x1f\x8b" + b"SNP,A1", "cannot be read as a table"),
        (lambda data: data[:-8] + bytes(4) + data[-4:], "cannot be read as a table"),
    ],
    ids=["cut off", "one byte", "not zipped", "another sum"],
)
def test_a_damaged_archive_is_a_reason_too(tmp_path, damage, reason):
    names = {"depression": "depression.csv.gz"}
    whole = gzip.compress(OUTCOME.encode(), mtime=0)
    assert set(asked(tmp_path, names=names, depression=whole)["status"]) == {"ok"}
    (row,) = asked(tmp_path, names=names, depression=damage(whole)).to_dict("records")
    assert row["status"] == "not_estimable"
    assert reason in row["reason"]


def test_an_exposure_without_lines_says_so(tmp_path):
    found = asked(tmp_path, EXPOSURE.splitlines(True)[0])
    assert found["reason"].tolist() == [
        f"{tmp_path / 'exposure.csv'} has no variants: save it again, with a line for each"
    ]


def test_a_table_that_has_gone_since_the_check_is_a_reason(tmp_path):
    genetics = {
        "exposure": {"table": "exposure.csv", "columns": COLUMNS},
        "outcomes": [{"name": "depression", "table": "gone.csv", "columns": COLUMNS}],
    }
    (tmp_path / "exposure.csv").write_text(EXPOSURE)
    found = rows_of(make_study(data_root=str(tmp_path), genetics=genetics))
    assert found["status"].tolist() == ["not_estimable"]
    assert "gone.csv is not there" in found["reason"].item()


def test_cases_and_controls_that_are_nobody_are_a_reason(tmp_path):
    columns = {key: name for key, name in COLUMNS.items() if key != "n"}
    columns |= {"n_cases": "CASES", "n_controls": "CONTROLS"}
    header, *lines = OUTCOME.splitlines()
    counted = [f"{header},CASES,CONTROLS", *(f"{line},1,2" for line in lines)]
    exposure = EXPOSURE.replace(",N\n", ",N,CASES,CONTROLS\n", 1).replace(
        "50000", "50000,20000,30000"
    )
    found = asked(tmp_path, exposure, columns, depression="\n".join(counted) + "\n")
    assert found["status"].tolist() == ["not_estimable"]
    assert "line 2: cases and controls are 3 people" in found["reason"].item()


def test_swapped_alleles_are_a_reason_and_turn_no_sign(tmp_path):
    swapped = many().replace(",A,G,", ",G,A,")
    found = asked(tmp_path, many(), depression=swapped)
    assert found["status"].tolist() == ["not_estimable"]
    assert "exchange effect_allele and other_allele" in found["reason"].item()


def many(frequencies=30):
    """Return a table of 30 variants, so many of them with frequencies."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({
        "SNP": [f"rs{k}" for k in range(30)], "A1": "A", "A2": "G",
        "B": rng.uniform(0.1, 0.2, 30), "SE": 0.01, "P": 1e-20,
        "F": rng.uniform(0.1, 0.4, 30), "N": 50_000,
    })  # fmt: skip
    table.loc[frequencies:, "F"] = np.nan
    return table.to_csv(index=False)


@pytest.mark.parametrize(
    ("frequencies", "said"),
    [(30, "exchanged allele columns would show"), (9, "could not be noticed"),
     (0, "could not be noticed")],
)  # fmt: skip
def test_whether_exchanged_alleles_would_have_shown_is_a_row(tmp_path, frequencies, said):
    found = numbers(asked(tmp_path, many(frequencies), depression=many()))
    row = found.loc["compared", "frequencies", "all"]
    assert row["estimate"] == frequencies
    assert said in row["method"]


def test_odds_ratios_given_as_betas_are_refused_and_given_as_such_are_not(tmp_path):
    odds = EXPOSURE.replace("0.1,0.01", "1.1,0.01").replace("0.2,0.01", "0.9,0.01")
    found = asked(tmp_path, depression=odds.replace("0.3,0.01", "1.05,0.01"))
    assert found["status"].tolist() == ["not_estimable"]
    assert "found 3 values above 0 with median 1.05" in found["reason"].item()
    assert "odds_ratio instead of beta" in found["reason"].item()
    # One of them below 0: no odds ratios. All above 0, and small: no odds ratios.
    for kept in (odds.replace("1.1,", "-1.1,"), EXPOSURE):
        assert numbers(asked(tmp_path, depression=kept)).loc[("beta", "", "all"), "status"] == "ok"


def test_how_tables_fit_is_what_the_run_uses(tmp_path):
    _, problems = correlated(tmp_path, "v,rs1_A_G,rs2_G_T\nrs1_A_G,1,0.6\nrs2_G_T,0.6,1\n")
    assert problems == []
    given = make_study(data_root=str(tmp_path), genetics={
        "exposure": {"table": "exposure.csv", "columns": COLUMNS},
        "outcomes": [{"name": "depression", "table": "depression.csv", "columns": COLUMNS}],
        "correlation": {"table": "ld.csv"},
    })  # fmt: skip
    assert examine_genetics(given).fits == {"depression": Fit(1, 3, 3)}
    (tmp_path / "depression.csv").write_text(OUTCOME.replace("rs", "chr"))
    fit = examine_genetics(given).fits["depression"]
    assert (fit.used, fit.listed) == (0, 3)
    assert "3 not in the outcome's table" in fit.reason


CLAIM = Claim.model_validate({
    "id": "genes", "statement": "Genes for more go with less.", "category": "susceptibility",
    "direction": "higher", "margin": 0.05, "min_cohorts": 1,
    "estimand": {"analysis": "mendelian", "target": "depression", "measure": "beta"},
})  # fmt: skip


@pytest.mark.parametrize(
    ("outcomes", "verdict", "reason"),
    [
        ({"depression": OUTCOME}, "SUPPORTED", "beyond the margin"),
        ({"depression": BROKEN["no error"][0]}, "NOT_EVALUABLE", "expected a number above 0"),
        ({"bipolar": OUTCOME}, "NOT_EVALUABLE", "no genetic summary table of depression is given"),
    ],
)
def test_a_claim_about_genes_is_judged_by_these_rows(
    tmp_path, outcomes: Mapping[str, str], verdict, reason
):
    table = asked(tmp_path, **outcomes)
    found = judge_claim(CLAIM, table, Rows(POOLED), make_study())
    assert found.judgement.verdict == verdict
    assert reason in found.judgement.reason


# Variants in linkage disequilibrium.

LD = """\
v,rs1_A_G,rs2_T_C,rs3_A_C
rs1_A_G,1,0.6,0.1
rs2_T_C,0.6,1,0.3
rs3_A_C,0.1,0.3,1
"""


def correlated(folder, content, alleles="in_name", outcome=OUTCOME):
    """Return the rows of these tables with a table of correlations."""
    asked(folder)
    (folder / "ld.csv").write_text(content)
    (folder / "depression.csv").write_text(outcome)
    genetics = {
        "exposure": {"table": "exposure.csv", "columns": COLUMNS},
        "outcomes": [{"name": "depression", "table": "depression.csv", "columns": COLUMNS}],
        "correlation": {"table": "ld.csv", "alleles": alleles},
    }
    study = make_study(data_root=str(folder), genetics=genetics)
    return numbers(rows_of(study)), examine_genetics(study).problems


def test_correlated_variants_by_hand(tmp_path):
    found, problems = correlated(tmp_path, LD)
    assert problems == []
    main = found.loc["beta", "", "all"]
    # The table counts rs2's other allele, as the outcome's does: both signs of rs2 turn.
    x, y, se = np.array([0.1, 0.2, 0.3]), np.array([0.1, 0.4, 0.9]), np.array([0.1, 0.1, 0.15])
    r = np.array([[1, -0.6, 0.1], [-0.6, 1, -0.3], [0.1, -0.3, 1]])
    weight = np.linalg.inv(r * np.outer(se, se))
    slope = (x @ weight @ y) / (x @ weight @ x)
    residual = y - slope * x
    q = residual @ weight @ residual
    assert main["estimate"] == pytest.approx(slope)
    assert main["se"] == pytest.approx(max(1, np.sqrt(q / 2)) / np.sqrt(x @ weight @ x))
    assert main["n"] == 3
    assert main["method"].startswith("IVW, correlated variants, multiplicative random effects; n")
    assert found.loc[("q", "", "all"), "estimate"] == pytest.approx(q)
    largest = found.loc["r", "largest", "all"]
    assert (largest["estimate"], largest["n"]) == (pytest.approx(0.6), 3)
    for method in ("weighted median", "weighted mode"):
        assert "assumes independent variants" in found.loc[("beta", method, "all"), "reason"]
    assert ("beta", "MR-Egger, correlated variants", "all") in found.index
    measures = set(found.index.get_level_values(0))
    assert not measures & {"i2_gx", "r2", "r2_difference", "left_out"}
    assert found.loc[("compared", "frequencies", "all"), "estimate"] == 3


def test_which_allele_is_counted_changes_no_answer(tmp_path):
    """The table counted by the exposure's effect alleles, and the same one by other alleles."""
    own = "v,rs1,rs2,rs3\nrs1,1,-0.6,0.1\nrs2,-0.6,1,-0.3\nrs3,0.1,-0.3,1\n"
    other = LD.replace("rs1_A_G", "rs1_G_A").replace("0.6", "-0.6").replace("0.1", "-0.1")
    same, by_effect, by_other = (
        correlated(tmp_path, *given)[0] for given in ((LD,), (own, "effect_allele"), (other,))
    )
    pd.testing.assert_frame_equal(by_effect, same)
    pd.testing.assert_frame_equal(by_other, same)


def test_variants_that_the_table_lacks_are_counted(tmp_path):
    found, _ = correlated(tmp_path, "v,rs1_A_G,rs2_G_T\nrs1_A_G,1,0.6\nrs2_G_T,0.6,1\n")
    assert found.loc["left_out"]["estimate"].droplevel("stratum").to_dict() == {
        "alleles are not those of the table of correlations": 1,
        "not in the table of correlations": 1,
    }
    assert found.loc[("beta", "", "all"), "method"].startswith("Wald ratio")


def test_a_broken_table_of_correlations_is_a_reason_and_is_told_before_a_run(tmp_path):
    found, problems = correlated(tmp_path, LD.replace("rs3_A_C,0.1", "rs3_A_C,7"))
    (row,) = found.to_dict("records")
    assert row["status"] == "not_estimable"
    assert "ld.csv, line 4, column 'rs1_A_G': expected a correlation" in row["reason"]
    assert problems == [f"genetics: correlation: {row['reason']}"]
    assert examine_genetics(make_study()).problems == []


@pytest.mark.shared
@pytest.mark.parametrize("turned", [(), (0, 3), (1, 2, 5)])
def test_calcium_on_glucose_is_that_of_mendelian_randomization(shared, tmp_path, turned):
    """IVW 2.245 (0.643), Q 2.0530, MR-Egger 1.302 (1.518): whichever alleles a panel counts."""
    table = pd.read_csv(shared / "data/genetics/mendelianrandomization_calcium_correlated.csv")
    sign = np.where(np.isin(np.arange(6), turned), -1, 1)
    names = [f"rs{j}_G_A" if j in turned else f"rs{j}_A_G" for j in range(6)]
    rho = table.filter(like="rho").to_numpy(float) * np.outer(sign, sign)
    pd.DataFrame(rho, index=names, columns=names).to_csv(tmp_path / "ld.tsv.gz", sep="\t")
    base = pd.DataFrame({"SNP": [f"rs{j}" for j in range(6)], "A1": "A", "A2": "G", "P": 1e-9})
    for name, beta in (("exposure", "calcium"), ("outcome", "fastgluc")):
        base.assign(B=table[beta], SE=table[f"{beta}se"]).to_csv(
            tmp_path / f"{name}.csv", index=False
        )
    columns = {key: name for key, name in COLUMNS.items() if key not in ("eaf", "n")}
    genetics = {
        "exposure": {"table": "exposure.csv", "columns": columns},
        "outcomes": [{"name": "depression", "table": "outcome.csv", "columns": columns}],
        "correlation": {"table": "ld.tsv.gz"},
    }
    found = numbers(rows_of(make_study(data_root=str(tmp_path), genetics=genetics)))
    main = found.loc["beta", "", "all"]
    assert [main["estimate"], main["se"]] == pytest.approx([2.245, 0.643], abs=5e-4)
    assert found.loc[("q", "", "all"), "estimate"] == pytest.approx(2.0530, abs=5e-5)
    egger = found.loc["beta", "MR-Egger, correlated variants", "all"]
    assert [egger["estimate"], egger["se"]] == pytest.approx([1.302, 1.518], abs=5e-4)


# Published tables.


@pytest.mark.shared
def test_bmi_on_coronary_disease_is_that_of_two_sample_mr(shared):
    """IVW 0.4459091 (0.0589830), Q 143.65: the worked example of TwoSampleMR."""
    name = "twosamplemr_bmi_chd_harmonised.csv"
    columns = {
        side: {"variant": "SNP", "effect_allele": f"effect_allele.{side}",
               "other_allele": f"other_allele.{side}", "beta": f"beta.{side}", "se": f"se.{side}",
               "eaf": f"eaf.{side}", "p": f"pval.{side}", "n": f"samplesize.{side}"}
        for side in ("exposure", "outcome")
    }  # fmt: skip
    genetics = {
        "exposure": {"table": name, "columns": columns["exposure"]},
        "outcomes": [{"name": "depression", "table": name, "columns": columns["outcome"]}],
    }
    study = make_study(data_root=str(shared / "data" / "genetics"), genetics=genetics)
    found = numbers(rows_of(study))
    main = found.loc["beta", "", "all"]
    assert [main["estimate"], main["se"]] == pytest.approx([0.4459091, 0.0589830], abs=5e-8)
    assert found.loc[("q", "", "all"), "estimate"] == pytest.approx(143.65, abs=0.01)
    assert main["n"] == 79
    assert sum(stratum.startswith("without") for *_, stratum in found.index) == 79
    assert "left_out" not in found.index.get_level_values(0)


@pytest.mark.shared
def test_the_variants_of_igf1_find_what_was_planted(shared, tmp_path):
    name = "ukb_igf1_gwas_lead_variants_sinnott2021.csv"
    table = pd.read_csv(shared / "data" / "genetics" / name).iloc[:100]
    table.to_csv(tmp_path / name, index=False)
    rng = np.random.default_rng(7)
    outcome = pd.DataFrame({
        # Per copy of the other allele, so that every sign must be turned.
        "SNP": table["rsid"], "A1": table["allele1"], "A2": table["allele2"],
        "B": 0.4 * table["beta"] + rng.normal(0, table["se"]), "SE": table["se"],
    })  # fmt: skip
    outcome.drop_duplicates("SNP").to_csv(tmp_path / "outcome.tsv.gz", sep="\t", index=False)
    genetics = {
        "exposure": {"table": name, "columns": {
            "variant": "rsid", "effect_allele": "allele2", "other_allele": "allele1",
            "beta": "beta", "se": "se", "p": "P"}},
        "outcomes": [{"name": "depression", "table": "outcome.tsv.gz", "columns": {
            "variant": "SNP", "effect_allele": "A1", "other_allele": "A2", "beta": "B",
            "se": "SE"}}],
    }  # fmt: skip
    found = numbers(rows_of(make_study(data_root=str(tmp_path), genetics=genetics)))
    assert set(found["status"]) == {"ok"}
    main = found.loc["beta", "", "all"]
    assert main["ci_low"] < -0.4 < main["ci_high"] < 0
    left_out = found.loc["left_out"]["estimate"]
    assert main["n"] + left_out.sum() == table["rsid"].nunique()
    assert set(left_out.index.get_level_values(0)) <= {
        "not genome-wide significant for the exposure",
        "palindromic, and a table has no frequency of its effect allele",
        "listed more than once in the exposure's table",
    }
    # No numbers of people, no test of direction.
    assert "steiger" not in found.index.get_level_values(1)
