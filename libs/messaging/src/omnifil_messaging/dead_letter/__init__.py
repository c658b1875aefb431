"""Dead letters: what they are, where they lie, and the commands for the person who looks after them."""

from omnifil_messaging.dead_letter.letter import DeadLetter

__all__ = ["DeadLetter"]
