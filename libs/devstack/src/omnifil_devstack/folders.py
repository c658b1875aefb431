"""Where devstack keeps things: all under `.omnifil/` of the checkout, or under `OMNIFIL_HOME`."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[4]


def home() -> Path:
    """The folder of everything that is downloaded or written at run time; read again at each call."""
    chosen = os.environ.get("OMNIFIL_HOME")
    return Path(chosen).expanduser().resolve() if chosen else CHECKOUT / ".omnifil"
