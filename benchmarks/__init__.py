"""What Tieout costs in time and calls, measured on the machine at hand. `python -m benchmarks` runs all of it."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The project."""
PACKAGE = ROOT / "layers" / "common" / "python"

if str(PACKAGE) not in sys.path:
    sys.path.insert(0, str(PACKAGE))
