"""Mailboxes in, replies out: IMAP, MIME, DKIM and DMARC, SMTP."""
