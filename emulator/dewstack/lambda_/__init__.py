"""Lambda: functions, execution environments and the Runtime API."""
