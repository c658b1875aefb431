"""What the tests of ingest-email share: mails, replies, fakes, contracts of the ports, and the outside."""
