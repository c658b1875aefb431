"""What a person wrote, normalised, and who wrote it as far as is known."""

import inspect
from typing import Any, ClassVar, Literal

from pydantic import Field, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError

from omnifil_contracts import ids
from omnifil_contracts.identity import AssuredIdentity, Because, Identity
from omnifil_contracts.profile import RelatedReferences
from omnifil_contracts.record import PERSONAL, Channel, Instant, Record, Value, personal

MAX_TEXT_CHARS = 200_000


class Attachment(Value):
    """A file in the blob store, which is content-addressed."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Address of the content in the blob store.")
    filename: str = personal(description="Name shown to people; never a path.", max_length=255)
    media_type: str = Field(description="Media type, e.g. `image/png`.", max_length=127)
    size_bytes: int = Field(ge=0, description="Size in bytes.")
    inline: bool = Field(False, description="Shown inside the text rather than listed below it.")


class Conversation(Value):
    """A thread inside one channel and account, and how to answer in it."""

    conversation_id: str = Field(
        "", description="`ids.conversation_id(channel, account, key)`; worked out where it is absent."
    )
    channel: Channel = Field(description="The channel.")
    account: str = Field(min_length=1, max_length=200, description="The configured end: mailbox, widget, page.")
    key: str = Field(min_length=1, max_length=1000, description="What identifies the thread inside the account.")


class Sender(Value):
    """Who wrote: the handle that the channel knows, and others that came with it."""

    primary: AssuredIdentity = Field(description="The handle that the channel itself works with.")
    others: tuple[AssuredIdentity, ...] = Field((), description="Further handles: signed by the site, or only typed.")
    display_name: str | None = personal(None, description="As the channel shows it; proves nothing.", max_length=200)

    @property
    def identities(self) -> tuple[AssuredIdentity, ...]:
        return (self.primary, *self.others)


class Participant(Value):
    """Somebody else who takes part in the conversation, such as a person in copy."""

    identity: Identity
    role: Literal["to", "cc", "member"] = Field("member", description="How they take part.")
    display_name: str | None = personal(None, description="As the channel shows it.", max_length=200)


class InboundMessage(Record):
    """A message as an ingest service (or an integrator) publishes it to `inbound.<channel>.v1`, keyed by
    `sender.primary.identity.key`."""

    ce_type: ClassVar[str] = "omnifil.message.received.v1"

    message_id: str = Field(
        "", description="`ids.message_id(channel, account, provider_message_id)`; worked out where it is absent."
    )
    channel: Channel = Field(description="The channel that it came by.")
    account: str = Field(min_length=1, max_length=200, description="The configured end: mailbox, widget, page.")
    provider_message_id: str = Field(min_length=1, max_length=1000, description="The provider's id of the message.")
    conversation: Conversation
    ancestors: tuple[str, ...] = Field((), description="Provider ids of earlier messages of the thread, newest first.")
    references: tuple[str, ...] = Field((), description="What looks like a reference that we minted; unchecked.")
    sender: Sender
    participants: tuple[Participant, ...] = Field((), description="Others in the conversation.")
    direction: Literal["inbound", "echo"] = Field(
        "inbound", description="`echo`: the company's own words, written outside of Omnifil (a page's inbox, say)."
    )
    automatic: str | None = Field(None, description="Why this is no person's word: `auto-reply`, `bounce`, `list`.")
    subject: str | None = personal(None, description="Subject line.", max_length=1000)
    text: str = personal("", description="Plain text, without what the thread already said.", max_length=MAX_TEXT_CHARS)
    html: str | None = personal(None, description="Sanitised HTML, safe to show in a frame.", max_length=1_000_000)
    language: str | None = Field(None, description="BCP 47 tag, where the channel knows it.", max_length=35)
    attachments: tuple[Attachment, ...] = Field((), description="Files, in the order of the message.")
    raw: Attachment | None = Field(None, description="The original as it came, in the blob store.")
    sent_at: Instant | None = Field(None, description="When the sender says it was sent.")
    received_at: Instant = Field(description="When our ingest took it.")
    reply_window_ends_at: Instant | None = Field(
        None, description="Until when the network lets us answer; null: no limit."
    )

    @classmethod
    def of_bytes(cls, value: bytes) -> "InboundMessage":
        """Read a record's value, which anybody may have written. Raises `ValidationError`.

        An integrator may leave the derived ids out; one that says otherwise would pass for another message. This is the
        door: behind it the ids are not worked out again each time that the message is read.
        """
        message: InboundMessage = cls.__pydantic_validator__.validate_json(value)
        place = message.conversation
        message_id = ids.message_id(message.channel, message.account, message.provider_message_id)
        conversation_id = ids.conversation_id(place.channel, place.account, place.key)
        if message.message_id not in ("", message_id):
            raise _not_derived("message_id", "channel, account and provider_message_id")
        if place.conversation_id not in ("", conversation_id):
            raise _not_derived("conversation_id", "channel, account and key")
        # Frozen for everybody else; here the message is still being made.
        object.__setattr__(message, "message_id", message_id)
        object.__setattr__(place, "conversation_id", conversation_id)
        return message

    @classmethod
    def make(
        cls, *, channel: str, account: str, conversation_key: str, provider_message_id: str, **rest: object
    ) -> "InboundMessage":
        """The message with its deterministic ids filled in."""
        return cls.model_validate(
            {
                "message_id": ids.message_id(channel, account, provider_message_id),
                "channel": channel,
                "account": account,
                "provider_message_id": provider_message_id,
                "conversation": Conversation(
                    conversation_id=ids.conversation_id(channel, account, conversation_key),
                    channel=channel,
                    account=account,
                    key=conversation_key,
                ),
                **rest,
            }
        )


def _not_derived(field: str, parts: str) -> ValidationError:
    problem = PydanticCustomError(
        "not_derived", "{field} does not follow from {parts}: leave it out", {"field": field, "parts": parts}
    )
    return ValidationError.from_exception_data("InboundMessage", [{"type": problem, "loc": (field,), "input": None}])


class RawMessage(Record):
    """A message exactly as it came, because it could not be normalised: the value is its bytes, no JSON. The header
    `omnifil_account` names the account; with the content type `application/vnd.omnifil.blob+json` the bytes are too
    many for Kafka and the value is `{"sha256": …, "size_bytes": …}`, an address in the blob store."""

    ce_type: ClassVar[str] = "omnifil.message.raw.v1"
    content_type: ClassVar[str] = "application/octet-stream"

    content: bytes = personal(description="The bytes, as they came.")

    @classmethod
    def of_bytes(cls, value: bytes) -> "RawMessage":
        """Read a record's value."""
        return cls.model_construct(content=value)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Of the value itself: there is no object around the bytes."""
        return {
            "title": cls.__name__,
            "description": inspect.getdoc(cls),
            "type": "string",
            "format": "binary",
            **PERSONAL,
        }


class CustomerSuggestion(Value):
    """A customer whom the sender may be, but is not proven to be."""

    customer_id: str = Field(description="The customer.")
    display_name: str | None = personal(None, description="The candidate's name.")
    identity: Identity = Field(description="The sender's handle that an agent's confirmation would link.")
    linkable: bool = Field(description="Whether confirming may link the handle for good (never an unproven address).")
    because: Because


class IdentifiedMessage(Record):
    """A message with the customer it comes from, on `identified.<channel>.v1`, keyed by customer id."""

    ce_type: ClassVar[str] = "omnifil.message.identified.v1"

    message: InboundMessage
    customer_id: str = Field(description="The customer.")
    customer_name: str | None = personal(None, description="The customer's name, as the profile has it.")
    assured: bool = Field(description="Whether the sender is at least `channel`-assured as this customer.")
    because: Because = Field(description="Why the sender is this customer.")
    suggestions: tuple[CustomerSuggestion, ...] = Field((), description="Customers whom the sender may be.")
    related: tuple[RelatedReferences, ...] = Field(
        (), description="What the customer's external records put together, newest first, at most 20."
    )
