"""The demo's departments and platform as real servers on free ports, for tests that call it as a stranger would."""

from __future__ import annotations

import datetime
import os
import pathlib
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable

from hedui.v1 import authorization_pb2, verification_pb2
from hedui_client import Client, connect, read_message

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]
# Where the programs are that were built.
BIN_DIR = pathlib.Path(os.environ["HEDUI_BIN_DIR"])

# Edits for RunningPlatform. With these one is soon done: the bank is silent however long it is waited for.
IMPATIENT = (("catalogue.yaml", "deadline: 2s", "deadline: 300ms"),)
# With these one verification fills the agency's share until it is cancelled.
ONE_AT_A_TIME = (
    ("register.yaml", "purposes: [social_assistance]", "purposes: [social_assistance]\n    in_flight_max: 1"),
    ("catalogue.yaml", "deadline: 2s", "deadline: 60s"),
)

_DEMO = SOURCE_DIR / "clients" / "demo"
_ORIGIN = "hedui.example/640000/log"
_CHINA = datetime.timezone(datetime.timedelta(hours=8))


class RunningPlatform:
    """Starts when entered, in a directory of its own; ends when left, and checks that both servers ended well.

    `edits`: what is to be replaced in which of the demo's files before the start, as (file, old, new).
    """

    def __init__(self, *edits: tuple[str, str, str]):
        self._edits = edits
        self._temporary = tempfile.TemporaryDirectory(prefix="hedui-interop.")
        self.directory = pathlib.Path(self._temporary.name)
        self._servers: list[_Server] = []
        self.target = ""  # "localhost:port"
        self.metrics = ""  # "127.0.0.1:port"; empty unless the edits ask for metrics

    def __enter__(self) -> RunningPlatform:
        try:
            self._write_files()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        # The platform first: departments that are gone would only trouble it.
        ends = [server.stop() for server in reversed(self._servers)]
        self._temporary.cleanup()
        assert not any(code for code, _ in ends), "".join(
            f"a server ended with {code}, having said:\n{said}\n" for code, said in ends if code
        )

    @property
    def ca(self) -> str:
        return str(self.directory / "pki" / "ca.pem")

    @property
    def certificate(self) -> str:
        return str(self.directory / "pki" / "agency.pem")

    @property
    def key(self) -> str:
        return str(self.directory / "pki" / "agency.key")

    @property
    def environment(self) -> dict[str, str]:
        """For programs that take the connection from there."""
        return {
            "HEDUI_SERVER": self.target,
            "HEDUI_CA": self.ca,
            "HEDUI_CERT": self.certificate,
            "HEDUI_KEY": self.key,
        }

    def connect(self, sleep: Callable[[float], None] = time.sleep) -> Client:
        return connect(self.target, self.ca, self.certificate, self.key, sleep=sleep)

    def letters(self) -> authorization_pb2.RegisterAuthorizationsRequest:
        """The demo's."""
        path = str(self.directory / "letters.yaml")
        return read_message(path, authorization_pb2.RegisterAuthorizationsRequest())

    def household(self) -> verification_pb2.VerifyHouseholdRequest:
        """The demo's, for a verification of its own."""
        path = str(self.directory / "household.yaml")
        request = read_message(path, verification_pb2.VerifyHouseholdRequest())
        request.header.request_id = str(uuid.uuid4())
        return request

    def run(self, *command: str | pathlib.Path) -> subprocess.CompletedProcess[str]:
        """Runs a program in the platform's directory, connected to it."""
        return subprocess.run(
            command,
            cwd=self.directory,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def _write_files(self) -> None:
        subprocess.run([_DEMO / "pki.sh", self.directory / "pki", _ORIGIN], check=True)
        for name in ("heduid.yaml", "register.yaml", "household.yaml", "letters.yaml"):
            self._write(name, (_DEMO / name).read_text(encoding="utf-8"))
        simulation = SOURCE_DIR / "adapters" / "simulated" / "demo" / "ningxia.yaml"
        # The registers' data are of today: older ones would be stale, whatever month they speak of.
        today = datetime.datetime.now(_CHINA).date()
        text = simulation.read_text(encoding="utf-8").replace('data_day: "2025-03-02"', f'data_day: "{today}"', 1)
        self._write("simulation.yaml", text)
        (self.directory / "policies").symlink_to(SOURCE_DIR / "policies")

    def _start(self) -> None:
        departments = self._start_server("hedui-sim", "simulation.yaml")
        catalogue = (_DEMO / "catalogue.yaml.in").read_text(encoding="utf-8")
        for line in departments.read_until("ready"):
            if line.startswith("source "):
                _, source, port = line.split()
                catalogue = catalogue.replace(f"@{source}@", f"localhost:{port}")
        departments.go_on()
        self._write("catalogue.yaml", catalogue)
        platform = self._start_server("heduid", "heduid.yaml")
        ports = dict(line.split() for line in platform.read_until("listening") if len(line.split()) == 2)
        platform.go_on()
        self.target = f"localhost:{ports['listening']}"
        if "metrics" in ports:
            self.metrics = f"127.0.0.1:{ports['metrics']}"

    def _start_server(self, program: str, configuration: str) -> _Server:
        server = _Server([BIN_DIR / program, "--config", configuration], self.directory)
        self._servers.append(server)
        return server

    def _write(self, name: str, text: str) -> None:
        for file, old, new in self._edits:
            if file == name:
                assert old in text, f"{name} does not have {old!r}"
                text = text.replace(old, new)
        (self.directory / name).write_text(text, encoding="utf-8")


class _Server:
    def __init__(self, command: list, directory: pathlib.Path):
        self._process = subprocess.Popen(
            command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
        )
        self._reader: threading.Thread | None = None
        self._said = ""  # after what was asked for

    def read_until(self, word: str) -> list[str]:
        """The lines it printed, up to the one that begins with `word`."""
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if line.split()[:1] == [word]:
                return lines
        raise AssertionError("a server did not start:\n" + "".join(lines))

    def go_on(self) -> None:
        """Somebody has to read what it prints, or it would wait for that some day."""

        def read() -> None:
            self._said = self._process.stdout.read()

        self._reader = threading.Thread(target=read, daemon=True)
        self._reader.start()

    def stop(self) -> tuple[int, str]:
        """Its exit code, and all it said since go_on()."""
        self._process.terminate()
        code = self._process.wait()
        if self._reader is not None:
            self._reader.join()
        self._process.stdout.close()
        return code, self._said
