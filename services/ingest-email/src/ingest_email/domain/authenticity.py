"""Whether the author is who the From field says: DKIM (RFC 6376) aligned with it as DMARC asks (RFC 7489).

Pure: DNS is asked before (`questions`), its answers are given (`judge`). SPF is no evidence here: we see a mail after
it was delivered, the sending server is known only by what others wrote into its header.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import dkim
from authheaders.dmarc_lookup import DMARCException, answer_to_dict
from authres import AuthenticationResultsHeader, AuthResError  # type: ignore[import-untyped]  # has no types
from omnifil_contracts.identity import Assurance, AssuredIdentity, Evidence, Identity

from ingest_email.domain.addresses import From, addresses
from ingest_email.domain.charsets import decoded
from ingest_email.domain.domains import is_domain, organisation
from ingest_email.domain.mail import Mail

Answers = Mapping[str, tuple[str, ...] | None]
"""TXT records by name: empty when there are none, None when DNS did not answer."""

UNAVAILABLE = "dns-unavailable"
_SIGNATURES_LIMIT = 10
_MIN_KEY_BITS = 1024
# RFC 5322 §3.6, RFC 2045: at most one each. A signature covers the last, we would read the first: what is written above
# a signed mail is signed by nobody.
_ONCE = ("to", "cc", "subject", "message-id", "in-reply-to", "references", "content-type", "content-transfer-encoding")


@dataclass(frozen=True)
class Signature:
    """A DKIM signature that is aligned with the author's domain. `index` counts all of the mail's, from the top."""

    index: int
    domain: str
    selector: str

    @property
    def key_name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"


def questions(mail: Mail, claimed: From, authserv_id: str | None) -> tuple[str, ...]:
    """The names whose TXT records `judge` needs; none where DNS cannot change the verdict."""
    if claimed.address is None or claimed.flaw or _trusted_verdict(mail, authserv_id) is not None:
        return ()
    signatures = _aligned_signatures(mail, claimed.address.domain)
    if not signatures:
        return ()
    return tuple(dict.fromkeys([*(each.key_name for each in signatures), *_policy_names(claimed.address.domain)]))


def judge(mail: Mail, claimed: From, answers: Answers, authserv_id: str | None) -> AssuredIdentity:
    """The author's identity: `email`, verified, when it is proven, otherwise `email-unproven` and why."""
    reply_to = _reply_to(mail)
    if claimed.address is None:
        return _unproven(f"nobody-{_fingerprint(mail)}", Evidence(code=claimed.flaw or "no-address"), reply_to)
    address, domain = claimed.address.value, claimed.address.domain
    if claimed.flaw:
        return _unproven(address, Evidence(code=claimed.flaw), reply_to)
    trusted = _trusted_verdict(mail, authserv_id)
    if trusted is not None:
        passed = trusted == domain
        evidence = Evidence(
            code="dmarc-pass" if passed else "dmarc-fail", values={"domain": domain, "by": authserv_id or ""}
        )
        return _proven(address, evidence, reply_to) if passed else _unproven(address, evidence, reply_to)
    proof = _verdict(mail, domain, answers)
    return (_proven if proof.code in ("dmarc-pass", "dkim-aligned") else _unproven)(address, proof, reply_to)


def _verdict(mail: Mail, domain: str, answers: Answers) -> Evidence:
    signing = list(_signatures(mail))
    if not signing:
        return Evidence(code="no-signature", values={"domain": domain})
    aligned = _aligned_signatures(mail, domain)
    if not aligned:
        return Evidence(code="not-aligned", values={"domain": domain, "signed_by": signing[0][1].get("d", "")[:253]})
    failure = "dkim-fail"
    policy = _policy(domain, answers)
    for signature in aligned:
        if answers.get(signature.key_name, ()) is None:
            failure = UNAVAILABLE
        elif _verifies(mail, signature, answers):
            values = {"domain": domain, "signed_by": signature.domain}
            if signature.domain == domain:  # aligned in the strict mode too, whatever the policy asks
                return Evidence(code="dmarc-pass" if policy else "dkim-aligned", values=values)
            if policy and policy.get("adkim", "r") != "s":
                return Evidence(code="dmarc-pass", values=values)
            if policy is None:
                failure = UNAVAILABLE
            else:
                return Evidence(code="not-aligned" if policy else "no-dmarc-policy", values=values)
    return Evidence(code=failure, values={"domain": domain})


def _verifies(mail: Mail, signature: Signature, answers: Answers) -> bool:
    """Whether the signature is good, and signs what we read: dkimpy parses the mail again, in its own way."""

    def key(name: bytes | str, timeout: float = 0) -> str | None:
        asked = (name.decode("ascii", "replace") if isinstance(name, bytes) else name).rstrip(".").lower()
        records = answers.get(asked) or ()
        return next((each for each in records if "p=" in each), None)

    try:
        message = dkim.DKIM(mail.raw, minkey=_MIN_KEY_BITS)
        authors = [value for name, value in message.headers if name.strip().lower() == b"from"]
        if len(authors) != 1 or _words(decoded(authors[0], None)) != _words(mail.undecoded("from")[0]):
            return False
        if any(len(mail.undecoded(name)) > 1 for name in _ONCE):
            return False
        return (
            bool(message.verify(signature.index, dnsfunc=key))
            and message.domain.decode("ascii", "replace").lower() == signature.domain
            and b"from" in message.include_headers  # RFC 6376 §5.4 demands it, dkimpy does not
            and b"l" not in message.signature_fields  # anybody could have written on below what is signed
        )
    # dkimpy lets errors of its own parsing out: a signature that cannot be read is one that does not verify
    except (dkim.DKIMException, ValueError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError):
        return False


def _words(value: str) -> list[str]:
    return value.split()


def _signatures(mail: Mail) -> Iterator[tuple[int, dict[str, str]]]:
    for index, value in enumerate(mail.undecoded("dkim-signature")[:_SIGNATURES_LIMIT]):
        tags = (part.partition("=") for part in value[:20_000].split(";"))
        yield index, {name.strip(): re.sub(r"\s+", "", content) for name, _, content in tags if name.strip()}


def believed_recipients(mail: Mail, claimed: From) -> frozenset[str]:
    """Which of To and Cc the author is taken to have written, whoever sent the mail on to us.

    Somebody who has a signed mail of the author may send it again, with himself in copy. Where the author's provider
    signs any of the two, what it does not sign is not believed; some providers sign neither.
    """
    both = frozenset(("to", "cc"))
    if claimed.address is None:
        return both
    aligned = {each.index for each in _aligned_signatures(mail, claimed.address.domain)}
    covered = [
        both.intersection(name.strip().lower() for name in tags.get("h", "").split(":"))
        for index, tags in _signatures(mail)
        if index in aligned
    ]
    # Of several signatures, anybody may have written all but one: each can only take away.
    return both.intersection(*(each for each in covered if each))


def _aligned_signatures(mail: Mail, domain: str) -> list[Signature]:
    """Only these are looked up: a stranger's signature of a stranger's domain proves nothing and costs queries."""
    found = []
    for index, tags in _signatures(mail):
        signed_by, selector = tags.get("d", "").lower().rstrip("."), tags.get("s", "").lower()
        if is_domain(signed_by) and is_domain(selector) and organisation(signed_by) == organisation(domain):
            found.append(Signature(index, signed_by, selector))
    return found


def _policy_names(domain: str) -> list[str]:
    return list(dict.fromkeys([f"_dmarc.{domain}", f"_dmarc.{organisation(domain)}"]))


def _policy(domain: str, answers: Answers) -> dict[str, str] | None:
    """The DMARC record's tags; empty when there is none, None when DNS did not say. RFC 7489 §6.6.3."""
    for name in _policy_names(domain):
        records = answers.get(name, ())
        if records is None:
            return None
        policies = [each for each in records if each.replace(" ", "").startswith("v=DMARC1")]
        if len(policies) == 1:
            try:
                tags: dict[str, str] = answer_to_dict(policies[0])
            except DMARCException:
                return {}
            return tags if tags.get("p") in ("none", "quarantine", "reject") else {}
    return {}


def _trusted_verdict(mail: Mail, authserv_id: str | None) -> str | None:
    """What our own MX found, where its word is taken: the From domain that passed DMARC, or empty.

    None: it said nothing. Only the topmost field counts; below it anybody may have written one.
    """
    fields = mail.undecoded("authentication-results")
    if authserv_id is None or not fields:
        return None
    try:
        header = AuthenticationResultsHeader.parse(f"Authentication-Results: {fields[0][:5_000]}")
    except (AuthResError, ValueError, IndexError, AttributeError):
        return None
    if str(header.authserv_id).lower() != authserv_id.lower():
        return None
    verdicts = [each for each in header.results if each.method == "dmarc"]
    if not verdicts:
        return None
    named = [each.value for each in verdicts[0].properties if (each.type, each.name) == ("header", "from")]
    passed = verdicts[0].result == "pass" and len(named) == 1
    return str(named[0]).lower().rpartition("@")[2] if passed else ""


def _reply_to(mail: Mail) -> tuple[Evidence, ...]:
    """Where the author asks for the answer: told to the agent, believed by nobody."""
    found = addresses(mail.undecoded("reply-to"))
    return (Evidence(code="reply-to", values={"address": found[0].value}),) if found else ()


def _proven(address: str, evidence: Evidence, more: tuple[Evidence, ...]) -> AssuredIdentity:
    identity = Identity(kind="email", value=address)
    return AssuredIdentity(identity=identity, assurance=Assurance.VERIFIED, evidence=(evidence, *more))


def _unproven(value: str, evidence: Evidence, more: tuple[Evidence, ...]) -> AssuredIdentity:
    identity = Identity(kind="email-unproven", value=value)
    return AssuredIdentity(identity=identity, assurance=Assurance.CLAIMED, evidence=(evidence, *more))


def _fingerprint(mail: Mail) -> str:
    """For an author without an address: two such are two persons."""
    return hashlib.sha256(mail.raw).hexdigest()[:20]
