"""`python -m omnifil_bench`."""

from omnifil_bench.command import main

main()
