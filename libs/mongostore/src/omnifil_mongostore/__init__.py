"""MongoDB for Omnifil: the client, indexes, change streams and the blob store; the only importer of motor."""
