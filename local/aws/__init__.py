"""An AWS on this machine: moto's server on the loopback interface, plus what moto lacks or does otherwise than AWS."""

STREAM_MIB = 1024
"""What a stream holds in memory at most, where nothing else is asked for."""
