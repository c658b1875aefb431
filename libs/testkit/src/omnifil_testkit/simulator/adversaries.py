"""Who has no business in a matter: impostors in every way that a channel leaves open, and third persons who forward."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts.identity import Assurance, AssuredIdentity
from omnifil_contracts.message import InboundMessage, Sender

from omnifil_testkit.simulator.calendar import around, days, hours
from omnifil_testkit.simulator.channels import ACCOUNTS, PAGE, copied_in, forged, mail_author, proven
from omnifil_testkit.simulator.events import Said, Truth
from omnifil_testkit.simulator.people import Mailbox, Person, stranger
from omnifil_testkit.simulator.plans import Matter
from omnifil_testkit.simulator.settings import Rates
from omnifil_testkit.simulator.telling import Teller, texts_in

WAYS = (
    "forged-from",
    "forged-thread",
    "own-mail-quotes-number",
    "own-mail-stolen-thread",
    "copied-in-by-forgery",
    "chat-claims-address",
    "sms-claims-name",
    "social-quotes-order",
)
"""`forged-from`: a new mail in the victim's name. `forged-thread`: the same with the ids and the token of the victim's
thread. `own-mail-quotes-number`: a proven mail with the dossier's number in the subject. `own-mail-stolen-thread`: a
proven mail with ids and token. `copied-in-by-forgery`: a forged mail in the thread copies in the impostor, who then
answers with proven mail. The others claim to be the victim where the channel vouches for the impostor's own handle."""


@dataclass(frozen=True)
class Known:
    """What has been said in a matter so far, as far as others could get hold of it."""

    matter: Matter
    said: tuple[Said, ...]
    replies: tuple[str, ...]

    @property
    def mails(self) -> list[Said]:
        return [each for each in self.said if each.message.channel == "email"]


class Impostor:
    """Tries one way into one matter, with one to three messages."""

    def __init__(self, rates: Rates, draw: random.Random, number: str, known: Known, *, role: str = "impostor") -> None:
        self._draw, self._known, self._role = draw, known, role
        self._victim = known.matter.person
        self._person = stranger(rates, draw, self._victim.circle, f"Mallory {number}")
        self._person.mailboxes = (Mailbox(f"mallory.{number}@crook.example", proven=True),)
        self.id = f"{role}-{number}"
        self._teller = Teller(rates, draw, known.matter)
        self._count = 0

    def attack(self, way: str, at: datetime) -> Iterator[Said]:
        for _ in range(1 + (self._draw.random() < 0.4) + (self._draw.random() < 0.2)):
            text = self._teller.pretext(self._victim.language)
            if way == "copied-in-by-forgery":
                forgery = copied_in(self._mail(forged(self._address), at, text, threaded=True), self._own, "Mallory")
                yield self._said(forgery, at, way, threaded=True)
                at += hours(1)
                answer = self._mail(mail_author(self._person.mailboxes[0]), at, text, threaded=True)
                yield self._said(answer, at, way, threaded=True)
            else:
                threaded = way in ("forged-thread", "own-mail-stolen-thread")
                yield self._said(self._message(way, at, text), at, way, threaded=threaded)
            at += hours(around(self._draw, 8, 1))

    def forward(self, at: datetime) -> Iterator[Said]:
        """The victim's last mail, as it came, with a line above."""
        last = self._known.mails[-1].message
        texts = texts_in(self._victim.language)
        text = f"{self._teller.line('chasing', self._victim.language, 'sms')}\n{texts.forwarded}\n{last.text}"
        mail = self._mail(mail_author(self._person.mailboxes[0]), at, text, threaded=True)
        yield self._said(mail, at, "forward", threaded=True)

    @property
    def _address(self) -> str:
        return self._victim.mailboxes[0].address

    @property
    def _own(self) -> str:
        return self._person.mailboxes[0].address

    def _message(self, way: str, at: datetime, text: str) -> InboundMessage:
        mail = mail_author(self._person.mailboxes[0])
        match way:
            case "forged-from":
                return self._mail(forged(self._address), at, text, threaded=False)
            case "forged-thread":
                return self._mail(forged(self._address), at, text, threaded=True)
            case "own-mail-quotes-number":
                return self._mail(mail, at, text, threaded=False)
            case "own-mail-stolen-thread":
                return self._mail(mail, at, text, threaded=True)
            case "chat-claims-address":
                visitor = proven("visitor", f"v-{self.id}", Assurance.CHANNEL, "session-token")
                claim = proven("email", self._address, Assurance.CLAIMED, "typed-by-visitor")
                return self._plain("chat", visitor, at, text, (claim,))
            case "sms-claims-name":
                return self._plain(
                    "sms", proven("phone", self._person.phone, Assurance.CHANNEL, "platform-account"), at, text
                )
            case _:
                account = proven("messenger", f"{PAGE}:{self._person.psid}", Assurance.CHANNEL, "platform-account")
                return self._plain("social", account, at, text)

    def _mail(self, author: AssuredIdentity, at: datetime, text: str, *, threaded: bool) -> InboundMessage:
        last = self._known.mails[-1].message if self._known.mails else None
        own = f"<{self._next()}@crook.example>"
        stolen = last if threaded else None
        topic = (last.subject if last else None) or "Re:"
        return InboundMessage.make(
            channel="email",
            account=ACCOUNTS["email"],
            conversation_key=stolen.conversation.key if stolen else own,
            provider_message_id=own,
            ancestors=(stolen.provider_message_id, *stolen.ancestors) if stolen else (),
            sender=Sender(primary=author, display_name=self._victim.name),
            subject=f"Re: {topic}" if threaded else f"Re: {topic} {{number}}",
            text=text,
            received_at=at,
        )

    def _plain(
        self, channel: str, handle: AssuredIdentity, at: datetime, text: str, others: tuple[AssuredIdentity, ...] = ()
    ) -> InboundMessage:
        return InboundMessage.make(
            channel=channel,
            account=ACCOUNTS[channel],
            conversation_key=handle.identity.value,
            provider_message_id=f"{channel}-{self._next()}",
            sender=Sender(
                primary=handle, others=others, display_name=self._victim.name if channel != "social" else None
            ),
            text=text,
            received_at=at,
        )

    def _said(self, message: InboundMessage, at: datetime, way: str, *, threaded: bool) -> Said:
        primary = message.sender.primary
        own = (primary.identity.key,) if primary.assurance.at_least(Assurance.CHANNEL) else ()
        return Said(
            at=at,
            message=message,
            truth=Truth(self.id, f"{self.id}#1", self._role, own, victim=self._victim.id, way=way),
            circle=self._victim.circle,
            answers=tuple(reversed(self._known.replies)) if threaded else (),
            quotes=self._known.said[-1].message.message_id,
        )

    def _next(self) -> str:
        self._count += 1
        return f"{self.id}.{self._count}"


def adversaries(rates: Rates, draw: random.Random, person: Person, known: Sequence[Known]) -> Iterator[Said]:
    """Everything that others try on this person's matters."""
    if known and draw.random() < rates.impostors:
        for each in draw.sample(list(known), min(len(known), 2)):
            way = draw.choice(WAYS)
            if ("thread" in way and not each.mails) or (way == "copied-in-by-forgery" and not each.mails):
                way = "chat-claims-address"
            begun = each.said[0].at
            at = begun + (each.matter.closes - begun) * draw.random() + days(draw.random() * 2)
            so_far = _until(each, at)
            yield from Impostor(rates, draw, f"{person.id}-{each.matter.id[-1]}", so_far).attack(way, at)
    mailed = [each for each in known if each.mails]
    if mailed and draw.random() < rates.forwards:
        each = draw.choice(mailed)
        at = each.mails[-1].at + hours(around(draw, 20, 1))
        yield from Impostor(rates, draw, f"{person.id}-f", _until(each, at), role="outsider").forward(at)


def _until(known: Known, at: datetime) -> Known:
    """What had been said by then; of mails at least the first."""
    said = tuple(each for each in known.said if each.at < at) or known.said[:1]
    if known.mails and not any(each.message.channel == "email" for each in said):
        said = (*said, known.mails[0])
    return Known(known.matter, said, known.replies)
