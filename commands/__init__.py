"""What one runs against a stage, local or deployed: each module is a command or a part of one."""
