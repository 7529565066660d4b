"""Functions in containers: AWS's own images, or the function's, by a Docker engine (`dew up --docker`)."""
