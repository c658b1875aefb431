"""`ingest-chat serve|deliver`: the visitors' door, and the agents' replies on their way to it."""

import json

from omnifil_servicekit.roles import service
from pydantic import SecretStr

from ingest_chat.bootstrap import DELIVER, SERVE, bootstrap
from ingest_chat.domain.account import ChatAccount
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


@app.command("openapi", help="Print the OpenAPI document of the visitors' HTTP API.")
def print_openapi() -> None:
    """Needs no settings: nothing is connected to."""
    parts = bootstrap(
        Settings(
            http_port=0,
            internal_token=SecretStr("not asked for"),
            chat_accounts=(ChatAccount(account="shop", title="Shop", allowed_origins=()),),
            chat_session_keys=(SecretStr("nothing is ever signed with this key"),),
        ),
        frozenset({SERVE}),
    )
    print(json.dumps(parts.app.openapi(), indent=2))


if __name__ == "__main__":
    app()
