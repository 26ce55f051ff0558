"""`footfall serve`: the live page, its stream and the way in for what people decide, in a process of their own.

It never shares the interpreter that ingests. It hears `live` by MQTT, reads the database, and publishes plain events.
"""
