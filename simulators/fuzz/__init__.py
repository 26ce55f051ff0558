"""Bytes from nowhere, for everything that reads what devices send: nothing but planned errors, no hang, memory flat."""
