"""What genes say of a claim: variants and not people, every method, what speaks against them."""

from dataclasses import replace

import pytest

from igfmood import results
from igfmood.config.claims import Claim
from igfmood.report.counts import Counts
from igfmood.report.genetics_tables import genes
from igfmood.report.load import Verdict
from igfmood.report.numbers import plain
from igfmood.report.text import verdict_lines
from igfmood.results import Rows, Source

KEYS = {"analysis": "mendelian", "target": "depression", "exposure": "igf1_sds",
        "model": "mendelian", "stratum": "all"}  # fmt: skip
BETA = {**KEYS, "measure": "beta"}
CLAIM = Claim.model_validate(
    {"id": "genetic", "statement": "More IGF-1 by genes.", "category": "susceptibility",
     "direction": "lower", "margin": 0.05, "min_cohorts": 1,
     "estimand": {"analysis": "mendelian", "target": "depression", "measure": "beta"}}
)  # fmt: skip


def method(name):
    return f"{name}; n counts variants; log odds per SD"


def studied(findings, *, correlated=False, people=True):
    """The small study with six variants, fewer than any count that is suppressed."""
    rows = Rows(Source(findings.study.study, results.POOLED, 1, "c0de", "da7a"))
    numbers = {"ci_low": -0.243, "ci_high": -0.082, "n": 6}
    name = "IVW, correlated variants" if correlated else "IVW, multiplicative random effects"
    rows.add(**BETA, estimate=-0.163, p=0.0001, method=method(name), **numbers)
    rows.add(**BETA, term="IVW, fixed effect", estimate=-0.163, p=0.0001,
             method=method("IVW, fixed effect"), **numbers)  # fmt: skip
    rows.add(**BETA, term="MR-Egger", estimate=0.162, ci_low=-0.254, ci_high=0.578, p=0.42, n=6,
             method=method("MR-Egger"))  # fmt: skip
    rows.add(**KEYS, measure="intercept", term="MR-Egger", estimate=-0.0225, ci_low=-0.0442,
             ci_high=-0.0009, p=0.042, df=4, n=6)  # fmt: skip
    rows.add(**KEYS, measure="q", estimate=20.4, p=0.37, df=5)
    rows.add(**KEYS, measure="f", term="mean", estimate=127.8)
    rows.add(**KEYS, measure="f", term="smallest", estimate=8.2)
    rows.add(**KEYS, measure="compared", term="frequencies", estimate=4,
             method="variants, fewer than 10: exchanged columns could not be noticed")  # fmt: skip
    rows.add(**KEYS, measure="k", term="beta", estimate=1)
    rows.add(**KEYS, measure="left_out", term="palindromic", estimate=3)
    if correlated:
        rows.add_not_estimable("assumes independent variants", **BETA, term="weighted median")
        rows.add(**KEYS, measure="r", term="largest", estimate=0.5, n=6)
    else:
        rows.add(**KEYS, measure="i2_gx", estimate=0.81)
        rows.add(**{**BETA, "stratum": "without rs1"}, estimate=-0.15, ci_low=-0.24, ci_high=-0.07,
                 p=0.001, n=5, method=method(name))  # fmt: skip
    if people:
        rows.add(**KEYS, measure="r2_difference", term="steiger", estimate=-0.01, p=0.001,
                 method="Steiger test: outcome first: the direction is wrong")  # fmt: skip
    table = rows.table()
    main = table[(table["measure"] == "beta") & (table["term"] == "")]["result_id"].iloc[0]
    verdict = Verdict(claim="genetic", verdict="SUPPORTED", reason="the interval lies beyond the "
                      "margin", statement="More IGF-1 by genes.", result_ids=(main,))  # fmt: skip
    return replace(
        findings, claims={**findings.claims, "genetic": CLAIM},
        verdicts=[*findings.verdicts, verdict],
        table=results.concatenate([findings.table, table]),
    )  # fmt: skip


def lines(table):
    return [[plain(cell.text).replace("\N{NO-BREAK SPACE}", " ") for cell in row]
            for row in table.rows]  # fmt: skip


def test_the_card_counts_variants_and_suppresses_none_of_them(findings):
    found = studied(findings)
    first, *others = verdict_lines(found.verdicts[-1], found, Counts(found))
    assert plain(first).replace("\N{NO-BREAK SPACE}", " ") == (
        "IVW, multiplicative random effects: −0.16 log odds per SD of genetically predicted IGF-1 "
        "(95 % CI −0.24 to −0.08; OR 0.85, 0.78 to 0.92), 6 variants, one pair of summary tables."
    )
    said = " ".join(plain(line) for line in [first, *others])
    assert not any(word in said for word in ("people", "cohort", "Pooled"))


def test_every_method_stands_with_its_odds_ratio(findings):
    found = genes(CLAIM, studied(findings))
    assert lines(found.methods) == [
        ["IVW, multiplicative random effects (the claim is judged by it)",
         "−0.16 (−0.24 to −0.08)", "0.85 (0.78 to 0.92)", "< 0.001", "6"],
        ["IVW, fixed effect", "−0.16 (−0.24 to −0.08)", "0.85 (0.78 to 0.92)", "< 0.001", "6"],
        ["MR-Egger", "0.16 (−0.25 to 0.58)", "1.18 (0.78 to 1.78)", "0.42", "6"],
    ]  # fmt: skip
    assert lines(found.without) == [
        ["rs1", "−0.15 (−0.24 to −0.07)", "0.86 (0.79 to 0.93)", "0.001"]
    ]
    assert lines(found.left_out) == [["palindromic", "3"]]


def test_checks_say_what_speaks_against_it(findings):
    said = {line[0]: line[-1] for line in lines(genes(CLAIM, studied(findings)).checks)}
    assert said == {
        "Cochran's Q over variants": "No sign that variants disagree.",
        "MR-Egger intercept, log odds":
            "Variants act by other ways in one direction: the estimate above is biased.",
        "F of the variants on the analyte, mean": "Strong on the whole.",
        "F of the variants on the analyte, smallest":
            "At least one variant is weak (F below 10).",
        "I²_GX of the variants on the analyte":
            "Below 90\N{NO-BREAK SPACE}%: MR-Egger is diluted towards 0.".replace(
                "\N{NO-BREAK SPACE}", " "),
        "Variants with frequencies in both tables": "Exchanged columns could not be noticed.",
        "Steiger: difference of the two":
            "The variants explain more of the outcome: it may come first.",
    }  # fmt: skip


def test_correlated_variants_are_told_from_independent_ones(findings):
    apart, linked = (
        genes(CLAIM, studied(findings)),
        genes(CLAIM, studied(findings, correlated=True)),
    )
    assert plain(apart.says).endswith("taken to be independent of each other.")
    assert plain(linked.says) == (
        "6 variants of one pair of summary tables, weighted with their correlations (largest, sign "
        "left off, 0.50)."
    )
    assert lines(linked.methods)[-1] == [
        "Weighted median", "–", "–", "–", "–", "assumes independent variants"
    ]  # fmt: skip
    assert not linked.without.rows


def test_a_test_of_direction_that_was_not_made_is_told(findings):
    assert genes(CLAIM, studied(findings)).checks.note == ""
    note = genes(CLAIM, studied(findings, people=False)).checks.note
    assert note.startswith("Steiger's test of direction was not made")


@pytest.mark.parametrize("name", ["lower", "cognition"])
def test_other_claims_have_no_genes(findings, name):
    assert genes(findings.claims[name], studied(findings)) is None


def test_the_claim_has_a_section_and_its_card_a_link_to_it(findings, page):
    html = page(studied(findings))
    card = html[html.index('data-claim="genetic"') : html.index('id="claims"')]
    assert '<a href="#claim-genetic">Every method' in card
    section = html[html.index('<article id="claim-genetic"') :]
    section = section[: section.index("</article>")]
    for name in ("genes", "genes_checks", "genes_without", "genes_left_out"):
        assert f'id="table-{name}_genetic"' in section
    assert "synthesis of cohorts" not in section
