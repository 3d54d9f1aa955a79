"""One class a sink: its resources, the names that functions need, its permissions, alarms, graphs and outputs.

`registry.SINKS` lists the classes. What every sink has (the retry queue, its metrics) is in `sink`.
"""
