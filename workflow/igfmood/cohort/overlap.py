"""The same people in two cohorts.

Takes the participants tables of all cohorts; gives, per pair, whether they hold the same people,
and which cohort is left out of what is done over cohorts, as results and as a decision file.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path

import pandas as pd

from igfmood import results
from igfmood.cohort.coincidence import Coincidence, identical_rows, same_people_behind_keys
from igfmood.cohort.schema import has_failed
from igfmood.config.study import Analyte, Study
from igfmood.errors import DataError
from igfmood.files import write_json
from igfmood.tables import read_table

#: Less likely than this is not chance; two large studies make many pairs and many comparisons.
THRESHOLD = 1e-6
#: Fewer people than this are no overlap.
FEWEST = 3
#: So many times what is expected must be found …
EXCESS = 1.25
#: … or this share of those that chance leaves over: with many thousands of coincidences the
#: smallest misfit of the expectation is far beyond the Poisson tail.
SHARE = 0.5
#: Where chance alone leads to more than this share, what is left over says nothing.
SATURATED = 0.95


@dataclass(frozen=True)
class Overlap:
    """Two cohorts, and what speaks for the same people in both.

    Parameters
    ----------
    first, second
        Names, in the order of the study.
    n_first, n_second
        People with the analyte at the first visit.
    same_keys
        People with the same key and sex, and the same age or one as many years later; 0 where they
        are no more than chance gives.
    identical_rows, expected_rows, p
        Rows with the same value, age and sex; how many chance gives; how likely so many are by
        chance. None where a cohort has no value with age and sex.
    declared
        Whether the configuration says that they overlap.
    reason
        What speaks for an overlap, without counts; empty if nothing does.
    left_out
        Which of the two is left out of pooling; empty if neither is.
    """

    first: str
    second: str
    n_first: int
    n_second: int
    same_keys: int
    identical_rows: int | None
    expected_rows: float | None
    p: float | None
    declared: bool
    reason: str
    left_out: str


def find_overlap(cohorts: Mapping[str, pd.DataFrame], study: Study) -> list[Overlap]:
    """Look for the same people in every two cohorts.

    Parameters
    ----------
    cohorts
        Participants table by name, of the cohorts that take part; empty tables do not.
    study
        For the analyte, declared overlaps and the order of the cohorts.

    Returns
    -------
    list of Overlap
        Every pair, in the order of the study. No two of the cohorts that are not left out overlap:
        from the largest (people with the analyte) to the smallest, the later in the study after
        the earlier, a cohort is kept if it overlaps none that is kept.
    """
    order = [cohort.name for cohort in study.cohorts if len(cohorts.get(cohort.name, ()))]
    people = {name: _at_first_visit(cohorts[name], study.analyte) for name in order}
    rows = {name: table.dropna() for name, table in people.items()}
    measured = {name: int(cohorts[name].pipe(_measured, study.analyte).sum()) for name in order}
    pairs = []
    for first, second in combinations(order, 2):
        keys = same_people_behind_keys(people[first], people[second])
        alike = (
            identical_rows(rows[first], rows[second])
            if len(rows[first]) and len(rows[second])
            else None
        )
        declared = _declared(study, first, second)
        pairs.append(
            Overlap(
                first=first, second=second, n_first=measured[first], n_second=measured[second],
                same_keys=keys.observed if beyond_chance(keys) else 0,
                identical_rows=alike.observed if alike else None,
                expected_rows=alike.expected if alike else None,
                p=alike.p if alike else None,
                declared=declared, reason=_reason(keys, alike, declared, study.analyte),
                left_out="",
            )
        )  # fmt: skip
    out = _left_out(pairs, measured)
    return [replace(pair, left_out=_of_pair(pair, out)) for pair in pairs]


def beyond_chance(found: Coincidence) -> bool:
    """Return whether so many coincidences mean the same people."""
    if found.observed < FEWEST or not found.p < THRESHOLD:
        return False
    left_over = found.n - found.expected
    bulk = found.observed - found.expected >= SHARE * left_over
    return found.observed >= EXCESS * found.expected or (
        bulk and found.expected <= SATURATED * found.n
    )


def _at_first_visit(table: pd.DataFrame, analyte: Analyte) -> pd.DataFrame:
    columns = {analyte.converted: "value"}
    names = ["participant_id", "sex", "age_years", analyte.converted]
    return table.loc[table["is_baseline"], names].rename(columns=columns)


def _measured(table: pd.DataFrame, analyte: Analyte) -> pd.Series:
    known = table[analyte.converted].notna() | table[analyte.below_lod]
    return table["is_baseline"] & known


def _declared(study: Study, first: str, second: str) -> bool:
    return second in study.cohort(first).overlaps or first in study.cohort(second).overlaps


def _reason(keys: Coincidence, alike: Coincidence | None, declared: bool, analyte: Analyte) -> str:
    found = []
    if declared:
        found.append("declared in the configuration")
    if beyond_chance(keys):
        found.append("same keys, with the same sex and ages that fit")
    if alike and beyond_chance(alike):
        found.append(f"identical rows of {analyte.label}, age and sex, beyond chance")
    return "; ".join(found)


def _left_out(pairs: Iterable[Overlap], measured: Mapping[str, int]) -> dict[str, str]:
    """Return which cohorts are left out, in that order, each with the kept one it overlaps."""
    overlapping = {frozenset((pair.first, pair.second)) for pair in pairs if pair.reason}
    kept: list[str] = []
    out: dict[str, str] = {}
    for name in sorted(measured, key=lambda cohort: -measured[cohort]):
        rival = next((other for other in kept if frozenset((name, other)) in overlapping), None)
        if rival is None:
            kept.append(name)
        else:
            out[name] = rival
    return out


def _of_pair(pair: Overlap, out: Iterable[str]) -> str:
    """Return which of an overlapping pair is left out: of two, the one that was last looked at."""
    names = [name for name in out if pair.reason and name in (pair.first, pair.second)]
    return names[-1] if names else ""


def left_out(pairs: Iterable[Overlap]) -> dict[str, str]:
    """Return the cohorts left out of pooling, each with the reason in words.

    Of several that stay and hold some of its people, the reason names the largest.
    """
    listed = list(pairs)
    gone = {pair.left_out for pair in listed} - {""}
    reasons: dict[str, tuple[int, str]] = {}
    for pair in listed:
        sizes = {pair.first: pair.n_first, pair.second: pair.n_second}
        for other in sizes.keys() - gone if pair.left_out else ():
            words = f"holds some of the same people as {other} ({pair.reason})"
            if sizes[other] > reasons.get(pair.left_out, (-1, ""))[0]:
                reasons[pair.left_out] = (sizes[other], words)
    return {name: words for name, (_, words) in reasons.items()}


def write_overlap(
    study: Study, tables: Mapping[str, Path], source: results.Source, results_path: Path,
    decision_path: Path,
) -> None:  # fmt: skip
    """Look for the same people in two cohorts, and write what was found and what follows.

    Parameters
    ----------
    study
        For the analyte and the declared overlaps.
    tables
        Participants table by cohort; empty tables of cohorts that failed take no part.
    source
        Source of the rows, of the pooled results.
    results_path, decision_path
        Where the results and the decision (JSON: ``left_out``, ``pairs``) go.
    """
    pairs = find_overlap(
        {name: _read(path, study.analyte) for name, path in tables.items() if not has_failed(path)},
        study,
    )
    rows = results.Rows(source)
    for pair in pairs:
        add_pair(rows, pair, study.analyte)
    decision = {"left_out": left_out(pairs), "pairs": [asdict(pair) for pair in pairs]}
    results.write(rows.table(), results_path)
    write_json(decision, decision_path)


def read_left_out(path: Path | str) -> dict[str, str]:
    """Return which cohorts are left out of pooling, and why, from the decision file.

    Raises
    ------
    DataError
        If the file is no decision about overlaps.
    """
    try:
        decision = json.loads(Path(path).read_text(encoding="utf-8"))
        return {str(name): str(reason) for name, reason in decision["left_out"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} should hold the decision about overlaps (JSON with left_out): {error!r}; "
            "delete it and run again"
        ) from error


def _read(path: Path, analyte: Analyte) -> pd.DataFrame:
    """Read the columns that are compared; half a million people have fifty more."""
    names = ["participant_id", "is_baseline", "sex", "age_years", analyte.converted]
    return read_table(path, columns=[*names, analyte.below_lod])


def add_pair(rows: results.Rows, pair: Overlap, analyte: Analyte) -> None:
    """Add what was found of two cohorts to the results."""
    method = (
        f"left out of pooling: {pair.left_out} ({pair.reason})"
        if pair.left_out
        else "no sign of the same people"
    )
    keys = {
        "analysis": "overlap",
        "exposure": analyte.name,
        "term": " ~ ".join(sorted((pair.first, pair.second))),
    }
    shared = {**keys, "n": pair.n_first + pair.n_second, "method": method}
    rows.add(**shared, measure="overlap", estimate=float(bool(pair.reason)))
    rows.add(**shared, measure="declared", estimate=float(pair.declared))
    rows.add(**shared, measure="same_keys", estimate=pair.same_keys)
    for measure in ("identical_rows", "expected_rows", "p"):
        value = getattr(pair, measure)
        if value is None:
            reason = f"a cohort has nobody with {analyte.label}, age and sex"
            rows.add_not_estimable(reason, **keys, measure=measure)
        else:
            rows.add(**shared, measure=measure, estimate=value, p=pair.p)
