"""Programs that ``programs.run_sample`` copies, with the base class changed by one line, and runs."""
