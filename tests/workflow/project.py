"""A copy of the project to run in, so that a test touches nobody's results."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "workflow", "config", "data_synthetic", "environment.yml")

#: Resampled once, nothing imputed: for tests of behaviour, not of numbers.
FAST = {
    "imputation": {"m": 0},
    "resampling": {
        "folds": 2,
        "repeats": 1,
        "bootstrap": 50,
        "intervals": 200,
        "imputations": 1,
        "permutations": 3,
    },
    "prediction": {"models": ["logistic"], "outcomes": []},
    "operating": {"worlds": 0},
}


@dataclass(frozen=True)
class Project:
    """A folder with the workflow in it, and how to run it."""

    folder: Path

    def run(self, *arguments: str, cores: int = 2) -> subprocess.CompletedProcess[str]:
        """Run Snakemake in the folder, and return what it said."""
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        return subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", str(cores), "--nocolor", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def report(self, *arguments: str, study: str = "synthetic") -> subprocess.CompletedProcess[str]:
        """Run up to the report and the closing word: without frozen models and a release."""
        return self.run(*arguments, "--", f"results/{study}/complete.txt")

    def config(self, *cohorts: str) -> dict[str, Any]:
        """Return the default study's configuration, with these cohorts alone if any are named."""
        found = yaml.safe_load((self.folder / "config/config.yaml").read_text(encoding="utf-8"))
        if cohorts:
            found["cohorts"] = [one for one in found["cohorts"] if one["name"] in cohorts]
        return found

    def write(self, config: dict[str, Any], name: str = "study.yaml") -> str:
        """Write a configuration into the folder, and return its name."""
        (self.folder / name).write_text(
            yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
        return name

    def results(self, study: str = "synthetic") -> Path:
        """Return the folder of a study's results."""
        return self.folder / "results" / study


def make_project(folder: Path) -> Project:
    """Copy the project into an empty folder."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, folder / part, ignore=ignored)
        else:
            shutil.copy2(source, folder / part)
    return Project(folder)


def rules() -> dict[str, str]:
    """Return the text of every rule, by name."""
    return {
        match[1]: match[0]
        for path in sorted((ROOT / "workflow/rules").glob("*.smk"))
        for match in re.finditer(
            r"^rule (\w+):\n(?:    .*\n|\n)+", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    }


def planned_jobs(output: str) -> dict[str, int]:
    """Return the job counts that a dry run announces."""
    table = re.search(r"^job +count\n-+ +-+\n((?:.+ +\d+\n)+)", output, re.MULTILINE)
    if table is None:
        return {}
    rows = (line.split() for line in table[1].strip().splitlines())
    return {name: int(count) for name, count in rows}


def said(result: subprocess.CompletedProcess[str]) -> str:
    """Return all that a run said, for a failed assertion."""
    return result.stdout + result.stderr
