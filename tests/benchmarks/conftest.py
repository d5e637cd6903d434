"""The benchmarks are scripts; only ``test_quick.py`` is for pytest."""

collect_ignore = ["calibration.py", "engine.py", "measuring.py", "peers.py", "standard_load.py"]
