"""`ingest-email receive|deliver`: mailboxes in, replies out; `ingest-email normalise FILE…`: what a mail becomes."""

from omnifil_servicekit.process import Parts
from omnifil_servicekit.roles import fail, service

from ingest_email.adapters.dns_records import ZoneUnreadable
from ingest_email.bootstrap import DELIVER, RECEIVE, bootstrap
from ingest_email.entrypoints.normalise_command import normalise
from ingest_email.settings import Settings


def _bootstrap(settings: Settings, roles: frozenset[str]) -> Parts:
    try:
        return bootstrap(settings, roles)
    except ZoneUnreadable as error:
        fail(f"{error} OMNIFIL_EMAIL_DNS_ZONE must name a master file, or be unset.")


app = service(
    "ingest-email",
    Settings,
    _bootstrap,
    roles={
        RECEIVE: "Receives mail from the mailboxes.",
        DELIVER: "Delivers agents' replies.",
    },
)
app.command("normalise")(normalise)

if __name__ == "__main__":
    app()
