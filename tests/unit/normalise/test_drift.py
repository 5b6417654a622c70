"""Control chart of batches: a lot that drifted is flagged, people who differ are not a fault."""

import numpy as np
import pandas as pd
import pytest

from igfmood.errors import DataError, NotEstimable
from igfmood.normalise.drift import COLUMNS, drift


def plates(seed, plates=12, each=60, shifts=None):
    """Values by plate; later plates hold older people, whose concentration is lower."""
    rng = np.random.default_rng(seed)
    plate = np.repeat(np.arange(plates), each)
    age = rng.uniform(20, 60, plate.size) + plate
    y = 5 - 0.012 * age + 0.25 * rng.standard_normal(plate.size)
    for where, shift in (shifts or {}).items():
        y = y + shift * (plate == where)
    labels = np.array([f"P{11 - p:02d}" for p in plate])  # not in order of name
    dates = np.datetime64("2020-01-01") + 30 * plate + rng.integers(0, 5, plate.size)
    return np.exp(y), labels, dates, age[:, None]


def test_a_shifted_plate_is_flagged_and_older_people_are_not():
    table = drift(*plates(1, shifts={7: 0.3}))
    assert tuple(table.columns) == COLUMNS
    assert table.loc[7, "flag"] == "action"
    assert (table["flag"] == "action").sum() == 1
    assert table["batch"].tolist() == [f"P{11 - p:02d}" for p in range(12)]
    assert table["order"].is_monotonic_increasing
    assert pd.api.types.is_datetime64_any_dtype(table["order"])
    ratio = table.loc[7, "geometric_mean"] / table.drop(index=7)["geometric_mean"].mean()
    assert np.log(ratio) == pytest.approx(0.3, abs=0.1)
    unadjusted = drift(*plates(1, shifts={7: 0.3})[:3], np.ones((720, 1)))
    assert unadjusted["flag"].isin(["action"]).sum() > 1


def test_warnings_come_as_often_as_two_standard_errors_say():
    flags = pd.concat([drift(*plates(seed)) for seed in range(30)])["flag"]
    # 4.6 % beyond 2 SE, 0.3 % beyond 3 SE, of 360 plates; 3 binomial standard errors.
    assert (flags != "").mean() == pytest.approx(0.0455, abs=0.033)
    assert (flags == "action").mean() < 0.012


def test_without_covariates_levels_are_plain_geometric_means():
    value, batch, dates, _ = plates(2)
    table = drift(value, batch, dates, np.ones((len(value), 1))).set_index("batch")
    frame = pd.DataFrame({"batch": batch, "y": np.log(value)}).groupby("batch")["y"]
    means, sds = frame.mean()[table.index].to_numpy(), frame.std()[table.index].to_numpy()
    assert table["geometric_mean"].to_numpy() == pytest.approx(np.exp(means), rel=1e-12)
    assert table["sd_log"].to_numpy() == pytest.approx(sds, rel=1e-12)
    assert table["centre"].iloc[0] == pytest.approx(np.exp(np.log(value).mean()), rel=1e-12)
    # Equal sizes: SE^2 = sigma^2 (1/60 - 1/720).
    sigma = np.sqrt(frame.var().mean())
    table = table[["centre", "warning_high", "action_low"]].to_numpy()
    se = np.log(table[:, 1] / table[:, 0]) / 2
    assert se == pytest.approx(sigma * np.sqrt(1 / 60 - 1 / 720), rel=1e-10)
    assert np.log(table[:, 0] / table[:, 2]) / 3 == pytest.approx(se, rel=1e-10)


def test_unknown_batches_and_missing_rows_are_left_out_and_one_person_has_no_sd():
    value, batch, _, age = plates(3)
    number = np.arange(len(value)) // 60
    batch[:5], value[5:8], age[8, 0] = "", np.nan, np.nan
    batch[-1] = "one"
    table = drift(value, batch, number, age).set_index("batch")
    assert table["n"].sum() == len(value) - 9
    assert table.loc["one", "n"] == 1
    assert np.isnan(table.loc["one", "sd_log"])
    assert np.isfinite(table.loc["one", "action_high"])


def test_what_cannot_be_charted_is_refused():
    value, batch, dates, age = plates(4)
    with pytest.raises(NotEstimable, match="there is only 1"):
        drift(value, ["A"] * len(value), dates, age)
    with pytest.raises(NotEstimable, match="confounded"):
        drift(value, batch, dates, (batch < "P06")[:, None])
    with pytest.raises(ValueError, match="dates or numbers"):
        drift(value, batch, dates[1:], age)
    value[4] = 0
    with pytest.raises(DataError, match=r"row 4 .* concentration 0"):
        drift(value, batch, dates, age)
