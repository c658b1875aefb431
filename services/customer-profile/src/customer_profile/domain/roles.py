"""Addresses that name a function and not a person."""

import re
from functools import lru_cache

from omnifil_contracts.identity import Identity

from customer_profile.domain import addresses

# RFC 2142, and what companies call the mailboxes that several of them read, in English and French.
_ROLES = frozenset({
    "abuse", "accueil", "achat", "achats", "admin", "administratif", "administration", "agence", "all",
    "billing", "bonjour", "bookings", "bounce", "boutique", "caisse", "commande", "commandes", "commercial",
    "communication", "compta", "comptabilite", "contact", "contacts", "customer-service", "customerservice",
    "direction", "do-not-reply", "donotreply", "dpo", "enquiries", "enquiry", "equipe", "expedition",
    "facturation", "factures", "famille", "feedback", "finance", "ftp", "gerance", "hello", "help", "helpdesk",
    "hostmaster", "hr", "info", "infos", "inquiries", "invoices", "jobs", "juridique", "legal", "logistique",
    "magasin", "mail", "mailer-daemon", "mairie", "marketing", "ne-pas-repondre", "nepasrepondre", "news",
    "newsletter", "no-reply", "noc", "noreply", "notifications", "office", "orders", "payments", "postmaster",
    "press", "presse", "privacy", "procurement", "purchasing", "reception", "reclamation", "reclamations",
    "recruitment", "recrutement", "reservation", "reservations", "returns", "rh", "root", "sales", "sav",
    "secretariat", "security", "service", "service-client", "service-clients", "serviceclient",
    "serviceclients", "services", "shipping", "shop", "staff", "standard", "store", "support", "team", "tech",
    "technique", "tous", "usenet", "uucp", "vente", "ventes", "webmaster", "www",
})  # fmt: skip

# The same with a place or a subject (info-paris@, compta.fournisseurs@): words that are nobody's name only.
_ROLES_WITH_MORE = frozenset({
    "accueil", "billing", "compta", "comptabilite", "contact", "facturation", "info", "infos", "noreply",
    "reception", "sales", "sav", "support",
})  # fmt: skip

_WORDS = re.compile(r"[-._]")


def is_role_address(identity: Identity, more: frozenset[str] = frozenset()) -> bool:
    """Whether several persons read there. `more`: further local parts, in small letters."""
    return identity.kind == "email" and _names_a_role(identity.value, more)


@lru_cache(maxsize=16_384)
def _names_a_role(address: str, more: frozenset[str]) -> bool:
    local = addresses.local_part(address).lower()
    first = _WORDS.split(local)[0]
    return local in _ROLES or local in more or (first != local and first in _ROLES_WITH_MORE)
