"""`make faults`: each thing that went wrong once, done again to real processes, and afterwards every row is looked for.

case.py      what a case is, and all of them, found by walking `cases/`
scene.py     one case's world: broker, gateways, agents, all ended with it
findings.py  what was found wrong, in the five words of the last line
oracle.py    what was sent, against what is stored; it knows nothing else
box.py       an agent as a process whose clock and devices the case decides
wire.py      an agent of another make: whatever bytes a case wants, by its own encoder
__main__.py  runs cases side by side, each in a process of its own
"""
