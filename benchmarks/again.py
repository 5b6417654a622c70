"""A finished study once more: with nothing new, and with a sixth cohort.

Takes the folder of a finished copy; gives how long Snakemake then takes.
"""

import copy
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

#: Seed of the people of the sixth cohort, who are nobody of the first five.
_SEED = 7


def run_study(folder: Path, cores: int) -> float:
    """Run Snakemake in a folder; return seconds."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", str(cores), "--nocolor"], cwd=folder,
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"the study did not finish:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return time.perf_counter() - start


def add_cohort(folder: Path, people: int | None = None) -> None:
    """Add another clinic, with so many people of its own, to the study in a folder."""
    size = [] if people is None else ["--scale", str(people)]
    subprocess.run(
        [sys.executable, "-m", "igfmood.cli", "simulate", "more", "--seed", str(_SEED), *size],
        cwd=folder, env={**os.environ, "PYTHONPATH": "workflow"}, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    shutil.copy2(folder / "more" / "clinic.csv", folder / "data_synthetic" / "clinic_2.csv")
    path = folder / "config" / "config.yaml"
    config = yaml.safe_load(path.read_text("utf-8"))
    another = copy.deepcopy(next(one for one in config["cohorts"] if one["name"] == "clinic"))
    another |= {"name": "clinic_2", "label": "Clinic, the second", "table": "clinic_2.csv"}
    config["cohorts"].append(another)
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
