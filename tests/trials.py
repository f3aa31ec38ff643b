"""How often a property is tried: in full by the long suite (`make test-long`), by every run of the tests a fifth as often."""

import os

IN_FULL = os.environ.get("LOOKTHROUGH_TRIALS") == "full"
_LEAST = 6


def trials(n: int) -> int:
    """Return how many of n examples Hypothesis is to draw in this run."""
    return n if IN_FULL else min(n, max(n // 5, _LEAST))
