"""Months of life of thousands of customers, seeded, with the truth about every message (docs/correlation.md).

It knows the contract and nothing of the services: a test holds that it imports no other part of the suite.
"""

from omnifil_testkit.simulator.events import (
    AgentCloses,
    AgentReplies,
    Event,
    Said,
    SentReply,
    ShopTells,
    Truth,
    with_replies,
)
from omnifil_testkit.simulator.plans import Life, measured
from omnifil_testkit.simulator.settings import CHANNELS, Rates
from omnifil_testkit.simulator.world import SHOP, Simulation, simulate

__all__ = [
    "CHANNELS",
    "SHOP",
    "AgentCloses",
    "AgentReplies",
    "Event",
    "Life",
    "Rates",
    "Said",
    "SentReply",
    "ShopTells",
    "Simulation",
    "Truth",
    "measured",
    "simulate",
    "with_replies",
]
