"""The two ways in which work can fail that are not a decision of the domain."""


class Transient(Exception):
    """Try again later: a broker, a database or a peer is away. Nothing is wrong with what was being worked on."""


class Poison(Exception):
    """This one record can never work, however often it is tried. It goes to the dead letter with this as its cause."""
