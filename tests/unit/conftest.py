"""Lets unit tests import ``mini_study``, the study in miniature of the integration tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
