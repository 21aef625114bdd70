# What kept tools say of the tree: mk/lint.pl, which has the names that WORD=
# takes, and clang's static analyser.  ./setup --lint installs them.

lint: $(if $(WORD),,analyze)
	@$(PERL) mk/lint.pl $(WORD)

# The analyser, of the kernels, as they are compiled; and of what runs here.
ANALYZE = --analyze -Xclang -analyzer-werror -Xclang -analyzer-output=text
HOST_CHECKED = tests/plugin/count.c tests/plugin/witness.c tests/host/firmware_test.c \
	tests/host/xcall/kernel.c tests/model/explore.c tests/model/machine.c
analyze: $(BOOT_ARCHES:%=analyze-%) $(HOST_CHECKED:%.c=obj/analyze/%)
	@echo "analyze: ok"
analyze-%:
	@$(KERNEL) ARCH=$* KIND=mp analyze
	@$(KERNEL) ARCH=$* KIND=hook analyze
obj/analyze/tests/plugin/%: tests/plugin/%.c
	@mkdir -p $(@D)
	@$(HOSTCC) $(ANALYZE) $(PLUGIN_CFLAGS) -DPLUGIN_API=4 -o /dev/null $<
	@touch $@
obj/analyze/tests/model/%: tests/model/%.c
	@mkdir -p $(@D)
	@$(HOSTCC) $(ANALYZE) $(MODEL_CFLAGS) -DXCALL_NSLOT=2 -o /dev/null $<
	@touch $@
obj/analyze/tests/host/%: tests/host/%.c
	@mkdir -p $(@D)
	@$(HOSTCC) $(ANALYZE) -std=gnu11 -DMULTIPROCESSOR -DXCALL_MANY \
	    -DXCALL_WATCH -DXCALL_MACHINE='"machine.h"' -Imi/boot -Imi/xcall \
	    -Itests -Itests/host/xcall -o /dev/null $<
	@touch $@

.PHONY: lint analyze
