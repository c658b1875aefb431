"""Social networks in, replies out: Messenger webhooks and the Graph API."""
