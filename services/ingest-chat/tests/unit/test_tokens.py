"""Tokens: whom they let in, and that nothing weaker is taken in place of a bad one."""

import base64
import json
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from ingest_chat.adapters.tokens import FileTokens, IdentityTokens, SessionTokens, TokenRefused
from ingest_chat.domain.account import ChatAccount
from ingest_chat.domain.visitor import Claims, SignedIdentity, Visitor
from omnifil_contracts.message import Attachment
from pydantic import SecretStr, ValidationError

KEY, OLD_KEY, OTHER_KEY = ("k" * 32, "o" * 32, "x" * 32)
ACCOUNT = ChatAccount.model_validate(
    {
        "account": "shop",
        "title": "Shop",
        "allowed_origins": ["https://Shop.example"],
        "identity_keys": [{"kid": "new", "key": KEY}, {"key": OLD_KEY}],
    }
)
CLARA = SignedIdentity("4711", "clara.martin@mail.example", True, "Clara Martin")


def signed(key: str = KEY, kid: str | None = None, algorithm: str = "HS256", **claims: Any) -> str:
    payload = {
        "sub": "4711",
        "aud": "shop",
        "exp": time.time() + 600,
        "email": "Clara.Martin@mail.example ",
        "email_verified": True,
        "name": "Clara\nMartin",
        **claims,
    }
    payload = {name: value for name, value in payload.items() if value is not None}
    with warnings.catch_warnings(action="ignore", category=jwt.InsecureKeyLengthWarning):
        return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def test_the_site_says_who_is_signed_in() -> None:
    assert IdentityTokens().verify(signed(kid="new"), ACCOUNT) == CLARA


@pytest.mark.parametrize(("key", "kid"), [(KEY, "new"), (KEY, None), (OLD_KEY, None), (OLD_KEY, "old")])
def test_every_key_of_the_account_is_good(key: str, kid: str | None) -> None:
    assert IdentityTokens().verify(signed(key, kid), ACCOUNT).subject == "4711"


@pytest.mark.parametrize("verified", [False, "true", 1, None])
def test_an_address_counts_as_verified_only_if_the_site_says_true(verified: Any) -> None:
    assert not IdentityTokens().verify(signed(email_verified=verified), ACCOUNT).email_verified


def unsigned() -> str:
    header, payload, _ = signed().split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    assert header != none
    return f"{none}.{payload}."


# Made when the test runs: time goes on while others do.
REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "another's key": (lambda: signed(OTHER_KEY), "identity-token-invalid"),
    "an unknown key id": (lambda: signed(KEY, "unknown"), "identity-token-invalid"),
    "another algorithm": (lambda: signed(algorithm="HS512"), "identity-token-invalid"),
    "no algorithm": (unsigned, "identity-token-invalid"),
    "another audience": (lambda: signed(aud="another"), "identity-token-invalid"),
    "no audience": (lambda: signed(aud=None), "identity-token-invalid"),
    "no end": (lambda: signed(exp=None), "identity-token-invalid"),
    "too long a life": (lambda: signed(exp=time.time() + 7200), "identity-token-invalid"),
    "no subject": (lambda: signed(sub=None), "identity-token-invalid"),
    "an empty subject": (lambda: signed(sub=" "), "identity-token-invalid"),
    "too long a subject": (lambda: signed(sub="4" * 201), "identity-token-invalid"),
    "not yet": (lambda: signed(nbf=time.time() + 300), "identity-token-invalid"),
    "not any more": (lambda: signed(exp=time.time() - 60), "identity-token-expired"),
    "another signature": (lambda: signed()[:-3] + "AAA", "identity-token-invalid"),
    "rubbish": (lambda: "rubbish", "identity-token-invalid"),
    "a novel": (lambda: "a" * 9000, "identity-token-invalid"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_anything_else_is_refused(what: str) -> None:
    token, code = REFUSED[what]
    with pytest.raises(TokenRefused) as refused:
        IdentityTokens().verify(token(), ACCOUNT)
    assert refused.value.code == code


def test_an_account_without_keys_takes_no_proof() -> None:
    with pytest.raises(TokenRefused):
        IdentityTokens().verify(signed(), ACCOUNT.model_copy(update={"identity_keys": ()}))


def sessions(*keys: str, life: timedelta = timedelta(days=1)) -> SessionTokens:
    return SessionTokens([SecretStr(key) for key in keys], life=life, signed_life=timedelta(hours=1))


@pytest.mark.parametrize(
    "visitor",
    [
        Visitor("shop", "v-1"),
        Visitor("shop", "v-1", claimed=Claims("Clara M.", "clara.martin@mail.example")),
        Visitor("shop", "s-1", signed=CLARA),
        Visitor("shop", "s-1", signed=SignedIdentity("4711"), claimed=Claims(None, "a@b.example")),
    ],
)
def test_a_session_says_again_who_it_is_for(visitor: Visitor) -> None:
    token, expires_at = sessions(KEY).mint(visitor)
    assert sessions(KEY).read(token) == visitor
    assert expires_at > time.time()


def test_a_replaced_key_still_reads_and_a_removed_one_does_not() -> None:
    token, _ = sessions(OLD_KEY).mint(Visitor("shop", "v-1"))
    assert sessions(KEY, OLD_KEY).read(token).visitor_id == "v-1"
    with pytest.raises(TokenRefused, match="no session of ours") as refused:
        sessions(KEY).read(token)
    assert refused.value.code == "session-invalid"


def test_an_expired_session_says_so() -> None:
    token, _ = sessions(KEY, life=timedelta(seconds=-1)).mint(Visitor("shop", "v-1"))
    with pytest.raises(TokenRefused) as refused:
        sessions(KEY).read(token)
    assert refused.value.code == "session-expired"


def test_one_token_does_not_pass_for_another() -> None:
    files = FileTokens([SecretStr(KEY)], link_life=timedelta(hours=1))
    picture = Attachment(sha256="0" * 64, filename="a.png", media_type="image/png", size_bytes=1)
    upload = files.upload_id(picture, Visitor("shop", "v-1"))
    link = files.link(picture).rsplit("/", 1)[-1]
    for token in (upload, link, signed()):
        with pytest.raises(TokenRefused):
            sessions(KEY).read(token)
    with pytest.raises(TokenRefused):
        files.linked(upload)


def test_an_upload_is_its_visitors_only() -> None:
    files = FileTokens([SecretStr(KEY)], link_life=timedelta(hours=1))
    picture = Attachment(sha256="0" * 64, filename="a.png", media_type="image/png", size_bytes=1)
    upload = files.upload_id(picture, Visitor("shop", "v-1"))
    assert files.uploaded(upload, Visitor("shop", "v-1")) == picture
    with pytest.raises(TokenRefused):
        files.uploaded(upload, Visitor("shop", "v-2"))


@pytest.mark.parametrize("origin", ["https://shop.example/", "shop.example", "ftp://shop.example", "https://a/b?c"])
def test_an_origin_is_no_address(origin: str) -> None:
    with pytest.raises(ValidationError, match="an origin is"):
        ChatAccount.model_validate({"account": "shop", "title": "Shop", "allowed_origins": [origin]})


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least 32 bytes"):
        ChatAccount.model_validate(
            {"account": "shop", "title": "Shop", "allowed_origins": [], "identity_keys": [{"key": "short"}]}
        )


def test_origins_are_compared_whole() -> None:
    assert ACCOUNT.allows("https://shop.example")
    assert ACCOUNT.allows(None)
    assert not ACCOUNT.allows("https://shop.example.evil.example")
    assert not ACCOUNT.allows("http://shop.example")
    assert not ACCOUNT.allows("null")
