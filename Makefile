# portkit: "make" alone explains itself.  GNU make.
#
# An architecture is a folder md-X with an arch.mk; nothing here names one.

ARCHES := $(patsubst md-%/arch.mk,%,$(wildcard md-*/arch.mk))
# Those that are under way have a file of the skeleton's still.
PARTIAL := $(patsubst md-%/include/machine/stub.h,%, \
	$(wildcard md-*/include/machine/stub.h))
ARCH =
CC = clang
LD = ld.lld
HOSTCC = $(CC)
PERL = perl
PROVE = prove
# The one test, or case, that some of the checks are asked for; for mutants.
WORD =

help:
	@echo "portkit: cross-calls between CPUs, for $(ARCHES)"
	@echo
	@echo "make run              boot every architecture, a verdict for each"
	@echo "make run ARCH=arm64 NCPU=4 [MACHINE=virt]"
	@echo "                      boot one machine, its console on the terminal"
	@echo "make compare          what a cross-call costs, counted, side by side"
	@echo "make compare CASE=running  its path, instruction by instruction"
	@echo "make compare BASE=f   and what changed: f.json of before, or a commit"
	@echo "make compare-linux    Debian's Linux, for a column beside ours"
	@echo "make time ARCH=..     by the clock, under KVM; LOG=f a board's console"
	@echo "make check [ARCH=..]  all tests, the boots among them"
	@echo "make check-all        that, and all that takes longer: an hour or two"
	@echo "make host-full        the core under sanitizers, ten million calls"
	@echo "make fuzz [SECONDS=60]  the readers of firmware's tables"
	@echo "make model-full       the model of the core, the long scenarios too"
	@echo "make debug ARCH=..    boot stopped, with a debugger attached"
	@echo "make matrix           every machine, firmware, QEMU, compiler there is"
	@echo "make soak N=100       the boots again and again, any red is false"
	@echo "make check-rules [ARCH=..]  barriers and such, in emitted code"
	@echo "make verdict LOG=f    judge a saved console, a board's for example"
	@echo "make xcall-alone      compile mi/xcall by itself, print what it needs"
	@echo "make mutants          put mistakes into copies: is each caught?"
	@echo "make kernels          build, and boot nothing"
	@echo "make image ARCH=..    a disk that U-Boot, EDK2 and PCs boot"
	@echo "make port ARCH=name   begin a port: md-name, from the skeleton"
	@echo "make status [ARCH=..] how far each port is, and what comes next"
	@echo "make lint             analyser, layout, shell, manuals, spelling"
	@echo "make contract         every clause: assertion, tests, mutants, section"
	@echo "make guide            the guide and the manuals, for a browser"
	@echo "make clean            remove what was built; what setup unpacked stays"
	@echo
	@echo "./setup               finds the tools that are missing, installs them"
	@echo "QEMU=, CC=, LD=       other tools, CC= a clang; QEMU= may be a folder"

include mk/boot.mk
include mk/witness.mk
include mk/matrix.mk
include mk/compare.mk
include mk/model.mk
include mk/lint.mk
include mk/guide.mk

kernels: $(BOOT_ARCHES:%=kernels-%)
KERNEL = $(MAKE) --no-print-directory -f mk/kernel.mk CC='$(CC)' LD='$(LD)' \
	PERL='$(PERL)'
kernels-%:
	@$(KERNEL) ARCH=$* KIND=mp all efi
	@$(KERNEL) ARCH=$* KIND=up all efi
	@$(KERNEL) ARCH=$* KIND=hook all efi
# The same by the compiler of a cell's name, clang14 for example.
kernels-clang%:
	@$(MAKE) --no-print-directory $(BOOT_ARCHES:%=kernels-%) \
	    KERNELS=obj/clang$* CC=clang-$* LD=ld.lld-$*

# A disk for a board or a PC; APPEND= is the kernel's command line.
APPEND =
image: $(BOOT_ARCHES:%=image-%)
image-%: check-arch
	@$(KERNEL) ARCH=$* KIND=mp APPEND='$(APPEND)' all disk

nopoints-%:
	@$(KERNEL) ARCH=$* KIND=nopoints

xcall-alone: $(BOOT_ARCHES:%=alone-%)
	@echo "mi/xcall: `cat mi/xcall/*.[ch] | wc -l` lines," \
	    "`cat mi/xcall/xcall.c | $(PERL) mk/sloc.pl` of code in xcall.c"
alone-%:
	@$(MAKE) --no-print-directory -f mk/alone.mk ARCH=$* CC='$(CC)' \
	    LD='$(LD)'

# A port: its folder, made of the skeleton; how far it is, JSON=1 for programs.
port:
	@$(PERL) mk/port.pl '$(ARCH)'
JSON =
status: check-arch
	@$(PERL) tests/status.pl $(if $(JSON),--json) '$(MAKE)' \
	    "$(subst ',,$(KERNEL))" $(if $(ARCH),$(ARCH),$(ARCHES))

# On the host, with firmware that lies, and the boots; prove says how long
# each took.  Of a port that is under way, how far it is.
ifneq ($(and $(ARCH),$(filter $(ARCH),$(PARTIAL))),)
check: status
else
check: check-arch check-contract check-mutants-list check-cells check-host check-model \
    check-fuzz check-rules check-boot check-protocol check-compare
	@for a in $(PARTIAL); do \
	    echo "md-$$a is under way: make status ARCH=$$a"; done
endif
# And all that takes longer.
check-all: check check-ci coverage host-full model-full mutants
	@$(MAKE) --no-print-directory soak N=1

check-arch:
	@$(BOOT) --list $(ARCH) >/dev/null
	@$(PERL) mk/port.pl --check $(if $(ARCH),$(ARCH),$(ARCHES))
ENCODE_TESTS = $(patsubst md-%/proof/encode_test.c,obj/host/%/encode_test, \
	$(wildcard $(BOOT_ARCHES:%=md-%/proof/encode_test.c)))
check-host: obj/host/firmware_test $(ENCODE_TESTS) \
    $(BOOT_ARCHES:%=kernels-%) $(BOOT_ARCHES:%=nopoints-%)
	@ARCHES='$(BOOT_ARCHES)' $(PROVE) --timer -j$(JOBS) tests/host/*.t \
	    obj/host/firmware_test $(ENCODE_TESTS) \
	    $(wildcard $(BOOT_ARCHES:%=md-%/proof/*.t))

# The example on the host, with ten million calls in each sanitizer.
host-full:
	@XCALL_CALLS=10000000 $(PROVE) --timer -v tests/host/xcall.t

# That in ThreadSanitizer alone, and shorter.
check-tsan:
	@XCALL_CALLS=100000 $(PROVE) tests/host/xcall.t :: tsan

obj/host/firmware_test: tests/host/firmware_test.c mi/boot/fdt.c \
    mi/boot/acpi.c mi/boot/fdt.h mi/boot/acpi.h
	@mkdir -p $(@D)
	@$(HOSTCC) -std=gnu11 -g -O1 -Wall -Wextra -Werror -Imi/boot -o $@ \
	    tests/host/firmware_test.c mi/boot/fdt.c mi/boot/acpi.c

# The readers of firmware's tables: the seeds and the same RUNS inputs each
# time; "make fuzz" makes new ones for as many SECONDS.
RUNS = 20000
SECONDS = 60
check-fuzz:
	@CC='$(HOSTCC)' RUNS='$(RUNS)' SECONDS=0 $(PROVE) --timer \
	    tests/fuzz/fuzz.t
fuzz:
	@CC='$(HOSTCC)' SECONDS='$(SECONDS)' $(PROVE) -v tests/fuzz/fuzz.t

# What CI systems run, step by step, in a clean folder.
check-ci:
	@$(PROVE) --timer tests/host/ci.t :: steps

# What is asked of the instructions themselves: md-X/proof/rules; one rule,
# WORD, of the multiprocessor's.
check-rules:
	@for a in $(BOOT_ARCHES); do for k in mp $(if $(WORD),,up); do \
	    $(KERNEL) ARCH=$$a KIND=$$k $(if $(WORD), \
		$(if $(filter order-%,$(WORD)),order,image)) || exit 1; \
	    done; done
	@CC='$(CC)' WORD='$(WORD)' $(PROVE) --timer -j$(JOBS) \
	    --exec '$(PERL) tests/rules.pl' \
	    $(wildcard $(BOOT_ARCHES:%=md-%/proof/rules))

# What the controllers are told, against the manuals.
check-encode: $(ENCODE_TESTS)
	@$(PROVE) $(ENCODE_TESTS)

obj/host/%/encode_test: md-%/proof/encode_test.c \
    md-%/include/machine/encode.h md-%/include/machine/param.h \
    mi/include/ipl.h tests/encode.h
	@mkdir -p $(@D)
	@$(HOSTCC) -std=gnu11 -g -O1 -Wall -Wextra -Werror \
	    -Imd-$*/include -Imi/include -Itests -o $@ $<

# Single mistakes, each in a copy of the tree, and whether the tests see them.
ONLY =
FAST =
mutants: check-arch
	@$(PERL) tests/mutants.pl ARCH='$(ARCH)' ONLY='$(ONLY)' FAST='$(FAST)' \
	    $(if $(filter file,$(origin JOBS)),,JOBS='$(JOBS)') \
	    CC='$(CC)' LD='$(LD)'
# Does each still apply to the tree?
check-mutants-list:
	@$(PROVE) --timer tests/mutants.pl :: LIST=1

# The points alone.
check-points: $(BOOT_ARCHES:%=kernels-%) $(BOOT_ARCHES:%=nopoints-%)
	@ARCHES='$(BOOT_ARCHES)' $(PROVE) tests/host/points.t

# The ends of a kernel alone, and firmware that lies; WORD picks cases.
check-panics: $(BOOT_ARCHES:%=kernels-%)
	@for a in $(BOOT_ARCHES); do \
	    $(PROVE) tests/host/panics.t :: $$a $(WORD) || exit 1; done
check-badboot: $(BOOT_ARCHES:%=kernels-%)
	@$(PROVE) $(wildcard $(BOOT_ARCHES:%=md-%/proof/badboot.t)) :: $(WORD)

# Every clause of the contract, or CLAUSE=X-IPI-1 in full.
CLAUSE =
contract:
	@$(PERL) tests/contract.pl $(CLAUSE)
check-contract:
	@$(PROVE) --timer tests/contract.pl

clean:
	rm -rf $(filter-out obj/qemu10 obj/linux,$(wildcard obj/*)) \
	    compile_commands.json

.PHONY: help kernels image xcall-alone check check-all check-arch check-host \
	host-full check-tsan mutants check-mutants-list contract check-contract \
	check-ci check-encode check-rules check-points check-panics check-badboot \
	port status fuzz check-fuzz clean
