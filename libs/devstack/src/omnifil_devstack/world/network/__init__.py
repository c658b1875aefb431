"""The network player: a small Facebook-like server that speaks Messenger's webhook and Graph Send API protocol."""

from omnifil_devstack.world.network.player import NetworkPlayer
from omnifil_devstack.world.network.settings import NetworkSettings, Person

__all__ = ["NetworkPlayer", "NetworkSettings", "Person"]
