"""The story of the demo: customers write on three channels, an agent sees one dossier and answers on all three."""
