"""`make chaos`: everything is killed with SIGKILL at random moments, again and again, and afterwards every row is looked for.

Agents -> Mosquitto -> gateway -> InfluxDB, all real processes. `plan` decides who dies when, `victims` does it, `feeds` sends,
`oracle` knows what was sent and compares it with what is stored, `run` brings them together.
"""
