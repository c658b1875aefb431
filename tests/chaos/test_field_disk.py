"""A disk of limited size: it is full when it is filled, has room afterwards, and does not outlive who mounted it."""

import asyncio
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from chaos_field.disk_faults import NOT_ROOT, DiskFull, limited
from omnifil_testkit.waiting import eventually_ as eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason=NOT_ROOT)

_MIB = 1024 * 1024
_MOUNTS_AND_DIES = """
import os, signal, sys
from pathlib import Path
from chaos_field.disk_faults import limited
with limited({"one": Path(sys.argv[1])}, 1024 * 1024) as disks:
    print(len(disks), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_a_full_disk_takes_nothing_and_then_again(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    with limited({"server": folder}, 4 * _MIB) as disks:
        if not disks:
            pytest.skip(NOT_ROOT)
        (folder / "before").write_bytes(bytes(_MIB))
        fault = DiskFull("server", "server", folder, hold_s=600)
        strike = asyncio.create_task(fault.strike())
        await eventually(lambda: os.statvfs(folder).f_bavail == 0)
        with pytest.raises(OSError, match="No space left") as full:
            (folder / "more").write_bytes(bytes(8192))
        assert full.value.errno == errno.ENOSPC
        strike.cancel()
        await asyncio.wait({strike})
        await fault.heal()
        await fault.heal()
        (folder / "more").write_bytes(bytes(_MIB))
    assert not folder.is_mount()


async def test_it_is_taken_away_also_when_the_one_who_mounted_it_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    here = {"PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", _MOUNTS_AND_DIES, str(folder)]
    done = await asyncio.to_thread(
        subprocess.run, command, env=os.environ | here, capture_output=True, text=True, check=False
    )
    if done.stdout.strip() != "1":
        pytest.skip(NOT_ROOT)
    assert done.returncode == -9
    await eventually(lambda: not folder.is_mount())
