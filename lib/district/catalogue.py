"""All schemes by name, in the order of the groups of the rules."""

from lib.district.plots import Scheme
from lib.district.schemes import (
    borrowers,
    caps,
    circuits,
    custody,
    exits,
    lenders,
    owners,
    papers,
    payouts,
    pools,
    pricing,
    purposes,
    selffinancing,
    splitting,
)

_MODULES = (
    selffinancing,
    pools,
    payouts,
    splitting,
    caps,
    borrowers,
    lenders,
    pricing,
    circuits,
    purposes,
    custody,
    papers,
    owners,
    exits,
)


def schemes() -> dict[str, Scheme]:
    """Return the schemes by name."""
    return {scheme.name: scheme for module in _MODULES for scheme in module.SCHEMES}
