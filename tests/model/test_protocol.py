"""The core protocol as models in TLA+, every interleaving of them checked by TLC (docs/model, docs/guarantees.md).

Each model holds as it is, and is refuted as soon as one of its protections is taken away: one that cannot fail shows
nothing.
"""

from pathlib import Path

import pytest
from omnifil_devstack.model_checker import check

MODELS = Path(__file__).parents[2] / "docs/model"
pytestmark = pytest.mark.timeout(400)  # seconds each on a free core, but two cores may have ten other things to do

SAFE = ["WatermarkIsTrue", "TopicHasNoHole", "NobodyIsLeftBehind", "NoClientMisses", "NoClientDoubles"]
MODELS_THAT_HOLD = [
    ("Dossiers", "DossiersRace"),
    ("Dossiers", "DossiersReassigned"),
    ("Relay", "Relay"),
    ("Reply", "ReplyByMail"),
    ("Reply", "ReplyByNetwork"),
]

BROKEN_ON_PURPOSE = [
    ("Dossiers", "DossiersRace", "commit-before-write", "NothingIsLost"),
    ("Dossiers", "DossiersRace", "no-unique-effect", "EachEffectOnce"),
    ("Dossiers", "DossiersRace", "no-unique-place", "Gapless"),
    ("Dossiers", "DossiersReassigned", "no-unique-ordinal", "OneDossierForAnOrdinal"),
    ("Relay", "Relay", "watermark-before-publish", "WatermarkIsTrue"),
    ("Relay", "Relay", "watermark-before-projection", "WatermarkIsTrue"),
    ("Relay", "Relay", "watermark-not-fenced", "NobodyIsLeftBehind"),
    ("Relay", "Relay", "watermark-not-claimed", "NobodyIsLeftBehind"),
    ("Relay", "Relay", "cursor-after-snapshot", "NobodyIsLeftBehind"),
    ("Relay", "Relay", "projection-goes-back", "WatermarkIsTrue"),
    ("Relay", "Relay", "readers-count", "NoClientDoubles"),
    ("Relay", "Relay", "lease-ignored-and-readers-count", "NoClientDoubles"),
    ("Reply", "ReplyByMail", "no-unique-outbound", "SentAtMostOnce"),
    ("Reply", "ReplyByMail", "attempt-not-noted", "SentAtMostOnce"),
    ("Reply", "ReplyByMail", "attempt-not-compared", "SentAtMostOnce"),
    ("Reply", "ReplyByMail", "sent-again-when-in-doubt", "SentAtMostOnce"),
    ("Reply", "ReplyByMail", "doubt-overrules", "SentStaysSent"),
    ("Reply", "ReplyByNetwork", "attempt-not-noted", "SentAtMostOnce"),
    ("Reply", "ReplyByNetwork", "attempt-not-compared", "SentAtMostOnce"),
    ("Reply", "ReplyByNetwork", "patience-too-short", "SentAtMostOnce"),
]


@pytest.mark.parametrize(("module", "configuration"), MODELS_THAT_HOLD)
def test_the_protocol_holds_in_every_interleaving(module: str, configuration: str) -> None:
    found = check(MODELS / f"{module}.tla", MODELS / f"{configuration}.cfg")
    assert found.violated is None, found.output
    print(f"{configuration}: holds in all {found.states} distinct states")
    assert found.states > 1_000, "so few states that hardly anything was interleaved"


@pytest.mark.parametrize(("module", "configuration", "broken", "violated"), BROKEN_ON_PURPOSE)
def test_a_protection_that_is_taken_away_is_missed(module: str, configuration: str, broken: str, violated: str) -> None:
    text = (MODELS / f"{module}.tla").read_text()
    assert f'"{broken}"' in text, "the model does not know this protection"
    found = check(MODELS / f"{module}.tla", MODELS / f"{configuration}.cfg", broken=broken, invariants=[violated])
    assert found.violated == violated, found.output
    print(f"{configuration} with {broken}: {' → '.join(found.steps)}")
    assert len(found.steps) > 2, "a counterexample is a behaviour, not a first state"


def test_the_lease_is_for_economy_and_not_what_makes_it_safe() -> None:
    """Two relays at once only repeat: readers go by seq, and the fence keeps the watermark true."""
    found = check(MODELS / "Relay.tla", MODELS / "Relay.cfg", broken="lease-ignored", invariants=SAFE)
    assert found.violated is None, found.output
