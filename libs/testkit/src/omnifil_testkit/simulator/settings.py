"""How people behave, in rates. Published ones where there are any, with their source; the others are our own, said so.

Shares are between 0 and 1. What is drawn is a person, a conversation or a message, as each line says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

CHANNELS = ("email", "chat", "social", "sms")
"""`sms` stands for a channel that an integrator publishes."""


def _default_mix() -> Mapping[str, float]:
    return {"email": 0.45, "chat": 0.25, "social": 0.15, "sms": 0.15}


@dataclass(frozen=True)
class Rates:
    """The settings of a simulation. Change some with `dataclasses.replace`."""

    # Conversations and matters
    while_live: float = 0.265
    """Of a person's conversations but the first: begins while another one is live. With this, 27 % of all new
    conversations do, as was measured in public on live cases (docs/architecture.md, Correlation); a test holds it."""
    other_subject: float = 0.72
    """Of those: another subject (the same measurement). Read as another matter, the harder of the two readings."""
    follow_up: float = 0.18
    """Of conversations that begin while none is live: the same matter again, after it was closed. Own figure: first
    contact resolution is published between 65 % and 80 %, and most who return do so before the case is closed."""
    follow_up_days: float = 5.0
    """Median days from the closing to the follow-up (log-normal, sigma 1)."""
    same_channel: float = 0.79
    """Who must write a second time about a matter stays on the channel. SQM Group, “Most Customers Do Not Like to
    Channel Hop”: 79 % (web), 81 % (voice menu)."""
    gap_days: float = 90.0
    """Mean days without anything between two matters; each person has an own mean around it (log-normal)."""
    aside: float = 0.03
    """Of conversations: in the midst of it, another matter is raised in the same thread. Own figure."""
    old_thread: float = 0.06
    """Of new matters by mail: sent as an answer in an old thread. Own figure."""
    at_once: float = 0.02
    """Of new matters: told on two channels in the same second. Own figure."""
    same_product: float = 0.15
    """Of a person's matters but the first: about a product of an earlier matter. Own figure, as the next two."""
    same_topic: float = 0.12
    same_order: float = 0.08
    """… about an order of an earlier matter: the order number does not tell the two apart."""

    # How a conversation goes
    channel_mix: Mapping[str, float] = field(default_factory=_default_mix)
    """Own figure; voice left out."""
    response_hours: float = 7.07
    """Median until an agent answers outside of chat (log-normal). Jitbit, “Average customer support metrics from 1000
    companies”: 7 hours 4 minutes."""
    goes_on: float = 0.58
    """After an agent's answer the customer writes again. Own figure: gives about 2.5 agents' replies per case, which
    support tools publish as common (2.5 to 4 touches)."""
    silence: float = 0.05
    """Of those answers: it comes after 9 to 40 days. Own figure."""
    unanswered: float = 0.07
    """A message that no agent answers for days, so that the customer asks again. Own figure."""
    in_parts: float = 0.2
    """What is said comes in two messages (twice as often outside of mail). Own figure."""
    vague_opening: float = 0.06
    """A new conversation about a live or closed matter begins without any telling word: “any news?”. Own figure; the
    three next: how often an order number is given in the first message, when it is told again, and in between."""
    number_first: float = 0.45
    number_again: float = 0.4
    number_later: float = 0.15
    pasted: float = 0.2
    """Who tells it again in another conversation sends the very first text once more. Own figure, as the next: what a
    person calls a thing once, they call it again."""
    same_name: float = 0.75
    typos: float = 0.012
    """Of words, per person around this mean. Own figure."""
    other_language: float = 0.03
    """Of conversations: not in the person's language. Own figure."""
    lost_thread: float = 0.06
    """A mail answers, but says so nowhere (no References, no In-Reply-To). Own figure."""

    unseen: float = 0.0
    """Of matters: of a kind, and about a product, that simulations do not speak of otherwise (`texts/unseen.py`)."""

    # Who people are
    french: float = 0.55
    one_address: float = 0.23
    """Who has a single e-mail address. DMA, “Email tracker 2016”: 23 %."""
    other_address: float = 0.08
    """Of the others' mails: from another than the usual address. Own figure."""
    address_changed_a_year: float = 0.31
    """Return Path and Global Name Registry, 2002 (NFO WorldGroup): 31 % change their address in a year."""
    proven_mail: float = 0.914
    """Of mailboxes: its mail is authenticated. Google, “Internet-wide efforts to fight email phishing are working”,
    2013: 91.4 % of non-spam mail to Gmail."""
    account: float = 0.6
    """Has an account at the shop. Own figure, as the next: is signed in when chatting."""
    signed_in: float = 0.7
    checked_address: float = 0.8
    """Of accounts: the shop has seen that the address is theirs. Own figure, as the next two."""
    shop_tells: float = 0.7
    """Of those with an account: the shop publishes what it knows of them when they order (`profile.updates.v1`)."""
    phone_on_file: float = 0.8
    new_cookie: float = 0.3
    """Of anonymous chats: from a browser that is not known. Own figure."""
    typed_address: float = 0.6
    """Of anonymous chats: an e-mail address is typed in, now and then with a typo. Own figure."""
    typed_wrong: float = 0.03
    housemates: float = 0.2
    """Of people: somebody of the household is a customer too. Own figure."""
    shared_mailbox: float = 0.27
    """Of households: one mailbox for all. Pew Research Center, “Couples, the Internet, and Social Media”, 2014: 27 % of
    couples share an e-mail account."""
    accounts_of_one_address: float = 0.0
    """Of those who share one: the shop lets a second account be opened with the address. Shops do not, as a rule."""
    shared_phone: float = 0.3
    shared_computer: float = 0.4
    """Own figures."""
    role: float = 0.03
    """Of people: two or three colleagues who write from one role address (info@…). Own figure."""
    namesakes: float = 0.02
    """Of people: has the very name of another customer. Own figure."""

    # What is not a customer's word
    impostors: float = 0.05
    """Of people: somebody else tries to get into one of their matters. Far above what is common: it is attacked so
    that it can be seen to hold."""
    forwards: float = 0.03
    """Of people: a third person forwards one of their mails, as it came, thread and token included. Own figure."""
    copied: float = 0.03
    """Of matters by mail: somebody in copy answers to all, from an own address. Own figure."""
    away: float = 0.04
    """An agent's mail is answered by an auto-reply. Own figure."""
    bounces: float = 0.01
    lists: float = 0.05
    """Of people: a mailing list that they are on writes to the shop. Own figure."""
