# What QEMU's TCG plugins see of a run: the protocol checker.  One source for
# the plugin, built for each version of QEMU's plugin interface.

PLUGINS = obj/plugin/witness-1.so obj/plugin/witness-4.so
PLUGIN_CFLAGS = -std=gnu11 -O2 -Wall -Wextra -Werror -Wmissing-prototypes \
	-Wshadow -fPIC -fvisibility=hidden

plugins: $(PLUGINS)
obj/plugin/witness-%.so: tests/plugin/witness.c tests/plugin/qemu.h
	@mkdir -p $(@D)
	@$(HOSTCC) $(PLUGIN_CFLAGS) -DPLUGIN_API=$* -shared -o $@ $<

PROTOCOL = $(PERL) tests/protocol.pl
check-protocol: $(PLUGINS)
	@$(BOOT) --list $(ARCH) >/dev/null
	@for a in $(BOOT_ARCHES); do $(KERNEL) ARCH=$$a KIND=mp || exit 1; done
	@WORD='$(WORD)' $(PROVE) --timer -j$(JOBS) --exec '$(PROTOCOL)' \
	    `$(PROTOCOL) --list $(ARCH)`

.PHONY: plugins check-protocol

# What of the core and of the paths to it no test executes.
coverage: $(PLUGINS)
	@$(BOOT) --list $(ARCH) >/dev/null
	@$(BOOT_KERNELS)
	@$(PROVE) --timer -j$(JOBS) --exec '$(PERL) tests/coverage.pl' \
	    $(BOOT_ARCHES)

.PHONY: coverage
