"""dev.py in a checkout of its own, where uv, dpkg and the project's programs are small working fakes."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from development import checks, commands, demo, packing, testing
from development.console import ROOT, Stopped

# Knows the packages of $FAKE_INSTALLED.
DPKG_QUERY = """#!/bin/sh
for name in $FAKE_INSTALLED; do echo "$name installed"; done
"""
# Refuses what $FAKE_REFUSES names.
APT_GET = """#!/bin/sh
echo "apt-get $*" >> "$FAKE_CALLS"
[ "$1" != "$FAKE_REFUSES" ] || { echo "E: Unable to locate package"; exit 100; }
"""
# Makes an environment that borrows this test's packages; its sync ends as $FAKE_SYNC says.
UV = """#!/bin/sh
echo "uv $1 $2" >> "$FAKE_CALLS"
case "$1 $2" in
    "pip sync") eval "${FAKE_SYNC-true}" ;;
    venv*) rm -rf .venv; mkdir -p .venv/bin; ln -s "$FAKE_PYTHON" .venv/bin/python ;;
esac
"""
REGISTER = """import os, pathlib, signal, socket, sys
words = sys.argv[1:]
value = lambda option: words[words.index(option) + 1]
with open(os.environ["FAKE_CALLS"], "a") as calls:
    calls.write("register " + words[0] + "\\n")
if words[0] == os.environ.get("FAKE_REFUSES"):
    sys.exit("refused: it was told to")
if words[0] == "init":
    pathlib.Path(value("--home")).mkdir()
elif words[0] == "synthesise":
    folder = pathlib.Path(value("--out"))
    folder.mkdir()
    (folder / "totals.csv").write_text("precinct,voters\\n1708-0042,950\\n1708-0043,950\\n")
elif words[0] == "enrol":
    pathlib.Path(value("--out")).write_text(value("--precinct"))
elif words[0] == "serve":
    listening = socket.create_server(("127.0.0.1", int(value("--port"))))
    pathlib.Path(value("--home"), "pid").write_text(str(os.getpid()))
    print("listening on https://127.0.0.1:" + value("--port"))
    signal.pause()
"""
STATION = """import os, pathlib, signal, sys
words = sys.argv[1:]
home = pathlib.Path(words[words.index("--home") + 1])
with open(os.environ["FAKE_CALLS"], "a") as calls:
    calls.write("station " + " ".join(word for word in words if not word.startswith("/")) + "\\n")
if words[0] == "enrol":
    home.mkdir()
    (home / "precinct").write_text(pathlib.Path(words[1]).read_text())
    (home / "training-pins.json").write_text('{"Karimova": {"role": "officer", "pin": "1234"}}')
else:
    screens = pathlib.Path(words[words.index("--screens") + 1])
    screens.mkdir(exist_ok=True)
    (screens / "01.png").write_bytes(os.environ["QT_QPA_PLATFORM"].encode())
    (home / "pid").write_text(str(os.getpid()))
    print("the desktop is up", flush=True)
    if "FAKE_STAYS" in os.environ:
        signal.pause()
"""


@dataclass
class Checkout:
    """A copy of dev.py and its tools with fakes for all that they start."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    def program(self, path: str, text: str) -> None:
        where = self.root / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(text, encoding="utf-8")
        where.chmod(0o755)

    def environ(self, **more: str) -> dict[str, str]:
        left_out = {"DISPLAY", "WAYLAND_DISPLAY", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"}
        kept = {name: value for name, value in os.environ.items() if name not in left_out}
        return {**kept, **self.env, **more}

    def dev(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.ask(str(self.root / "dev.py"), *words, **env)

    def ask(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run this test's Python in the checkout."""
        return subprocess.run(
            [sys.executable, *words],
            check=False,
            cwd=self.root,
            env=self.environ(**env),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )

    def finish_set_up(self) -> None:
        """Leave the stamp of a finished set-up."""
        code = "import json; from development import setup; setup.STAMP.write_text(json.dumps(setup.wanted_stamp()))"
        assert self.ask("-c", code).returncode == 0

    @property
    def calls(self) -> list[str]:
        calls = Path(self.env["FAKE_CALLS"])
        return calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []

    def forget_calls(self) -> None:
        Path(self.env["FAKE_CALLS"]).unlink(missing_ok=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "poll book"
    shutil.copytree(ROOT / "development", root / "development", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dev.py", "tools.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    (root / "requirements.lock").write_text("pytest==9.0.0 --hash=sha256:00\n", encoding="utf-8")
    made = Checkout(root)
    made.program("programs/dpkg-query", DPKG_QUERY)
    made.program("programs/apt-get", APT_GET)
    made.program(".tools/bin/uv", UV)
    pin = (root / "tools.lock").read_text(encoding="utf-8").split()[0]
    (root / ".tools" / f"{pin.replace('==', '-')}.dist-info").mkdir()
    venv = root / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / "lib").symlink_to(Path(sys.prefix, "lib"))
    shutil.copy(Path(sys.prefix, "pyvenv.cfg"), venv)
    for name, text in (("uchastka-register", REGISTER), ("uchastka", STATION)):
        (venv / f"{name}.py").write_text(text, encoding="utf-8")
        made.program(f".venv/bin/{name}", f'#!/bin/sh\nexec "{sys.executable}" "{venv / name}.py" "$@"\n')
    made.env = {
        "PATH": f"{root / 'programs'}{os.pathsep}{os.environ['PATH']}",
        "FAKE_CALLS": str(tmp_path / "calls"),
        "FAKE_PYTHON": sys.executable,
        # Each plugin takes its time to load: the one that these tests are about, and the one that pyproject.toml sets.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": "xdist.plugin,pytestqt.plugin",
        "FAKE_INSTALLED": " ".join((*commands.RUN_PACKAGES, *commands.TEST_PACKAGES)),
        "PIP_NO_INDEX": "1",  # the real pip, cut off from its registry
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    made.finish_set_up()
    return made


def has_ended(pid: int) -> bool:
    """Tell whether a process has gone or goes within ten seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


# --- system packages


def ensure(checkout: Checkout, *names: str, is_root: bool, **env: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; from development.console import Stopped; from development.setup import ensure_system_packages\n"
        f"try: ensure_system_packages({names!r}, is_root={is_root})\n"
        "except Stopped as stopped: print(stopped); sys.exit(stopped.exit_status)"
    )
    return checkout.ask("-c", code, **env)


def test_missing_packages_without_root_print_one_apt_line_and_exit_4(checkout: Checkout) -> None:
    answer = ensure(checkout, "libegl1", "libgl1", is_root=False, FAKE_INSTALLED="libgl1")
    apt_lines = [line for line in answer.stdout.splitlines() if line.startswith("sudo ")]
    assert answer.returncode == 4
    assert len(apt_lines) == 1
    assert apt_lines[0].startswith("sudo apt-get install --no-install-recommends libegl1 ")
    assert checkout.calls == []


def test_the_apt_line_names_only_what_is_missing_for_run_and_test(checkout: Checkout) -> None:
    answer = ensure(checkout, "libegl1", is_root=False, FAKE_INSTALLED="libgl1 xauth")
    named = answer.stdout.splitlines()[-1].split()[4:]
    assert {"libegl1", "xvfb"} <= set(named)
    assert {"libgl1", "xauth"}.isdisjoint(named)
    assert len(named) == len(set(named))


def test_root_installs_only_what_is_missing(checkout: Checkout) -> None:
    answer = ensure(checkout, "libegl1", "libgl1", is_root=True, FAKE_INSTALLED="libgl1")
    assert answer.returncode == 0, answer.stderr
    assert checkout.calls == ["apt-get update", "apt-get install --yes --no-install-recommends libegl1"]


def test_apt_lists_that_cannot_be_read_are_no_reason_to_stop(checkout: Checkout) -> None:
    answer = ensure(checkout, "libegl1", is_root=True, FAKE_INSTALLED="", FAKE_REFUSES="update")
    assert answer.returncode == 0, answer.stderr
    assert len(checkout.calls) == 2


def test_packages_that_apt_cannot_fetch_exit_4_with_what_apt_said(checkout: Checkout) -> None:
    answer = ensure(checkout, "libegl1", is_root=True, FAKE_INSTALLED="", FAKE_REFUSES="install")
    assert answer.returncode == 4
    assert "Is there a network" in answer.stdout
    assert "Unable to locate package" in answer.stdout


def test_installed_packages_ask_nothing_of_root(checkout: Checkout) -> None:
    assert ensure(checkout, "libegl1", is_root=False, FAKE_INSTALLED="libegl1").returncode == 0


# --- the environment and its stamp


def test_a_finished_set_up_is_not_done_again(checkout: Checkout) -> None:
    answer = checkout.dev("setup")
    assert answer.returncode == 0, answer.stderr
    assert checkout.calls == []


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_or_pyproject_is_brought_up_to_date_in_place(checkout: Checkout, name: str) -> None:
    with (checkout.root / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    answer = checkout.dev("setup")
    assert answer.returncode == 0, answer.stderr
    assert checkout.calls == ["uv pip sync", "uv pip install"]
    checkout.forget_calls()
    assert checkout.dev("setup").returncode == 0
    assert checkout.calls == []


def test_a_set_up_that_was_broken_off_is_made_again_from_nothing(checkout: Checkout) -> None:
    (checkout.root / ".venv" / "uchastka-setup.json").unlink()
    assert checkout.dev("setup").returncode == 0
    assert checkout.calls == ["uv venv --quiet", "uv pip sync", "uv pip install"]


def test_a_set_up_that_fails_leaves_no_stamp(checkout: Checkout) -> None:
    (checkout.root / "requirements.lock").write_text("nothing==1 --hash=sha256:00\n", encoding="utf-8")
    assert checkout.dev("setup", FAKE_SYNC="false").returncode == 4
    assert not (checkout.root / ".venv" / "uchastka-setup.json").exists()


def test_a_moved_checkout_gets_a_new_environment(checkout: Checkout) -> None:
    moved = checkout.root.rename(checkout.root.with_name("elsewhere"))
    checkout.root = moved
    checkout.env["PATH"] = f"{moved / 'programs'}{os.pathsep}{os.environ['PATH']}"
    assert checkout.dev("setup").returncode == 0
    assert checkout.calls[0] == "uv venv --quiet"


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    python = checkout.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3.11")
    assert checkout.dev("setup").returncode == 0
    assert checkout.calls[0] == "uv venv --quiet"


def test_without_a_network_the_message_is_clear_and_the_exit_status_4(checkout: Checkout) -> None:
    (checkout.root / ".venv" / "uchastka-setup.json").unlink()
    answer = checkout.dev("setup", FAKE_SYNC="echo no route to host; false")
    assert answer.returncode == 4
    assert "fetching them by pip" in answer.stdout
    assert "Is there a network" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_uv_that_cannot_be_fetched_exits_4(checkout: Checkout) -> None:
    shutil.rmtree(checkout.root / ".tools")
    (checkout.root / ".venv" / "uchastka-setup.json").unlink()
    answer = checkout.dev("setup")
    assert answer.returncode == 4
    assert "Could not fetch uv==" in answer.stderr


def test_a_package_with_another_hash_is_refused_and_not_fetched_another_way(checkout: Checkout) -> None:
    (checkout.root / ".venv" / "uchastka-setup.json").unlink()
    answer = checkout.dev("setup", FAKE_SYNC='echo "Hash mismatch for x==1"; false')
    assert answer.returncode == 1
    assert "pip" not in answer.stdout
    assert "not what was pinned" in answer.stderr


def test_an_unsuitable_python_hands_over_to_a_suitable_one(checkout: Checkout) -> None:
    checkout.program("programs/python3.11", '#!/bin/sh\necho "handed over: $*"\n')
    code = "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['dev.py', 'run']; "
    answer = checkout.ask("-c", code + "runpy.run_path('dev.py', run_name='__main__')")
    assert "handed over: dev.py run" in answer.stdout


def test_without_a_suitable_python_it_stops_with_exit_4(checkout: Checkout) -> None:
    code = "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['dev.py', 'run']; "
    answer = checkout.ask("-c", code + "runpy.run_path('dev.py', run_name='__main__')", PATH="/nowhere")
    assert answer.returncode == 4
    assert "is not supported" in answer.stderr


# --- run


def test_the_first_run_makes_an_election_and_plays_a_check_in_without_a_display(checkout: Checkout) -> None:
    answer = checkout.dev("run")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "There is no display" in answer.stdout
    assert "1234" in answer.stdout
    assert (checkout.root / "build/screens/01.png").read_bytes() == b"offscreen"
    assert (checkout.root / "build/demo/station/precinct").read_text(encoding="utf-8") == "1708-0042"
    assert [call for call in checkout.calls if call.startswith("register")] == [
        f"register {name}" for name in ("init", "synthesise", "import", "serve", "enrol")
    ]


def test_a_later_run_keeps_the_election_and_shows_the_pins_again(checkout: Checkout) -> None:
    assert checkout.dev("run").returncode == 0
    checkout.forget_calls()
    answer = checkout.dev("run")
    assert answer.returncode == 0
    assert "1234" in answer.stdout
    assert checkout.calls == ["register serve", "station --home --play-script --screens"]


def test_fresh_makes_the_election_anew(checkout: Checkout) -> None:
    assert checkout.dev("run").returncode == 0
    checkout.forget_calls()
    assert checkout.dev("run", "--fresh").returncode == 0
    assert "register init" in checkout.calls


@pytest.mark.parametrize("failing", ["import", "enrol", "serve"])
def test_a_first_run_that_was_broken_off_is_repeated_cleanly(checkout: Checkout, failing: str) -> None:
    answer = checkout.dev("run", FAKE_REFUSES=failing)
    assert answer.returncode == 1
    assert "refused: it was told to" in answer.stderr
    checkout.forget_calls()
    assert checkout.dev("run").returncode == 0
    assert "register init" in checkout.calls


def test_nothing_runs_on_after_the_window_has_closed(checkout: Checkout) -> None:
    assert checkout.dev("run").returncode == 0
    pid = int((checkout.root / "build/demo/register/pid").read_text(encoding="utf-8"))
    assert has_ended(pid)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_ending_dev_ends_the_register(checkout: Checkout, how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, checkout.root / "dev.py", "run"],
        cwd=checkout.root,
        env=checkout.environ(FAKE_STAYS="yes"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as running:
        assert running.stdout is not None
        assert any("the desktop is up" in line for line in running.stdout)
        running.send_signal(how)
        status = running.wait(timeout=30)
        pids = [int((checkout.root / f"build/demo/{name}/pid").read_text()) for name in ("register", "station")]
        if how == signal.SIGKILL:
            os.kill(pids.pop(), signal.SIGKILL)  # the window, which nobody is left to close
        else:
            assert status == 130
        assert all(map(has_ended, pids))


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1]
        other = demo.free_port(wanted)
    assert other not in {0, wanted}
    assert demo.free_port(wanted) == wanted


def test_a_port_taken_after_enrolment_is_told_and_the_desktop_opens(checkout: Checkout) -> None:
    assert checkout.dev("run").returncode == 0
    ready = checkout.root / "build/demo/ready.json"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ready.write_text(f'{{"port": {taken.getsockname()[1]}}}', encoding="utf-8")
        answer = checkout.dev("run")
    assert answer.returncode == 0, answer.stderr
    assert "is taken by another program" in answer.stderr


def test_a_display_where_no_window_opens_is_told_from_none() -> None:
    assert "neither DISPLAY" in (demo.why_no_window({}) or "")
    environ = {**os.environ, "DISPLAY": ":4711", "QT_QPA_PLATFORM": "xcb"}
    environ.pop("WAYLAND_DISPLAY", None)
    assert "display :4711" in (demo.why_no_window(environ) or "")


# --- test, check, bench, installer


def test_the_test_command_passes_pytest_its_arguments_and_returns_its_status(checkout: Checkout) -> None:
    tests = checkout.root / "tests"
    tests.mkdir()
    (tests / "test_one.py").write_text("def test_a(): pass\n\ndef test_b(): assert False\n", encoding="utf-8")
    assert checkout.dev("test", "-k", "test_a").returncode == 0
    assert checkout.dev("test").returncode == 1


def test_all_tests_are_shared_by_all_cores_and_chosen_ones_are_not(checkout: Checkout) -> None:
    tests = checkout.root / "tests"
    tests.mkdir()
    asks = "import os\n\ndef test_a(): assert ('PYTEST_XDIST_WORKER' in os.environ) == (os.cpu_count() > 1)\n"
    (tests / "test_one.py").write_text(asks, encoding="utf-8")
    assert checkout.dev("test").returncode == 0
    (tests / "test_one.py").write_text(
        "import os\n\ndef test_a(): assert 'PYTEST_XDIST_WORKER' not in os.environ\n", encoding="utf-8"
    )
    assert checkout.dev("test", "-k", "test_a").returncode == 0
    assert testing.shared_by(1) == []


def test_all_tests_keep_their_files_in_memory_where_there_is_room(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests, answer = checkout.root / "tests", checkout.root / "answer"
    tests.mkdir()
    tells = f"from pathlib import Path\n\ndef test_a(tmp_path): Path({str(answer)!r}).write_text(str(tmp_path))\n"
    (tests / "test_one.py").write_text(tells, encoding="utf-8")
    monkeypatch.delenv("TMPDIR", raising=False)
    assert checkout.dev("test").returncode == 0
    where = Path(answer.read_text("utf-8"))
    assert (testing.MEMORY in where.parents) == testing.is_memory_ample(testing.MEMORY)
    assert testing.MEMORY not in where.parents or not where.exists()


def test_each_module_is_compiled_once_and_in_no_folder_of_the_sources() -> None:
    bytecode = {"PYTHONPYCACHEPREFIX": str(ROOT / "build" / "bytecode")}
    assert testing.environ_of({"PYTHONDONTWRITEBYTECODE": "1", "HOME": "/"}) == {
        **bytecode,
        "HOME": "/",
        "QT_QPA_PLATFORM": "offscreen",
    }
    elsewhere = {"PYTHONPYCACHEPREFIX": "/elsewhere", "QT_QPA_PLATFORM": "offscreen"}
    assert testing.environ_of({"PYTHONPYCACHEPREFIX": "/elsewhere", "QT_QPA_PLATFORM": "xcb"}) == elsewhere


def test_little_memory_or_none_is_left_alone(tmp_path: Path) -> None:
    known = tmp_path / "meminfo"
    known.write_text("MemTotal:       99999999 kB\nMemAvailable:    6291455 kB\n", encoding="ascii")
    assert not testing.is_memory_ample(tmp_path, known)
    assert not testing.is_memory_ample(tmp_path, tmp_path / "another system")
    assert not testing.is_memory_ample(tmp_path / "another system")


def test_no_tests_are_a_failure(checkout: Checkout) -> None:
    (checkout.root / "tests").mkdir()
    answer = checkout.dev("test")
    assert answer.returncode == 5
    assert "counts as a failure" in answer.stderr


def test_a_planted_registry_address_is_found(tmp_path: Path) -> None:
    host = checks.REGISTRY_HOSTS[0]
    (tmp_path / "clean.txt").write_text("uv pip compile --no-emit-index-url\n", encoding="utf-8")
    (tmp_path / "planted.lock").write_text(f"a==1\n# from https://{host}/a\n", encoding="utf-8")
    (tmp_path / "planted.conf").write_text("index-" + 'url = "https://packages.example/x"\n', encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0" + host.encode())
    found = checks.find_addresses(tmp_path, checks.committed_files(tmp_path))
    assert [line.split(":")[0] for line in found] == ["planted.conf", "planted.lock"]


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_files_that_git_ignores_are_not_searched(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("made/\n", encoding="utf-8")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "x.py").touch()
    (tmp_path / "y.py").touch()
    assert [path.name for path in checks.committed_files(tmp_path)] == [".gitignore", "y.py"]


def test_long_files_are_named_longest_first(tmp_path: Path) -> None:
    for name, lines in (("a.py", 401), ("b.py", 500), ("c.py", 400), ("d.md", 900)):
        (tmp_path / name).write_text("\n" * lines, encoding="utf-8")
    assert checks.long_files(tmp_path, sorted(tmp_path.iterdir())) == ["b.py has 500 lines", "a.py has 401 lines"]


def test_benchmarks_are_listed_by_name_and_found_with_or_without_their_prefix(tmp_path: Path) -> None:
    for name in ("bench_sync.py", "bench_commit.py", "reference.py"):
        (tmp_path / name).touch()
    assert [path.stem for path in commands.find_benchmarks(tmp_path)] == ["bench_commit", "bench_sync"]
    assert commands.find_benchmarks(tmp_path, "sync") == commands.find_benchmarks(tmp_path, "bench_sync.py")
    with pytest.raises(Stopped, match="bench_commit, bench_sync"):
        commands.find_benchmarks(tmp_path, "speed")


def test_a_failing_benchmark_fails_the_command(checkout: Checkout) -> None:
    folder = checkout.root / "benchmarks"
    folder.mkdir()
    (folder / "bench_good.py").write_text("print('2.0 x the reference')", encoding="utf-8")
    (folder / "bench_bad.py").write_text("raise SystemExit(3)", encoding="utf-8")
    answer = checkout.dev("bench")
    assert answer.returncode == 1
    assert "2.0 x the reference" in answer.stdout
    assert checkout.dev("bench", "good").returncode == 0
    assert checkout.dev("bench", "--list").stdout == "bench_bad\nbench_good\n"


@pytest.mark.parametrize(
    ("answer", "works"),
    [
        ('echo \'{"refusal": "no_home"}\'; exit 3', True),
        ("echo '{}'; exit 0", False),
        ("echo Traceback >&2; exit 1", False),
    ],
)
def test_the_bundle_must_answer_a_missing_home_as_a_refusal(checkout: Checkout, answer: str, *, works: bool) -> None:
    checkout.program("bundle/uchastka", f'#!/bin/sh\n[ "$1" != --version ] || {{ echo 0.1.0; exit; }}\n{answer}\n')
    checkout.program("bundle/uchastka-sync", "#!/bin/sh\necho 0.1.0\n")
    assert (packing.try_bundle(checkout.root / "bundle") == []) is works


def test_a_full_disk_is_told_without_a_traceback(checkout: Checkout) -> None:
    (checkout.root / ".venv" / "uchastka-setup.json").unlink()
    (checkout.root / "build").mkdir(exist_ok=True)
    (checkout.root / "build" / "dev.log").symlink_to("/dev/full")
    answer = checkout.dev("setup")
    assert answer.returncode == 4
    assert "No space left on device" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_help_names_every_command(checkout: Checkout) -> None:
    text = checkout.dev("--help").stdout
    for name in ("setup", "run", "screens", "test", "check", "bench", "installer", "lock"):
        assert f"\n    {name}" in text
