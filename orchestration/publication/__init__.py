"""From a checked warehouse to a release: evidence, gate, exporters, the switch and the way back."""
