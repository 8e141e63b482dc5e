"""The units and tasks that run the service: what systemd and Windows would read, and commands that exist."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from defusedxml import ElementTree

from pollbook.bundle import resource_path
from sync.__main__ import _parser

FOLDER = resource_path("service")
UNITS = sorted(FOLDER.glob("*.service")) + sorted(FOLDER.glob("*.timer"))
TASKS = sorted(FOLDER.glob("*.xml"))
NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
SETTINGS_IN_ORDER = [
    "MultipleInstancesPolicy",
    "DisallowStartIfOnBatteries",
    "StopIfGoingOnBatteries",
    "StartWhenAvailable",
    "RunOnlyIfNetworkAvailable",
    "Enabled",
    "ExecutionTimeLimit",
    "RestartOnFailure",
]
ELEMENTS = {
    "Task": ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"],
    "RegistrationInfo": ["Description"],
    "Triggers": ["BootTrigger", "CalendarTrigger"],
    "BootTrigger": ["Repetition", "Enabled", "Delay"],
    "Repetition": ["Interval", "Duration", "StopAtDurationEnd"],
    "CalendarTrigger": ["StartBoundary", "Enabled", "RandomDelay", "ScheduleByDay"],
    "ScheduleByDay": ["DaysInterval"],
    "Principals": ["Principal"],
    "Principal": ["LogonType", "RunLevel"],
    "Settings": SETTINGS_IN_ORDER,
    "RestartOnFailure": ["Interval", "Count"],
    "Actions": ["Exec"],
    "Exec": ["Command", "Arguments"],
}
"""Which elements stand in which, of those that are used. Source: MS-TSCH §2.5, the schema of a task."""
DURATION = re.compile(r"PT(\d+[HMS])+")


def arguments_of(command: str) -> list[str]:
    return shlex.split(command.replace("%ProgramData%", "/data"), posix=True)


def test_systemd_finds_nothing_to_say_against_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = (
            unit.read_text("utf-8").replace("/usr/bin/uchastka-sync", "/bin/true").replace("User=uchastka", "User=root")
        )
        (tmp_path / unit.name).write_text(text, "utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *(tmp_path / unit.name for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_LOG_LEVEL": "warning", "PATH": "/usr/bin:/bin"},
    )
    said = [line for line in verified.stderr.splitlines() if "uchastka" in line]
    assert (verified.returncode, said) == (0, [])


def test_a_mistake_in_a_unit_would_be_told(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.service"
    wrong.write_text("[Service]\nExecStart=/bin/true\nRestrat=always\n", "utf-8")
    command = ["systemd-analyze", "verify", "--man=no", wrong]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Restrat" in verified.stderr


@pytest.mark.parametrize("unit", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_the_units_run_commands_that_exist(unit: Path) -> None:
    (command,) = re.findall(r"^ExecStart=(.+)$", unit.read_text("utf-8"), re.MULTILINE)
    program, *words = arguments_of(command)
    assert program == "/usr/bin/uchastka-sync"
    assert _parser().parse_args(words).home == Path("/var/lib/uchastka/station")


@pytest.mark.parametrize("unit", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_a_unit_leaves_its_service_little_beyond_its_folder_and_the_network(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", unit]
    weighed = subprocess.run(command, capture_output=True, text=True, check=False)
    (told,) = [line for line in weighed.stdout.splitlines() if "Overall exposure" in line]
    assert weighed.returncode == 0, told


def test_a_unit_that_leaves_everything_open_would_be_told(tmp_path: Path) -> None:
    bare = tmp_path / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\nUser=uchastka\n", "utf-8")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", bare]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_a_service_that_was_refused_is_tried_again() -> None:
    text = (FOLDER / "uchastka-sync.service").read_text("utf-8")
    assert "Restart=on-failure\nRestartPreventExitStatus=2\n" in text
    root = ElementTree.parse(FOLDER / "uchastka-sync.xml").getroot()
    assert root.findtext(f".//{NAMESPACE}BootTrigger/{NAMESPACE}Repetition/{NAMESPACE}Interval") == "PT5M"


def test_the_timer_starts_the_night_and_spreads_the_stations() -> None:
    timer = (FOLDER / "uchastka-overnight.timer").read_text("utf-8")
    assert (FOLDER / "uchastka-overnight.service").exists()
    assert "RandomizedDelaySec=20min" in timer
    assert "Persistent=true" in timer


@pytest.mark.parametrize("task", TASKS, ids=lambda path: path.name)
def test_a_task_has_the_elements_of_the_schema_in_their_order(task: Path) -> None:
    root = ElementTree.parse(task).getroot()
    assert root.tag == f"{NAMESPACE}Task"
    for element in root.iter():
        name = element.tag.removeprefix(NAMESPACE)
        inside = [child.tag.removeprefix(NAMESPACE) for child in element]
        allowed = ELEMENTS.get(name, [])
        assert inside == [known for known in allowed if known in inside], name
        if name in {"Interval", "ExecutionTimeLimit", "Delay", "RandomDelay"}:
            assert DURATION.fullmatch(element.text or ""), name


@pytest.mark.parametrize("task", TASKS, ids=lambda path: path.name)
def test_a_task_runs_a_command_that_exists_once_at_a_time(task: Path) -> None:
    root = ElementTree.parse(task).getroot()
    assert root.findtext(f".//{NAMESPACE}MultipleInstancesPolicy") == "IgnoreNew"
    command = root.findtext(f".//{NAMESPACE}Command")
    assert command is not None
    assert command.endswith("uchastka-sync.exe")
    words = arguments_of((root.findtext(f".//{NAMESPACE}Arguments") or "").replace("\\", "/"))
    assert _parser().parse_args(words).overnight is ("overnight" in task.name)
