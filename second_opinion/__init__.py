"""`make second-opinion`: the stack and its tests on an AWS emulator that somebody else wrote."""
