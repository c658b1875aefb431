"""`ingest-chat serve|deliver`: the visitors' door, and the agents' replies on their way to it."""

from omnifil_servicekit.roles import service

from ingest_chat.bootstrap import DELIVER, SERVE, bootstrap
from ingest_chat.settings import Settings

app = service(
    "ingest-chat",
    Settings,
    bootstrap,
    roles={
        SERVE: "Serves visitors: the widget, sessions, sockets and images.",
        DELIVER: "Delivers agents' replies into the visitors' transcripts.",
    },
)

if __name__ == "__main__":
    app()
