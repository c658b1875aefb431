"""Whether a webhook comes from the network. Source: “Webhooks”, Messenger Platform: `X-Hub-Signature-256`."""

import hashlib
import hmac
from collections.abc import Iterable

from ingest_social.domain.page import Page

_PREFIX = "sha256="


class SignatureMissing(Exception):
    """The webhook is not signed."""


class SignatureWrong(Exception):
    """The webhook is signed by nobody whom we know, or was changed on its way."""


def signed_by(pages: Iterable[Page], body: bytes, header: str | None) -> list[Page]:
    """The pages whose app signed exactly these bytes; only their entries may be believed.

    Raises `SignatureMissing`, `SignatureWrong`.
    """
    if not header:
        raise SignatureMissing("X-Hub-Signature-256 is missing: only the network's signed webhooks are taken.")
    given = header.removeprefix(_PREFIX).strip().lower().encode()
    proven = [page for page in pages if hmac.compare_digest(_hex_digest(page, body), given)]
    if not header.startswith(_PREFIX) or not proven:
        raise SignatureWrong("X-Hub-Signature-256 does not fit this body and any configured app secret.")
    return proven


def _hex_digest(page: Page, body: bytes) -> bytes:
    return hmac.new(page.app_secret.get_secret_value().encode(), body, hashlib.sha256).hexdigest().encode()
