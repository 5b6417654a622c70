"""What stands in a cell or a label steers no terminal and makes no line of a log."""

import doctest
import io
import logging
import sys

import pytest

from igfmood import visible as module
from igfmood.cli import main
from igfmood.cohort.quarantine import shown
from igfmood.errors import DataError
from igfmood.intake.console import console, plain_table
from igfmood.jobs import log, logged, or_record
from igfmood.visible import VisibleStream, indented, one_line, visible

#: Colours, clears the screen, sets the title, goes back, turns text round, begins lines.
HOSTILE = "\x1b[31m\x1b[2J\x1b]0;own\x07\r\x9b5n\u202etxt\u2066\u2028\x00"
FORGED = f"x{HOSTILE}\nERROR forged\nlog: elsewhere"


@pytest.fixture(autouse=True)
def restored_logging():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def steers(text: str) -> list[str]:
    return [one for one in text if one in HOSTILE and not (one.isascii() and one.isprintable())]


def test_the_examples_hold() -> None:
    assert doctest.testmod(module).failed == 0


def test_every_character_that_steers_is_written_out_and_nothing_else() -> None:
    assert steers(HOSTILE)
    assert steers(visible(HOSTILE)) == []
    plain = "IGF‑1 ≥ 30 ng/mL, Tunçel – «é» 王\u00a0%\n\tindented"
    assert visible(plain) == plain
    assert visible("\x1b") == r"\x1b"
    assert one_line("a\nb\tc") == r"a\nb\tc"
    assert indented("a\nb") == "a\n  b"


def test_a_stream_takes_visible_text_only() -> None:
    under = io.StringIO()
    print(FORGED, file=VisibleStream(under))
    assert steers(under.getvalue()) == []


def test_a_log_line_is_one_line_whatever_it_quotes(tmp_path) -> None:
    path = tmp_path / "job.log"
    with logged(path):
        log.warning("value %s", FORGED)
        print(f"printed {HOSTILE}")
        print(f"complained {HOSTILE}", file=sys.stderr)
    text = path.read_text(encoding="utf-8")
    assert steers(text) == []
    assert text.splitlines()[0].startswith("WARNING value x")
    assert not any(line.startswith(("ERROR", "log:")) for line in text.splitlines())


def test_the_message_of_a_failed_job_forges_no_line(tmp_path, capfd) -> None:
    path = tmp_path / "job.log"
    with pytest.raises(SystemExit), logged(path):
        raise DataError(f"cannot read {FORGED}")
    said = capfd.readouterr().err
    for text in (said, path.read_text(encoding="utf-8")):
        assert steers(text) == []
        assert not any(line.startswith("ERROR") for line in text.splitlines())
    assert [line for line in said.splitlines() if line.startswith("log:")] == [f"log: {path}"]


def test_the_reason_of_a_failed_cohort_is_one_visible_line() -> None:
    reasons: list[str] = []

    def work() -> None:
        raise DataError(f"cannot read {FORGED}")

    or_record(work, reasons.append)
    assert steers(reasons[0]) == []
    assert "\n" not in reasons[0]


def test_a_command_says_its_error_visibly(capsys, tmp_path) -> None:
    assert main(["lock", str(tmp_path / f"{HOSTILE.replace(chr(0), '')}.yaml")]) == 1
    assert steers(capsys.readouterr().err) == []


def test_a_console_shows_texts_and_cells_visibly_and_no_markup() -> None:
    from rich.markup import escape

    under = io.StringIO()
    out = console(under)
    table = plain_table("title", "column", wide="column")
    table.add_row(escape(f"[red]{HOSTILE}[/red]"))
    out.print(table)
    out.print(f"[red]{HOSTILE}", markup=False)
    text = under.getvalue()
    assert steers(text) == []
    assert text.count("[red]") == 2


def test_a_quarantined_cell_is_no_formula_and_steers_nothing() -> None:
    assert shown('=HYPERLINK("http://x")') == '\'=HYPERLINK("http://x")'
    assert steers(shown(f"-{HOSTILE}")) == []
    assert shown("-5") == "-5"
