"""What a deployment is made of. Infra deploys the code; of our package it knows the settings only."""

import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("tieout") is None:  # `python -m infra.layers` in a checkout, where our package is a folder of the layer
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layers" / "common" / "python"))
