"""The six services and the world as processes: what is run, with which roles, on which port, with which settings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from omnifil_devstack.credentials import Credentials
from omnifil_devstack.demo_world import AUDIENCE, CHAT_ACCOUNT, CLIENT_ID, SHOP_NAME, SOCIAL_ACCOUNT, SUPPORT_MAILBOX
from omnifil_devstack.folders import CHECKOUT
from omnifil_devstack.ports import HOST, PortPlan
from omnifil_devstack.topology import ANSWERING, ROLES, Door
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


def graph_url(ports: PortPlan) -> str:
    """Where ingest-social finds the played network's API."""
    return f"http://{HOST}:{ports.door('world')}/v20.0"


def world_folder(data: Path) -> Path:
    """What the world remembers."""
    return data / "world"


def kafka_bootstrap(ports: PortPlan) -> str:
    """All brokers, `host:port` with commas."""
    return ",".join(f"{HOST}:{ports.door(name)}" for name in ports.topology.broker_names())


def mongo_uri(ports: PortPlan) -> str:
    """Of the replica set."""
    members = ",".join(f"{HOST}:{ports.door(name)}" for name in ports.topology.mongod_names())
    return f"mongodb://{members}/?replicaSet=rs0"


def shared_settings(ports: PortPlan, credentials: Credentials) -> dict[str, str]:
    """What every service is told."""
    return {
        "OMNIFIL_KAFKA_BOOTSTRAP": kafka_bootstrap(ports),
        "OMNIFIL_KAFKA_REPLICATION": str(ports.topology.brokers),
        "OMNIFIL_MONGO_URI": mongo_uri(ports),
        "OMNIFIL_MONGO_PREFIX": MONGO_PREFIX,
        "OMNIFIL_INTERNAL_TOKEN": credentials.internal_token,
        "OMNIFIL_LOG_FORMAT": "json",
    }


def _world(ports: PortPlan, credentials: Credentials, data: Path) -> Service:
    chat, social = ports.door("ingest-chat"), ports.door("ingest-social")
    settings = {
        "PORT": str(ports["world"]),
        "FOLDER": str(world_folder(data)),
        "SMTP_PORT": str(ports.door("smtp")),
        "IMAP_PORT": str(ports.door("imap")),
        "MAIL_API_PORT": str(ports["greenmail-api"]),
        "MAILBOX_PASSWORD": credentials.mailbox_password,
        "DESKTOP_URL": f"http://{HOST}:{ports.door('agent-gateway')}/",
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
        "imap": login | {"port": ports.door("imap")},
        "smtp": {"host": HOST, "tls": "none", "port": ports.door("smtp")},
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
        "graph_url": graph_url(ports),
        "picture_hosts": [HOST],
    }


def services(ports: PortPlan, credentials: Credentials, data: Path) -> list[Service]:
    """All processes beside the servers. `data` is the folder of what must outlive a restart."""
    settings = _settings(ports, credentials, data)
    return [
        _world(ports, credentials, data),
        *(
            Service(name, f"{service.replace('-', '_')}.main", roles, ports[name], settings[service])
            for service in ROLES
            for name, roles in ports.topology.processes_of(service).items()
        ),
    ]


def doors(ports: PortPlan) -> list[Door]:
    """What has to be forwarded where the topology has doors."""
    if not ports.topology.doors:
        return []
    alone = [*ports.topology.broker_names(), *ports.topology.mongod_names(), "smtp", "imap", "world"]
    led = {name: [name] for name in alone}
    for service in ROLES:
        answering = [n for n, roles in ports.topology.processes_of(service).items() if ANSWERING & set(roles)]
        led |= {service: answering} | {name: [name] for name in answering if service == "agent-gateway"}
    return [Door(name, ports.door(name), {each: ports[each] for each in targets}) for name, targets in led.items()]


def _settings(ports: PortPlan, credentials: Credentials, data: Path) -> dict[str, dict[str, str]]:
    """By service, what it is told beside the shared settings."""
    world = world_url(ports)
    return {
        "customer-profile": {"OMNIFIL_TRUSTED_SOURCES": json.dumps(["shop", "till", "crm"])},
        "case-service": {"OMNIFIL_CASE_REFERENCE_KEYS": json.dumps([credentials.reference_key])},
        "ingest-email": {
            "OMNIFIL_EMAIL_ACCOUNTS": json.dumps([_mailbox(ports, credentials)]),
            "OMNIFIL_EMAIL_DNS_ZONE": str(world_folder(data) / ZONE_FILE),
        },
        "ingest-chat": {
            "OMNIFIL_CHAT_ACCOUNTS": json.dumps([_widget(ports, credentials)]),
            "OMNIFIL_CHAT_SESSION_KEYS": json.dumps([credentials.visitor_key]),
        },
        "ingest-social": {"OMNIFIL_SOCIAL_PAGES": json.dumps([_page(ports, credentials)])},
        "agent-gateway": {
            "OMNIFIL_GATEWAY_CASE_SERVICE_URL": f"http://{HOST}:{ports.door('case-service')}",
            "OMNIFIL_GATEWAY_CUSTOMER_PROFILE_URL": f"http://{HOST}:{ports.door('customer-profile')}",
            "OMNIFIL_GATEWAY_INTEGRATIONS": json.dumps(
                [{"source": source, "token": token} for source, token in credentials.integrations.items()]
            ),
            "OMNIFIL_GATEWAY_ISSUER": world,
            "OMNIFIL_GATEWAY_AUDIENCE": AUDIENCE,
            "OMNIFIL_GATEWAY_JWKS_URL": f"{world}/jwks",
            "OMNIFIL_GATEWAY_AUTHORIZE_URL": f"{world}/authorize",
            "OMNIFIL_GATEWAY_TOKEN_URL": f"{world}/token",
            "OMNIFIL_GATEWAY_CLIENT_ID": CLIENT_ID,
            "OMNIFIL_GATEWAY_DESKTOP_DIR": str(CHECKOUT / "services/agent-gateway/desktop/dist"),
        },
    }
