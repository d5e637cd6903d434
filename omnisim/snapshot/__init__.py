"""Snapshots: what objects remember, as plain arrays and JSON, put back into freshly built objects.

Strategies and processes need no code of their own for it: the attributes of an object are its state, all the way down
to numbers, texts, containers, arrays and generators of random numbers. Arrays keep their memory layout and what they
share, so that what is computed from them afterwards is the same to the last bit.

What cannot change in a run, and functions, are not stored but *kept*: they are found again in the objects that the
state is put into, which must have been built and started in the same way. Decoding a state calls nothing and
imports nothing: objects get their attributes without their constructors being asked, and only classes that are already
loaded, of the packages of the objects themselves, are made.
"""

from omnisim.snapshot.archive import read, write
from omnisim.snapshot.data import Stored
from omnisim.snapshot.snapshots import Snapshots

__all__ = ["Snapshots", "Stored", "read", "write"]
