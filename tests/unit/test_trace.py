"""Where a number came from."""

from dataclasses import replace

import pytest

from builders import SOURCE
from igfmood import results
from igfmood.errors import DataError
from igfmood.results import Rows
from igfmood.trace import trace


@pytest.fixture
def study(tmp_path):
    rows = Rows(SOURCE)
    rows.add(analysis="contrast", measure="smd", estimate=-0.4, n=80, method="OLS")
    rows.add_not_estimable("too few", analysis="contrast", measure="other")
    path = tmp_path / "demo" / "pooled" / "results.parquet"
    results.write(rows.table(), path)
    return path, rows.table()["result_id"]


def test_a_number_is_traced_to_its_value_code_inputs_and_files(study):
    path, ids = study
    lines = dict(line.split(maxsplit=1) for line in trace(ids[0], path).splitlines())
    assert lines["estimate"] == "-0.4"
    assert (lines["method"], lines["code"], lines["inputs"]) == ("OLS", "c0de", "da7a")
    assert lines["table"] == str(path)
    assert lines["config"] == str(path.parents[1] / "config.used.yaml")
    assert "se" not in lines
    assert "claim" not in lines


def test_what_was_not_estimable_is_traced_with_its_reason(study):
    path, ids = study
    text = trace(ids[1], path)
    assert "too few" in text
    assert "estimate" not in [line.split()[0] for line in text.splitlines()]


def test_a_pooled_number_is_traced_to_those_of_the_cohorts(tmp_path):
    keys = {"analysis": "contrast", "target": "depression", "measure": "smd", "stratum": "all"}
    tables = []
    for cohort, value in (("a", -0.4), (results.POOLED, -0.3)):
        rows = Rows(replace(SOURCE, cohort=cohort))
        rows.add(**keys, estimate=value, ci_low=value - 0.1, ci_high=value + 0.1, n=1080)
        rows.add(**keys, term="low", estimate=99)
        tables.append(rows.table())
    rows = Rows(replace(SOURCE, cohort=results.POOLED))
    rows.add(**keys, term="prediction_interval", estimate=-0.3)
    rows.add(**{**keys, "measure": "tau2"}, term="smd", estimate=0.01)
    rows.add(**{**keys, "stratum": "without a"}, estimate=-0.2)
    tables.append(rows.table())
    rows = Rows(replace(SOURCE, cohort="b"))
    rows.add_not_estimable("too few", **keys)
    path = tmp_path / "results.parquet"
    table = results.concatenate([*tables, rows.table()])
    results.write(table, path)
    ids = table.set_index(["cohort", "measure", "term", "stratum"])["result_id"].to_dict()

    def parts(*of):
        found = trace(ids[of], path).splitlines()
        return [line.split(maxsplit=2)[2] for line in found if line.startswith("in cohort ")]

    of_a = f"a ({ids['a', 'smd', '', 'all']}): -0.4 (-0.5 to -0.3), n = 1,080"
    of_b = f"b ({ids['b', 'smd', '', 'all']}): too few"
    pooled = results.POOLED
    assert parts(pooled, "smd", "", "all") == [of_a, of_b]
    assert parts(pooled, "smd", "prediction_interval", "all") == [of_a, of_b]
    assert parts(pooled, "tau2", "smd", "all") == [of_a, of_b]
    assert parts(pooled, "smd", "", "without a") == [of_b]
    assert parts("a", "smd", "", "all") == []


def test_a_folder_of_studies_is_searched_whole(study, tmp_path):
    path, ids = study
    results.write(results.read(path), tmp_path / "other" / "pooled" / "results.parquet")
    assert trace(ids[0], tmp_path).count("-0.4") == 2


@pytest.mark.parametrize("where", ["", "nowhere"])
def test_without_results_the_remedy_is_told(tmp_path, where):
    with pytest.raises(DataError, match="run the workflow, or give --results"):
        trace("abc", tmp_path / where)


def test_an_unknown_number_names_the_files_searched_and_where_ids_stand(study):
    path, _ = study
    with pytest.raises(DataError, match=r"no result 'abc' in .*results\.parquet: an id is 12 dig"):
        trace("abc", path)
