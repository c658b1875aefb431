"""Messages as the ingest services publish them: the handles, ids and threads that each channel really has."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from omnifil_contracts.identity import Assurance, AssuredIdentity, Evidence, Identity
from omnifil_contracts.message import InboundMessage, Participant, Sender

from omnifil_testkit.simulator.people import Mailbox, Person
from omnifil_testkit.simulator.plans import Talk
from omnifil_testkit.simulator.settings import Rates

ACCOUNTS = {"email": "support@shop.example", "chat": "shop-widget", "social": "page-1", "sms": "gateway-1"}
PAGE = "page-1"


@dataclass
class Thread:
    """A thread of mails, as the customer's client knows it."""

    root: str
    own: list[str] = field(default_factory=list)
    """Message-IDs, oldest first."""
    replies: list[str] = field(default_factory=list)
    """Keys of the agents' replies, oldest first."""
    subject: str | None = None
    mailbox: Mailbox | None = None
    """What the last mail of it was written from."""


@dataclass(frozen=True)
class Drawn:
    """A message, and which proven handles in it are the writer's."""

    message: InboundMessage
    own: tuple[str, ...]
    answers: tuple[str, ...] = ()


def proven(kind: str, value: str, assurance: Assurance, code: str) -> AssuredIdentity:
    identity = Identity(kind=kind, value=value)
    return AssuredIdentity(identity=identity, assurance=assurance, evidence=(Evidence(code=code),))


def mail_author(mailbox: Mailbox) -> AssuredIdentity:
    """As ingest-email judges: what passes DMARC is verified, all else is nobody's word."""
    if mailbox.proven:
        return proven("email", mailbox.address, Assurance.VERIFIED, "dmarc-pass")
    return forged(mailbox.address)


def forged(address: str) -> AssuredIdentity:
    return proven("email-unproven", address, Assurance.CLAIMED, "dmarc-fail")


class Post:
    """Writes the messages of one person."""

    def __init__(self, rates: Rates, draw: random.Random, person: Person) -> None:
        self._rates, self._draw, self._person = rates, draw, person
        self._threads: dict[str, Thread] = {}
        self._browsers: dict[str, str] = {}
        self._count = 0

    def write(self, talk: Talk, at: datetime, text: str, subject: str | None, language: str) -> Drawn:
        """The person's next words in this talk."""
        match talk.channel:
            case "email":
                return self._mail(talk, at, text, subject)
            case "chat":
                return self._chat(talk, at, text, language)
            case "social":
                return self._social(at, text)
            case _:
                return self._sms(at, text)

    def thread(self, talk: Talk) -> Thread | None:
        """The mails of this talk so far."""
        return self._threads.get(_thread_of(talk).id)

    def answered(self, talk: Talk, key: str) -> None:
        """An agent's reply has come into this talk."""
        if (thread := self.thread(talk)) is not None:
            thread.replies.append(key)

    def _mail(self, talk: Talk, at: datetime, text: str, subject: str | None) -> Drawn:
        draw, place = self._draw, _thread_of(talk).id
        thread = self._threads.get(place)
        mailbox = self._person.mailbox(draw, self._rates, at)
        message_id = f"<{self._next()}@{mailbox.address.rpartition('@')[2]}>"
        if thread is None:
            thread = self._threads[place] = Thread(message_id, subject=subject, mailbox=mailbox)
        elif thread.mailbox is not None and draw.random() < 0.9:
            still = thread.mailbox.until is None or at < thread.mailbox.until
            mailbox = thread.mailbox if still else mailbox
        thread.mailbox = mailbox
        lost = bool(thread.own) and draw.random() < self._rates.lost_thread
        message = InboundMessage.make(
            channel="email",
            account=ACCOUNTS["email"],
            conversation_key=message_id if lost else thread.root,
            provider_message_id=message_id,
            ancestors=() if lost else tuple(reversed(thread.own))[:10],
            sender=Sender(primary=mail_author(mailbox), display_name=self._person.shown_as or self._person.name),
            subject=f"Re: {thread.subject}" if thread.own and thread.subject else thread.subject,
            text=text,
            received_at=at,
        )
        answers = () if lost else tuple(reversed(thread.replies))[:5]
        thread.own.append(message_id)
        own = (f"email:{mailbox.address}",) if mailbox.proven else ()
        return Drawn(message, own, answers)

    def _chat(self, talk: Talk, at: datetime, text: str, language: str) -> Drawn:
        person, others, own = self._person, [], []
        name: str | None = None
        if talk.signed_in and person.account is not None:
            visitor, name = signed_visitor(person.account), person.name
            others.append(proven("shop-account", person.account, Assurance.VERIFIED, "signed-by-site"))
            checked = Assurance.VERIFIED if person.address_checked else Assurance.CLAIMED
            code = "signed-by-site" if person.address_checked else "unverified-by-site"
            others.append(proven("email", person.registered, checked, code))
            own = [f"shop-account:{person.account}"]
            own += [f"email:{person.registered}"] if checked is Assurance.VERIFIED else []
        else:
            visitor = self._browser(talk)
            if self._draw.random() < self._rates.typed_address:
                address = person.mailboxes[0].address
                if self._draw.random() < self._rates.typed_wrong:
                    address = address[:2] + address[3:]
                others.append(proven("email", address, Assurance.CLAIMED, "typed-by-visitor"))
                name = person.name if self._draw.random() < 0.7 else person.name.split()[0]
        browser = proven("visitor", visitor, Assurance.CHANNEL, "session-token")
        conversation = f"chat/{visitor}"
        message = InboundMessage.make(
            channel="chat",
            account=ACCOUNTS["chat"],
            conversation_key=visitor,
            provider_message_id=f"{conversation}/{self._next()}",
            sender=Sender(primary=browser, others=tuple(others), display_name=name),
            text=text,
            language=language,
            received_at=at,
        )
        return Drawn(message, (f"visitor:{visitor}", *own))

    def _browser(self, talk: Talk) -> str:
        """The cookie of the computer at home, or of a browser that is used this once."""
        place = _thread_of(talk).id
        if place not in self._browsers:
            if talk.new_browser:
                self._person.cookies += 1
                self._browsers[place] = f"{self._person.id}-{self._person.cookies}"
            else:
                self._browsers[place] = self._person.cookie
        return self._browsers[place]

    def _social(self, at: datetime, text: str) -> Drawn:
        account = proven("messenger", f"{PAGE}:{self._person.psid}", Assurance.CHANNEL, "platform-account")
        return self._plain("social", account, self._person.psid, at, text)

    def _sms(self, at: datetime, text: str) -> Drawn:
        phone = proven("phone", self._person.phone, Assurance.CHANNEL, "platform-account")
        return self._plain("sms", phone, self._person.phone, at, text)

    def _plain(self, channel: str, handle: AssuredIdentity, key: str, at: datetime, text: str) -> Drawn:
        message = InboundMessage.make(
            channel=channel,
            account=ACCOUNTS[channel],
            conversation_key=key,
            provider_message_id=f"{channel}-{self._next()}",
            sender=Sender(primary=handle),
            text=text,
            received_at=at,
        )
        return Drawn(message, (handle.identity.key,))

    def _next(self) -> str:
        self._count += 1
        return f"{self._person.id}.{self._count}"


def copied_in(message: InboundMessage, address: str, name: str) -> InboundMessage:
    """The mail, with somebody in copy."""
    copy = Participant(identity=Identity(kind="email", value=address), role="cc", display_name=name)
    return message.model_copy(update={"participants": (*message.participants, copy)})


def owned(person: Person) -> Iterator[str]:
    """Keys of every handle that is the person's, used or not."""
    for mailbox in person.mailboxes:
        yield f"email:{mailbox.address}"
    yield f"email:{person.registered}"
    yield f"phone:{person.phone}"
    yield f"messenger:{PAGE}:{person.psid}"
    yield f"visitor:{person.cookie}"
    if person.account is not None:
        yield f"shop-account:{person.account}"
        yield f"visitor:{signed_visitor(person.account)}"


def signed_visitor(account: str) -> str:
    """Who a signed-in person is in the chat, on every device."""
    return f"s-{account.removeprefix('shop:')}"


def _thread_of(talk: Talk) -> Talk:
    while talk.within is not None:
        talk = talk.within
    return talk
