"""Dead letters: what they are, where they lie, and the commands for the person who looks after them."""

from typing import TYPE_CHECKING, Any

from omnifil_messaging.dead_letter.letter import DeadLetter

if TYPE_CHECKING:
    from omnifil_messaging.dead_letter.cli import app

__all__ = ["DeadLetter", "app"]


def __getattr__(name: str) -> Any:
    # The commands need the producer, which needs the letters; and a service needs no commands at all.
    if name == "app":
        from omnifil_messaging.dead_letter.cli import app

        return app
    raise AttributeError(name)
