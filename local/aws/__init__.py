"""An AWS on this machine: moto's server on the loopback interface, plus what moto lacks or does otherwise than AWS."""
