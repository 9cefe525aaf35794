# shellcheck shell=sh
# Sourced, with the workspace as the current folder: virtual environments of Python below target/.

# shellcheck source=scripts/lib/need.sh
. scripts/lib/need.sh

# venv NAME FILE: sets the variable `venv` to the path of target/NAME, a virtual environment with the packages of the
# requirements FILE, made when it is missing or out of date.
venv() {
    venv=$PWD/target/$1
    if cmp -s "$2" "$venv/requirements.txt"; then return; fi
    new=$venv.$$
    trap 'rm -rf "$new"' EXIT
    mkdir -p target
    echo "setting up a virtual environment in $venv" >&2
    # Debian and Ubuntu have this part of Python in a separate package.
    python3 -c 'import ensurepip' 2>/dev/null || need "Python's module ensurepip" python3-venv
    python3 -m venv "$new" >&2
    "$new/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2" >&2
    cp "$2" "$new/requirements.txt"
    rm -rf "$venv"
    mv "$new" "$venv"
}
