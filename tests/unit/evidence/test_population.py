"""A claim about a subset is judged by the numbers of these people, and so is all beside it."""

import pytest
from scipy.stats import norm

from builders import POOLED, SOURCE, cohort_data, make_claim, make_study, people, result_table
from igfmood import results
from igfmood.association.tipping import add_shifts
from igfmood.config.claims import Claim
from igfmood.evidence.judge import judge_claim
from igfmood.evidence.pooled_rows import wider_row
from igfmood.evidence.power import add_power
from igfmood.evidence.robustness import add_robustness
from igfmood.evidence.sensitivity import main_numbers
from igfmood.evidence.sizes import add_sizes
from igfmood.evidence.study import link_claims
from igfmood.intake.needs import needs
from igfmood.results import Rows
from igfmood.synthesis.pool import IDENTITY, carry_single, pool_cohorts

STUDY = make_study()
KEYS = {"analysis": "contrast", "target": "depression", "measure": "smd", "exposure": "igf1_sds",
        "model": "linear", "adjustment": "adjusted", "n": 100, "n_events": 40}  # fmt: skip
#: What the cohorts differ by where nothing else is said: equal ones have no synthesis.
APART = {"a": 0.0, "b": 0.001, "c": 0.002}
#: Cohort: difference of women, and of everybody; women's lie apart.
WOMEN = {"a": -0.60, "b": -0.90, "c": -0.70}
ALL = {"a": 0.01, "b": -0.01, "c": 0.02}


def claim(population="women", **changes) -> Claim:
    """A claim that the difference of these people is below zero by more than 0.2."""
    estimand = make_claim().estimand.model_copy(update={"population": population})
    return make_claim(estimand=estimand.model_dump(), **{"id": population, **changes})


def number(cohort, estimate, stratum, se=0.05, **keys):
    half = norm.ppf(0.975) * se
    return {**KEYS, "cohort": cohort, "stratum": stratum, "estimate": estimate, "se": se,
            "ci_low": estimate - half, "ci_high": estimate + half, "p": 0.001, **keys}  # fmt: skip


def cohorts(women=WOMEN, **keys):
    return result_table(
        *(number(name, y, "all", **keys) for name, y in ALL.items()),
        *(number(name, y, "women", **keys) for name, y in women.items()),
    )


def study_table(*more, women=WOMEN):
    """Cohorts and their synthesis, as the stages before leave them for such claims."""
    table = cohorts(women)
    rows = Rows(POOLED)
    left = carry_single(rows, table, lambda analysis, measure: IDENTITY, ("all", "women"))
    pool_cohorts(
        rows, left, lambda analysis, measure: IDENTITY, populations=("all", "women")
    )  # fmt: skip
    return results.concatenate([table, rows.table(), *more])


def judged(one, table):
    rows = Rows(POOLED)
    return judge_claim(one, table, rows, STUDY), rows.table().set_index("analysis")


def pooled(table, stratum, term="", measure="smd"):
    return results.select(
        table, cohort="pooled", stratum=stratum, term=term, measure=measure
    ).iloc[0]  # fmt: skip


def test_the_verdict_rests_on_the_subset_and_not_on_everybody():
    table = study_table()
    women, computed = judged(claim(), table)
    everybody, _ = judged(claim("all"), table)
    assert (women.judgement.verdict, everybody.judgement.verdict) == ("SUPPORTED", "REFUTED")
    assert women.result_ids == (pooled(table, "women")["result_id"],)
    assert computed.loc["equivalence", "estimate"] == pooled(table, "women")["estimate"]


def test_a_subset_that_nobody_estimated_is_not_evaluable():
    found, _ = judged(claim("men"), study_table())
    assert found.judgement.verdict == "NOT_EVALUABLE"


def test_the_wider_interval_and_the_cohorts_are_those_of_the_subset():
    agreeing = {"a": -0.3000, "b": -0.3001, "c": -0.3002}
    table = study_table(women=agreeing)
    wider = wider_row(pooled(table, "women"), table)
    assert wider["term"] == "normal_interval"
    assert wider["ci_low"] == pooled(table, "women", "normal_interval")["ci_low"]
    found, _ = judged(claim(min_cohorts=3), study_table(women={"a": -0.6, "b": -0.9}))
    assert found.judgement.reason == "too few cohorts: k = 2 < 3"
    found, _ = judged(claim(min_cohorts=1), study_table(women={"a": -0.6}))
    assert found.judgement.verdict == "SUPPORTED"
    assert found.judgement.reason.endswith("in one cohort (a), no claim to any other")


def test_what_lasts_of_the_variance_is_that_between_women():
    # Cohorts of women differ far more than sampling errors say: nobody can settle that.
    _, computed = judged(claim(), study_table(women={"a": -0.05, "b": -0.65, "c": -0.35}))
    assert "more cohorts would" in computed.loc["n_to_settle", "reason"]


def test_a_gate_tells_no_exact_number_of_a_subset():
    found, _ = judged(claim(gates={"people": 301}), study_table())
    assert found.judgement.reason == "too few people: fewer than 301"
    found, _ = judged(claim("all", gates={"people": 301}), study_table())
    assert found.judgement.reason == "too few people: 300 < 301"


def test_the_gate_on_missing_values_says_whose_they_are():
    gaps = result_table(*(
        {"analysis": "quality", "stratum": "all", "measure": "missing", "term": "igf1",
         "cohort": name, "estimate": 0.4, "n": 100}
        for name in WOMEN
    ))  # fmt: skip
    found, _ = judged(claim(gates={"missing": 0.3}), study_table(gaps))
    assert found.judgement.reason == (
        "too many people without the analyte (of everybody in the cohorts): 40% > 30%"
    )


# What stands beside a verdict.


def beside(one, table):
    rows = Rows(POOLED)
    add_robustness([judged(one, table)[0]], table, rows, STUDY)
    return rows.table().set_index(["analysis", "measure", "term"]).sort_index()


def test_e_value_p_and_power_are_those_of_the_subset():
    table = study_table()
    found = beside(claim(), table)
    assert found.loc[("e_value", "e_value", "estimate"), "estimate"] > 2
    row = wider_row(pooled(table, "women"), table)
    assert found.loc[("multiplicity", "p_adjusted", ""), "p"] == row["p"]
    rows = Rows(POOLED)
    add_power(rows, [claim(), claim("all")], table, STUDY)
    effects = rows.table().set_index("claim")["estimate"]
    assert effects["women"] > 2 * effects["all"]


def forks(population, *estimates):
    return [
        number(name, y + d, f"{population}|{how}|imputed", analysis="specification",
               term="contrast")
        for how, y in zip(("sds", "log"), estimates, strict=True) for name, d in APART.items()
    ]  # fmt: skip


def test_forks_are_those_of_the_population():
    declared = result_table(*forks("women", -0.6, -0.25), *forks("all", 0.0, 0.0))
    share = beside(claim(), study_table(declared)).loc["fork_agreement", "share", ""]
    assert (share["estimate"], share["n"]) == (0.5, 2)
    # Of everybody the population is one of the choices.
    share = beside(claim("all"), study_table(declared)).loc["fork_agreement", "share", ""]
    assert (share["estimate"], share["n"]) == (0.5, 4)


def test_where_the_forks_do_not_name_the_population_that_is_the_reason():
    found = beside(claim(), study_table(result_table(*forks("all", 0.0, 0.0))))
    assert found.loc[("fork_agreement", "share", ""), "reason"] == (
        "no forks are declared of these people (Women): forks.population does not name them"
    )


def shifts(population, at_zero):
    where = "" if population == "all" else f"{population}|"
    return [
        number(name, at_zero + d + shift, f"{where}{shift:g}", analysis="tipping",
               model="contrast", method="SD: imputed scores of cases are shifted by as much; OLS")
        for name, d in APART.items() for shift in (-1.0, -0.5, 0.0, 0.5, 1.0)
    ]  # fmt: skip


def test_the_tipping_point_is_found_among_shifts_of_the_subset():
    table = study_table(result_table(*shifts("women", -0.7), *shifts("all", 0.01)))
    point = beside(claim(), table).loc["tipping_point", "shift", ""]
    # -0.7 + shift + 1.96 * 0.05 / sqrt(3) > -0.2.
    assert point["estimate"] == pytest.approx(0.5 - 0.001 - 0.0566, abs=1e-3)
    point = beside(claim("all"), table).loc["tipping_point", "shift", ""]
    # 0.011 + shift - 1.645 * 0.05 / sqrt(3) < -0.2 ends the equivalence to nothing.
    assert point["estimate"] == pytest.approx(-0.2 - 0.011 + 0.0475, abs=1e-3)
    alone = study_table(result_table(*shifts("all", 0.01)))
    point = beside(claim(), alone).loc["tipping_point", "shift", ""]
    assert point["reason"] == "its number is not estimated under shifts of imputed scores"


def test_two_claims_that_differ_by_whom_they_are_about_have_two_sets_of_sensitivity_analyses():
    numbers = main_numbers([claim("all"), claim(), claim("women", id="again")], STUDY)
    assert [(one.claim, one.population) for one in numbers] == [
        ("all", "all"), ("women", "women"),
    ]  # fmt: skip


def test_rows_belong_to_the_claim_about_their_people():
    table = study_table()
    for claims in ([claim("all"), claim()], [claim(), claim("all")]):
        linked = link_claims(table, claims)
        owner = linked["claim"].groupby(linked["stratum"]).agg(set).to_dict()
        assert owner["all"] == owner["without a"] == {"all"}
        assert owner["women"] == owner["women|without a"] == {"women"}
    # A claim about women has nothing of everybody; one about everybody has its subsets, if no
    # claim is about these.
    assert set(link_claims(table, [claim()]).set_index("stratum").loc["all", "claim"]) == {""}
    assert set(link_claims(table, [claim("all")]).set_index("stratum").loc["women", "claim"]) == {
        "all"
    }


# Whom it is asked of.


def one_cohort():
    table = people({"control": 60, "mdd": 50})
    return table.assign(bmi=table["bmi"].mask(table.index % 3 == 0))


def test_sizes_and_needs_count_the_subset():
    table, claims = one_cohort(), [claim("all", min_cohorts=1), claim(min_cohorts=1)]
    rows = Rows(POOLED)
    add_sizes(rows, STUDY, claims, {"clinic": table}, {})
    found = results.select(rows.table(), measure="people").set_index("claim")["n"]
    women = table[table["sex"] == "female"]
    assert found.to_dict() == {"all": 110, "women": len(women)}
    told = {name: need["clinic"].text for name, need in
            needs(STUDY, claims, {"clinic": table}, {}).items()}  # fmt: skip
    cases = (women["diagnosis"] == "mdd").sum()
    assert told == {"all": "50 against 60", "women": f"{cases} against {len(women) - cases}"}


def test_a_gap_that_will_be_filled_makes_nobody_a_member_of_a_subset():
    """The run asks rules of what was observed: a BMI that is imputed is not `usual_bmi`."""
    table = one_cohort()
    rows = Rows(POOLED)
    add_sizes(rows, STUDY, [claim("usual_bmi", min_cohorts=1)], {"clinic": table}, {})
    bmi = table["bmi"]
    assert results.select(rows.table(), measure="people")["n"].tolist() == [
        ((bmi >= 18.5) & (bmi < 35)).sum()
    ]


def test_shifts_of_a_subset_are_estimated_among_these_people():
    study = make_study(imputation={"m": 20, "iterations": 2})
    table = people({"control": 150, "mdd": 150}, effects={"mdd": -0.5})
    measured = ["igf1_value", "igf1_ng_ml", "igf1_harmonised_ng_ml", "igf1_sds"]
    table.loc[table.index % 4 == 0, measured] = None
    data = cohort_data(table, study)
    rows = Rows(SOURCE)
    add_shifts(rows, data, [claim("all").estimand, claim().estimand])
    found = rows.table().set_index("stratum")
    assert len(found) == 18
    members = data.members("women").sum()
    assert (found.loc["women|0", "n"], found.loc["0", "n"]) == (members, 300)
    assert found.loc["women|1", "estimate"] > found.loc["women|0", "estimate"]
    alone = Rows(SOURCE)
    add_shifts(alone, data, [claim().estimand])
    same = alone.table().set_index("stratum")["estimate"]
    assert same.equals(found["estimate"].filter(like="women"))
