"""An AWS on this machine: where the deployed stack runs without an account."""
