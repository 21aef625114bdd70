# The comparison: what a cross-call costs, counted, architectures side by side.

COMPARE = $(PERL) tests/compare.pl CC='$(CC)' LD='$(LD)' JOBS='$(JOBS)' \
	ARCH='$(ARCH)'
COUNTERS = obj/plugin/count-1.so obj/plugin/count-4.so
CASE =
BASE =
SCALE =
BOUND = 0
# Another kernel, and what is known of it: port-guide/compare.md; and where the
# result goes.
IMAGE =
LABELS =
OUT =

obj/plugin/count-%.so: tests/plugin/count.c tests/plugin/qemu.h
	@mkdir -p $(@D)
	@$(HOSTCC) $(PLUGIN_CFLAGS) -DPLUGIN_API=$* -shared -o $@ $<

COMPARE_KERNELS = $(BOOT_ARCHES:%=compare-kernel-%)
compare-kernel-%:
	@$(KERNEL) ARCH=$* KIND=mp

compare: $(COUNTERS) $(if $(IMAGE)$(LABELS),,$(COMPARE_KERNELS))
	@$(COMPARE) CASE='$(CASE)' BASE='$(BASE)' SCALE='$(SCALE)' \
	    BOUND='$(BOUND)' IMAGE='$(IMAGE)' LABELS='$(LABELS)' OUT='$(OUT)'

# A kernel that nobody here wrote, beside ours in the next "make compare".
LINUX_ARCHES = $(patsubst md-%/proof/linux/labels,%, \
	$(wildcard $(BOOT_ARCHES:%=md-%/proof/linux/labels)))
compare-linux: $(COUNTERS)
	@./setup --linux
	@for a in $(LINUX_ARCHES); do \
	    $(MAKE) --no-print-directory -f mk/linux.mk ARCH=$$a CC='$(CC)' \
		LD='$(LD)' PERL='$(PERL)' && \
	    $(COMPARE) IMAGE=obj/linux/$$a/vmlinuz \
		LABELS=md-$$a/proof/linux/labels OUT=obj/linux/$$a || exit 1; \
	done

# By the clock: under KVM, or from the console of a board, LOG=.
time: $(if $(LOG),,$(if $(ARCH),$(COMPARE_KERNELS)))
	@$(PERL) tests/compare/time.pl ARCH='$(ARCH)' LOG='$(LOG)' \
	    MACHINE='$(MACHINE)' NCPU='$(NCPU)'

# The budgets that every change has to keep: md-X/proof/budget.
check-compare: $(COUNTERS) $(COMPARE_KERNELS)
	@CC='$(CC)' $(PROVE) --timer -j$(JOBS) --exec '$(PERL) tests/compare.pl' \
	    $(BOOT_ARCHES:%=check/%)

# The tool alone: what it is given wrongly, and against a base.
check-comparer:
	@$(PROVE) tests/host/compare.t

# What is measured here is what is to be kept.
budget: $(COUNTERS) $(COMPARE_KERNELS)
	@$(COMPARE) --budget

.PHONY: compare compare-linux time check-compare check-comparer budget
