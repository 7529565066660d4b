"""Users as files: exported and imported by `dew users`, seeded from the map, and import jobs of the API."""

from dewstack.cognito.files.importing import EntryFault, ImportReport, Mode, UserFiles

__all__ = ["EntryFault", "ImportReport", "Mode", "UserFiles"]
