"""Random streams depend on the seed and the keys, and on nothing else."""

import numpy as np

from igfmood.seeds import stream


def numbers(seed: int, *keys: str | int) -> list[int]:
    return stream(seed, *keys).integers(2**62, size=3).tolist()


def test_same_keys_same_numbers_in_any_order() -> None:
    forward = [numbers(5, "clinic", replicate) for replicate in range(4)]
    backward = [numbers(5, "clinic", replicate) for replicate in reversed(range(4))]
    assert forward == backward[::-1]


def test_every_key_matters() -> None:
    keys: list[tuple[str | int, ...]] = [
        (),
        ("a",),
        ("a", "b"),
        ("b", "a"),
        ("ab",),
        (1,),
        ("1",),
        ("",),
    ]
    places = [(seed, key) for seed in (5, 6) for key in keys]
    drawn = [tuple(numbers(seed, *key)) for seed, key in places]
    assert len(set(drawn)) == len(places)


def test_numbers_are_pinned() -> None:
    # A change here changes every result of every study: it must be on purpose.
    generator = np.random.default_rng(np.random.SeedSequence([1]))
    assert numbers(1) == generator.integers(2**62, size=3).tolist()
    assert stream(1, "impute", "clinic", 3).integers(1000, size=4).tolist() == [716, 202, 154, 640]
