"""The pytest plugin: fixtures that start an emulator. A project that uses none of them pays nothing."""
