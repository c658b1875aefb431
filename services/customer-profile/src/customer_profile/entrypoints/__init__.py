"""Records and requests in; they translate, nothing else."""
