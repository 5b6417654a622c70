"""A hub pools what may be pooled, and names what forbids it."""

import json

import numpy as np
import pytest
import yaml

from igfmood import results
from igfmood.cli import main
from igfmood.config.claims import Claim
from igfmood.errors import ConfigError, DataError
from igfmood.evidence.judge import ClaimVerdict
from igfmood.evidence.verdict import Judgement
from igfmood.federated.bundle import COLUMNS
from igfmood.federated.hub import pool_bundles
from igfmood.intake import federated_console
from igfmood.results import Rows
from igfmood.synthesis.random_effects import random_effects
from unit.federated.sites import CLAIM, EFFECTS, TEST, changed, make_site


@pytest.fixture
def claims(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"claims": [CLAIM]}), encoding="utf-8")
    return path


def send(tmp_path, name, **changes):
    return make_site(tmp_path, name, **changes).send(tmp_path / f"{name}.json")


def pool(paths, claims, tmp_path):
    return pool_bundles(paths, claims, tmp_path / "results/both")


def refused(paths, claims, tmp_path, match):
    with pytest.raises(ConfigError, match=match):
        pool(paths, claims, tmp_path)
    assert not (tmp_path / "results").exists()


def test_two_sites_are_pooled_and_the_claim_is_judged(tmp_path, claims):
    found = pool([send(tmp_path, "register"), send(tmp_path, "clinic")], claims, tmp_path)
    yi, se = zip(EFFECTS["clinic"], EFFECTS["register"], strict=True)
    expected = random_effects(np.array(yi), np.array(se) ** 2, 0.95)
    table = results.read(tmp_path / "results/both/pooled/results.parquet")
    pooled = results.select(table, cohort="pooled", analysis="contrast", target="depression",
                            stratum="all", term="", measure="smd").iloc[0]  # fmt: skip
    assert pooled["estimate"] == expected.mu
    assert pooled["se"] == expected.se
    assert pooled["n"] == 200
    assert pooled["claim"] == "lower"
    verdicts = json.loads((tmp_path / "results/both/pooled/verdicts.json").read_text("utf-8"))
    assert [one["verdict"] for one in verdicts] == [found.verdicts[0].judgement.verdict]
    assert verdicts[0]["result_ids"] == [pooled["result_id"]]
    assert verdicts[0]["prespecified"] == (
        "register: pre-specified at register; clinic: pre-specified at clinic"
    )
    auc = results.select(table, cohort="pooled", analysis="cross_validation", measure="auc",
                         stratum="all", term="")  # fmt: skip
    assert list(auc["status"]) == ["ok"]


def test_the_order_of_bundles_moves_nothing(tmp_path, claims):
    paths = [send(tmp_path, "clinic"), send(tmp_path, "register")]
    first, second = (
        pool(given, claims, tmp_path).table.drop(columns="inputs") for given in (paths, paths[::-1])
    )
    assert first.equals(second)


def test_a_claim_that_needs_people_is_not_evaluable(tmp_path):
    both = tmp_path / "both.yaml"
    both.write_text(yaml.safe_dump({"claims": [CLAIM, TEST]}), encoding="utf-8")
    paths = [send(tmp_path, name, claims=(CLAIM, TEST)) for name in ("clinic", "register")]
    verdict = pool(paths, both, tmp_path).verdicts[1].judgement
    assert verdict.verdict == "NOT_EVALUABLE"
    assert "a hub has no people" in verdict.reason


def test_what_a_site_withholds_is_not_estimable_at_the_hub(tmp_path, claims):
    few = {"stratum": "women", "n": 101, "n_events": 4}
    paths = [send(tmp_path, name, more=[few]) for name in ("clinic", "register")]
    table = pool(paths, claims, tmp_path).table
    women = table[(table["stratum"] == "women") & (table["analysis"] == "contrast")]
    assert len(women) == 3
    assert (women["status"] == "not_estimable").all()
    assert women["reason"].str.contains("withheld at its site").all()


def test_a_claim_about_a_subset_is_judged_by_its_rows(tmp_path):
    women = {**CLAIM, "id": "women", "estimand": {**CLAIM["estimand"], "population": "women"}}
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"claims": [CLAIM, women]}), encoding="utf-8")
    paths = [
        send(tmp_path, name, claims=(CLAIM, women), more=[
            {"stratum": "women", "estimate": y, "se": 0.1, "n": 60, "n_events": 25}
        ])
        for name, y in (("clinic", 0.495), ("register", 0.505))
    ]  # fmt: skip
    found = pool(paths, path, tmp_path)
    table = found.table[found.table["cohort"] == "pooled"]
    mine = results.select(table, stratum="women", analysis="contrast", measure="smd", term="")
    expected = random_effects(np.array([0.495, 0.505]), np.array([0.1, 0.1]) ** 2, 0.95)
    assert mine["estimate"].item() == expected.mu
    everybody, among_women = found.verdicts
    assert among_women.result_ids == (mine["result_id"].item(),)
    assert among_women.judgement.verdict == "REFUTED"
    assert everybody.judgement.verdict != "REFUTED"
    assert set(mine["claim"]) == {"women"}


def test_the_same_name_twice_is_refused(tmp_path, claims):
    paths = [send(tmp_path / place, "clinic", inputs=data)
             for place, data in _places(tmp_path)]  # fmt: skip
    refused(paths, claims, tmp_path, "share the name 'clinic': rename one")


def _places(tmp_path):
    for place, data in (("a", "0" * 12), ("b", "1" * 12)):
        (tmp_path / place).mkdir()
        yield place, data


def test_the_same_tables_twice_are_refused(tmp_path, claims):
    paths = [send(tmp_path, name, inputs="da7ada7ada7a") for name in ("clinic", "register")]
    refused(paths, claims, tmp_path, r"come from the same tables \(digest da7ada7ada7a\)")


def test_cohorts_that_share_people_are_refused(tmp_path, claims):
    paths = [send(tmp_path, "clinic", overlaps=["register"]), send(tmp_path, "register")]
    refused(paths, claims, tmp_path, "hold some of the same people")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"gates": {"group_size": 12}}, "differ in gates.group_size 10 → 12"),
        ({"level": 0.9}, "differ in level 0.95 → 0.9"),
        ({"seed": 7}, "differ in seed 1 → 7"),
        ({"disclosure": {"min_cell": 5}}, "differ in disclosure.min_cell 10 → 5"),
        ({"synthetic": True}, "differ in synthetic false → true"),
        ({"covariate_tiers": {"unadjusted": [], "adjusted": ["age_years"]}}, "covariate_tiers"),
    ],
)  # fmt: skip
def test_a_disagreeing_configuration_is_named(tmp_path, claims, changes, match):
    paths = [send(tmp_path, "clinic"), send(tmp_path, "register", **changes)]
    refused(paths, claims, tmp_path, match)


def test_other_names_of_studies_and_errors_rates_are_only_told(tmp_path, claims):
    other = {"study": "elsewhere", "operating": {"worlds": 0}}
    paths = [send(tmp_path, "clinic"), send(tmp_path, "register", **other)]
    assert any(note.startswith("study differs") for note in pool(paths, claims, tmp_path).notes)


def test_other_claims_are_named(tmp_path, claims):
    softer = {**CLAIM, "margin": 0.05}
    paths = [send(tmp_path, "clinic"), send(tmp_path, "register", claims=(softer,))]
    refused(paths, claims, tmp_path, "claims of .*register.json are not .*lower.margin 0.05 → 0.2")


def test_other_code_is_named(tmp_path, claims):
    good = send(tmp_path, "clinic")
    other = make_site(tmp_path, "register").bundle()
    path = tmp_path / "register.json"
    path.write_text(json.dumps(changed(other, code={"association": "beefbeefbeef"})))
    refused([good, path], claims, tmp_path, "the code of association: c0dec0dec0de")


def test_a_number_of_people_below_the_limit_is_refused(tmp_path, claims):
    bundle = make_site(tmp_path, "clinic").bundle()
    rows = [list(row) for row in bundle.rows]
    place = next(i for i, row in enumerate(rows) if row[COLUMNS.index("n")] is not None)
    rows[place][COLUMNS.index("n")] = 4
    path = tmp_path / "clinic.json"
    path.write_text(json.dumps(changed(bundle, rows=rows)))
    with pytest.raises(DataError, match="n below 10: the site lets out no such number"):
        pool([path], claims, tmp_path)


def test_a_row_that_is_there_twice_is_refused(tmp_path, claims):
    bundle = make_site(tmp_path, "clinic").bundle()
    path = tmp_path / "clinic.json"
    path.write_text(json.dumps(changed(bundle, rows=[*bundle.rows, bundle.rows[0]])))
    with pytest.raises(DataError, match="results with the same keys"):
        pool([path], claims, tmp_path)


def test_a_folder_of_a_study_is_not_written_over(tmp_path, claims):
    paths = [send(tmp_path, "clinic"), send(tmp_path, "register")]
    (tmp_path / "results/both/pooled").mkdir(parents=True)
    with pytest.raises(ConfigError, match="holds the results of a study"):
        pool(paths, claims, tmp_path)


@pytest.mark.parametrize("name", ["a b", "..."])
def test_a_folder_that_is_no_name_is_refused(tmp_path, claims, name):
    with pytest.raises(ConfigError, match="allowed: letters, digits"):
        pool_bundles([send(tmp_path, "clinic")], claims, tmp_path / name)


def test_a_bundle_named_twice_is_told(tmp_path, claims):
    path = send(tmp_path, "clinic")
    with pytest.raises(ConfigError, match="a bundle is named twice"):
        pool([path, path], claims, tmp_path)


def test_the_command_prints_verdicts(tmp_path, claims, capsys):
    paths = [str(send(tmp_path, name)) for name in ("clinic", "register")]
    command = ["hub", *paths, "--claims", str(claims), "-o", str(tmp_path / "results/both")]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "lower" in printed
    assert "verdicts.json" in printed
    assert main(command) == 0  # its own results may be written over


def test_the_console_shows_both_terms_of_a_claim_that_rests_on_two():
    rows = Rows(results.Source("both", results.POOLED, 7, "c0de", "da7a"))
    keys = {"analysis": "tails", "target": "depression", "measure": "log_or", "stratum": "all"}
    for term, estimate in (("low", 0.6), ("high", -0.4)):
        rows.add(**keys, term=term, estimate=estimate, ci_low=estimate - 0.1,
                 ci_high=estimate + 0.1)  # fmt: skip
    table = rows.table()
    estimand = {**keys, "term": "low", "also": "high", "adjustment": "adjusted"}
    del estimand["stratum"]
    claim = Claim.model_validate(
        {**CLAIM, "statement": "Both go with it.", "estimand": estimand, "direction": "higher"}
    )
    judged = ClaimVerdict(claim, Judgement("REFUTED", "so it is"), tuple(table["result_id"]))
    shown = "low: 0.60 (0.50 to 0.70)\nhigh: -0.40 (-0.50 to -0.30)"
    assert federated_console._result(judged, table) == shown
    # Of a claim that is not evaluable the one term stands that fell short.
    short = ClaimVerdict(claim, judged.judgement, tuple(table["result_id"][1:]))
    assert federated_console._result(short, table) == "high: -0.40 (-0.50 to -0.30)"
    low = claim.model_copy(update={"estimand": claim.estimand.model_copy(update={"also": ""})})
    one = ClaimVerdict(low, judged.judgement, tuple(table["result_id"][:1]))
    assert federated_console._result(one, table) == "0.60 (0.50 to 0.70)"
