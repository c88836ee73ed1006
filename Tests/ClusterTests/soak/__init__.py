"""Hours in minutes: a tree of 7 nodes under mixed load, whose memory and descriptors stay flat."""
