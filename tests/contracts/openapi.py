"""Writes the services' committed OpenAPI documents, or with `--check` says which are not up to date.

`python tests/contracts/openapi.py [--check]`. The documents come from the apps as their bootstraps wire them.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-of-32-characters-or-more"  # noqa: S105  # nothing is started with it

# What a service must be told to be wired at all.
SETTINGS: dict[str, dict[str, Any]] = {
    "ingest-email": {
        "email_accounts": [
            {
                "account": "support",
                "addresses": ["support@brume.example"],
                "imap": {"host": "127.0.0.1", "port": 1, "user": "u", "password": SECRET},
                "smtp": {"host": "127.0.0.1", "port": 1},
            }
        ]
    },
    "ingest-chat": {
        "chat_accounts": [{"account": "shop", "title": "Shop", "allowed_origins": [], "identity_keys": []}],
        "chat_session_keys": [{"key": SECRET}],
    },
    "ingest-social": {
        "social_pages": [
            {"account": "page", "page_id": "1", "app_secret": SECRET, "verify_token": SECRET, "page_token": SECRET}
        ]
    },
    "customer-profile": {},
    "case-service": {"case_reference_keys": [SECRET]},
    "agent-gateway": {
        "gateway_issuer": "https://issuer.example",
        "gateway_jwks_url": "https://issuer.example/jwks",
        "gateway_authorize_url": "https://issuer.example/authorize",
        "gateway_token_url": "https://issuer.example/token",
    },
}


def document(service: str) -> dict[str, Any]:
    """The OpenAPI document of a service with all its roles."""
    main = importlib.import_module(f"{service.replace('-', '_')}.main")
    bootstrap = importlib.import_module(f"{service.replace('-', '_')}.bootstrap").bootstrap
    told = {"http_port": 0, "internal_token": SECRET, **SETTINGS[service]}
    for name, value in told.items():
        os.environ[f"OMNIFIL_{name.upper()}"] = value if isinstance(value, str) else json.dumps(value)
    roles = frozenset(command.name for command in main.app.registered_commands if command.help) - {None}
    from omnifil_servicekit.settings import read

    settings_type = next(iter(bootstrap.__annotations__.values()))
    parts = bootstrap(read(settings_type), roles)
    return dict(parts.app.openapi())
