"""Faults on purpose: the embedded AWS refuses, delays or drops calls as it is told to, and counts what it did."""

from local.faults.fault import BadFaults, Fault, read
from local.faults.layer import FaultLayer
from local.faults.registry import Faults

__all__ = ["BadFaults", "Fault", "FaultLayer", "Faults", "read"]
