"""`make chaos`: one run, which ends with one line of JSON; exit code 1 if anything is off."""

import argparse
import asyncio
import importlib.util
import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

import structlog
from omnifil_devstack.ports import DEFAULT_BASE, is_free

from chaos_play.play import Play, Wanted

_BROKEN = Path(__file__).parents[1] / "chaos_broken"
_PORTS = 200
_BASES = range(DEFAULT_BASE + 20_000, 60_000, _PORTS)


def main() -> int:
    """Run it as the options say."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="omnifil-chaos-")) if options.folder is None else options.folder
    folder.mkdir(parents=True, exist_ok=True)
    _log_to(folder / "play.log")
    base = next(base for base in _BASES if all(is_free(port) for port in range(base, base + _PORTS)))
    wanted = Wanted(
        seed=options.seed,
        seconds=options.seconds,
        messages=options.messages,
        shape=options.shape,
        folder=folder,
        port_base=base,
        pause_s=options.pause,
        stall_s=options.stall,
        only=options.only,
    )
    what = f"{wanted.messages} messages in {wanted.seconds:.0f} s, {wanted.shape}"
    print(f"Seed {wanted.seed}: {what}; ledger, faults and logs in {folder}", flush=True)
    if options.broken:
        path = os.pathsep.join([str(_BROKEN), os.environ.get("PYTHONPATH", "")])
        os.environ |= {"PYTHONPATH": path, "CHAOS_BROKEN": options.broken}
    play = Play(wanted)
    play.told.broken = options.broken
    play.told.folder = str(folder)
    try:
        asyncio.run(play.run())
    except Exception as error:  # whatever ended it: the line comes all the same, and says so
        logging.exception("the play ended")
        play.told.problems.append(f"The play itself ended, see play.log: {error!r}")
    told = play.told
    print(json.dumps(told.as_json()))
    return 1 if told.problems else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=540, help="how long is written and struck")
    parser.add_argument("--messages", type=int, default=21_000, help="how many customers write in that time")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000, help="which faults, in which order")
    parser.add_argument("--shape", choices=["plain", "cluster"], default="plain")
    parser.add_argument(
        "--pause", type=float, nargs=2, default=(0.5, 3.0), metavar=("LEAST", "MOST"), help="seconds between two faults"
    )
    parser.add_argument("--stall", type=float, default=30.0, help="seconds after a fault's end that a stall may last")
    parser.add_argument("--only", default="", help="which faults: an expression found in 'kill kafka', …")
    parser.add_argument("--break", dest="broken", choices=_promises(), help="a promise that the services break")
    parser.add_argument("--folder", type=Path, help="where ledger, faults and logs are left")
    return parser.parse_args()


def _promises() -> list[str]:
    spec = importlib.util.spec_from_file_location("broken", _BROKEN / "sitecustomize.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.BROKEN)


def _log_to(file: Path) -> None:
    """The play's own clients are told of every fault; that belongs into a file."""
    out = file.open("a", buffering=1)
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(out))
    logging.basicConfig(filename=file, level=logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
