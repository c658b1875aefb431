"""A disk that fills: the folder of each server is a file system of its own, of limited size."""

import asyncio
import errno
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

NOT_ROOT = "only root may mount a file system of limited size"
_SIZE_BYTES = 2 * 1024**3
"""More than a run writes. It is memory, used as it fills."""
_FILLER = "filler"
_REFILL_S = 0.2
_CHUNK = bytes(4096)
_MOUNT = "/bin/mount"


@contextmanager
def limited(folders: Mapping[str, Path], size_bytes: int = _SIZE_BYTES) -> Iterator[Mapping[str, Path]]:
    """Mount a tmpfs on each folder. Yields those by server, none where this may not be done.

    A helper takes them away also when this process is killed: it waits for the end of its input.
    """
    if os.geteuid() != 0:
        yield {}
        return
    mounted: list[Path] = []
    janitor = subprocess.Popen(
        ["/bin/sh", "-c", 'while read -r folder; do set -- "$@" "$folder"; done; for each; do umount -l "$each"; done'],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert janitor.stdin is not None
    try:
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
            options = f"size={size_bytes},mode=0700"
            command = [_MOUNT, "-t", "tmpfs", "-o", options, "omnifil", str(folder)]
            done = subprocess.run(command, check=False)  # noqa: S603 # of our own words
            if done.returncode:  # root of a container without the capability
                break
            mounted.append(folder)
            janitor.stdin.write(f"{folder}\n".encode())
            janitor.stdin.flush()
        yield folders if len(mounted) == len(folders) else {}
    finally:
        janitor.stdin.close()
        janitor.wait()


class DiskFull:
    """Nothing more can be written to a server's disk; then there is room again.

    It is over when there is room. The server has ended itself by then, and is tried again with growing pauses.
    """

    kind = "disk-full"

    def __init__(self, target: str, group: str, folder: Path, hold_s: float) -> None:
        self.target = target
        self.group = group
        self.hold_s = hold_s
        self._filler = folder / _FILLER

    async def strike(self) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + self.hold_s
        while clock() < until:
            await asyncio.to_thread(fill, self._filler)  # again and again: the server may have given something back
            await asyncio.sleep(_REFILL_S)

    async def heal(self) -> None:
        self._filler.unlink(missing_ok=True)


def fill(filler: Path) -> None:
    """Take all the room that there is on this disk."""
    free = os.statvfs(filler.parent)
    with filler.open("ab") as taken, suppress(OSError):
        if size := free.f_bavail * free.f_frsize:
            os.posix_fallocate(taken.fileno(), taken.tell(), size)
    with filler.open("ab", buffering=0) as taken:
        try:
            while taken.write(_CHUNK):
                pass
        except OSError as full:
            if full.errno != errno.ENOSPC:
                raise
