"""Reading and checking a configuration.

Takes a mapping (from Snakemake) or a file; gives a checked `Study` and its `Claims`, or one
error that lists every problem with its place, the value found and what is allowed.
"""

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from igfmood.config.analysis import ALL
from igfmood.config.authors import Authors
from igfmood.config.base import Contradictions
from igfmood.config.claims import ANSWERS, Claim, Claims
from igfmood.config.cohort import Cohort
from igfmood.config.near import did_you_mean, keys_at, not_there
from igfmood.config.study import Study
from igfmood.config.vocabulary import VARIABLES
from igfmood.config.yaml_file import read_yaml
from igfmood.errors import ConfigError
from igfmood.visible import visible

__all__ = [
    "Checked", "check_config", "config_error", "load_authors", "load_claims", "parse_study",
    "read_yaml", "refusal",
]  # fmt: skip

#: Keys that belong to Snakemake, not to the study.
_SNAKEMAKE_KEYS = ("pathvars",)
#: What stands in a study file in place of an answer that is still to be given.
PLACEHOLDER = "CONFIRM"
#: Where one of these keys of a cohort is wrong, its columns cannot be looked for.
_OF_FILES = (("table",), ("join",), ("format",), ("preset",))

Model = TypeVar("Model", bound=BaseModel)

#: Values are shown in part: anchors can make one that would fill the memory as text.
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 80
_REPR.maxlevel = 3


@dataclass(frozen=True)
class Checked:
    """A configuration after checking.

    Parameters
    ----------
    study
        The study, if it is one.
    cohorts
        Its sound cohorts.
    data_root
        Folder of the tables.
    problems
        Everything that is wrong.
    in_part
        The other cohorts without what is wrong in them, where that can be left out: their files
        can be looked at nonetheless.
    """

    study: Study | None
    cohorts: list[Cohort]
    data_root: str
    problems: list[str]
    in_part: list[Cohort] = field(default_factory=list)


def check_config(config: Mapping[str, Any]) -> Checked:
    """Check a configuration and its claims without looking at its tables."""
    given = _own_keys(config)
    study, problems = _check(Study, given)
    if study is None:
        sound, in_part = _cohorts(given)
        return Checked(None, sound, str(given.get("data_root", ".")), problems, in_part)
    problems += _overlap_problems(study) + _claims_problems(study) + _published_problems(study)
    problems += _authors_problems(study)
    return Checked(study, study.cohorts, study.data_root, problems)


def config_error(problems: Sequence[str]) -> ConfigError:
    """Return the error that lists every problem of a configuration."""
    return ConfigError(_report("The configuration has errors:", problems), problems)


def refusal(error: Exception, files: Sequence[Path | str]) -> str:
    """Return why a study cannot be run, beginning with the files that it was read from."""
    if not files:  # it was given by another workflow, or in words of the command line
        return visible(str(error))
    here = Path.cwd()
    paths = [Path(file) for file in files]
    near = [path.relative_to(here) if path.is_relative_to(here) else path for path in paths]
    named = " with ".join(map(str, near))
    return visible(f"{named} cannot be run:\n{error}")


def parse_study(config: Mapping[str, Any]) -> Study:
    """Check a configuration without looking at its files."""
    study, problems = _check(Study, _own_keys(config))
    if study is None:
        raise config_error(problems)
    return study


def _own_keys(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in _SNAKEMAKE_KEYS}


def _cohorts(given: Mapping[str, Any]) -> tuple[list[Cohort], list[Cohort]]:
    """Return the cohorts that are right in themselves, and the others without what is wrong."""
    sound, in_part = [], []
    for entry in given.get("cohorts") or []:
        if not isinstance(entry, dict):
            continue
        try:
            sound.append(Cohort.model_validate(entry))
        except ValidationError as error:
            places = [item["loc"] for item in error.errors()]
            if not any(place[:1] in _OF_FILES for place in places):
                cohort, _ = _check(Cohort, _without(entry, places))
                in_part += [cohort] if cohort is not None else []
    return sound, in_part


def _without(entry: Mapping[str, Any], wrong: Sequence[tuple[int | str, ...]]) -> dict[str, Any]:
    """Return an entry without the keys that are wrong; of single columns the name stays.

    With a preset the keys are null, so that it does not fill them in.
    """
    named = {place[1] for place in wrong if place[:1] == ("columns",) and len(place) > 1}
    keys = {place[0] for place in wrong if place and (place[0] != "columns" or len(place) == 1)}
    known = {key: value for key, value in entry.items() if key in Cohort.model_fields}
    rest = {key: None if key in keys else value for key, value in known.items()}
    columns = rest.get("columns")
    if isinstance(columns, dict):
        rest["columns"] = {
            name: _name_alone(value) if name in named else value
            for name, value in columns.items() if name in VARIABLES
        }  # fmt: skip
    return rest if entry.get("preset") else _known(rest)


def _known(given: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return what is not null, of the columns too."""
    found = {key: value for key, value in given.items() if value is not None}
    columns = found.get("columns")
    return found | ({"columns": _known(columns)} if isinstance(columns, dict) else {})


def _name_alone(column: Any) -> str | None:
    """Return the name of a column whose entry is wrong otherwise, if it has one."""
    name = column.get("column") if isinstance(column, dict) else None
    return name if isinstance(name, str) and name != PLACEHOLDER else None


def load_claims(path: Path | str) -> Claims:
    """Read and check a claims file."""
    return _validate_file(Claims, path)


def load_authors(study: Study) -> Authors:
    """Read and check what the authors of a study wrote; nothing where the study names no file."""
    if study.authors is None:
        return Authors()
    return _validate_file(Authors, study.authors)


def _authors_problems(study: Study) -> list[str]:
    path = study.authors
    if path is not None and not Path(path).is_file():
        return [f"authors: {not_there(Path(path), 'correct it, or leave the key out')}"]
    try:
        load_authors(study)
    except ConfigError as error:
        return list(error.problems)
    return []


def _overlap_problems(study: Study) -> list[str]:
    """Return cohorts that are said to overlap and are not in the study (a part of it is one)."""
    names = [cohort.name for cohort in study.cohorts]
    return [
        f"cohorts ({cohort.name}).overlaps: {other!r} is no other cohort of this study"
        for cohort in study.cohorts
        for other in cohort.overlaps
        if other not in names or other == cohort.name
    ]


def _published_problems(study: Study) -> list[str]:
    path = study.published_evidence
    if path is None or Path(path).is_file():
        return []
    return [f"published_evidence: {not_there(Path(path), 'correct it, or leave the key out')}"]


def _claims_problems(study: Study) -> list[str]:
    if not Path(study.claims).is_file():
        return [f"claims: {not_there(Path(study.claims), 'name the file with the claims')}"]
    try:
        claims = load_claims(study.claims).claims
    except ConfigError as error:
        return list(error.problems)
    return [problem for claim in claims for problem in _estimand_problems(claim, study)]


def _estimand_problems(claim: Claim, study: Study) -> list[str]:
    """Return what no result of this study could answer to."""
    estimand = claim.estimand
    tasks = [task.name for task in study.tasks]
    numbers: dict[str, tuple[tuple[str, str], ...]] = {}
    for target, found in ANSWERS[estimand.analysis]:
        for name in tasks if target == "<task>" else [target]:
            numbers[name] = found
    known = numbers.get(estimand.target, ())
    of_measure = [term for measure, term in known if measure == estimand.measure]
    others = [term for term in of_measure if term != estimand.term]
    checks: list[tuple[str, str | int | None, Sequence[str | int | None]]] = [
        ("target", estimand.target, [*numbers]),
        ("adjustment", estimand.adjustment, _adjustments(claim, study)),
        ("contrast", claim.contrast, [None, *study.covariate_tiers]),
    ]
    if known:
        checks.append(("measure", estimand.measure, [*dict.fromkeys(m for m, _ in known)]))
    if of_measure:
        checks.append(("term", estimand.term, of_measure))
        checks.append(("also", estimand.also, ["", *others]))
    if estimand.analysis == "mendelian":
        # One pair of summary tables stands behind it, whatever the cohorts.
        checks.append(("min_cohorts", claim.min_cohorts, [1]))
    problems = [
        f"{study.claims}: claim {claim.id!r}: {key} {value!r} has no result in this study; "
        f"allowed: {list(allowed)}"
        for key, value, allowed in checks
        if value not in allowed
    ]
    return problems or _population_problems(claim, study, tasks)


def _population_problems(claim: Claim, study: Study, tasks: Sequence[str]) -> list[str]:
    """Return why there is no result among the people that a claim is about."""
    population = claim.estimand.population
    names = [subset.name for subset in study.subsets]
    why = "" if population == ALL else _everybody_alone(claim, study, tasks)
    allowed = [ALL] if why else [ALL, *names]
    if population in allowed:
        return []
    if not why:
        meant = did_you_mean(population, names)
        why = f"{meant}{' ' if meant else ''}it is no name of `subsets` of the study"
    return [
        f"{study.claims}: claim {claim.id!r}: population {population!r} has no result in this "
        f"study: {why}; allowed: {allowed}"
    ]


def _everybody_alone(claim: Claim, study: Study, tasks: Sequence[str]) -> str:
    """Return why a number is estimated among everybody alone, nothing where it is not."""
    estimand = claim.estimand
    if estimand.analysis == "validation":
        return (
            "a test is built and judged among everybody; to judge it among some people, choose "
            "them with `include` and `exclude` of the cohorts"
        )
    if estimand.analysis == "mendelian":
        return "it rests on published summaries, and nobody can be chosen from them"
    if not estimand.in_subsets(tasks):
        return "this number is estimated among everybody alone"
    if estimand.adjustment != study.main_tier:
        return (
            f"numbers of subsets are adjusted as the last tier says; set adjustment to "
            f"{study.main_tier!r}, or leave population out"
        )
    return ""


def _adjustments(claim: Claim, study: Study) -> list[str]:
    """Return the adjustments with which the number of a claim is estimated."""
    if claim.estimand.analysis == "validation":
        return [study.added_value[0]]  # the added AUC is that of this tier
    if claim.estimand.analysis == "mendelian":
        return [""]
    return [study.main_tier] if claim.estimand.last_tier_only else list(study.covariate_tiers)


def _validate_file(model: type[Model], path: Path | str) -> Model:
    """Read and check a file beside the configuration."""
    checked, problems = _check(model, read_yaml(path))
    if checked is None:
        raise ConfigError(
            _report(f"{path} has errors:", problems), [f"{path}: {text}" for text in problems]
        )
    return checked


def _check(model: type[Model], given: Mapping[str, Any]) -> tuple[Model | None, list[str]]:
    """Return the checked model, or None and every problem."""
    try:
        return model.model_validate(dict(given)), []
    except ValidationError as error:
        return None, [text for item in error.errors() for text in _problems(item, given, model)]


def _problems(error: Any, given: Mapping[str, Any], model: type[BaseModel]) -> list[str]:
    """Return a line for each thing that is wrong: where, what was found, what is allowed."""
    place = _place(error["loc"], given)
    context = error.get("ctx", {})
    if isinstance(context.get("error"), Contradictions):
        return [f"{place}: {text}" for text in context["error"].problems]
    found = (
        f"; found {_short(error['input'])}"
        if error["type"] not in ("missing", "value_error")
        else ""
    )
    if error.get("input") == PLACEHOLDER:
        return [
            f"{place}: not answered yet; write what the question asks for; found {PLACEHOLDER!r}"
        ]
    match error["type"]:
        case "extra_forbidden":
            text, found = _unknown_key(error["loc"], model), ""
        case "missing":
            text = "this key is needed"
        case "literal_error":
            text = f"allowed: {context['expected']}"
        case "string_pattern_mismatch":
            text = "allowed: letters, digits, - and _, beginning with a letter or digit, up to 40"
        case "value_error":
            text = str(context["error"])
        case _:
            text = str(error["msg"]).lower()
    return [f"{place}: {text}{found}"]


def _unknown_key(location: Sequence[str | int], model: type[BaseModel]) -> str:
    allowed = keys_at(model, location[:-1])
    meant = did_you_mean(str(location[-1]), allowed)
    return f"this key is not known; {meant}{' ' if meant else ''}allowed: {', '.join(allowed)}"


def _place(location: Sequence[str | int], given: Any) -> str:
    """Write ``cohorts[1] (register) → analyte → unit``."""
    parts: list[str] = []
    for key in location:
        given = given[key] if _has(given, key) else None
        if isinstance(key, int) and parts:
            name = given.get("name", given.get("id")) if isinstance(given, dict) else None
            parts[-1] += f"[{key}]" + (f" ({name})" if name else "")
        elif key not in ("function-before", "function-after"):
            parts.append(str(key))
    return " → ".join(parts) or "configuration"


def _has(given: Any, key: str | int) -> bool:
    if isinstance(given, dict):
        return key in given
    return isinstance(given, list) and isinstance(key, int) and key < len(given)


def _short(value: Any) -> str:
    text = _REPR.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _report(title: str, problems: Sequence[str]) -> str:
    """Return a numbered list; names and values that it quotes steer no terminal."""
    found = [title, *(f"  {number}. {text}" for number, text in enumerate(problems, 1))]
    return visible("\n".join(found))
