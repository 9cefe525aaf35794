# shellcheck shell=sh
# Sourced, with the workspace as the current folder: virtual environments of Python below target/.

# venv NAME FILE: sets the variable `venv` to the path of target/NAME, a virtual environment with the packages of the
# requirements FILE, made when it is missing or out of date.
venv() {
    venv=$PWD/target/$1
    if cmp -s "$2" "$venv/requirements.txt"; then return; fi
    new=$venv.$$
    trap 'rm -rf "$new"' EXIT
    mkdir -p target
    echo "setting up a virtual environment in $venv" >&2
    if ! log=$(python3 -m venv "$new" 2>&1); then
        # Debian and Ubuntu have this part of Python in a separate package.
        rm -rf "$new"
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            { apt-get update && apt-get install -y python3-venv; } >&2
            python3 -m venv "$new" >&2
        else
            printf '%s\n' "$log" "error: python3 -m venv fails; on Debian: apt-get install python3-venv" >&2
            exit 1
        fi
    fi
    "$new/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2" >&2
    cp "$2" "$new/requirements.txt"
    rm -rf "$venv"
    mv "$new" "$venv"
}
