"""Names of persons, folded so that the same name written another way is found."""

import unicodedata

# Letters that Unicode does not decompose, as people type them on keyboards that lack them.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})


def folded(display_name: str | None) -> str | None:
    """The name without case, accents and odd spaces; None when it has not two words: a first name is nobody's."""
    if not display_name:
        return None
    decomposed = unicodedata.normalize("NFKD", display_name).casefold().translate(_PLAIN)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return " ".join(words) if len(words) >= 2 else None
