"""Reading and checking a configuration.

Takes a mapping (from Snakemake) or a file; gives a checked `Study` and its `Claims`, or one
error that lists every problem with its place, the value found and what is allowed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from igfmood.config.claims import Claims
from igfmood.config.inputs import input_problems
from igfmood.config.study import Study
from igfmood.errors import ConfigError

#: Keys that belong to Snakemake, not to the study.
_SNAKEMAKE_KEYS = ("pathvars",)

Model = TypeVar("Model", bound=BaseModel)


def load_study(config: Mapping[str, Any]) -> Study:
    """Check a configuration and every input path it names.

    Raises
    ------
    ConfigError
        With all problems at once, one a line.
    """
    study = parse_study(config)
    problems = [
        problem for cohort in study.cohorts for problem in input_problems(cohort, study.data_root)
    ]
    if not Path(study.claims).is_file():
        problems.append(f"claims: file {study.claims} is not there")
    else:
        problems += _claims_problems(study)
    if problems:
        raise ConfigError(_report("The configuration does not fit the files:", problems))
    return study


def parse_study(config: Mapping[str, Any]) -> Study:
    """Check a configuration without looking at its files."""
    given = {key: value for key, value in config.items() if key not in _SNAKEMAKE_KEYS}
    return _validate(Study, given, "The configuration has errors:")


def load_claims(path: Path | str) -> Claims:
    """Read and check a claims file."""
    return _validate(Claims, read_yaml(path), f"{path} has errors:")


def read_yaml(path: Path | str) -> dict[str, Any]:
    """Read a YAML file into a mapping.

    Raises
    ------
    ConfigError
        If the file is missing, is not YAML, or holds something else than a mapping.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is not there") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} should hold keys and values; found {type(content).__name__}")
    return content


def _claims_problems(study: Study) -> list[str]:
    try:
        claims = load_claims(study.claims).claims
    except ConfigError as error:
        return [str(error)]
    targets = ["", "phq9_total", *(task.name for task in study.tasks)]
    tiers = ["", *study.covariate_tiers, *study.prediction_tiers]
    problems = []
    for claim in claims:
        where = f"{study.claims}: claim {claim.id!r}"
        if claim.estimand.target not in targets:
            problems.append(
                f"{where}: target {claim.estimand.target!r} is no task of the study; "
                f"allowed: {targets}"
            )
        if claim.estimand.adjustment not in tiers:
            problems.append(
                f"{where}: adjustment {claim.estimand.adjustment!r} is no tier of the study; "
                f"allowed: {tiers}"
            )
    return problems


def _validate(model: type[Model], given: Mapping[str, Any], title: str) -> Model:
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        raise ConfigError(
            _report(title, [_problem(item, given) for item in error.errors()])
        ) from None


def _problem(error: Any, given: Mapping[str, Any]) -> str:
    """Return one line: where, what was found, what is allowed."""
    place = _place(error["loc"], given)
    context = error.get("ctx", {})
    found = (
        f"; found {_short(error['input'])}"
        if error["type"] not in ("missing", "value_error")
        else ""
    )
    match error["type"]:
        case "extra_forbidden":
            text, found = "this key is not known", ""
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
    return f"{place}: {text}{found}"


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
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _report(title: str, problems: Sequence[str]) -> str:
    return "\n".join([title, *(f"  {number}. {text}" for number, text in enumerate(problems, 1))])
