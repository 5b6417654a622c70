"""The command line: what is done beside a run of the workflow.

Takes arguments; gives a study file to start from, its check, its lock, synthetic cohorts, the
origin of a number, what moved between two runs, risks of a frozen model, bundles of a site and
their synthesis, the schema.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from igfmood import __version__
from igfmood.errors import ConfigError, IgfmoodError
from igfmood.files import write_text
from igfmood.intake.analytes import ANALYTES
from igfmood.visible import visible


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 with one clear message (2: wrong usage)."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except (IgfmoodError, OSError) as error:
        print(f"igfmood: {visible(str(error))}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="igfmood", description="Is serum IGF-1 a biomarker of depression or bipolar disorder?"
    )
    parser.add_argument("--version", action="version", version=f"igfmood {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    init = commands.add_parser(
        "init", help="recognise tables and write a commented study file to start from"
    )
    init.add_argument("tables", type=Path, nargs="+", metavar="TABLE", help="tables of people")
    init.add_argument("-o", "--output", type=Path, help="default: config/<study>.yaml")
    init.add_argument("--name", default="", help="name of the cohort; default: the file's")
    init.add_argument("--study", default="", help="name of the study; default: the output's")
    init.add_argument(
        "--analyte", choices=list(ANALYTES), default="igf1",
        help="substance under study (default: igf1)",
    )  # fmt: skip
    init.add_argument("--force", action="store_true", help="write over a file that is there")
    init.set_defaults(run=_init)

    check = commands.add_parser("check", help="read a study's tables and tell every problem")
    check.add_argument("config", type=Path, metavar="CONFIG", help="study file")
    check.add_argument("--data-root", help="folder of the tables, instead of the file's")
    check.set_defaults(run=_check)

    lock = commands.add_parser(
        "lock", help="fix a study's claims and analysis before outcomes are read"
    )
    lock.add_argument("config", type=Path, metavar="STUDY.yaml", help="study file")
    lock.add_argument(
        "-o", "--output", type=Path,
        help="default: the study's key `lock`, else <study>.lock.json beside the study file",
    )  # fmt: skip
    lock.add_argument("--data-root", help="folder of the tables, instead of the file's")
    lock.set_defaults(run=_lock)

    simulate = commands.add_parser(
        "simulate", help="make the synthetic cohorts of the default study"
    )
    simulate.add_argument(
        "folder",
        type=Path,
        nargs="?",
        help="default: data_synthetic; with --scale it must be given",
    )
    simulate.add_argument("--seed", type=int, help="seed; the default makes the committed files")
    simulate.add_argument(
        "--scale", type=int, metavar="PEOPLE",
        help="people in each cohort, such as 100000; the default makes cohorts of 180 to 1,500",
    )  # fmt: skip
    simulate.set_defaults(run=_simulate)

    trace = commands.add_parser("trace", help="print where a number of the report came from")
    trace.add_argument("result_id", help="identifier shown with the number in the report")
    trace.add_argument(
        "--results", type=Path, default=Path("results"),
        help="a results.parquet, or a folder with studies (default: results)",
    )  # fmt: skip
    trace.set_defaults(run=_trace)

    _add_compare(commands)
    _add_apply(commands)
    _add_site_and_hub(commands)

    schema = commands.add_parser(
        "schema", help="write schema and parameter table of the configuration"
    )
    schema.add_argument("folder", type=Path, nargs="?", default=Path("config"))
    schema.set_defaults(run=_schema)
    return parser


def _add_compare(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    compare = commands.add_parser(
        "compare", help="say what moved between two runs, and why",
        description="Ends with 0 if nothing moved, 1 if something did, 2 if the runs could not be "
        "compared. Numbers are the same if they differ by no more than the tolerance.",
    )  # fmt: skip
    compare.add_argument("first", type=Path, metavar="RUN_A", help="results/<study> of one run")
    compare.add_argument("second", type=Path, metavar="RUN_B", help="results/<study> of another")
    compare.add_argument("--json", type=Path, metavar="FILE", help="write everything to this file")
    compare.add_argument(
        "--tolerance", type=float, metavar="SHARE",
        help="share of the larger number (default: 1e-8)",
    )  # fmt: skip
    compare.set_defaults(run=_compare)


def _add_apply(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    apply = commands.add_parser(
        "apply", help="give the people of a new table the risks of a frozen model",
        description="Columns of TABLE: age_years, sex (female, male), igf1_value and igf1_unit "
        "(with another analyte its name; not for a model without it), the model's covariates by "
        "their names (bmi, smoking, crp …; empty cells are filled in); igf1_batch, igf1_below_lod, "
        "igf1_lod and the outcome (diagnosis, phq9_total, response …) where known. One row a "
        "person. With --config, the study file's entry says what the columns mean.",
    )  # fmt: skip
    apply.add_argument(
        "model", type=Path, metavar="MODEL", help="release/models/<task>/<tier>.json"
    )
    apply.add_argument("table", type=Path, metavar="TABLE", help="table of people")
    apply.add_argument(
        "-o", "--output", type=Path, help="file of the scores; default: <table>_scored.csv, here"
    )
    apply.add_argument("--config", type=Path, help="study file that describes the table")
    apply.add_argument(
        "--cohort", help="cohort of the study file that describes the table; without --config, the "
        "cohort of the model whose people and assay these are (default: new people)",
    )  # fmt: skip
    apply.set_defaults(run=_apply)


def _add_site_and_hub(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    site = commands.add_parser(
        "site", help="write what a site sends to a hub: aggregates, no rows of people",
        description="Prints what leaves the house: read it before you send the file.",
    )  # fmt: skip
    site.add_argument(
        "results", type=Path, metavar="RESULTS_DIR", help="results/<study>; with --list a bundle"
    )
    site.add_argument(
        "--cohort", metavar="NAME", help="this cohort alone; default: all pooled ones"
    )
    site.add_argument("--claims", type=Path, help="claims of the run; default: the study file's")
    site.add_argument("-o", "--output", type=Path, metavar="BUNDLE.json", help="file to write")
    site.add_argument(
        "--list", action="store_true", help="print what is in a bundle, write nothing"
    )
    site.set_defaults(run=_site)

    hub = commands.add_parser("hub", help="pool the bundles of several sites and judge the claims")
    hub.add_argument("bundles", type=Path, nargs="+", metavar="BUNDLE", help="of `igfmood site`")
    hub.add_argument("--claims", type=Path, required=True, help="claims file, that of the sites")
    hub.add_argument(
        "-o", "--output", type=Path, required=True, metavar="RESULTS_DIR", help="results/<name>"
    )
    hub.set_defaults(run=_hub)


def _init(options: argparse.Namespace) -> None:
    from igfmood.intake.console import console, show_draft
    from igfmood.intake.init import draft

    drafted = draft(
        options.tables, options.analyte, options.name, options.study, options.output
    )  # fmt: skip
    drafted.write(options.force)
    show_draft(drafted, console())


def _check(options: argparse.Namespace) -> int:
    from igfmood.intake.check import check
    from igfmood.intake.check_console import show_checked
    from igfmood.intake.console import console

    checked = check(options.config, options.data_root)
    show_checked(checked, console())
    return 1 if checked.errors else 0


def _lock(options: argparse.Namespace) -> None:
    from igfmood.intake.lock import lock_study, told

    print("\n".join(told(lock_study(options.config, options.output, options.data_root))))


def _simulate(options: argparse.Namespace) -> None:
    from igfmood.simulate import DEFAULT_SEED, write_default_study

    seed = DEFAULT_SEED if options.seed is None else options.seed
    if options.folder is None and options.scale is not None:
        raise ConfigError(
            "--scale needs a folder: without one the files of the default study would be replaced"
        )
    folder = options.folder or Path("data_synthetic")
    for path in write_default_study(folder, seed, options.scale):
        print(path)


def _trace(options: argparse.Namespace) -> None:
    from igfmood.trace import trace

    print(trace(options.result_id, options.results))


def _compare(options: argparse.Namespace) -> int:
    from igfmood.compare import TOLERANCE, compare
    from igfmood.intake.compare_console import show_compared
    from igfmood.intake.console import console

    tolerance = TOLERANCE if options.tolerance is None else options.tolerance
    try:
        found = compare(options.first, options.second, tolerance)
        if options.json:
            write_text(found.as_json(), options.json)
    except (IgfmoodError, OSError) as error:
        print(f"igfmood: {visible(str(error))}", file=sys.stderr)
        return 2
    show_compared(found, console())
    return 1 if found.anything_moved else 0


def _apply(options: argparse.Namespace) -> int:
    from igfmood.errors import DataError
    from igfmood.intake.apply_console import show_applied
    from igfmood.intake.console import console
    from igfmood.performance.frozen.apply import apply_model

    output = options.output or Path(f"{options.table.name.split('.')[0]}_scored.csv")
    applied = apply_model(options.model, options.table, output, options.config, options.cohort)
    show_applied(applied, console())
    if applied.scored.people.empty:
        raise DataError(f"nobody in {options.table} could be scored: see {applied.files[1]}")
    return 0


def _site(options: argparse.Namespace) -> None:
    from igfmood.federated.bundle import read_bundle, write_bundle
    from igfmood.federated.site import pack
    from igfmood.intake.console import console
    from igfmood.intake.federated_console import show_bundle, show_packed

    if options.list:
        show_bundle(read_bundle(options.results), options.results, console())
        return
    if options.output is None:
        raise ConfigError("name the file to write: -o bundle.json (or --list a bundle)")
    packed = pack(options.results, options.cohort, options.claims)
    write_bundle(packed.bundle, options.output)
    show_packed(packed, options.output, console())


def _hub(options: argparse.Namespace) -> None:
    from igfmood.federated.hub import pool_bundles
    from igfmood.intake.console import console
    from igfmood.intake.federated_console import show_hub

    show_hub(pool_bundles(options.bundles, options.claims, options.output), console())


def _schema(options: argparse.Namespace) -> None:
    from igfmood.document import json_schema, with_parameters

    readme = options.folder / "README.md"
    write_text(with_parameters(readme.read_text(encoding="utf-8")), readme)
    write_text(json_schema(), options.folder / "config.schema.json")
    print(f"{readme} and {options.folder / 'config.schema.json'} are up to date")


if __name__ == "__main__":
    sys.exit(main())
