"""Day after day: a run that goes on, the two documents about its next day, and the service that shows them.

The truth is one file, the state of the run (:mod:`omnisim.simulation.standing`), replaced at once. All else follows
from it and is written after it: the files of the run, the store of the documents (one transaction), their copies as
files. A command that was killed between two of them is simply given again.
"""
