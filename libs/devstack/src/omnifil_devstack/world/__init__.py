"""The world around the suite, played for the demo: an issuer, a shop, a social network and its people's mailboxes."""
