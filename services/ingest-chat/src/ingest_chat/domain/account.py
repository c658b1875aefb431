"""A chat account: one widget, the sites that may show it, and who signs for its visitors."""

from typing import Annotated
from urllib.parse import urlsplit

from omnifil_contracts.record import Value
from pydantic import AfterValidator, Field, SecretStr

ANY_ORIGIN = "*"
_MIN_KEY_CHARS = 32


def _origin(text: str) -> str:
    """`https://shop.example[:port]`, as browsers send it: lower case, no path. RFC 6454 §6.2."""
    if text == ANY_ORIGIN:
        return text
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query or parts.fragment:
        raise ValueError(f"an origin is scheme://host[:port] without a path, or {ANY_ORIGIN} for any")
    return text.lower()


def _long_enough(key: SecretStr) -> SecretStr:
    """RFC 7518 §3.2: a key for HS256 is at least as long as the hash."""
    if len(key.get_secret_value().encode()) < _MIN_KEY_CHARS:
        raise ValueError(f"a key for HS256 has at least {_MIN_KEY_CHARS} bytes (RFC 7518 §3.2)")
    return key


SigningKey = Annotated[SecretStr, AfterValidator(_long_enough)]


class IdentityKey(Value):
    """A key that the host site signs identity tokens with. Several at once: that is how one is replaced."""

    kid: str | None = Field(None, max_length=100, description="What the token's header calls it, if it does.")
    key: SigningKey = Field(description="The shared secret, at least 32 bytes.")


class ChatAccount(Value):
    """One configured widget."""

    account: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Name of the account.")
    title: str = Field(max_length=60, description="What the widget calls the company.")
    colour: str = Field("#2f6fed", pattern=r"^#[0-9a-f]{6}$", description="The widget's accent.")
    allowed_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        description="Sites that may show the widget, `https://shop.example`; `*` for any."
    )
    identity_keys: tuple[IdentityKey, ...] = Field((), description="Keys of the host site, newest first.")
    identity_realm: str | None = Field(
        None, max_length=60, description="Whose customer numbers `sub` holds; by default the account's own."
    )
    ask_contact: bool = Field(True, description="Whether visitors who are not signed in are asked for a name, e-mail.")

    @property
    def realm(self) -> str:
        return self.identity_realm or self.account

    def allows(self, origin: str | None) -> bool:
        """Whether a page of this origin may show the widget. No origin: no browser asks, nothing to protect from."""
        return origin is None or ANY_ORIGIN in self.allowed_origins or origin.lower() in self.allowed_origins
