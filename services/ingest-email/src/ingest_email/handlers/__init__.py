"""The use cases: mail in, mailboxes followed, replies out."""
