# The comparison: what a cross-call costs, counted, architectures side by side.

COMPARE = $(PERL) tests/compare.pl CC='$(CC)' LD='$(LD)' JOBS='$(JOBS)' \
	ARCH='$(ARCH)'
COUNTERS = obj/plugin/count-1.so obj/plugin/count-4.so
CASE =
BASE =
SCALE =
BOUND = 0

obj/plugin/count-%.so: tests/plugin/count.c tests/plugin/qemu.h
	@mkdir -p $(@D)
	@$(HOSTCC) $(PLUGIN_CFLAGS) -DPLUGIN_API=$* -shared -o $@ $<

COMPARE_KERNELS = $(BOOT_ARCHES:%=compare-kernel-%)
compare-kernel-%:
	@$(KERNEL) ARCH=$* KIND=mp

compare: $(COUNTERS) $(COMPARE_KERNELS)
	@$(COMPARE) CASE='$(CASE)' BASE='$(BASE)' SCALE='$(SCALE)' \
	    BOUND='$(BOUND)'

# The budgets that every change has to keep: md-X/proof/budget.
check-compare: $(COUNTERS) $(COMPARE_KERNELS)
	@CC='$(CC)' $(PROVE) --timer -j$(JOBS) --exec '$(PERL) tests/compare.pl' \
	    $(BOOT_ARCHES:%=check/%)

# What is measured here is what is to be kept.
budget: $(COUNTERS) $(COMPARE_KERNELS)
	@$(COMPARE) --budget

.PHONY: compare check-compare budget
