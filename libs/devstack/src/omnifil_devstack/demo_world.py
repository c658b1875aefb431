"""Who is in the demo: one shop, its agents and its customers, with their addresses in the world that is played."""

from dataclasses import dataclass

from omnifil_devstack.world.network.settings import SAMPLE_PEOPLE, Person

SUPPORT_MAILBOX = "support@shop.test"
CHAT_ACCOUNT = "shop"
SOCIAL_ACCOUNT = "maison-fil"
SHOP_NAME = "Maison Fil"
MAIL_DOMAIN = "post.test"
AUDIENCE = "omnifil"
CLIENT_ID = "omnifil-desktop"


@dataclass(frozen=True)
class Agent:
    """Somebody who answers."""

    username: str
    name: str
    password: str = "demo"  # noqa: S105 - printed on the sign-in page, and good for this machine only
    roles: tuple[str, ...] = ("agent",)
    """What the issuer vouches for; `privacy` may export and erase persons."""


@dataclass(frozen=True)
class Order:
    """Something that a customer bought."""

    number: str
    what: str
    status: str
    price: str


@dataclass(frozen=True)
class SampleCustomer:
    """A customer with a mailbox, an account at the shop, and one on the network."""

    name: str
    email: str
    person: Person
    language: str
    orders: tuple[Order, ...]

    @property
    def shop_account(self) -> str:
        """Their id at the shop."""
        return self.email.partition("@")[0]


AGENTS = (Agent("camille", "Camille Durand", roles=("agent", "privacy")), Agent("alex", "Alex Morgan"))

CUSTOMERS = (
    SampleCustomer(
        "Claire Martin",
        "claire.martin@post.test",
        SAMPLE_PEOPLE[0],
        "en",
        (Order("4711", "Linen coat, sand", "Sent on Monday", "€189.00"), Order("4688", "Scarf", "Delivered", "€39.00")),
    ),
    SampleCustomer(
        "Jonas Weber",
        "jonas.weber@post.test",
        SAMPLE_PEOPLE[1],
        "en",
        (Order("4702", "Walking boots, 44", "Being packed", "€149.00"),),
    ),
    SampleCustomer(
        "Aïcha Benali",
        "aicha.benali@post.test",
        SAMPLE_PEOPLE[2],
        "fr",
        (Order("4719", "Théière en fonte", "Expédiée mardi", "64,00 €"),),
    ),
)
