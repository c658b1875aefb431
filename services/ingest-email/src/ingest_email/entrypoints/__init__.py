"""Where records and commands come in: they translate, nothing else."""
