"""What the chaos tests share lies in a package of its own: test files are imported one by one, without one."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
