"""A real Prometheus scrapes a platform; promtool reads what it shows, and the alert rules."""

import json
import os
import pathlib
import subprocess
import time
import unittest
import urllib.parse
import urllib.request

from running_platform import IMPATIENT, SOURCE_DIR, RunningPlatform

_TIMEOUT_S = 60
# How long something may take to be seen; a machine under load starts Prometheus in some seconds.
_PATIENCE_S = 90
_POLL_S = 0.2
_TOOLS = pathlib.Path(os.environ["HEDUI_PROMETHEUS_DIR"])
_OPERATION = SOURCE_DIR / "docs" / "operation"
_METRICS = (("heduid.yaml", "listen: ", 'metrics: {listen: "127.0.0.1:0"}\nlisten: '),)


def get(url: str) -> str:
    # Never through a proxy that the environment names.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=_TIMEOUT_S) as response:
        return response.read().decode()


class Prometheus:
    """Started when entered, on a free port, with its files in `directory`; scrapes `target` each second."""

    def __init__(self, directory: pathlib.Path, target: str):
        self._directory = directory
        self._process = None
        self._log = directory / "prometheus.log"
        self.url = ""
        configuration = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(_OPERATION / "alerts.yaml")],
            "scrape_configs": [{"job_name": "hedui", "static_configs": [{"targets": [target]}]}],
        }
        # JSON is YAML.
        (directory / "prometheus.yml").write_text(json.dumps(configuration), encoding="utf-8")

    def __enter__(self):
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    _TOOLS / "prometheus",
                    f"--config.file={self._directory / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self._directory / 'data'}",
                    "--web.listen-address=127.0.0.1:0",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.url = f"http://127.0.0.1:{self._await(self._port, 'it does not listen')}"
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def value(self, query: str) -> float | None:
        """What it knows now of a query that gives one series or none."""
        try:
            text = get(f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
        except OSError:
            return None  # not ready yet
        result = json.loads(text)["data"]["result"]
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else None

    def await_value(self, query: str, value: float) -> None:
        self._await(lambda: self.value(query) == value, f"{query} does not become {value}")

    def _await(self, what, otherwise: str):
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            if found := what():
                return found
            if self._process.poll() is not None:
                raise AssertionError("prometheus ended:\n" + self.log())
            time.sleep(_POLL_S)
        raise AssertionError(f"{otherwise}:\n{self.log()}")

    def _port(self) -> int | None:
        """Of the one TCP socket it listens at: it takes any free port and does not log which."""
        inodes = set()
        for descriptor in pathlib.Path(f"/proc/{self._process.pid}/fd").iterdir():
            try:
                name = os.readlink(descriptor)
            except OSError:
                continue  # closed meanwhile
            if name.startswith("socket:["):
                inodes.add(name[len("socket:[") : -1])
        for line in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and rest[5] in inodes:
                return int(local.split(":")[1], 16)
        return None


class PrometheusTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = cls.enterClassContext(RunningPlatform(*IMPATIENT, *_METRICS))
        cls.prometheus = cls.enterClassContext(Prometheus(cls.platform.directory, cls.platform.metrics))
        with cls.platform.connect() as client:
            client.register_authorizations(cls.platform.letters(), _TIMEOUT_S)
            client.verify_household(cls.platform.household(), _TIMEOUT_S)

    def promtool(self, *arguments, text: str = ""):
        return subprocess.run(
            [_TOOLS / "promtool", *arguments], input=text, capture_output=True, encoding="utf-8", check=False
        )

    def test_it_is_scraped(self):
        self.prometheus.await_value("up", 1)

    def test_a_verification_is_seen(self):
        self.prometheus.await_value('hedui_rpc_handled_total{method="VerifyHousehold",code="OK"}', 1)
        self.prometheus.await_value('hedui_rpc_duration_seconds_count{method="VerifyHousehold"}', 1)
        self.prometheus.await_value('sum(hedui_source_answers_total{source="nx-bank",reason="LATE"}) > bool 0', 1)
        self.prometheus.await_value("hedui_healthy", 1)

    def test_the_alert_rules_are_evaluated(self):
        self.prometheus.await_value("up", 1)
        rules = json.loads(get(f"{self.prometheus.url}/api/v1/rules"))["data"]["groups"][0]["rules"]
        self.assertIn("HeduiCannotCommit", {rule["name"] for rule in rules})
        self.assertEqual([], [rule["name"] for rule in rules if rule.get("lastError")])

    def test_every_panel_of_the_dashboard_is_a_query_it_takes(self):
        self.prometheus.await_value("up", 1)
        dashboard = json.loads((_OPERATION / "hedui.json").read_text(encoding="utf-8"))
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreaterEqual(len(queries), 18)
        for query in queries:
            # As Grafana fills them in.
            query = query.replace("$__rate_interval", "1m").replace("$instance", ".*")
            with self.subTest(query):
                answer = get(f"{self.prometheus.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
                self.assertEqual("success", json.loads(answer)["status"])

    def test_what_is_shown_is_well_formed(self):
        checked = self.promtool("check", "metrics", text=get(f"http://{self.platform.metrics}/metrics"))
        self.assertEqual(("", 0), (checked.stdout + checked.stderr, checked.returncode))

    def test_promtool_finds_what_is_malformed(self):
        self.assertNotEqual(0, self.promtool("check", "metrics", text="hedui{ 1\n").returncode)

    def test_the_alert_rules_are_well_formed(self):
        checked = self.promtool("check", "rules", _OPERATION / "alerts.yaml")
        self.assertEqual(0, checked.returncode, checked.stdout + checked.stderr)

    def test_the_alert_rules_fire_when_they_should(self):
        tested = self.promtool("test", "rules", pathlib.Path(__file__).parent / "alerts_test.yaml")
        self.assertEqual(0, tested.returncode, tested.stdout + tested.stderr)


if __name__ == "__main__":
    unittest.main()
