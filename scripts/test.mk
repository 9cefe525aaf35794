# The steps of scripts/test.sh, with what each of them waits for. Three run at a time, and most tests wait for
# processes and sockets more than they compute. A step's output comes when it has ended.

# They tell of make's own pipe for its jobs, which nobody can reach from a recipe.
unexport MAKEFLAGS MFLAGS

target := $(or $(CARGO_TARGET_DIR),target)
peers := --locked --manifest-path bench/peers/Cargo.toml
# The oldest Rust that is promised. Clippy (incompatible_msrv) and e2e/tests/versions.rs find most of what is newer.
oldest := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

files := $(wildcard */tests/*.rs */*/tests/*.rs)
folders := $(patsubst %/main.rs,%,$(wildcard */tests/*/main.rs */*/tests/*/main.rs))
tests := $(sort $(basename $(notdir $(files))) $(notdir $(folders)))
set_ups := foreign-peers clean-root browser runners book

.PHONY: all shellcheck format lints peers oldest docs-of-rust build python $(set_ups:=-set-up) units doctests $(tests:=-test)
# What takes longest begins first.
all: shellcheck format docs-test book-test scripts-test reliable-test bench-test dist-test units doctests $(tests:=-test)

begin = $(info == $@)

# Only if it is installed.
shellcheck:
	$(begin)@! command -v shellcheck >/dev/null || shellcheck -x scripts/*.sh scripts/*/*.sh deploy/*/*.sh \
	    reliable-pipeline/example/*.sh bench/peers/*.sh

format:
	$(begin)@cargo fmt --all --check
	@cargo fmt --manifest-path bench/peers/Cargo.toml --all --check

lints: format
	$(begin)@cargo clippy --locked --workspace --all-targets -- -D warnings

# In the target folder of the tests, which run the peers.
peers: lints
	$(begin)@RUSTC_WORKSPACE_WRAPPER=$(CURDIR)/bench/peers/lint-and-build.sh cargo build $(peers) --target-dir $(target)
	@cargo build $(peers) --target-dir $(target)

# Only where rustup has it.
oldest: peers
	$(begin)@! rustup toolchain list 2>/dev/null | grep -q '^$(oldest)' || \
	    cargo +$(oldest) check --locked --workspace --target-dir $(target)/oldest

# Of the libraries: nobody reads those of a program but in its source.
docs-of-rust: oldest
	$(begin)@RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --lib --no-deps --quiet

build: docs-of-rust
	$(begin)@cargo test --locked --workspace --no-run

# One after the other: apt-get lets no other in.
python:
	$(begin)@scripts/python.sh

# Without these, the tests say what they leave out, or fail where CI is set.
$(set_ups:=-set-up): python
	$(begin)-@scripts/$(@:-set-up=).sh
clean-root-set-up: | foreign-peers-set-up
browser-set-up: | clean-root-set-up
runners-set-up: | browser-set-up
book-set-up: | runners-set-up

units doctests $(tests:=-test): build $(set_ups:=-set-up)
# A fuzz target ends when it has found something.
units:
	$(begin)@cargo test --locked --workspace --exclude fuzz --lib --bins --examples
doctests:
	$(begin)@cargo test --locked --workspace --doc
$(tests:=-test):
	$(begin)@cargo test --locked --workspace --test $(@:-test=)

# These take the article's ports one after the other, or build packages, for which docs-test holds others up.
scripts-test hosts-test: | docs-test
