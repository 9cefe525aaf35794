"""Prints what is linked into the programs, by whom, and the licences: the file `copyright` of a package.

Where a crate may be used under one of several licences, MIT among them, it is used under MIT.
"""

import json
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path

HEAD = """\
zmq-patterns: ZeroMQ's patterns in Rust.

Copyright (c) 2026 the zmq-patterns developers. You may use the programs under the MIT License, which is the first
of the texts below, or under the Apache License, version 2.0, which Debian has as
/usr/share/common-licenses/Apache-2.0.

The programs contain libzmq {libzmq}, under the Mozilla Public License, version 2.0. Its source is in the crate zeromq-src
{zeromq_src} on https://crates.io, and what is changed in it is in the folder zmq-sys/patches of this project's source.
They contain the Rust standard library, whose licences are in the file rust-standard-library.html beside this one;
libsodium, under the ISC License; and the crates that the texts below name.
"""
NAMES = ("LICENSE-MIT", "LICENSE", "LICENSE.MIT", "LICENSE.TXT", "LICENSE.MD", "COPYING")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def linked(metadata):
    """The packages that the default members are linked with."""
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    seen, waiting = {}, list(metadata["workspace_default_members"])
    while waiting:
        package = packages[waiting.pop()]
        runs_in_compiler = any("proc-macro" in target["kind"] for target in package["targets"])
        if package["id"] in seen or runs_in_compiler:
            continue
        seen[package["id"]] = package
        for dependency in nodes[package["id"]]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    return [package for package in seen.values() if package["source"]]


def folder(package):
    return Path(package["manifest_path"]).parent


def licence(package):
    """The text under which a crate is used."""
    if "MIT" not in package["license"]:
        sys.exit(f"error: {package['name']} is under {package['license']}: scripts/lib/licences.py is to learn of it")
    files = {path.name.upper(): path for path in folder(package).iterdir()}
    for name in NAMES:
        if name in files:
            return files[name].read_text()
    sys.exit(f"error: {package['name']} {package['version']} comes without the text of its licence")


def libsodium(package):
    with tarfile.open(folder(package) / "LATEST.tar.gz") as archive:
        name = next(name for name in archive.getnames() if name.endswith("/LICENSE"))
        return archive.extractfile(name).read().decode()


def main():
    host = next(line.split()[1] for line in run("rustc", "-vV").splitlines() if line.startswith("host: "))
    metadata = json.loads(run("cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host))
    named = {package["name"]: package for package in metadata["packages"]}
    zeromq = named["zeromq-src"]
    # Each text once, with all that it is for.
    texts = {Path("LICENSE-MIT").read_text(): ["zmq-patterns"]}
    texts[libsodium(named["libsodium-sys-stable"])] = ["libsodium"]
    for package in sorted(linked(metadata), key=lambda package: package["name"]):
        texts.setdefault(licence(package), []).append(f"{package['name']} {package['version']}")
    texts[(folder(zeromq) / "vendor/LICENSE").read_text()] = ["libzmq"]
    zeromq_src, libzmq = zeromq["version"].split("+")
    print(HEAD.format(libzmq=libzmq, zeromq_src=zeromq_src))
    for text, users in texts.items():
        names = textwrap.fill(", ".join(users) + ":", 100)
        print("=" * 80, names, text.strip(), "", sep="\n\n")


main()
