"""The generator of the synthetic sample deliveries: seeded, and the same bytes every time.

It imitates what contractors deliver, so that the program can be run and tested without a real delivery.
Weighted results follow the published figures that the registry marks as followed; everything else is made up.
"""

from orchestration.sample_data.generate import GeneratedFile, generate

__all__ = ["GeneratedFile", "generate"]
