"""What can never work, through every door: each is refused at the door or found in a dead letter, and nowhere else."""

import json
import uuid
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid
from random import Random

from chaos_field.field import MAIL_BYTES
from omnifil_devstack.demo_world import SUPPORT_MAILBOX
from omnifil_devstack.stack_file import Stack

from chaos_play.ledger import POISON, Ledger, Mark
from chaos_play.mail_door import MailDoor
from chaos_play.network_door import Network, said, webhook
from chaos_play.rhythm import Rhythm, try_again_in
from chaos_play.topic_door import CHANNEL, SmsGateway, record_of

_SMS = f"inbound.{CHANNEL}.v1"
_REFUSED = (401, 403)
_HEADER_FIELDS = 1_200
"""More than ingest-email reads of one mail."""
_OVERLONG_CHARS = 210_000


class Poisoner:
    """Sends one kind after the other, in an order drawn from the seed."""

    def __init__(
        self, stack: Stack, ledger: Ledger, random: Random, mail: MailDoor, network: Network, sms: SmsGateway
    ) -> None:
        self._stack = stack
        self._ledger = ledger
        self._random = random
        self._mail = mail
        self._network = network
        self._sms = sms
        self._number = 0
        self.let_in: list[str] = []
        """Webhooks that should have been refused and were not."""

    async def poison(self, rhythm: Rhythm) -> None:
        """Until it is over."""
        kinds: list[Callable[[], Awaitable[int]]] = [
            self._broken_mail,
            self._giant_mail,
            self._no_json,
            self._incomplete,
            self._overlong,
            self._of_another_channel,
            self._of_another_type,
            self._unsigned_webhook,
            self._wrongly_signed_webhook,
            self._strange_webhook,
        ]
        while await rhythm.next():
            tries = await self._random.choice(kinds)()
            self._ledger.poison_handed_in[Mark(POISON, self._number - 1)] = tries

    def _text(self, source_topic: str | None) -> str:
        mark = Mark(POISON, self._number)
        self._number += 1
        self._ledger.poisoned(mark, source_topic)
        return self._ledger.text(mark, "Poison.")

    async def _broken_mail(self) -> int:
        text = self._text("inbound.email.raw.v1")
        fields = "".join(f"X-Filler-{number}: filler\r\n" for number in range(_HEADER_FIELDS))
        mail = f"From: a@b.test\r\nTo: {SUPPORT_MAILBOX}\r\nSubject: broken\r\n{fields}\r\n{text}\r\n"
        return await self._mail.until_kept("a@b.test", mail.encode(), Mark(POISON, self._number - 1))

    async def _giant_mail(self) -> int:
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = "a@b.test", SUPPORT_MAILBOX, "giant"
        mail["Message-ID"] = make_msgid(domain="b.test")
        mail.set_content(self._text("inbound.email.raw.v1"))
        film = self._random.randbytes(MAIL_BYTES * 3 // 4)  # which base64 makes longer by a third, and its line ends
        mail.add_attachment(film, maintype="video", subtype="mp4", filename="parcel.mp4")
        mark = Mark(POISON, self._number - 1)
        self._ledger.giant(mark, mail.as_bytes())
        return await self._mail.until_kept("a@b.test", mail.as_bytes(), mark)

    async def _no_json(self) -> int:
        return await self._sms.publish(self._phone(), f'{{"text": "{self._text(_SMS)}"'.encode())

    async def _incomplete(self) -> int:
        return await self._sms.publish(self._phone(), json.dumps({"text": self._text(_SMS)}).encode())

    async def _overlong(self) -> int:
        return await self._publish({"text": self._text(_SMS) + "x" * _OVERLONG_CHARS})

    async def _of_another_channel(self) -> int:
        return await self._publish({"text": self._text(_SMS), "channel": "email"})

    async def _of_another_type(self) -> int:
        phone = self._phone()
        value = json.dumps(record_of(phone, uuid.uuid4().hex, self._text(_SMS))).encode()
        headers = [("ce_specversion", b"1.0"), ("ce_type", b"test.something.else.v1")]
        return await self._sms.publish(phone, value, headers=headers)

    async def _publish(self, changes: dict[str, str]) -> int:
        phone = self._phone()
        record = record_of(phone, uuid.uuid4().hex, "") | changes
        if "channel" in changes:
            record["conversation"] = record["conversation"] | {"channel": changes["channel"]}
        return await self._sms.publish(phone, json.dumps(record).encode())

    async def _unsigned_webhook(self) -> int:
        return await self._refused(None)

    async def _wrongly_signed_webhook(self) -> int:
        return await self._refused("guessed")

    async def _strange_webhook(self) -> int:
        event = said(self._stack, "6100000000000101", self._text("inbound.social.raw.v1"))
        return await self._network.until_taken(webhook(self._stack, [event | {"timestamp": "yesterday"}]))

    async def _refused(self, secret: str | None) -> int:
        body = webhook(self._stack, [said(self._stack, "6100000000000101", self._text(None))])
        while (status := await self._network.status_of(body, secret)) not in _REFUSED:
            if status and status < 500:
                self.let_in.append(f"A webhook signed with {secret!r} was answered {status}.")
                return 1
            await try_again_in(0.5)
        return 1

    def _phone(self) -> str:
        return f"+3369{self._random.randrange(10**7):07}"
