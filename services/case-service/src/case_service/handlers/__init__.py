"""Use cases: load what they are about, decide it in memory in order, append; whoever lost a race decides again."""

from case_service.handlers.commands import Commands
from case_service.handlers.customers import Customers
from case_service.handlers.messages import Deliveries, Messages

__all__ = ["Commands", "Customers", "Deliveries", "Messages"]
