"""The last word of a run, for the console.

Takes the paths of report, verdicts and results; gives the lines that say where the report is, how
the claims came out, and which cohorts failed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from igfmood.errors import DataError
from igfmood.provenance import file_digest
from igfmood.results import POOLED, digests_of_cohorts
from igfmood.tables import read_table

#: How a verdict is written for people.
_WORDS = {"NOT_EVALUABLE": "NOT EVALUABLE"}


def closing_lines(report: Path | str, verdicts: Path | str, results: Path | str) -> list[str]:
    """Return where the report is and how the claims came out, one line each.

    Nothing is said of what does not exist: a run may have been asked for less than the report.
    """
    if not all(Path(path).is_file() for path in (report, verdicts, results)):
        return []
    judged = json.loads(Path(verdicts).read_text(encoding="utf-8"))
    lines = [
        f"  {_WORDS.get(item['verdict'], item['verdict']):<14} {item['statement']}"
        for item in judged
    ]
    return [
        f"Report: {report}",
        *lines,
        *(f"  WARNING        {line}" for line in much_quarantined(results)),
        *(f"  FAILED         {line}" for line in failed_cohorts(results)),
    ]


def error_hint(folder: Path) -> str:
    """Return what to do after a run that did not succeed.

    The verdicts are repeated only where a failed cohort is why: else what stands in the folder may
    be an earlier run's.
    """
    results = folder / "pooled/results.parquet"
    hint = f"The run is not complete. The logs of its jobs are in {folder / 'logs'}."
    if not (results.is_file() and failed_cohorts(results)):
        return hint
    closing = closing_lines(folder / "report.html", folder / "pooled/verdicts.json", results)
    return "\n".join([*closing, hint])


#: A larger share of rows in quarantine than this is said aloud.
_MUCH = 0.1


def much_quarantined(results: Path | str) -> list[str]:
    """Return one line for each cohort that lost more than a tenth of its rows to quarantine."""
    table = read_table(results, columns=["cohort", "analysis", "stratum", "estimate"])
    flow = table[table["analysis"] == "flow"].drop_duplicates(["cohort", "stratum"])
    counts = flow.pivot(index="cohort", columns="stratum", values="estimate")
    if not {"quarantined", "rows_in"} <= set(counts):
        return []
    many = counts[counts["quarantined"] > _MUCH * counts["rows_in"]]
    return [
        f"cohort {name}: {row['quarantined']:.0f} of {row['rows_in']:.0f} rows are in quarantine; "
        f"the reasons: private/{name}/quarantine.csv"
        for name, row in many.iterrows()
    ]


def failed_cohorts(results: Path | str) -> list[str]:
    """Return one line for each stage that failed, for a cohort or pooled, with the reason."""
    table = read_table(results, columns=["cohort", "analysis", "status", "reason"])
    failed = table[table["status"] == "failed"]
    whose = failed["cohort"].map(lambda name: "pooled" if name == POOLED else f"cohort {name}")
    return [
        f"{who}, stage {stage}: {reason}"
        for who, stage, reason in zip(whose, failed["analysis"], failed["reason"], strict=True)
    ]


def changed_tables(results: Path | str, tables: Mapping[str, Sequence[Path | str]]) -> list[str]:
    """Return one line for each cohort whose tables are not those that the results are of.

    Parameters
    ----------
    results
        All results of the run; their rows carry the digest of what was read.
    tables
        Cohort: its files, in the order in which they were read.
    """
    table = read_table(results, columns=["cohort", "analysis", "inputs"])
    read = digests_of_cohorts(table)
    return [
        f"cohort {name}: {' or '.join(map(str, paths))} changed after it was read: the results are "
        "of what it was before; run again"
        for name, paths in tables.items()
        if name in read and file_digest(paths) != read[name]
    ]


def check_complete(results: Path | str, tables: Mapping[str, Sequence[Path | str]]) -> None:
    """Raise if a cohort failed, or is another one by now.

    Parameters
    ----------
    results, tables
        As for `changed_tables`.

    Raises
    ------
    DataError
        Naming each cohort that failed or changed, and why.
    """
    changed = changed_tables(results, tables)
    if changed:
        raise DataError("\n".join(changed))
    failed = failed_cohorts(results)
    if failed:
        raise DataError(
            "the report stands, but without these:\n" + "\n".join(f"  {line}" for line in failed)
        )
