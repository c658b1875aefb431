"""The play's HTTP client."""

import httpx
from omnifil_servicekit.outward import Transport


def client() -> httpx.AsyncClient:
    """As many connections as there are writers; idle ones are closed before the other side does it."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50, keepalive_expiry=3)
    return httpx.AsyncClient(timeout=30, transport=Transport(trust_env=False, limits=limits), trust_env=False)
