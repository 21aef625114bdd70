# Booting, by the rules of tests/boot.pl, which reads what machines there are
# from md-*/machines.  The top Makefile defines ARCHES, ARCH, PERL and PROVE,
# and kernels-ARCH builds both kernels of an architecture.
#
# In every target the names that the user gave are looked at first, so that a
# wrong one costs no build: boot.pl says in one line what there is.

MACHINE =
NCPU =
# How many cells are booted at once.
JOBS = 2

BOOT = $(PERL) tests/boot.pl
BOOT_ARCHES = $(if $(ARCH),$(ARCH),$(filter-out $(PARTIAL),$(ARCHES)))
BOOT_KERNELS = $(MAKE) --no-print-directory $(BOOT_ARCHES:%=kernels-%)
# No machine means the default one, no number means 4.
BOOT_CELLS = $(BOOT_ARCHES:%='%/$(MACHINE)/$(NCPU)')

run:
	@$(BOOT) --print $(BOOT_CELLS) >/dev/null
	@$(BOOT_KERNELS)
	@$(BOOT) --run $(BOOT_CELLS)

debug:
	@test -n '$(ARCH)' || { echo "make debug: which ARCH=?" \
	    "there are: $(ARCHES)" >&2; exit 2; }
	@$(BOOT) --print $(BOOT_CELLS) >/dev/null
	@$(BOOT_KERNELS)
	@$(BOOT) --debug $(BOOT_CELLS)

# Every cell is a test of its own to prove, by its name.
check-boot:
	@$(BOOT) --list $(ARCH) >/dev/null
	@$(BOOT_KERNELS)
	@cells=`$(BOOT) --list $(ARCH)` && test -n "$$cells" && \
	    $(PROVE) --timer -j$(JOBS) --exec '$(BOOT)' $$cells

# The cells of the matrix, md-X/cells: are they what md-X/machines makes of
# them, and does each possible pair of values meet?
cells:
	@$(PERL) tests/cells.pl --make
check-cells:
	@$(PROVE) --timer tests/cells.pl

# Each cell N times, and N times with the processors loaded.
N = 10
soak:
	@$(BOOT) --list $(ARCH) >/dev/null
	@$(BOOT_KERNELS)
	@$(PERL) tests/soak.pl $(N) $(JOBS) $(if $(CELL),$(CELL),`$(BOOT) --list $(ARCH)`)

verdict:
	@test -n '$(LOG)' || { echo "make verdict: which LOG=?" \
	    "a saved console, - is the standard input" >&2; exit 2; }
	@$(PERL) tests/verdict.pl '$(LOG)' $(ARCH)

.PHONY: run debug check-boot cells check-cells soak verdict
