"""The only code that knows IMAP, SMTP, DNS, MongoDB and Kafka."""
