"""`make chaos`: everything is killed with SIGKILL at random moments, again and again, and afterwards every row is looked for.

Agents -> Mosquitto -> gateway -> InfluxDB, all real processes. `plan` decides which process dies when, `victims` kills it, `feeds`
sends, `oracle` compares what was sent with what is stored, and `run` combines them.
"""
