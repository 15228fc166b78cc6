#!/usr/bin/env python3
"""Builds the image and runs the demo of compose.yaml from it, on a machine without an engine.

    docker/prove.py [--ccache DIR]

buildah builds docker/Dockerfile on a Debian 12 made by debootstrap. Then every service of compose.yaml is run with its own
command from the image's file system: as the image's user, without capabilities, on a root that is only read. Needs root,
since it mounts; the mounts are in a namespace of its own. Ends with 0 only if all of it came out as it must.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = "localhost/hedui-base:12"
USER = 10001
# What the image may leave writable for its user.
WRITABLE = {"/tmp", "/var/tmp", "/run/lock", "/var/lib/hedui", "/demo"}
PATIENCE_S = 60


def fail(text: str):
    print(f"prove image: {text}", file=sys.stderr)
    sys.exit(1)


def say(text: str):
    print(f"== {text}", flush=True)


def run(*command, **options) -> subprocess.CompletedProcess:
    result = subprocess.run([str(part) for part in command], text=True, check=False, **options)
    if result.returncode != 0:
        fail(f"{' '.join(map(str, command))} ended with {result.returncode}\n{result.stderr or ''}")
    return result


class Images:
    """buildah, with everything it keeps below one directory."""

    def __init__(self, directory: pathlib.Path):
        self._command = ["buildah", "--storage-driver", "vfs", "--root", directory / "storage", "--runroot", directory / "run"]

    def __call__(self, verb: str, *arguments, **options) -> str:
        options.setdefault("stdout", subprocess.PIPE)
        return (run(*self._command, verb, *arguments, **options).stdout or "").strip()

    def import_base(self, tree: pathlib.Path):
        if not (tree / "etc/os-release").exists():
            say("a Debian 12 to build on")
            tree.parent.mkdir(parents=True, exist_ok=True)
            run("debootstrap", "--variant=minbase", "bookworm", tree, stdout=subprocess.DEVNULL)
        if self("images", "--quiet", "--filter", f"reference={BASE}"):
            return
        container = self("from", "scratch")
        self("add", "--quiet", container, tree, "/")
        self("commit", "--quiet", container, BASE)
        self("rm", container)

    def build(self, target: str, ccache: pathlib.Path | None) -> str:
        say(f"building {target}")
        volumes = ["--volume", f"{ccache}:/root/.cache/ccache"] if ccache else []
        self(
            "bud", "--quiet", "--layers", "--isolation", "chroot", "--pull-never", "--format", "docker",
            "--build-arg", f"BASE={BASE}", *volumes, "--target", target, "--tag", f"localhost/hedui-{target}",
            "--file", ROOT / "docker/Dockerfile", ROOT,
            stdout=sys.stdout,
        )  # fmt: skip
        return f"localhost/hedui-{target}"


def check_configuration(configuration: dict):
    expected = {
        "User": f"{USER}:{USER}",
        "Entrypoint": ["heduid"],
        "Cmd": ["--config", "/etc/hedui/heduid.yaml"],
        "StopSignal": "SIGTERM",
    }
    for key, value in expected.items():
        if configuration.get(key) != value:
            fail(f"the image's {key} is {configuration.get(key)}, not {value}")
    if configuration["Healthcheck"]["Test"] != ["CMD", "hedui", "health"]:
        fail("the image has no health check")


def check_tree(tree: pathlib.Path):
    """Nothing that its user could change but where it should, no key, no library missing."""
    found = run("find", tree, "-xdev", "(", "-perm", "-o+w", "-o", "-user", USER, ")", "!", "-type", "l",
                stdout=subprocess.PIPE).stdout.split()  # fmt: skip
    writable = {"/" + str(pathlib.Path(path).relative_to(tree)) for path in found} - WRITABLE
    writable = {path for path in writable if not path.startswith("/dev/")}
    if writable:
        fail(f"the image's user could change {sorted(writable)}")
    keys = run("find", tree, "-xdev", "-name", "*.key", "-o", "-xdev", "-name", "kek", stdout=subprocess.PIPE).stdout
    if keys:
        fail(f"the image holds keys: {keys}")
    for program in ("heduid", "hedui"):
        linked = run("chroot", tree, "ldd", f"/usr/bin/{program}", stdout=subprocess.PIPE).stdout
        if "not found" in linked:
            fail(f"{program} misses libraries:\n{linked}")
        check_hardening(tree / "usr/bin" / program)


def check_hardening(program: pathlib.Path):
    """What cmake/Hardening.cmake asks for is in the program."""
    elf = run("readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--dyn-syms", program,
              stdout=subprocess.PIPE).stdout  # fmt: skip
    # A program, not a library, that is loaded anywhere; resolved before it runs, and read-only from then on; with
    # guards on its stack and checks of what is copied.
    marks = ["(FLAGS_1)", " PIE", " NOW", "GNU_RELRO", "__stack_chk_fail"]
    # Only who calls what can be checked has checked calls.
    if program.name == "heduid":
        marks.append("_chk@GLIBC")
    for mark in marks:
        if mark not in elf:
            fail(f"{program.name} is built without hardening: {mark.strip()} is missing")


class Services:
    """The services of compose.yaml, run from the image's tree."""

    def __init__(self, tree: pathlib.Path, directory: pathlib.Path):
        with open(ROOT / "docker/compose.yaml", encoding="utf-8") as file:
            self._services = yaml.safe_load(file)["services"]
        self._directory = directory
        self._root = directory / "root"
        self._running: dict[str, subprocess.Popen] = {}
        self._root.mkdir()
        run("mount", "--bind", tree, self._root)
        for path in ("proc", "dev"):
            run("mount", "--rbind", f"/{path}", self._root / path)
        for volume, mount in (("demo", "demo"), ("store", "var/lib/hedui"), ("tmp", "tmp")):
            (directory / volume).mkdir(mode=0o700)
            os.chown(directory / volume, USER, USER)
            run("mount", "--bind", directory / volume, self._root / mount)
        run("mount", "-o", "remount,bind,ro", self._root)

    def _command(self, name: str, command: list[str] | None) -> list:
        service = self._services[name]
        if not service["read_only"] or service["user"] != f"{USER}:{USER}" or service["cap_drop"] != ["ALL"]:
            fail(f"compose.yaml gives {name} more than it needs")
        environment = [f"{key}={value}" for key, value in service.get("environment", {}).items()]
        return [
            "chroot", self._root, "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs",
            "--bounding-set=-all", "--inh-caps=-all", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *environment,
            *(command or service["entrypoint"] + service["command"]),
        ]  # fmt: skip

    def finish(self, name: str, command: list[str] | None = None) -> subprocess.CompletedProcess:
        return subprocess.run(
            self._command(name, command), capture_output=True, text=True, check=False, cwd="/", timeout=10 * PATIENCE_S
        )

    def start(self, name: str, line: str):
        """Runs on; awaits the line it says when it is there, if it says one."""
        log = self._directory / f"{name}.log"
        with open(log, "w", encoding="utf-8") as output:
            process = subprocess.Popen(self._command(name, None), stdout=output, stderr=subprocess.STDOUT, cwd="/")
        self._running[name] = process
        until = time.monotonic() + PATIENCE_S
        while line and line not in log.read_text(encoding="utf-8"):
            if process.poll() is not None or time.monotonic() > until:
                fail(f"{name} did not start:\n{log.read_text(encoding='utf-8')}")
            time.sleep(0.1)

    def await_health(self):
        test = self._services["platform"]["healthcheck"]["test"]
        until = time.monotonic() + PATIENCE_S
        while (result := self.finish("platform", test[1:])).returncode != 0:
            if time.monotonic() > until:
                fail(f"the platform does not become healthy: {result.stdout}{result.stderr}")
            time.sleep(0.2)

    def stop(self, name: str) -> int:
        process = self._running.pop(name)
        process.terminate()
        return process.wait(timeout=PATIENCE_S)

    def stop_all(self):
        for name in list(self._running):
            self._running[name].kill()
            self._running.pop(name).wait()


def demo(services: Services):
    prepared = services.finish("prepare")
    if prepared.returncode != 0:
        fail(f"prepare ended with {prepared.returncode}:\n{prepared.stdout}{prepared.stderr}")
    refused = services.finish("platform", ["touch", "/usr/bin/here"])
    if refused.returncode == 0:
        fail("the root can be written")
    services.start("departments", "ready")
    services.start("platform", "listening")
    services.await_health()
    services.start("proxy", "")
    until = time.monotonic() + PATIENCE_S
    while (verified := services.finish("verify")).returncode != 0:
        # The proxy says nothing when it is there.
        if "UNAVAILABLE" not in verified.stderr or time.monotonic() > until:
            fail(f"verify ended with {verified.returncode}:\n{verified.stdout}{verified.stderr}")
        time.sleep(0.2)
    for words in ("提示：无法确定", "valid: report"):
        if words not in verified.stdout:
            fail(f"the report does not say {words!r}:\n{verified.stdout}")
    if (code := services.stop("platform")) != 0:
        fail(f"the platform ended with {code} on its stop signal")
    print(verified.stdout[verified.stdout.rindex("valid: report") :].rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ccache", type=pathlib.Path, help="compiled objects to take from, and leave, here")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        fail("needs root: it mounts the image's file system")
    if "HEDUI_PROVE_IMAGE" not in os.environ:
        os.environ["HEDUI_PROVE_IMAGE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])
    kept = ROOT / ".dev/image"
    images = Images(kept)
    images.import_base(kept / "base")
    image = images.build("runtime", arguments.ccache)
    check_configuration(json.loads(images("inspect", "--type", "image", image))["Docker"]["config"])
    image = images.build("demo", arguments.ccache)
    container = images("from", "--pull-never", image)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="hedui-image."))
    services = None
    try:
        tree = pathlib.Path(images("mount", container))
        check_tree(tree)
        say("running the demo from the image")
        services = Services(tree, directory)
        demo(services)
    finally:
        if services:
            services.stop_all()
        subprocess.run(["umount", "--recursive", "--lazy", directory / "root"], check=False, capture_output=True)
        images("umount", container)
        images("rm", container)
        shutil.rmtree(directory, ignore_errors=True)
    say("the image is built, checked, and verified a household")


if __name__ == "__main__":
    main()
