"""Everything that the supervisor starts, worked out from ports, folders and credentials before anything runs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from omnifil_contracts.topics import REGISTRY
from omnifil_messaging import KafkaEnvironment, KafkaSettings
from omnifil_messaging.topics import ensure_topics

from omnifil_devstack import stack_file
from omnifil_devstack.credentials import Credentials
from omnifil_devstack.demo_world import (
    AGENTS,
    AUDIENCE,
    CHAT_ACCOUNT,
    CLIENT_ID,
    CUSTOMERS,
    MAIL_DOMAIN,
    SOCIAL_ACCOUNT,
    SUPPORT_MAILBOX,
)
from omnifil_devstack.folders import home
from omnifil_devstack.mail_server import Mailbox
from omnifil_devstack.ports import HOST, PortPlan
from omnifil_devstack.server_plan import Start, servers
from omnifil_devstack.service_plan import (
    MESSENGER_WEBHOOK_PATH,
    MONGO_PREFIX,
    Service,
    graph_url,
    kafka_bootstrap,
    mongo_uri,
    services,
    shared_settings,
    world_folder,
    world_url,
)
from omnifil_devstack.world import dkim_zone
from omnifil_devstack.world.network.settings import PAGE_ID


@dataclass(frozen=True)
class StackPlan:
    """What is going to run. `data` is forgotten by `omnifil clean-data`, `logs` only by hand."""

    ports: PortPlan
    data: Path
    logs: Path
    credentials: Credentials

    @classmethod
    def of_this_checkout(cls) -> "StackPlan":
        """Data and logs under `.omnifil`, ports from `OMNIFIL_PORT_BASE`."""
        data = home() / "data"
        return cls(PortPlan.from_environment(), data, home() / "log", Credentials.of(data))

    @property
    def mongo_uri(self) -> str:
        """Of the suite's MongoDB."""
        return mongo_uri(self.ports)

    @property
    def mailboxes(self) -> tuple[Mailbox, ...]:
        """The company's mailbox and those of the sample customers."""
        addresses = (SUPPORT_MAILBOX, *(customer.email for customer in CUSTOMERS))
        return tuple(Mailbox(address, self.credentials.mailbox_password) for address in addresses)

    def servers(self) -> dict[str, Start]:
        """Kafka, MongoDB and the mail server, by the names of their processes."""
        return servers(self.ports, self.data, self.logs, self.mailboxes)

    @property
    def services(self) -> list[Service]:
        """The processes beside the servers."""
        return services(self.ports, self.credentials, self.data)

    def settings_of(self, service: Service) -> Mapping[str, str]:
        """All `OMNIFIL_*` variables of a service."""
        shared = shared_settings(self.ports, self.credentials)
        return shared | {"OMNIFIL_HTTP_PORT": str(service.port)} | dict(service.settings)

    def log_of(self, name: str) -> Path:
        """The log file of a process."""
        return self.logs / f"{name}.log"

    def prepare(self) -> None:
        """Make the files that services look for when they start."""
        dkim_zone.prepare(MAIL_DOMAIN, world_folder(self.data))

    async def make_topics(self) -> None:
        """Create what is missing of the contract's topics."""
        environment = KafkaEnvironment(replication=self.ports.topology.brokers)
        kafka = KafkaSettings(kafka_bootstrap(self.ports), client_id="omnifil-up", environment=environment)
        await ensure_topics(kafka, REGISTRY)

    def described(self, processes: dict[str, stack_file.Process], *, ready: bool) -> stack_file.Stack:
        """What `stack.json` says of it."""
        ports, secret, world = self.ports, self.credentials, world_url(self.ports)
        gateway, chat, social = (ports.door(name) for name in ("agent-gateway", "ingest-chat", "ingest-social"))
        supervisor = stack_file.Process.of(os.getpid())
        assert supervisor is not None  # noqa: S101 - it is this process
        return stack_file.Stack(
            supervisor=supervisor,
            ready=ready,
            kafka=kafka_bootstrap(ports),
            mongo_uri=self.mongo_uri,
            mongo_prefix=MONGO_PREFIX,
            smtp=stack_file.Address(host=HOST, port=ports.door("smtp")),
            imap=stack_file.Address(host=HOST, port=ports.door("imap")),
            mailboxes=tuple(
                stack_file.Login(username=mailbox.address, password=mailbox.password) for mailbox in self.mailboxes
            ),
            mail_api=f"http://{HOST}:{ports['greenmail-api']}",
            world=world,
            agent_gateway=stack_file.Gateway(url=f"http://{HOST}:{gateway}", ws=f"ws://{HOST}:{gateway}/api/v1/stream"),
            issuer=stack_file.Issuer(
                url=world,
                token_endpoint=f"{world}/token",
                client_id=CLIENT_ID,
                audience=AUDIENCE,
                agents=tuple(stack_file.Login(username=agent.username, password=agent.password) for agent in AGENTS),
            ),
            accounts=stack_file.Accounts(email=SUPPORT_MAILBOX, chat=CHAT_ACCOUNT, social=SOCIAL_ACCOUNT),
            chat=stack_file.Chat(
                url=f"http://{HOST}:{chat}",
                ws=f"ws://{HOST}:{chat}/api/ws",
                widget_script=f"http://{HOST}:{chat}/widget.js",
                signing_key=secret.widget_key,
            ),
            messenger=stack_file.Messenger(
                webhook_url=f"http://{HOST}:{social}{MESSENGER_WEBHOOK_PATH}",
                graph_url=graph_url(ports),
                page_id=PAGE_ID,
                app_secret=secret.messenger_app_secret,
                verify_token=secret.messenger_verify_token,
                page_token=secret.messenger_page_token,
            ),
            pages=stack_file.Pages(
                desktop=f"http://{HOST}:{gateway}/",
                shop=f"{world}/shop",
                network=f"{world}/network",
                mailbox=f"{world}/mailbox",
            ),
            internal_token=secret.internal_token,
            integrations=secret.integrations,
            services={service.name: service.url for service in self.services},
            logs=str(self.logs),
            processes=processes,
        )
