"""The facts that decisions rest on."""

from collections.abc import Iterable

from omnifil_contracts.identity import Assurance, AssuredIdentity, Evidence
from omnifil_contracts.message import InboundMessage


def evidence_of(handle: AssuredIdentity, message: InboundMessage) -> tuple[Evidence, ...]:
    """What the channel says the assurance rests on; if it says nothing, what the assurance means there."""
    if handle.evidence:
        return handle.evidence
    match handle.assurance:
        case Assurance.VERIFIED if message.channel == "email":
            return (Evidence(code="dmarc-pass"),)
        case Assurance.VERIFIED:
            return (Evidence(code="signed-by-site"),)
        case Assurance.CHANNEL:
            return (Evidence(code="platform-account"),)
        case Assurance.CLAIMED:
            return (Evidence(code="unproven-sender"),)


def each_once(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Each code once: the first of a kind is the most telling."""
    found: dict[str, Evidence] = {}
    for each in evidence:
        found.setdefault(each.code, each)
    return tuple(found.values())
