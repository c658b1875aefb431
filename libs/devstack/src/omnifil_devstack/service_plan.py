"""The six services and the world as processes: what is run, with which roles, on which port, with which settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from omnifil_devstack.credentials import Credentials
from omnifil_devstack.demo_world import AUDIENCE, CHAT_ACCOUNT, CLIENT_ID, SHOP_NAME, SOCIAL_ACCOUNT, SUPPORT_MAILBOX
from omnifil_devstack.folders import CHECKOUT
from omnifil_devstack.ports import HOST, PortPlan
from omnifil_devstack.world.dkim_zone import ZONE_FILE
from omnifil_devstack.world.network.settings import PAGE_ID

MONGO_PREFIX = "omnifil"
MESSENGER_WEBHOOK_PATH = "/webhooks/messenger"


@dataclass(frozen=True)
class Service:
    """One process: `python -m <module> <roles>`, with its own variables beside the shared ones."""

    name: str
    module: str
    roles: tuple[str, ...]
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://{HOST}:{self.port}"


def world_url(ports: PortPlan) -> str:
    """Where the world is played: issuer, shop, network, mailbox."""
    return f"http://{HOST}:{ports['world']}"


def world_folder(data: Path) -> Path:
    """What the world remembers."""
    return data / "world"


def shared_settings(ports: PortPlan, credentials: Credentials, mongo_uri: str) -> dict[str, str]:
    """What every service is told."""
    return {
        "OMNIFIL_KAFKA_BOOTSTRAP": f"{HOST}:{ports['kafka']}",
        "OMNIFIL_MONGO_URI": mongo_uri,
        "OMNIFIL_MONGO_PREFIX": MONGO_PREFIX,
        "OMNIFIL_INTERNAL_TOKEN": credentials.internal_token,
        "OMNIFIL_LOG_FORMAT": "json",
    }


def _world(ports: PortPlan, credentials: Credentials, data: Path) -> Service:
    chat, social = ports["ingest-chat"], ports["ingest-social"]
    settings = {
        "PORT": str(ports["world"]),
        "FOLDER": str(world_folder(data)),
        "SMTP_PORT": str(ports["smtp"]),
        "IMAP_PORT": str(ports["imap"]),
        "MAIL_API_PORT": str(ports["greenmail-api"]),
        "MAILBOX_PASSWORD": credentials.mailbox_password,
        "DESKTOP_URL": f"http://{HOST}:{ports['agent-gateway']}/",
        "CHAT_URL": f"http://{HOST}:{chat}",
        "WIDGET_KEY": credentials.widget_key,
        "WEBHOOK_URL": f"http://{HOST}:{social}{MESSENGER_WEBHOOK_PATH}",
        "MESSENGER_APP_SECRET": credentials.messenger_app_secret,
        "MESSENGER_VERIFY_TOKEN": credentials.messenger_verify_token,
        "MESSENGER_PAGE_TOKEN": credentials.messenger_page_token,
    }
    own = {f"OMNIFIL_WORLD_{name}": value for name, value in settings.items()}
    return Service("world", "omnifil_devstack.world.__main__", (), ports["world"], own)


def _mailbox(ports: PortPlan, credentials: Credentials) -> dict[str, object]:
    login = {"host": HOST, "tls": "none", "user": SUPPORT_MAILBOX, "password": credentials.mailbox_password}
    return {
        "account": SUPPORT_MAILBOX,
        "addresses": [SUPPORT_MAILBOX],
        "from_name": SHOP_NAME,
        "imap": login | {"port": ports["imap"]},
        "smtp": {"host": HOST, "tls": "none", "port": ports["smtp"]},
    }


def _widget(ports: PortPlan, credentials: Credentials) -> dict[str, object]:
    return {
        "account": CHAT_ACCOUNT,
        "title": SHOP_NAME,
        "allowed_origins": [world_url(ports)],
        "identity_keys": [{"key": credentials.widget_key}],
    }


def _page(ports: PortPlan, credentials: Credentials) -> dict[str, object]:
    return {
        "account": SOCIAL_ACCOUNT,
        "page_id": PAGE_ID,
        "app_secret": credentials.messenger_app_secret,
        "verify_token": credentials.messenger_verify_token,
        "page_token": credentials.messenger_page_token,
        "graph_url": f"{world_url(ports)}/v20.0",
        "picture_hosts": [HOST],
    }


def services(ports: PortPlan, credentials: Credentials, data: Path) -> list[Service]:
    """The six of them. `data` is the folder of what must outlive a restart."""
    world = world_url(ports)
    return [
        _world(ports, credentials, data),
        Service("customer-profile", "customer_profile.main", ("consume", "relay", "api"), ports["customer-profile"]),
        Service(
            "case-service",
            "case_service.main",
            ("consume", "relay", "api"),
            ports["case-service"],
            {"OMNIFIL_CASE_REFERENCE_KEYS": json.dumps([credentials.reference_key])},
        ),
        Service(
            "ingest-email",
            "ingest_email.main",
            ("receive", "deliver"),
            ports["ingest-email"],
            {
                "OMNIFIL_EMAIL_ACCOUNTS": json.dumps([_mailbox(ports, credentials)]),
                "OMNIFIL_EMAIL_DNS_ZONE": str(world_folder(data) / ZONE_FILE),
            },
        ),
        Service(
            "ingest-chat",
            "ingest_chat.main",
            ("serve", "deliver"),
            ports["ingest-chat"],
            {
                "OMNIFIL_CHAT_ACCOUNTS": json.dumps([_widget(ports, credentials)]),
                "OMNIFIL_CHAT_SESSION_KEYS": json.dumps([credentials.visitor_key]),
            },
        ),
        Service(
            "ingest-social",
            "ingest_social.main",
            ("receive", "deliver"),
            ports["ingest-social"],
            {"OMNIFIL_SOCIAL_PAGES": json.dumps([_page(ports, credentials)])},
        ),
        Service(
            "agent-gateway",
            "agent_gateway.main",
            ("serve",),
            ports["agent-gateway"],
            {
                "OMNIFIL_GATEWAY_CASE_SERVICE_URL": f"http://{HOST}:{ports['case-service']}",
                "OMNIFIL_GATEWAY_CUSTOMER_PROFILE_URL": f"http://{HOST}:{ports['customer-profile']}",
                "OMNIFIL_GATEWAY_ISSUER": world,
                "OMNIFIL_GATEWAY_AUDIENCE": AUDIENCE,
                "OMNIFIL_GATEWAY_JWKS_URL": f"{world}/jwks",
                "OMNIFIL_GATEWAY_AUTHORIZE_URL": f"{world}/authorize",
                "OMNIFIL_GATEWAY_TOKEN_URL": f"{world}/token",
                "OMNIFIL_GATEWAY_CLIENT_ID": CLIENT_ID,
                "OMNIFIL_GATEWAY_DESKTOP_DIR": str(CHECKOUT / "services/agent-gateway/desktop/dist"),
            },
        ),
    ]
