"""Detector models of AWS IoT Events, run by us: the engine is pure, it reads no clock and calls nobody.

Read it in this order: `definition` (a model as its file says it), `expression` (the language in it), `machine` (one
step of one detector), `effects` (what a step wants done in the world).
"""
