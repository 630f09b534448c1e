"""Steps and noise: the process that a text means, and its schedules."""
