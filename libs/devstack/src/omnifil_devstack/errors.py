"""What can go wrong with the stack, said in one sentence that tells what to do."""

import errno


class StackError(Exception):
    """Its text is shown to a person as it stands."""


def about(refused: OSError) -> StackError:
    """What the operating system refused, as a sentence that says what to do."""
    where = f" ({refused.filename})" if refused.filename else ""
    if refused.errno in (errno.ENOSPC, errno.EDQUOT):
        return StackError(f"The disk is full{where}: free some space, then start again.")
    if isinstance(refused, PermissionError):
        return StackError(
            f"Something cannot be written{where}: give yourself write permission there, "
            "or choose another place with OMNIFIL_HOME."
        )
    return StackError(
        f"The system refused{where}: {refused.strerror or refused}. `omnifil doctor` looks at this machine."
    )


class PortTaken(StackError):
    """Somebody else listens on a port that a server of the stack needs."""

    def __init__(self, port: int, wanted_by: str) -> None:
        super().__init__(
            f"Port {port}, which {wanted_by} needs, is taken: end the program that holds it, "
            "or choose other ports with OMNIFIL_PORT_BASE (for example OMNIFIL_PORT_BASE=7400)."
        )
        self.port = port
