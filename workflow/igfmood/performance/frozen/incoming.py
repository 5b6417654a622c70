"""The people of a table that a frozen model is applied to.

Takes a table under canonical names, or one that a study's configuration describes; gives the people
as the cohort stage makes them, and each row that cannot be used with its reason.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from igfmood.association.people import people_at_baseline
from igfmood.cohort.build import Built, build_cohort
from igfmood.cohort.read import header, read_table, table_path
from igfmood.cohort.values import (
    check_range,
    is_missing,
    no_problems,
    parse_flag,
    parse_number,
    problems_at,
    together,
)
from igfmood.config.cohort import ROW_NUMBER, Cohort
from igfmood.config.load import parse_study, read_yaml
from igfmood.config.prediction import PHQ2
from igfmood.config.table import TableFormat
from igfmood.config.units import UNITS, Unit
from igfmood.config.vocabulary import DIAGNOSES, VARIABLES, Variable
from igfmood.errors import DataError
from igfmood.normalise.curves.curve import Curve
from igfmood.normalise.published import read_published
from igfmood.normalise.units import convert
from igfmood.performance.frozen.document import FrozenModel
from igfmood.performance.frozen.known_columns import only_what_is_there
from igfmood.performance.frozen.outcome import (
    OUTCOMES,
    ambiguous_labels,
    outcome_columns,
    without_unread,
)
from igfmood.performance.frozen.plain_words import without_study_file

#: Cohort of people who are of none that the model was built from.
NEW = "<new>"
_UNIT: TypeAdapter[str] = TypeAdapter(Unit)


@dataclass(frozen=True, eq=False)
class Incoming:
    """People who may be scored, and rows that may not.

    Parameters
    ----------
    people
        One row a person at the first visit, indexed by the row of the file; analyte in the
        model's unit.
    refused
        Row, column, value and reason of what cannot be used.
    rows
        Rows of the file.
    cohort
        Training cohort whose people they are, or `NEW`.
    published
        Published curve that their analyte is compared with.
    notes
        What the reader of the scores must know.
    """

    people: pd.DataFrame
    refused: pd.DataFrame
    rows: int
    cohort: str = NEW
    published: Curve | None = None
    notes: list[str] = field(default_factory=list)


def canonical_columns(model: FrozenModel) -> dict[str, bool]:
    """Return the columns of a table under canonical names: whether each is needed."""
    name = model.analyte.name
    found = {"age_years": True, "sex": True}
    if model.score is not None:
        found |= {f"{name}_value": True, f"{name}_unit": True}
        found |= dict.fromkeys((f"{name}_batch", f"{name}_below_lod", f"{name}_lod"), False)
    for one in model.inputs:
        found.setdefault(one.name, False)
    return found


def read_canonical(path: Path, model: FrozenModel, cohort: str | None) -> Incoming:
    """Read a table whose columns have the canonical names, one row a person.

    Parameters
    ----------
    path
        The table.
    model
        The model, which says what is needed.
    cohort
        Training cohort whose people they are.

    Raises
    ------
    DataError
        If a column that is needed is missing, or the table cannot be read.
    """
    known = list(next(iter(model.equations.values())).intercepts)
    if cohort is not None and cohort not in known:
        raise DataError(
            f"cohort {cohort!r} is none that the model was built from: {', '.join(known)}; leave "
            "--cohort out for people of any other, or give --config as well"
        )
    names = header(path, TableFormat())
    absent = [name for name, need in canonical_columns(model).items() if need and name not in names]
    if absent:
        raise DataError(
            f"{path} has no column {', '.join(absent)}: name the columns so, or say with --config "
            "and --cohort which study file describes the table"
        )
    entry = _canonical_entry(path, names, model)
    built = build_cohort(entry, model.analyte, path.parent, outcome_columns(entry, model))
    built = _with_limits_and_phq2(path, names, _with_unclear(path, built, entry), model)
    people, notes = without_unread(built, entry)
    people, wrong = _converted(path, people, entry, model)
    found = _incoming(built, people, wrong, replace(_NOBODY, cohort=cohort or NEW, notes=notes))
    return replace(found, refused=without_study_file(found.refused, model))


def _canonical_entry(path: Path, names: list[str], model: FrozenModel) -> Cohort:
    analyte = model.analyte.name
    inputs = [one.name for one in model.inputs]
    wanted = ["age_years", "sex", *inputs, *OUTCOMES]
    columns = {name: name for name in wanted if name in names and name in VARIABLES}
    entry: dict[str, Any] = {
        "name": "table", "design": "clinical", "table": path.name,
        "columns": {"participant_id": ROW_NUMBER, **columns},
    }  # fmt: skip
    if model.score is not None:
        batch = f"{analyte}_batch"
        entry["analyte"] = {
            "column": f"{analyte}_value", "unit": model.analyte.unit,
            "batch": batch if batch in names else None,
        }  # fmt: skip
    if "phq9_total" in names and model.task == "phq9_10":
        entry["phq9"] = {"total": "phq9_total"}
    if "diagnosis" in names and (model.groups is not None or model.task == "diagnosis"):
        labels = {name: name for name in DIAGNOSES}
        unclear = ambiguous_labels(read_table(path, ["diagnosis"], TableFormat())["diagnosis"])
        entry["diagnosis"] = {"source": "labels", "columns": ["diagnosis"], "labels": labels,
                              "missing": unclear}  # fmt: skip
    return Cohort.model_validate(entry)


def _with_unclear(path: Path, built: Built, entry: Cohort) -> Built:
    """Add the labels that mean several things to what could not be read."""
    unclear = [label for one in entry.diagnosis for label in one.missing]
    if not unclear:
        return built
    cells = read_table(path, ["diagnosis"], TableFormat())["diagnosis"]
    found = problems_at(cells, cells.isin(unclear), "means several things")
    return replace(built, unread=together([built.unread, found]))


def _with_limits_and_phq2(path: Path, names: list[str], built: Built, model: FrozenModel) -> Built:
    """Add what a cohort's entry cannot say by a column: each row's limit, and the PHQ-2."""
    analyte = model.analyte
    below, limit = analyte.below_lod, f"{analyte.name}_lod"
    wanted = [name for name in (below, limit) if model.score is not None and name in names]
    if PHQ2 in names and any(one.name == PHQ2 for one in model.inputs):
        wanted.append(PHQ2)
    if not wanted:
        return built
    raw = read_table(path, wanted, TableFormat())
    table, problems = built.participants.copy(), [built.quarantine]
    for name in wanted:
        column = raw[name][table.index]
        missing = is_missing(column, [])
        if name == below:
            variable = Variable(name, "flag", "below the detection limit")
            flag = parse_flag(column, {}, missing, variable)
            table[below] |= flag.values.fillna(False).astype(bool)
            problems.append(flag.problems)
            continue
        number = parse_number(column, missing, raw.decimal(name))
        high = 6.0 if name == PHQ2 else None
        number = check_range(number, column, Variable(name, "number", "", "", 0, high))
        table[name] = number.values.where(number.values.notna(), table[name])
        problems.append(number.problems)
    quarantine = together(problems)
    kept = table[~table.index.isin(quarantine["row"])]
    return replace(built, participants=kept, quarantine=quarantine)


def _converted(
    path: Path, people: pd.DataFrame, entry: Cohort, model: FrozenModel
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return people with the analyte in the model's unit, each row from its own unit."""
    analyte = model.analyte
    if model.score is None or entry.analyte is None:
        return convert(people, entry, analyte)
    name = f"{analyte.name}_unit"
    cells = read_table(path, [name], TableFormat())[name][people.index]
    units = cells.map({text: _unit(text) for text in cells.unique()})
    bare = people[analyte.value].isna() & ~people[analyte.below_lod]
    units = units.mask(bare, analyte.unit)
    blank = cells.str.strip() == ""
    problems = [
        problems_at(cells, (units == "") & blank, f"is missing: write it, such as {analyte.unit}"),
        problems_at(
            cells, (units == "") & ~blank, f"is no known unit; known are {', '.join(UNITS)}"
        ),
    ]
    parts = []
    for unit in sorted(set(units) - {""}):
        if lack := analyte.lacks(unit):
            why = f"cannot be converted to {analyte.unit}: the model knows no {lack}"
            problems.append(problems_at(cells, units == unit, why))
            continue
        own = entry.analyte.model_copy(update={"unit": unit})
        found, wrong = convert(
            people[units == unit], entry.model_copy(update={"analyte": own}), analyte
        )
        parts.append(found)
        problems.append(wrong)
    nobody = people.iloc[:0].assign(**{analyte.converted: np.nan, analyte.limit: np.nan})
    table = pd.concat(parts).sort_index() if parts else nobody
    return table, together(problems)


def _unit(text: str) -> str:
    try:
        return _UNIT.validate_python(text)
    except ValidationError:
        return ""


def read_configured(path: Path, config: Path, name: str | None, model: FrozenModel) -> Incoming:
    """Read a table that an entry of a study file describes.

    Parameters
    ----------
    path
        The table; it stands for that of the entry.
    config, name
        Study file, and name of its entry; of one entry alone not needed.
    model
        The model. Its cohort of this name is taken if the study is its own.

    Raises
    ------
    DataError
        If there is no such entry, its analyte is another, or the table cannot be read.
    """
    study = parse_study(read_yaml(config))
    names = [cohort.name for cohort in study.cohorts]
    if name is None and len(names) > 1:
        raise DataError(
            f"--config {config} needs --cohort: which of {', '.join(names)} is the table of"
        )
    name = name or names[0]
    if name not in names:
        raise DataError(f"{config} has no cohort {name!r}; it has {', '.join(names)}")
    if study.analyte.name != model.analyte.name:
        raise DataError(
            f"the model is of {model.analyte.name}, and {config} of {study.analyte.name}"
        )
    given = study.cohort(name)
    root, table = _located(path, given, study.data_root)
    entry, notes = only_what_is_there(given.model_copy(update={"table": table}), root, model)
    built = build_cohort(entry, model.analyte, root, outcome_columns(entry, model))
    people, unread = without_unread(built, entry)
    people, wrong = convert(people, entry, model.analyte)
    own = name in next(iter(model.equations.values())).intercepts
    published = None
    if given.reference.table is not None and model.score is not None:
        source = table_path(study.data_root, given.reference.table)
        published = read_published(source, given.reference, model.analyte)
    mine = own and study.study == model.origin.study
    about = replace(
        _NOBODY, cohort=name if mine else NEW, published=None if mine else published,
        notes=[*notes, *unread],
    )  # fmt: skip
    later = ~people["is_baseline"]
    late = problems_at(people["visit"], later, "is not the first visit of the person")
    wrong = together([wrong, late])
    analyte = model.analyte
    people = people_at_baseline(
        people.assign(row=people.index, **{analyte.harmonised: np.nan}),
        study.model_copy(update={"analyte": analyte}),
    ).set_index("row")
    return _incoming(built, people, wrong, about)


def _located(path: Path, cohort: Cohort, data_root: str) -> tuple[Path, str]:
    """Return the folder that the table's name counts from, and the name."""
    if not cohort.join:
        return path.parent, path.name
    root = Path(data_root).resolve()
    if not path.resolve().is_relative_to(root):
        raise DataError(
            f"the entry joins {', '.join(part.table for part in cohort.join)} in {data_root}: put "
            f"{path.name} below that folder too"
        )
    return Path(data_root), path.resolve().relative_to(root).as_posix()


def _incoming(built: Built, people: pd.DataFrame, wrong: pd.DataFrame, about: Incoming) -> Incoming:
    excluded = problems_at(
        built.excluded.rename("rule"), pd.Series(True, index=built.excluded.index),
        "is a rule of the study file that leaves the row out",
    )  # fmt: skip
    refused = together([built.quarantine, wrong, excluded]).reset_index(drop=True)
    kept = people[~people.index.isin(refused["row"])]
    notes = [*about.notes, *built.flow.notes]
    return replace(about, people=kept, refused=refused, rows=built.flow.rows_in, notes=notes)


_NOBODY = Incoming(pd.DataFrame(), no_problems(), 0)
