"""IAM as AWS enforces it: what a role's policies allow, for each call that one of the stack's functions makes."""
