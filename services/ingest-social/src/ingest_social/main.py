"""`ingest-social receive deliver`, and `ingest-social normalise`."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from omnifil_servicekit.roles import service
from pydantic import SecretStr

from ingest_social.bootstrap import DELIVER, RECEIVE, bootstrap
from ingest_social.domain.messenger import Incoming, NotUnderstood, understand
from ingest_social.domain.page import MESSENGER, Page
from ingest_social.settings import SocialSettings

app = service(
    "ingest-social",
    SocialSettings,
    bootstrap,
    roles={RECEIVE: "Takes the networks' webhooks.", DELIVER: "Delivers replies."},
)


@app.command()
def normalise(
    files: Annotated[list[Path], typer.Argument(help="files with a webhook body each", exists=True, dir_okay=False)],
    network: Annotated[str, typer.Option(help="the network that sent them")] = MESSENGER,
    account: Annotated[str, typer.Option(help="how the page is called inside Omnifil")] = "page",
) -> None:
    """Print what webhook bodies become: a line of JSON per message; receipts and unfetched files on standard error."""
    if network != MESSENGER:
        print(f"There is no network {network}; known is {MESSENGER}.", file=sys.stderr)
        raise typer.Exit(2)
    wrong = [path for path in files if not _printed(path, account)]
    raise typer.Exit(1 if wrong else 0)


def _printed(path: Path, account: str) -> bool:
    """Whether everything in the file was understood."""
    body = path.read_bytes()
    try:
        webhook = understand(body, _pages_in(body, account), datetime.now(UTC))
    except NotUnderstood as error:
        print(json.dumps({"file": str(path), "error": str(error)}), file=sys.stderr)
        return False
    for happening in webhook.happenings:
        if isinstance(happening, Incoming):
            print(happening.completed((), None, 0).model_dump_json())
            for url in happening.file_urls:
                told = {"file": str(path), "message": happening.message.message_id, "not_fetched": url}
                print(json.dumps(told), file=sys.stderr)
        else:
            print(json.dumps({"file": str(path), "receipt": type(happening).__name__}), file=sys.stderr)
    for _, reason in webhook.broken:
        print(json.dumps({"file": str(path), "error": reason}), file=sys.stderr)
    return not webhook.broken


def _pages_in(body: bytes, account: str) -> list[Page]:
    """A page for every id in the webhook: here everything concerns us."""
    try:
        entries = json.loads(body)["entry"]
        ids = sorted({str(entry["id"]) for entry in entries if str(entry.get("id", "")).isdecimal()})
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    unused = SecretStr("not needed here")
    return [
        Page(
            account=account if len(ids) == 1 else f"{account}-{page_id}",
            page_id=page_id,
            app_secret=unused,
            verify_token=unused,
            page_token=unused,
        )
        for page_id in ids
    ]


if __name__ == "__main__":
    app()
