"""The commands of ``omnisim``, a module each: its options, what it calls, and what it prints.

Modules named after a command hold its command line and import everything else when it is called, so that ``--help`` is
quick.
"""
