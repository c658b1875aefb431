"""Who is it? Links identities to customers."""
