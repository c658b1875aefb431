"""Where a field can be raised on this machine."""

from omnifil_devstack.ports import is_free

_STEP = 200
_BASES = range(20_000, 32_000, _STEP)
"""Below the ports that Linux gives to clients (32768 and up): those would be taken now and then."""


def free_base() -> int:
    """A base with 200 free ports. Raises `StopIteration` when there is none."""
    return next(base for base in _BASES if all(is_free(port) for port in range(base + 1, base + _STEP)))
