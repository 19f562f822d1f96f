# SPDX-License-Identifier: Apache-2.0
# Thin, over Meson: `make` builds, `make demo`, `make test` and `make bench` do everything by themselves.

BUILD ?= build
PREFIX ?= /usr/local
export DEBIAN_FRONTEND = noninteractive

.PHONY: all setup demo test unit system test-vm asan bench install format clean

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)
	@for p in berth berth-dial berthd berth-runtime berth-init; do ln -sf src/$$p $(BUILD)/$$p; done

$(BUILD)/build.ninja:
	@tools/setup.sh build
	meson setup $(BUILD) --prefix=$(PREFIX)

setup:
	@tools/setup.sh all

demo: setup all
	tests/demo.sh $(BUILD)

test: setup all
	tests/run.sh $(BUILD)

unit: all
	meson test -C $(BUILD) --print-errorlogs

system: setup all
	tests/system/run.sh $(BUILD)

# What this machine may not have: pure cgroup v2, AppArmor, Linux 6.1. Takes a quarter of an hour; bounded by BERTH_VM_TIMEOUT seconds.
test-vm: setup all
	tests/vm/run.sh $(BUILD) $(TESTS)

bench: setup all
	tests/bench/run.sh $(BUILD) $(PARTS)

install: all
	meson install -C $(BUILD) --no-rebuild

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf $(BUILD) $(BUILD)-*
