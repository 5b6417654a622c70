"""The command line: what it does, and one clear message where it cannot."""

import pytest

from builders import SOURCE
from igfmood import __version__, results
from igfmood.cli import main
from igfmood.document import BEGIN, END, json_schema, parameter_table
from igfmood.results import Rows


def test_version_and_help_name_the_program(capsys):
    for flag, told in (("--version", f"igfmood {__version__}"), ("--help", "trace")):
        with pytest.raises(SystemExit) as caught:
            main([flag])
        assert caught.value.code == 0
        assert told in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["dream"], ["trace"], ["simulate", "--seed", "x"]])
def test_a_wrong_command_says_how_it_is_used(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: igfmood" in capsys.readouterr().err


def test_trace_prints_a_number(tmp_path, capsys):
    rows = Rows(SOURCE)
    rows.add(analysis="contrast", measure="smd", estimate=-0.4)
    path = tmp_path / "demo" / "pooled" / "results.parquet"
    results.write(rows.table(), path)
    key = rows.table()["result_id"][0]
    assert main(["trace", key, "--results", str(tmp_path)]) == 0
    assert "-0.4" in capsys.readouterr().out
    assert main(["trace", "abc", "--results", str(path)]) == 1
    assert capsys.readouterr().err.startswith("igfmood: no result 'abc'")


def test_trace_of_a_file_that_holds_no_results_is_told(tmp_path, capsys):
    (tmp_path / "x.parquet").write_text("text")
    assert main(["trace", "abc", "--results", str(tmp_path / "x.parquet")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_schema_writes_the_schema_and_the_table_between_its_marks(tmp_path, capsys):
    readme = tmp_path / "README.md"
    readme.write_text(f"# Settings\n{BEGIN}\n{END}\nend\n", encoding="utf-8")
    assert main(["schema", str(tmp_path)]) == 0
    assert "up to date" in capsys.readouterr().out
    assert parameter_table() in readme.read_text(encoding="utf-8")
    assert readme.read_text(encoding="utf-8").endswith("\nend\n")
    assert (tmp_path / "config.schema.json").read_text(encoding="utf-8") == json_schema()


def test_schema_without_a_readme_or_its_marks_is_told(tmp_path, capsys):
    assert main(["schema", str(tmp_path)]) == 1
    assert "README.md" in capsys.readouterr().err
    (tmp_path / "README.md").write_text("# Settings\n")
    assert main(["schema", str(tmp_path)]) == 1
    assert "marks" in capsys.readouterr().err
    assert not (tmp_path / "config.schema.json").exists()


def test_simulate_writes_where_it_is_told_with_the_seed_it_is_given(tmp_path, monkeypatch, capsys):
    from igfmood import simulate

    asked = []
    monkeypatch.setattr(
        simulate, "write_default_study", lambda *given: asked.append(given) or [given[0] / "a.csv"]
    )
    assert main(["simulate", str(tmp_path)]) == 0
    assert main(["simulate", str(tmp_path), "--seed", "0"]) == 0
    assert main(["simulate", str(tmp_path), "--scale", "5000"]) == 0
    assert asked == [
        (tmp_path, simulate.DEFAULT_SEED, None), (tmp_path, 0, None),
        (tmp_path, simulate.DEFAULT_SEED, 5000),
    ]  # fmt: skip
    assert "a.csv" in capsys.readouterr().out


def test_simulate_does_not_replace_the_default_study_by_one_of_another_size(capsys):
    assert main(["simulate", "--scale", "5000"]) == 1
    assert "--scale needs a folder" in capsys.readouterr().err
