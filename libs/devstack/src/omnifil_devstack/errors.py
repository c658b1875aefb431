"""What can go wrong with the stack, said in one sentence that tells what to do."""


class StackError(Exception):
    """Its text is shown to a person as it stands."""


class PortTaken(StackError):
    """Somebody else listens on a port that a server of the stack needs."""

    def __init__(self, port: int, wanted_by: str) -> None:
        super().__init__(
            f"Port {port}, which {wanted_by} needs, is taken: end the program that holds it, "
            "or choose other ports with OMNIFIL_PORT_BASE (for example OMNIFIL_PORT_BASE=7400)."
        )
        self.port = port
