"""How long a large map takes from its text to its template."""

import time
from pathlib import Path

from dewstack.deploy.artifacts import live_template
from dewstack.service import load

FUNCTIONS = 200
LONGEST = 0.5
"""Seconds of this processor."""
FUNCTION = """\
  f{number}:
    handler: index.handler
    environment: {{NAME: '${{self:service}}-{number}'}}
    events:
      - httpApi: GET /area{number}/{{id}}
      - http: {{path: 'area{number}/{{id}}', method: post, cors: true}}
"""


def test_a_map_of_two_hundred_functions_is_compiled_in_half_a_second(tmp_path: Path) -> None:
    head = "service: large\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions:\n"
    functions = "".join(FUNCTION.format(number=number) for number in range(FUNCTIONS))
    (tmp_path / "serverless.yml").write_text(head + functions)
    taken = []
    for _ in range(3):  # Others use this machine as well.
        begun = time.process_time()
        template = live_template(load(tmp_path, options={}, environ={}))
        taken.append(time.process_time() - begun)
    assert len(template["Resources"]) > 10 * FUNCTIONS
    assert min(taken) < LONGEST, taken
