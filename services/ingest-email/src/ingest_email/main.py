"""`ingest-email receive|deliver`: mailboxes in, replies out; `ingest-email normalise FILE…`: what a mail becomes."""

from omnifil_servicekit.roles import service

from ingest_email.bootstrap import DELIVER, RECEIVE, bootstrap
from ingest_email.entrypoints.normalise_command import normalise
from ingest_email.settings import Settings

app = service(
    "ingest-email",
    Settings,
    bootstrap,
    roles={
        RECEIVE: "Receives mail from the mailboxes.",
        DELIVER: "Delivers agents' replies.",
    },
)
app.command("normalise")(normalise)

if __name__ == "__main__":
    app()
