"""One way for tests to reach the reference values in the folder `shared`.

Takes: the name of a file in its `oracles` folder.
Gives: its path, or its content (JSON as a dict, CSV as a pandas frame).
"""

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd

REPOSITORY = Path(__file__).resolve().parents[1]


def shared_folder() -> Path:
    """Folder of the reference data: $IGFMOOD_SHARED, or `shared` beside the checkout."""
    return Path(os.environ.get("IGFMOOD_SHARED") or REPOSITORY.parent / "shared")


def oracle_path(name: str) -> Path:
    """Path of one reference file; a missing file is an error, not a skip."""
    path = shared_folder() / "oracles" / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: set IGFMOOD_SHARED to the reference data")
    return path


def load_oracle(name: str) -> Any:
    """Content of one reference file."""
    path = oracle_path(name)
    if path.suffix == ".json":
        return json.loads(path.read_text(encoding="utf-8"))
    return pd.read_csv(path)
