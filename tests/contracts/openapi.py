"""Writes the services' committed OpenAPI documents, or with `--check` says which are not up to date.

`python tests/contracts/openapi.py [--check]`. The documents come from the apps as their bootstraps wire them.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any, get_type_hints

from omnifil_servicekit.settings import read

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-of-32-characters-or-more"  # nothing is started with it

# By service: its roles, and what it must be told to be wired at all. ingest-email has no HTTP but its probes.
SERVICES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "ingest-chat": (
        ("serve", "deliver"),
        {
            "chat_accounts": [{"account": "shop", "title": "Shop", "allowed_origins": [], "identity_keys": []}],
            "chat_session_keys": [SECRET],
        },
    ),
    "ingest-social": (
        ("receive", "deliver"),
        {
            "social_pages": [
                {"account": "page", "page_id": "1", "app_secret": SECRET, "verify_token": SECRET, "page_token": SECRET}
            ]
        },
    ),
    "customer-profile": (("consume", "relay", "updates", "api"), {}),
    "case-service": (("consume", "relay", "api"), {"case_reference_keys": [SECRET]}),
    "agent-gateway": (
        ("serve",),
        {
            "gateway_issuer": "https://issuer.example",
            "gateway_jwks_url": "https://issuer.example/jwks",
            "gateway_authorize_url": "https://issuer.example/authorize",
            "gateway_token_url": "https://issuer.example/token",
        },
    ),
}


def document(service: str) -> dict[str, Any]:
    """The OpenAPI document of a service with all its roles. Nothing is connected to."""
    roles, told = SERVICES[service]
    for name, value in {"http_port": "0", "internal_token": SECRET, **told}.items():
        os.environ[f"OMNIFIL_{name.upper()}"] = value if isinstance(value, str) else json.dumps(value)
    bootstrap = importlib.import_module(f"{service.replace('-', '_')}.bootstrap").bootstrap
    settings_type = next(iter(get_type_hints(bootstrap).values()))
    parts = bootstrap(read(settings_type), frozenset(roles))
    return dict(parts.app.openapi())


def main(arguments: list[str]) -> int:
    stale = []
    for service in SERVICES:
        path = ROOT / "services" / service / "openapi.json"
        content = json.dumps(document(service), indent=2, ensure_ascii=False) + "\n"
        if not path.exists() or path.read_text() != content:
            stale.append(path)
            if "--check" not in arguments:
                path.write_text(content)
    said = "is not what the code says: run `make generate`" if "--check" in arguments else "written"
    for path in stale:
        print(f"{path.relative_to(ROOT)} {said}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
