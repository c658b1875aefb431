"""Which dossier? Correlates messages into dossiers and keeps their timelines."""
