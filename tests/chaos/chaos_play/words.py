"""What people say: short as a rule, now and then very long. No order numbers, which would correlate."""

from random import Random

_SENTENCES = (
    "Is anybody there?",
    "Where is my parcel?",
    "Votre colis n'est toujours pas arrivé, que faire ?",
    "Danke, das hat geholfen.",
    "The colour is not what I ordered 🧵",
    "まだ届いていません。",
    "I would like to change the size, please.",
)
_GIANT_EVERY = 150


def words(random: Random, giant_chars: int) -> str:
    """A sentence; one in a hundred and fifty is `giant_chars` long."""
    sentence = random.choice(_SENTENCES)
    if random.randrange(_GIANT_EVERY):
        return sentence
    return (sentence + " ") * (giant_chars // (len(sentence) + 1))
