"""Pictures of the report as a phone and a desktop show it, for whoever wants to look.

They go to the folder ``IGFMOOD_SCREENS``, if it is set.
"""

import os
from pathlib import Path

import pytest
from PIL import Image

from browser.visitor import browse, on_screen


@pytest.mark.parametrize(("name", "width"), [("phone", 390), ("desktop", 1280)])
def test_a_screen_is_drawn(
    chromium: str, report: Path, tmp_path: Path, name: str, width: int
) -> None:
    folder = Path(os.environ.get("IGFMOOD_SCREENS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    shot = folder / f"{name}.png"
    where = on_screen(report, tmp_path, width, height=2400)
    browse(
        chromium, tmp_path, f"--window-size={max(width, 500)},2400", "--virtual-time-budget=3000",
        f"--screenshot={shot}", where,
    )  # fmt: skip
    with Image.open(shot) as picture:
        assert picture.size == (max(width, 500), 2400)
        colours = picture.convert("RGB").crop((0, 0, width, 2400)).getcolors(1 << 24)
    assert colours is not None
    assert len(colours) > 50, "something is drawn"
