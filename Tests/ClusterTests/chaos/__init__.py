"""Faults and load on a tree of real nodes, each in a network of its own: `python -m chaos`."""
