"""Lets the tests of this folder import ``estimator_alone`` and ``zoo``: importlib mode adds no folder by itself."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "statistics"))
sys.path.insert(0, str(Path(__file__).parent / "zoo"))
