"""What leaves a site: pooled numbers with all digits, people rounded, and nothing of few people."""

import json
import math

import pytest

from igfmood.cli import main
from igfmood.errors import ConfigError, DataError
from igfmood.federated.bundle import read_bundle
from igfmood.federated.site import pack
from igfmood.report.small_cells import tail_cells
from unit.federated.sites import CLAIM, EFFECTS, make_site

TAIL = {
    "analysis": "tails", "model": "tails", "adjustment": "unadjusted", "measure": "log_or",
    "n": 500, "n_events": 200,
}  # fmt: skip


@pytest.fixture
def site(tmp_path):
    return make_site(tmp_path, "clinic")


def row(bundle, **keys):
    table = bundle.table()
    for name, value in keys.items():
        table = table[table[name] == value]
    return table.iloc[0]


def test_estimates_keep_every_digit_and_people_are_rounded(site):
    found = row(site.bundle(), analysis="contrast", target="depression")
    assert (found["estimate"], found["se"]) == EFFECTS["clinic"]
    assert (found["n"], found["n_events"]) == (100, 50)
    assert found["method"] == "OLS"


def test_what_is_not_pooled_is_rounded(site):
    bundle = site.bundle()
    assert row(bundle, term="age_years", stratum="mdd")["estimate"] == 41.23
    assert row(bundle, term="people", stratum="mdd")["estimate"] == 50
    # Four of 101 lack the analyte: nobody learns more than that it is fewer than ten.
    assert row(bundle, analysis="quality")["estimate"] == 0.09


def test_reasons_hold_no_small_count(site):
    found = row(site.bundle(), target="bipolar")
    assert found["status"] == "not_estimable"
    assert found["reason"] == "too few cases (bipolar): <10, needs 10"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"stratum": "women", "n": 101, "n_events": 4}, "fewer than 10 people, cases or others"),
        ({"stratum": "women", "n": 101, "n_events": 96}, "fewer than 10 people, cases or others"),
        ({"stratum": "women", "n": 8, "n_events": 0}, "fewer than 10 people, cases or others"),
        ({"stratum": "complete_cases", "n": 97, "n_events": 45}, "of another row but for fewer"),
        ({"stratum": "complete_cases", "n": 85, "n_events": 40}, "of another row but for fewer"),
    ],
)  # fmt: skip
def test_a_number_of_few_people_stays(tmp_path, more, reason):
    found = row(make_site(tmp_path, "clinic", more=[more]).bundle(), stratum=more["stratum"])
    assert found["status"] == "withheld"
    assert reason in found["reason"]
    assert found[["estimate", "se", "ci_low", "n", "n_events"]].isna().all()


def test_a_fork_of_a_population_but_for_a_few_stays(tmp_path):
    fork = {"analysis": "specification", "model": ""}
    sizes = {"all|sds|imputed": (101, 45), "ad_free|sds|imputed": (60, 25),
             "ad_free|sds|complete_cases": (57, 25)}  # fmt: skip
    more = [{**fork, "stratum": name, "n": n, "n_events": events}
            for name, (n, events) in sizes.items()]  # fmt: skip
    bundle = make_site(tmp_path, "clinic", more=more).bundle()
    assert [row(bundle, stratum=name)["status"] for name in sizes] == ["ok", "ok", "withheld"]


@pytest.mark.parametrize(
    ("inner", "status"),
    [
        ((56, 24), "withheld"),  # 4 people fewer, 1 of them a case
        ((60, 25), "ok"),  # the same people as far as sizes tell
        ((37, 12), "ok"),  # 13 cases and 10 others fewer
        ((56, 27), "ok"),  # fewer people but more cases: not within the other
    ],
)
def test_a_subset_within_another_but_for_a_few_stays(tmp_path, inner, status):
    more = [
        {"stratum": "ad_free", "n": 60, "n_events": 25},
        {"stratum": "euthymic", "n": inner[0], "n_events": inner[1]},
    ]
    bundle = make_site(tmp_path, "clinic", more=more).bundle()
    assert row(bundle, stratum="ad_free")["status"] == "ok"
    assert row(bundle, stratum="euthymic")["status"] == status


def test_a_number_of_half_the_people_leaves(tmp_path):
    more = {"stratum": "women", "n": 51, "n_events": 22}
    found = row(make_site(tmp_path, "clinic", more=[more]).bundle(), stratum="women")
    assert (found["status"], found["n"]) == ("ok", 50)


def test_net_benefit_over_a_small_cell_stays(tmp_path):
    benefit = {"analysis": "cross_validation", "model": "logistic", "adjustment": "base"}
    more = [
        {**benefit, "term": "at 0.1", "measure": "net_benefit", "estimate": 0.41234567},
        {**benefit, "term": "at 0.1", "measure": "smallest_cell", "estimate": 12},
        {**benefit, "term": "at 0.2", "measure": "net_benefit"},
        {**benefit, "term": "at 0.2", "measure": "smallest_cell", "estimate": 3},
        {**benefit, "term": "at 0.3", "measure": "net_benefit"},
    ]
    bundle = make_site(tmp_path, "clinic", more=more).bundle()
    assert row(bundle, term="at 0.1")["estimate"] == 0.4123
    assert row(bundle, term="at 0.2")["status"] == "withheld"
    assert row(bundle, term="at 0.3")["status"] == "withheld"  # its cells are not known
    assert "smallest_cell" not in set(bundle.table()["measure"])


def table_of(a, b, c, d):
    return {"estimate": math.log(a * d / (b * c)), "se": math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)}


def test_cells_of_a_tail_follow_from_an_odds_ratio_and_its_error():
    cells = (30, 170, 30, 240)  # cases in the tail, in the middle; others
    found = tail_cells({**table_of(*cells), "n": 500, "n_events": 200})
    assert found == pytest.approx(cells)


@pytest.mark.parametrize(("cases", "leaves"), [(30, True), (4, False)])
def test_a_tail_with_few_people_stays_where_nothing_is_adjusted_for(tmp_path, cases, leaves):
    cells = table_of(cases, 200 - cases, 30, 240)
    more = [
        {**TAIL, **cells, "term": "low"}, {**TAIL, "term": "excess"},
        {**TAIL, **cells, "term": "low", "adjustment": "adjusted"},
    ]  # fmt: skip
    bundle = make_site(tmp_path, "clinic", more=more).bundle()
    for term in ("low", "excess"):
        found = row(bundle, term=term, adjustment="unadjusted")
        assert (found["status"] == "ok") == leaves
    assert row(bundle, term="low", adjustment="adjusted")["status"] == "ok"


def test_what_is_not_named_stays(tmp_path):
    more = [{"analysis": name, "measure": "count", "estimate": 40}
            for name in ("flow", "roc_curve", "overlap", "imputation", "prevalence")]  # fmt: skip
    bundle = make_site(tmp_path, "clinic", more=more).bundle()
    assert {"flow", "roc_curve", "overlap", "imputation", "prevalence"}.isdisjoint(
        bundle.table()["analysis"]
    )


def test_the_same_study_makes_the_same_bytes_and_they_are_read_back(site, tmp_path):
    first, second = site.send(tmp_path / "a.json"), site.send(tmp_path / "b.json")
    assert first.read_bytes() == second.read_bytes()
    assert read_bundle(first) == site.bundle()


def test_no_path_of_the_site_is_in_a_bundle(site, tmp_path):
    text = site.send(tmp_path / "a.json").read_text("utf-8")
    assert "clinic.csv" not in text
    assert str(tmp_path) not in text
    assert set(json.loads(text)["analysis"]).isdisjoint({"cohorts", "genetics"})


def test_a_folder_without_a_finished_study_is_told(tmp_path):
    with pytest.raises(DataError, match=r"has no config.used.yaml, .*finished run"):
        pack(tmp_path)


def test_an_unknown_cohort_is_told(site):
    with pytest.raises(DataError, match="'clinik' is no cohort of the study"):
        pack(site.folder, "clinik", site.claims)


def test_claims_of_another_run_are_told(tmp_path):
    site = make_site(tmp_path, "clinic", statement="It was lower before.")
    with pytest.raises(ConfigError, match="other claims than the run"):
        site.bundle()
    with pytest.raises(ConfigError, match="name the claims file with --claims"):
        pack(site.folder)


def test_a_cohort_left_out_of_pooling_is_sent_only_when_asked_for(tmp_path):
    site = make_site(tmp_path, "clinic")
    decision = {"left_out": {"clinic": "same people"}, "pairs": []}
    (site.folder / "pooled/overlap.json").write_text(json.dumps(decision))
    with pytest.raises(DataError, match="left out of pooling: same people"):
        site.bundle()
    assert pack(site.folder, "clinic", site.claims).bundle.cohorts[0].name == "clinic"


def test_the_command_prints_what_leaves_and_lists_a_bundle(site, tmp_path, capsys):
    path = tmp_path / "out/bundle.json"
    command = ["site", str(site.folder), "--claims", str(site.claims), "-o", str(path)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "pooled estimates" in printed
    assert "No rows of people and no ids" in printed
    assert main(["site", str(path), "--list"]) == 0
    assert "pooled estimates" in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["-o", "bundle.zip"]])
def test_a_file_to_write_is_json_and_has_a_name(site, options, capsys):
    assert main(["site", str(site.folder), "--claims", str(site.claims), *options]) == 1
    assert "json" in capsys.readouterr().err


def test_the_claims_travel(site):
    assert site.bundle().claims["lower"].content["margin"] == 0.2
    assert site.bundle().prespecified == {"lower": "pre-specified at clinic"}
    assert CLAIM["id"] == "lower"
