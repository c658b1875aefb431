"""`python -m omnifil_devstack.gated MODULE ARGUMENT…`: like `python -m MODULE ARGUMENT…`, held until a line comes.

The module is imported at once, while the servers that it needs still start; it runs when a line arrives on its
standard input.
"""

import importlib
import runpy
import sys
import warnings


def main() -> None:
    """Import, wait, run. No line but the end of input: whoever started this is gone."""
    module, *arguments = sys.argv[1:]
    importlib.import_module(module)
    if not sys.stdin.readline():
        sys.exit(0)
    sys.argv = [module, *arguments]
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="runpy")  # it is imported already: on purpose
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
