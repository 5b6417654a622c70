"""What the report shows of a claim about a subset is of these people, and of nobody else."""

import re
from dataclasses import replace

import pytest

from igfmood import results
from igfmood.config.claims import Claim
from igfmood.report import html, methods, sensitivity_tables, text
from igfmood.report.counts import Counts
from igfmood.report.estimands import contrast, margin_of, of_claim, severity
from igfmood.report.figures import forest, specification
from igfmood.report.load import Verdict
from igfmood.report.names import figure_names
from igfmood.report.numbers import plain
from igfmood.report.protected import part_form
from igfmood.report.release.codebook import load_codebook
from igfmood.report.release.rows import released
from igfmood.report.release.sheets import _estimates
from igfmood.results import Rows, Source

CLAIM = Claim.model_validate(
    {"id": "women_lower", "statement": "IGF-1 is lower in women with depression.",
     "category": "susceptibility", "direction": "lower", "margin": 0.3,
     "estimand": {"analysis": "contrast", "target": "depression", "population": "women",
                  "measure": "smd", "adjustment": "adjusted"}}
)  # fmt: skip
KEYS = {"analysis": "contrast", "target": "depression", "exposure": "igf1_sds", "measure": "smd",
        "adjustment": "adjusted"}  # fmt: skip
#: Cohort: people and cases; of the clinic all but three, of the register about half.
SIZES = {"clinic": (157, 54), "register": (83, 31)}


@pytest.mark.parametrize(
    ("population", "rules", "words"),
    [
        ("women", {}, "adjusted for age, BMI"),
        ("women", {"women_only": True}, "adjusted for age, sex, BMI"),
        ("women", {"cases_only": True}, "adjusted for age, sex, BMI"),
        ("all", {}, "adjusted for age, sex, BMI"),
    ],
)
def test_nothing_is_adjusted_for_what_all_people_share(findings, population, rules, words):
    study = findings.study
    women = next(one for one in study.subsets if one.name == "women")
    changed = replace(
        findings, study=study.model_copy(update={"subsets": [women.model_copy(update=rules)]})
    )
    assert replace(severity(findings), population=population).adjusted(changed) == words


@pytest.fixture(scope="session")
def studied(findings):
    """The small study with a claim about women; everybody's numbers are others (-0.5)."""
    tables = []
    for name, (n, cases) in SIZES.items():
        rows = Rows(Source("small", name, 7, "c0de", "da7a"))
        rows.add(**KEYS, stratum="women", estimate=-0.8111, se=0.1, ci_low=-1.0, ci_high=-0.6, n=n,
                 n_events=cases)  # fmt: skip
        rows.add(**{**KEYS, "measure": "fmi"}, stratum="all", term="smd", estimate=0.31)
        tables.append(rows.table())
    rows = Rows(Source("small", results.POOLED, 7, "c0de", "da7a"))
    counts = {"n": 240, "n_events": 85}
    rows.add(**KEYS, **counts, stratum="women", estimate=-0.8222, se=0.1, ci_low=-1.1111,
             ci_high=-0.5111, p=0.001, df=1)  # fmt: skip
    rows.add(**KEYS, **counts, stratum="women", term="prediction_interval", estimate=-0.8222,
             ci_low=-1.4, ci_high=-0.2444)  # fmt: skip
    for measure, value, p in (("k", 2, None), ("tau2", 0.0123, None), ("i2", 17, None),
                              ("q", 1.3, 0.2)):  # fmt: skip
        keys = {**KEYS, "measure": measure, "term": "smd"}
        rows.add(**keys, stratum="women", estimate=value, p=p)
    for name, value in (("clinic", -0.7333), ("register", -0.9333)):
        rows.add(**KEYS, stratum=f"women|without {name}", estimate=value, ci_low=value - 0.3,
                 ci_high=value + 0.3)  # fmt: skip
    fork = {**KEYS, "analysis": "specification", "term": "contrast"}
    for population, value in (("women", -0.8444), ("all", -0.4999)):
        rows.add(**fork, stratum=f"{population}|sds|imputed", estimate=value, ci_low=-1, ci_high=0)
    beside = {"target": "depression", "model": "contrast", "adjustment": "adjusted",
              "measure": "smd"}  # fmt: skip
    for stratum, value in (("women|DL", -0.8555), ("DL", -0.4888)):
        rows.add(**beside, analysis="tau2_estimator", stratum=stratum, estimate=value, ci_low=-1,
                 ci_high=-0.1)  # fmt: skip
    for stratum, value in (("women|without clinic", 0.1), ("without register", 0.9)):
        rows.add(**{**beside, "measure": "cook_d"}, analysis="influence", stratum=stratum,
                 term="smd", estimate=value, method="not influential")  # fmt: skip
    rows.add(analysis="n_to_settle", target="women_lower", measure="n", estimate=431)
    rows.add_not_estimable(
        "no forks are declared among women", analysis="fork_agreement", target="women_lower",
        measure="share",
    )  # fmt: skip
    table = results.concatenate([findings.table, *tables, rows.table()])
    verdict = Verdict(
        claim="women_lower", verdict="SUPPORTED", reason="the interval lies beyond the margin",
        statement=CLAIM.statement, result_ids=(_pooled(table)["result_id"],),
        prespecified="not locked",
    )  # fmt: skip
    return replace(
        findings, table=table, claims={**findings.claims, "women_lower": CLAIM},
        verdicts=[*findings.verdicts, verdict],
    )  # fmt: skip


def _pooled(table):
    return results.select(table, cohort="pooled", stratum="women", measure="smd", term="").iloc[0]


def words_of(page):
    found = re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", found)


def article(page):
    return re.search(r'<article id="claim-women_lower".*?</article>', page, re.DOTALL)[0]


def test_every_number_of_the_claim_is_of_its_people(studied, page):
    told = words_of(article(page(studied)))
    for shown in ("−0.82", "−1.11 to −0.51", "−0.73", "−0.93", "−0.86", "0.012", "17 %"):
        assert shown in told, shown
    # What is known of everybody alone: estimate, leave-one-out, estimators, missing information.
    for hidden in ("−0.50", "−0.49", "12 %", "31 %", "Complete cases", "0.90"):
        assert hidden not in told, hidden
    assert "among: Women" in told
    assert "no forks are declared among women" in told


def test_the_matrix_names_the_people(studied, page):
    line = re.search(r'<li class="verdict [^>]*data-claim="women_lower".*?</li>', page(studied),
                     re.DOTALL)[0]  # fmt: skip
    told = words_of(line)
    assert "susceptibility Women not locked" in told
    assert "Women: pooled difference −0.82 SD (95 % CI −1.11 to −0.51 ), k = 2 cohorts" in told
    assert "between −1.40 and −0.24" in told


def test_everybody_keeps_figures_and_numbers_of_their_own(studied, page):
    (mine,) = of_claim(studied, CLAIM)
    everybody = contrast(studied, "depression")
    assert (mine.population, everybody.population) == ("women", "all")
    assert forest.name_of(mine, CLAIM) == "forest_claim_women_lower"
    assert forest.name_of(everybody, None) == "forest_depression"
    named = [one.name for one in figure_names(studied.study, studied.claims.values())]
    assert {"forest_claim_women_lower", "specification_women_lower"} <= set(named)
    assert len(set(named)) == len(named)
    assert (margin_of(studied, mine), margin_of(studied, everybody)) == (0.3, 0.2)
    alone = replace(studied, claims={"women_lower": CLAIM}, verdicts=[studied.verdicts[-1]])
    # A claim about women declares nothing of everybody.
    assert "Depression vs control" in [name for name, _ in html._unclaimed_contrasts(
        alone, Counts(alone))]  # fmt: skip
    assert severity(alone).population == "all"
    told = words_of(
        re.search(r'<article id="claim-lower".*?</article>', page(studied), re.DOTALL)[0]
    )
    assert "−0.7996 to −0.2004" in told
    for hidden in ("−1.40", "−0.73", "−0.86", "0.012", "17 %"):
        assert hidden not in told, hidden


def test_forks_and_other_choices_are_told_apart(studied):
    lower = studied.claims["lower"]
    assert specification.specifications(studied, CLAIM)["estimate"].tolist() == [-0.8444]
    assert len(specification.specifications(studied, lower)) == 2
    for claim, estimate in ((CLAIM, "−0.86"), (lower, "−0.49")):
        (table,) = sensitivity_tables.synthesis_tables(claim, studied)
        (line,) = [row for row in table.rows if plain(row[0].text) == "τ² by DL"]
        assert plain(line[1].text).startswith(estimate)
    assert sensitivity_tables.subsets_tables(CLAIM, studied) == ()
    assert sensitivity_tables.subsets_tables(lower, studied)


def test_methods_say_whom_a_claim_is_about(studied, findings):
    told, before = (
        " ".join(plain((paragraph.text,)) for paragraph in methods.methods(one))
        for one in (studied, findings)
    )
    assert "women_lower (lower, margin 0.3\u00a0SD, among: Women)" in told
    assert "A claim about a subset is judged by the estimates among these people alone" in told
    assert "A claim about a subset" not in before


# Numbers of people: taken from everybody's, they may leave few.


def test_numbers_of_people_of_a_subset_are_never_exact(studied):
    counts = Counts(studied)
    (mine,) = of_claim(studied, CLAIM)
    # 160 people of whom 55 are cases, less 157 and 54: three people, one of them a case.
    shown = {row["cohort"]: [f(row).text for f in (counts.people, counts.cases, counts.controls)]
             for row in mine.cohorts(studied)}  # fmt: skip
    assert shown == {
        "clinic": ["≈ 150", "≈ 50", "≈ 100"], "register": ["≈ 80", "≈ 30", "≈ 50"],
    }  # fmt: skip
    pooled = mine.pooled(studied)
    for number in (counts.people(pooled), counts.cases(pooled)):
        assert number.text[0] in "≈≥"
    everybody = contrast(studied, "depression")
    assert [counts.people(row).text for row in everybody.cohorts(studied)] == ["160", "160"]


@pytest.mark.parametrize("whole", range(30, 140))
def test_what_is_shown_of_a_part_leaves_enough_open_of_the_rest(whole):
    for n in range(10, whole):
        form = part_form(n, whole, 10)
        assert form.low <= n <= form.high
        assert min(form.high, whole) - form.low + 1 >= 10 or whole < 20
        assert not form.exact


def test_people_who_are_everybody_are_counted_as_such(studied):
    row = _pooled(studied.table)
    table = studied.table.copy()
    mine = (table["stratum"] == "women") & (table["cohort"] == "register")
    table.loc[mine, ["n", "n_events"]] = [160, 55]
    same = replace(studied, table=table)
    (found,) = [one for one in of_claim(same, CLAIM)[0].cohorts(same)
                if one["cohort"] == "register"]  # fmt: skip
    assert Counts(same).people(found).text == "160"
    assert row["n"] == 240


def test_a_cohort_that_is_left_out_of_pooling_is_no_part_of_the_pooled_number(studied):
    rows = Rows(Source("small", "broken", 7, "c0de", "da7a"))
    rows.add(**KEYS, stratum="women", estimate=-0.8, se=0.1, n=157, n_events=54)
    pooled = Rows(Source("small", results.POOLED, 7, "c0de", "da7a"))
    pooled.add(analysis="overlap", measure="overlap", term="clinic ~ broken", estimate=1,
               method="left out of pooling: broken (declared)")  # fmt: skip
    table = results.concatenate([studied.table, rows.table(), pooled.table()])
    twin = replace(studied, table=table)
    (mine,) = of_claim(studied, CLAIM)
    shown = [Counts(one).people(mine.pooled(one)).text for one in (studied, twin)]
    assert shown[0] == shown[1]


def test_what_leaves_the_study_tells_no_number_of_the_subset(studied):
    table = released(studied, load_codebook())
    women = table[table["stratum"].str.startswith("women") & (table["status"] == "ok")]
    assert len(women) > 5
    assert women[["n", "n_events"]].isna().all(axis=None)
    needed = results.select(table, analysis="n_to_settle").set_index("target")
    assert needed.loc["women_lower", "status"] == "withheld"
    assert needed.loc["women_lower", "estimate"] != needed.loc["women_lower", "estimate"]
    assert needed.loc["test", "status"] == "ok"
    heads, rows = _estimates(studied, table)
    place, value = heads.index("claim"), heads.index("estimate")
    of_women = {row[value].content for row in rows if row[place].content == "women_lower"}
    # Of a cohort in which women are all but a few of its people there is none.
    assert of_women == {-0.8111, -0.8222, None}


def test_people_needed_are_told_so_roughly_that_none_can_be_worked_out(studied):
    assert plain(text.needed(CLAIM, studied)).startswith("About 400 people")
