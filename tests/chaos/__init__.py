"""`make chaos`: a matrix of faults on a deployed local stack, after which nothing that was accepted may be missing."""
