"""The project one stands in, and the emulator that runs for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dewstack.errors import UserError
from dewstack.project import ProjectLock, RunFile, find_project, running_or_refuse

RUN = RunFile(os.getpid(), "http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3", 0.0)

HOLDER = """
import sys
from dewstack.project import ProjectLock, RunFile, find_project
import os
with ProjectLock(find_project()) as lock:
    lock.publish(RunFile(os.getpid(), "http://a", "http://s", "http://f", 1.0))
    print("held", flush=True)
    sys.stdin.read()
"""


def test_it_is_the_nearest_directory_with_a_map(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(project / "a" / "b")
    found = find_project()
    assert found.directory == project
    assert found.state_dir == project / ".dew"


def test_state_can_be_kept_elsewhere(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEW_STATE_DIR", "elsewhere")
    assert find_project().state_dir == project / "elsewhere"
    assert find_project(tmp_path / "given").state_dir == tmp_path / "given"


def test_nothing_runs_at_first(project: Path) -> None:
    assert find_project().running() is None
    with pytest.raises(UserError, match="No emulator runs") as refused:
        running_or_refuse(find_project())
    assert "dew up" in refused.value.hint


def test_an_emulator_is_found_while_it_holds_the_lock(project: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    found = find_project()
    run = found.running()
    assert run == RunFile(holder.pid, "http://a", "http://s", "http://f", 1.0)
    assert found.lock_holder() == holder.pid
    with (
        pytest.raises(UserError, match=rf"already runs .*\(pid {holder.pid}\): http://s"),
        ProjectLock(found),
    ):
        pass
    holder.communicate()
    assert found.running() is None
    assert not (found.state_dir / "run.json").exists()


def test_what_a_killed_emulator_left_behind_does_not_count(project: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    found = find_project()
    assert (found.state_dir / "run.json").exists()
    assert found.running() is None
    with ProjectLock(found) as lock:
        lock.publish(RUN)
        assert found.running() == RUN
        assert (found.state_dir / ".gitignore").read_text() == "*\n"
    assert not (found.state_dir / "run.json").exists()


def test_while_it_starts_that_is_said(project: Path) -> None:
    found = find_project()
    with ProjectLock(found), pytest.raises(UserError, match="not ready yet"):
        running_or_refuse(found)


def test_a_state_directory_that_cannot_be_made_is_said_with_the_way_out(project: Path) -> None:
    (project / ".dew").write_text("a file")
    with pytest.raises(UserError, match="Cannot write to") as refused, ProjectLock(find_project()):
        pass
    assert "--state-dir" in refused.value.hint
