"""Users as files: exported and imported by `dew users`, seeded from the map, and import jobs of the API.

Nothing is imported here: a start needs the import jobs' operations, and none of the rest.
"""
