"""Signed things that browsers carry: session tokens, upload ids, links to files (ours), identity tokens (the site's).

All are HS256 with the algorithm fixed here, never taken from the token (RFC 8725 §3.1).
"""

import hashlib
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
from omnifil_contracts.message import Attachment
from pydantic import SecretStr

from ingest_chat.domain.account import ChatAccount
from ingest_chat.domain.message import email_address, one_line
from ingest_chat.domain.visitor import Claims, SignedIdentity, Visitor, signed_visitor_id

_ALGORITHM = "HS256"
_LEEWAY_S = 30
_IDENTITY_MAX_LIFE_S = 3600
_MAX_TOKEN_CHARS = 8_192
_MAX_SUBJECT_CHARS = 200


class TokenRefused(Exception):
    """A token that we do not take. `code` is a stable slug; nothing is done in place of it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class IdentityTokens:
    """Reads what the host site signs about its user."""

    def verify(self, token: str, account: ChatAccount) -> SignedIdentity:
        """Raises `TokenRefused` (`identity-token-invalid`, `identity-token-expired`)."""
        if not account.identity_keys:
            raise _invalid_identity("this account has no key to check it with")
        claims = self._claims(token, account)
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject.strip()) <= _MAX_SUBJECT_CHARS:
            raise _invalid_identity(f"`sub` must be a text of 1 to {_MAX_SUBJECT_CHARS} characters")
        if claims["exp"] - time.time() > _IDENTITY_MAX_LIFE_S + _LEEWAY_S:
            raise _invalid_identity(f"`exp` may be at most {_IDENTITY_MAX_LIFE_S} seconds ahead")
        email, name = claims.get("email"), claims.get("name")
        return SignedIdentity(
            subject=subject.strip(),
            email=email_address(email) if isinstance(email, str) else None,
            email_verified=claims.get("email_verified") is True,
            name=one_line(name, 100) if isinstance(name, str) else None,
        )

    def _claims(self, token: str, account: ChatAccount) -> dict[str, Any]:
        if len(token) > _MAX_TOKEN_CHARS:
            raise _invalid_identity("it is too long")
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.InvalidTokenError as error:
            raise _invalid_identity("it is not a signed JWT") from error
        named = [each for each in account.identity_keys if kid is None or each.kid in (kid, None)]
        for candidate in named:
            try:
                return _decoded(token, candidate.key, audience=account.account, leeway_s=_LEEWAY_S)
            except jwt.InvalidSignatureError:
                continue
            except jwt.ExpiredSignatureError as error:
                raise TokenRefused(
                    "identity-token-expired", "The site's sign-in proof has expired: load the page again."
                ) from error
            except jwt.InvalidTokenError as error:
                raise _invalid_identity(str(error).rstrip(".")) from error
        raise _invalid_identity("it is signed with no key of this account")


class SessionTokens:
    """Makes and reads session tokens. The first key signs, all verify: that is how a key is replaced."""

    def __init__(self, keys: Sequence[SecretStr], *, life: timedelta, signed_life: timedelta) -> None:
        self._keys = keys
        self._life = life
        self._signed_life = signed_life

    def new_visitor(self, account: str) -> Visitor:
        """A browser that we have not met."""
        return Visitor(account=account, visitor_id=f"v-{uuid4()}")

    def signed_in(self, account: str, identity: SignedIdentity) -> Visitor:
        return Visitor(account=account, visitor_id=signed_visitor_id(account, identity.subject), signed=identity)

    def mint(self, visitor: Visitor) -> tuple[str, int]:
        """A token for this visitor, and when it ends (Unix time in seconds)."""
        life = self._life if visitor.signed is None else self._signed_life
        now = int(time.time())
        expires_at = now + int(life.total_seconds())
        claims: dict[str, Any] = {"acc": visitor.account, "sub": visitor.visitor_id, "iat": now, "exp": expires_at}
        if visitor.signed is not None:
            signed = visitor.signed
            claims["sig"] = [signed.subject, signed.email, signed.email_verified, signed.name]
        if visitor.claimed != Claims():
            claims["cla"] = [visitor.claimed.name, visitor.claimed.email]
        return _encoded(claims, self._keys[0], "session"), expires_at

    def read(self, token: str) -> Visitor:
        """Raises `TokenRefused` (`session-invalid`, `session-expired`)."""
        claims = _ours(token, self._keys, "session")
        subject, email, verified, name = claims.get("sig", [None, None, False, None])
        return Visitor(
            account=claims["acc"],
            visitor_id=claims["sub"],
            signed=SignedIdentity(subject, email, verified, name) if subject is not None else None,
            claimed=Claims(*claims.get("cla", [None, None])),
        )


class FileTokens:
    """What stands for a file: an id of an upload, for its visitor to send; a link, for anybody to open for a while."""

    def __init__(self, keys: Sequence[SecretStr], *, link_life: timedelta) -> None:
        self._keys = keys
        self._link_life_s = int(link_life.total_seconds())

    def upload_id(self, file: Attachment, visitor: Visitor) -> str:
        claims = {"sub": visitor.visitor_id, "file": file.model_dump(mode="json"), "exp": int(time.time()) + 7 * 86_400}
        return _encoded(claims, self._keys[0], "upload")

    def uploaded(self, upload_id: str, visitor: Visitor) -> Attachment:
        """Raises `TokenRefused` when this is no upload of this visitor."""
        claims = _ours(upload_id, self._keys, "upload")
        if claims["sub"] != visitor.visitor_id:
            raise TokenRefused("upload-invalid", "The image was uploaded in another session.")
        return Attachment.model_validate(claims["file"])

    def link(self, file: Attachment) -> str:
        """A path below our own address. It stays the same for a while, so that browsers need not load it again."""
        ends = (int(time.time()) // self._link_life_s + 2) * self._link_life_s
        claims = {"sub": file.sha256, "typ": file.media_type, "nam": file.filename, "exp": ends}
        return f"/api/files/{_encoded(claims, self._keys[0], 'file')}"

    def linked(self, token: str) -> Attachment:
        """The file of a link. Raises `TokenRefused`."""
        claims = _ours(token, self._keys, "file")
        return Attachment(sha256=claims["sub"], media_type=claims["typ"], filename=claims["nam"], size_bytes=0)


def _encoded(claims: dict[str, Any], key: SecretStr, purpose: str) -> str:
    return jwt.encode({**claims, "aud": f"omnifil-chat-{purpose}"}, _derived(key, purpose), algorithm=_ALGORITHM)


def _ours(token: str, keys: Sequence[SecretStr], purpose: str) -> dict[str, Any]:
    if len(token) > _MAX_TOKEN_CHARS:
        raise TokenRefused(f"{purpose}-invalid", f"This is no {purpose} of ours.")
    for key in keys:
        try:
            return _decoded(token, SecretStr(_derived(key, purpose)), audience=f"omnifil-chat-{purpose}")
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError as error:
            raise TokenRefused(f"{purpose}-expired", f"The {purpose} has expired: ask for a new one.") from error
        except jwt.InvalidTokenError:
            break
    raise TokenRefused(f"{purpose}-invalid", f"This is no {purpose} of ours.")


def _decoded(token: str, key: SecretStr, *, audience: str, leeway_s: int = 0) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(
        token,
        key.get_secret_value(),
        algorithms=[_ALGORITHM],
        audience=audience,
        leeway=leeway_s,
        options={"require": ["exp", "aud", "sub"]},
    )
    return decoded


def _derived(key: SecretStr, purpose: str) -> str:
    """A key for each purpose, so that a link never passes for a session."""
    return hashlib.sha256(f"omnifil-chat-{purpose}:{key.get_secret_value()}".encode()).hexdigest()


def _invalid_identity(reason: str) -> TokenRefused:
    return TokenRefused("identity-token-invalid", f"The site's sign-in proof is not valid: {reason}.")
