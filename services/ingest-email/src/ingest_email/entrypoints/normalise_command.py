"""`ingest-email normalise FILE…`: what a mail becomes, from the code that the service runs."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from omnifil_servicekit.errors import Transient
from pydantic import TypeAdapter, ValidationError

from ingest_email.adapters.blobs import FolderBlobs, HashedOnly
from ingest_email.adapters.dns_records import PatientDns, RealDns, ZoneFile, ZoneUnreadable
from ingest_email.adapters.process_reader import ProcessReader
from ingest_email.domain.addresses import normalised
from ingest_email.domain.limits import BrokenMail, Limits
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.handlers.receiving import Normaliser, described
from ingest_email.settings import EmailAccount

_LIMIT_S = 20.0
_ACCOUNTS = TypeAdapter(tuple[EmailAccount, ...])


def normalise(
    files: Annotated[list[Path], typer.Argument(help="Mails as they are stored (RFC 5322); - for standard input.")],
    account: Annotated[str, typer.Option(help="The account that they came to.")] = "support",
    address: Annotated[list[str] | None, typer.Option(help="An address of that account; may be repeated.")] = None,
    reply_domain: Annotated[str | None, typer.Option(help="The domain of the Message-IDs that we make.")] = None,
    zone: Annotated[Path | None, typer.Option(help="TXT records as a master file, instead of DNS.")] = None,
    blobs: Annotated[str, typer.Option(help="A folder to write contents to, or none: they are only hashed.")] = "none",
    authserv_id: Annotated[str | None, typer.Option(help="Name of our own MX, to take its verdict.")] = None,
    max_mail_bytes: Annotated[int, typer.Option(help="Bytes of a mail; a larger one is broken.")] = Limits().mail_bytes,
) -> None:
    """Print for each file the normalised record as one line of JSON; tell broken ones on standard error, exit code 1.

    An account that OMNIFIL_EMAIL_ACCOUNTS describes is taken from there, any other from the options.
    """
    us = _configured(account) or _described(account, address or [], reply_domain, authserv_id)
    try:
        dns = PatientDns(ZoneFile(zone) if zone else RealDns(timeout_s=3), attempts=2)
    except ZoneUnreadable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    store = HashedOnly() if blobs == "none" else FolderBlobs(Path(blobs))
    good = asyncio.run(_all(files, us, dns, store, Limits(mail_bytes=max_mail_bytes)))
    raise typer.Exit(0 if good else 1)


def _configured(account: str) -> OurMailbox | None:
    try:
        known = _ACCOUNTS.validate_json(os.environ.get("OMNIFIL_EMAIL_ACCOUNTS", "[]"))
    except ValidationError as error:
        told = "; ".join(each["msg"] for each in error.errors(include_input=False)[:3])
        typer.echo(f"OMNIFIL_EMAIL_ACCOUNTS is wrong ({told}): correct it or unset it.", err=True)
        raise typer.Exit(2) from error
    return next((each.mailbox for each in known if each.account == account), None)


def _described(account: str, given: list[str], reply_domain: str | None, authserv_id: str | None) -> OurMailbox:
    addresses = tuple(each for each in map(normalised, given) if each)
    domain = reply_domain or (addresses[0].rpartition("@")[2] if addresses else "")
    return OurMailbox(account, addresses, domain.lower(), authserv_id=authserv_id)


async def _all(
    files: list[Path], us: OurMailbox, dns: PatientDns, blobs: HashedOnly | FolderBlobs, limits: Limits
) -> bool:
    good = True
    async with ProcessReader(limits, processes=1, limit_s=_LIMIT_S) as reader:
        normaliser = Normaliser(reader, dns, blobs, lambda: datetime.now(UTC))
        for file in files:
            try:
                raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
                result = await normaliser.normalise(raw, us)
            except BrokenMail as error:
                good = False
                typer.echo(described(error, str(file)), err=True)
            except (OSError, Transient) as error:
                good = False
                typer.echo(described(BrokenMail("unreadable", str(error)), str(file)), err=True)
            else:
                typer.echo(result.message.model_dump_json())
    return good
