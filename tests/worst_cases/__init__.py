"""The worst that each function can be asked: what it takes of CPU and memory, by shape of what it is sent."""
