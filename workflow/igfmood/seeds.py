"""Random streams that give the same numbers on any number of cores and in any order.

Takes: the study's seed and the keys that name the place where numbers are drawn (stage, cohort,
task, replicate).
Gives: an independent `numpy.random.Generator` for that place.
"""

import hashlib

import numpy as np


def stream(seed: int, *keys: str | int) -> np.random.Generator:
    """Random generator that belongs to one seed and one sequence of keys.

    Parameters
    ----------
    seed : int
        The study's seed, not negative.
    *keys : str or int
        Names of the place, for example ``("impute", "clinic", 3)``. Order matters, and
        the integer 1 and the text ``"1"`` are different keys.

    Returns
    -------
    numpy.random.Generator
        PCG64 generator seeded with ``SeedSequence([seed, w1, w2, ...])``, where every key
        gives eight 32-bit words: the SHA-256 digest of its type and value, little-endian.

    Notes
    -----
    Nothing is spawned and no state is shared, so a stream does not depend on which other streams
    were made before it. Python's own `hash` is not used because it differs between processes.

    Examples
    --------
    >>> a = stream(1, "impute", "clinic").integers(1000, size=3)
    >>> b = stream(1, "impute", "clinic").integers(1000, size=3)
    >>> bool((a == b).all())
    True
    """
    words = [word for key in keys for word in _words(key)]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def _words(key: str | int) -> list[int]:
    """Eight 32-bit words of the SHA-256 digest of a key's type and value."""
    kind = "text" if isinstance(key, str) else "integer"
    digest = hashlib.sha256(f"{kind}:{key}".encode()).digest()
    return [int(word) for word in np.frombuffer(digest, dtype="<u4")]
