"""A pytest plugin: the emulator in process."""
